package io.nacre.spring.config;

import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * What the config import needs in a native image: it binds its settings before there are beans, and reaches the
 * bootstrap context by name.
 */
public final class NacreConfigRuntimeHints implements RuntimeHintsRegistrar {
    /** Made by Spring. */
    public NacreConfigRuntimeHints() {}

    @Override
    public void registerHints(RuntimeHints hints, ClassLoader loader) {
        for (Class<?> type : new Class<?>[] {
            NacreConfigProperties.class, NacreConfigProperties.Config.class, NacreConfigProperties.ImportCheck.class
        }) {
            hints.reflection()
                    .registerType(
                            type,
                            MemberCategory.INVOKE_DECLARED_CONSTRUCTORS,
                            MemberCategory.INVOKE_DECLARED_METHODS);
        }
        for (String name : new String[] {
            "org.springframework.boot.context.config.ConfigDataLoaderContext",
            "org.springframework.boot.BootstrapRegistry",
            "org.springframework.boot.BootstrapRegistry$InstanceSupplier",
            "org.springframework.boot.DefaultBootstrapContext",
            "org.springframework.boot.BootstrapContextClosedEvent"
        }) {
            hints.reflection()
                    .registerTypeIfPresent(loader, name, hint -> hint.withMembers(MemberCategory.INVOKE_PUBLIC_METHODS));
        }
        hints.resources().registerPattern("META-INF/services/" + ConfigCipher.class.getName());
    }
}
