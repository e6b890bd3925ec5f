package io.nacre.spring.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A method with a {@link ConfigKeysChange}, which is called when properties of a config change. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface NacosConfigKeysListener {
    /**
     * The data id; placeholders are resolved.
     *
     * @return the data id
     */
    String dataId();

    /**
     * The group; placeholders are resolved.
     *
     * @return the group
     */
    String group() default "DEFAULT_GROUP";

    /**
     * The properties.
     *
     * @return their names; with no prefixes either, all of them
     */
    String[] interestedKeys() default {};

    /**
     * How properties begin.
     *
     * @return the beginnings
     */
    String[] interestedKeyPrefixes() default {};
}
