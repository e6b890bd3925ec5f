package io.nacre.spring.client;

import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/** Keeps in native images what {@link BootstrapClients} reaches by reflection. */
class BootstrapHints implements RuntimeHintsRegistrar {
    private static final String[] NAMES = {
        "org.springframework.boot.context.config.ConfigDataLoaderContext",
        "org.springframework.boot.context.config.ConfigDataLocationResolverContext",
        "org.springframework.boot.BootstrapContext",
        "org.springframework.boot.BootstrapRegistry",
        "org.springframework.boot.BootstrapRegistry$InstanceSupplier",
        "org.springframework.boot.BootstrapContextClosedEvent",
        "org.springframework.boot.bootstrap.BootstrapContext",
        "org.springframework.boot.bootstrap.BootstrapRegistry",
        "org.springframework.boot.bootstrap.BootstrapRegistry$InstanceSupplier",
        "org.springframework.boot.bootstrap.BootstrapContextClosedEvent"
    };

    @Override
    public void registerHints(RuntimeHints hints, ClassLoader classLoader) {
        for (String name : NAMES) {
            hints.reflection().registerTypeIfPresent(classLoader, name, MemberCategory.INVOKE_PUBLIC_METHODS);
        }
    }
}
