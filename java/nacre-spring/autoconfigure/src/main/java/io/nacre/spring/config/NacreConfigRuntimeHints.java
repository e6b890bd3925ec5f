package io.nacre.spring.config;

import io.nacre.spring.client.ConnectionProperties;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/** What the config import needs in a native image: it binds its settings and finds ciphers before there are beans. */
public final class NacreConfigRuntimeHints implements RuntimeHintsRegistrar {
    /** Made by Spring. */
    public NacreConfigRuntimeHints() {}

    @Override
    public void registerHints(RuntimeHints hints, ClassLoader loader) {
        for (Class<?> type : new Class<?>[] {
            ConnectionProperties.class,
            NacreConfigProperties.class,
            NacreConfigProperties.Config.class,
            NacreConfigProperties.ImportCheck.class
        }) {
            hints.reflection()
                    .registerType(
                            type,
                            MemberCategory.INVOKE_DECLARED_CONSTRUCTORS,
                            MemberCategory.INVOKE_DECLARED_METHODS);
        }
        hints.resources().registerPattern("META-INF/services/" + ConfigCipher.class.getName());
    }
}
