package io.nacre.spring.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A field that has the value of a config, or a bean whose properties have it; both follow its changes. Texts,
 * {@code Properties}, simple types, and objects and collections, which are bound as Spring Boot binds properties.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.TYPE, ElementType.METHOD})
public @interface NacosConfig {
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
     * One property of the content.
     *
     * @return its name, blank for the whole content
     */
    String key() default "";

    /**
     * The value while there is none.
     *
     * @return the text of it
     */
    String defaultValue() default "";
}
