package io.nacre.spring.config;

import io.nacre.ConfigKey;
import java.lang.ref.WeakReference;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.BeanCreationException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ReflectionUtils;

/** Gives values to fields and beans with {@link NacosConfig}, and calls methods that listen. */
final class NacosConfigAnnotationProcessor implements BeanPostProcessor {
    private final ConfigurableListableBeanFactory factory;
    private final ObjectProvider<AnnotatedConfigs> configs;
    private final ObjectProvider<NacreConfigProperties> properties;

    NacosConfigAnnotationProcessor(
            ConfigurableListableBeanFactory factory,
            ObjectProvider<AnnotatedConfigs> configs,
            ObjectProvider<NacreConfigProperties> properties) {
        this.factory = factory;
        this.configs = configs;
        this.properties = properties;
    }

    @Override
    public Object postProcessBeforeInitialization(Object bean, String name) {
        Class<?> type = AopUtils.getTargetClass(bean);
        if (type.getName().startsWith("org.springframework.")) {
            return bean;
        }
        try {
            bean(bean, name);
            for (Field field : fields(type)) {
                NacosConfig wanted = field.getAnnotation(NacosConfig.class);
                add(wanted.dataId(), wanted.group(), new FieldTarget(bean, field, wanted, binder(wanted.dataId())));
            }
            methods(bean, type);
            return bean;
        } catch (Exception e) {
            throw new BeanCreationException(name, "a config that it names cannot be given to it: " + e.getMessage(), e);
        }
    }

    private void bean(Object bean, String name) throws Exception {
        NacosConfig wanted = name == null || !factory.containsBeanDefinition(name)
                ? AnnotatedElementUtils.findMergedAnnotation(bean.getClass(), NacosConfig.class)
                : factory.findAnnotationOnBean(name, NacosConfig.class);
        if (wanted != null) {
            add(wanted.dataId(), wanted.group(), new BeanTarget(bean, wanted, binder(wanted.dataId())));
        }
    }

    private static List<Field> fields(Class<?> type) {
        List<Field> found = new java.util.ArrayList<>();
        ReflectionUtils.doWithFields(type, found::add, field -> field.isAnnotationPresent(NacosConfig.class));
        return found;
    }

    private void methods(Object bean, Class<?> type) throws Exception {
        MethodIntrospector.MetadataLookup<NacosConfigListener> lookup =
                method -> AnnotatedElementUtils.findMergedAnnotation(method, NacosConfigListener.class);
        for (Map.Entry<Method, NacosConfigListener> each :
                MethodIntrospector.selectMethods(type, lookup).entrySet()) {
            NacosConfigListener wanted = each.getValue();
            add(wanted.dataId(), wanted.group(), new MethodTarget(bean, each.getKey(), wanted, binder(wanted.dataId())));
        }
        MethodIntrospector.MetadataLookup<NacosConfigKeysListener> keysLookup =
                method -> AnnotatedElementUtils.findMergedAnnotation(method, NacosConfigKeysListener.class);
        for (Map.Entry<Method, NacosConfigKeysListener> each :
                MethodIntrospector.selectMethods(type, keysLookup).entrySet()) {
            NacosConfigKeysListener wanted = each.getValue();
            ConfigKey key = key(wanted.dataId(), wanted.group());
            add(
                    wanted.dataId(),
                    wanted.group(),
                    new KeysTarget(bean, each.getKey(), key, wanted, binder(wanted.dataId())));
        }
    }

    private ConfigKey key(String dataId, String group) {
        return ConfigKey.of(factory.resolveEmbeddedValue(group), factory.resolveEmbeddedValue(dataId));
    }

    private ContentBinder binder(String dataId) {
        String resolved = factory.resolveEmbeddedValue(dataId);
        return new ContentBinder(resolved, ConfigImport.extension(resolved, properties.getObject()));
    }

    private void add(String dataId, String group, AnnotatedConfigs.Target target) throws Exception {
        configs.getObject().add(key(dataId, group), target);
    }

    /** Does not keep its bean from being collected: beans of a refresh scope are made again and again. */
    private abstract static class BeanBound implements AnnotatedConfigs.Target {
        private final WeakReference<Object> bean;
        final ContentBinder binder;

        BeanBound(Object bean, ContentBinder binder) {
            this.bean = new WeakReference<>(bean);
            this.binder = binder;
        }

        @Override
        public boolean isGone() {
            return bean.get() == null;
        }

        Object bean() {
            return bean.get();
        }

