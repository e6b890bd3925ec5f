package io.nacre.spring.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A method with one parameter, which is called with the new value when a config changes; null when it is gone. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface NacosConfigListener {
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
     * One property of the content: the method is called when that changes.
     *
     * @return its name, blank for the whole content
     */
    String key() default "";

    /**
     * Whether it is called with the first value too.
     *
     * @return true if so
     */
    boolean initNotify() default false;
}
