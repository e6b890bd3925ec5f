package io.nacre.spring.discovery;

import java.util.Set;

/**
 * How this application is, for {@code nacre.discovery.follow-health}. The default asks the health contributors of the
 * actuator; a bean of this type replaces it.
 */
@FunctionalInterface
public interface ApplicationHealth {
    /** Health contributors that ask the registry. An application is not ill because the registry is away. */
    Set<String> OF_THE_REGISTRY =
            Set.of("nacosDiscovery", "nacosConfig", "discoveryComposite", "reactiveDiscoveryClients");

    /**
     * The status now.
     *
     * @return {@code DOWN} and {@code OUT_OF_SERVICE} take the instance away, all others bring it back
     */
    String status();
}