        static void call(Object bean, Method method, Object argument) throws Exception {
            ReflectionUtils.makeAccessible(method);
            try {
                method.invoke(bean, argument);
            } catch (InvocationTargetException e) {
                if (e.getCause() instanceof Exception cause) {
                    throw cause;
                }
                throw e;
            }
        }

        static void checkOneParameter(Method method) {
            if (method.getParameterCount() != 1) {
                throw new IllegalStateException(method + " must have one parameter");
            }
        }
    }

    /** A field. */
    private static final class FieldTarget extends BeanBound {
        private final Field field;
        private final NacosConfig wanted;

        FieldTarget(Object bean, Field field, NacosConfig wanted, ContentBinder binder) {
            super(bean, binder);
            this.field = field;
            this.wanted = wanted;
            ReflectionUtils.makeAccessible(field);
        }

        @Override
        public void begin(String content) throws Exception {
            Object bean = bean();
            Object value = binder.value(content, wanted.key(), wanted.defaultValue(), ResolvableType.forField(field));
            if (bean != null && !(value == null && field.getType().isPrimitive())) {
                field.set(bean, value);
            }
        }

        @Override
        public void change(String before, String after) throws Exception {
            begin(after);
        }

        @Override
        public String toString() {
            return field.toString();
        }
    }

    /** The properties of a bean. */
    private static final class BeanTarget extends BeanBound {
        private final NacosConfig wanted;

        BeanTarget(Object bean, NacosConfig wanted, ContentBinder binder) {
            super(bean, binder);
            this.wanted = wanted;
        }

        @Override
        public void begin(String content) {
            Object bean = bean();
            if (bean != null) {
                binder.bindTo(bean, content, wanted.key(), wanted.defaultValue());
            }
        }

        @Override
        public void change(String before, String after) {
            begin(after);
        }

        @Override
        public String toString() {
            return String.valueOf(bean());
        }
    }

    /** A method that takes the value. */
    private static final class MethodTarget extends BeanBound {
        private final Method method;
        private final NacosConfigListener wanted;

        MethodTarget(Object bean, Method method, NacosConfigListener wanted, ContentBinder binder) {
            super(bean, binder);
            checkOneParameter(method);
            this.method = method;
            this.wanted = wanted;
        }

        @Override
        public void begin(String content) throws Exception {
            if (wanted.initNotify()) {
                tell(content);
            }
        }

        @Override
        public void change(String before, String after) throws Exception {
            if (!Objects.equals(part(before), part(after))) {
                tell(after);
            }
        }

        /** What the method is called for: the whole content, a property, or the properties below a name. */
        private Object part(String content) {
            String key = wanted.key();
            if (key.isEmpty() || content == null) {
                return content;
            }
            Map<String, String> all = binder.properties(content);
            all.keySet().removeIf(each ->
                    !each.equals(key) && !each.startsWith(key + ".") && !each.startsWith(key + "["));
            return all.isEmpty() ? null : all;
        }

        private void tell(String content) throws Exception {
            Object bean = bean();
            if (bean != null) {
                ResolvableType type = ResolvableType.forMethodParameter(method, 0);
                call(bean, method, binder.value(content, wanted.key(), "", type));
            }
        }

        @Override
        public String toString() {
            return method.toString();
        }
    }

    /** A method that takes the properties that changed. */
    private static final class KeysTarget extends BeanBound {
        private final Method method;
        private final ConfigKey config;
        private final Predicate<String> concerned;

        KeysTarget(
                Object bean, Method method, ConfigKey config, NacosConfigKeysListener wanted, ContentBinder binder) {
            super(bean, binder);
            checkOneParameter(method);
            this.method = method;
            this.config = config;
            List<String> keys = List.of(wanted.interestedKeys());
            List<String> prefixes = List.of(wanted.interestedKeyPrefixes());
            boolean all = keys.isEmpty() && prefixes.isEmpty();
            this.concerned = key -> all || keys.contains(key) || prefixes.stream().anyMatch(key::startsWith);
        }

        @Override
        public void begin(String content) {
            // Only changes are told.
        }

        @Override
        public void change(String before, String after) throws Exception {
            Object bean = bean();
            ConfigKeysChange change = ConfigKeysChange.between(
                    config, binder.properties(before), binder.properties(after), concerned);
            if (bean != null && !change.items().isEmpty()) {
                call(bean, method, change);
            }
        }

        @Override
        public String toString() {
            return method.toString();
        }
    }
}
