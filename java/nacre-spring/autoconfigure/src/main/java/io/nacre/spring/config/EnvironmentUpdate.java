package io.nacre.spring.config;

import java.util.List;
import java.util.Set;

/** Brings changed configs into the environment and the beans. */
interface EnvironmentUpdate {
    /**
     * Reads the configs again and tells the beans.
     *
     * @param changed the sources whose configs changed on the server
     * @return the properties that have another value now
     */
    Set<String> apply(List<NacosPropertySource> changed);
}
