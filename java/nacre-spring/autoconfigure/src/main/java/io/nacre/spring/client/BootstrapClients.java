package io.nacre.spring.client;

import java.lang.reflect.Method;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * The clients that were made before there was an application context, handed on to it. Spring Boot 4 has moved the types
 * of the bootstrap context to another package, so they are reached by reflection, and one jar serves both.
 */
public final class BootstrapClients {
    private static final String BEAN = "nacreBootstrapClients";

    private final Clients clients;

    private BootstrapClients(Clients clients) {
        this.clients = clients;
    }

    /**
     * The clients of the application that is starting.
     *
     * @param context what Spring Boot gives to a resolver or loader of config data
     * @return the same object for each call of one start
     */
    public static Clients of(Object context) {
        Object bootstrap = call(context, method(context.getClass(), "getBootstrapContext"));
        Class<?> registry = bootstrapType(context.getClass().getClassLoader());
        if (!(boolean) call(bootstrap, method(registry, "isRegistered", Class.class), BootstrapClients.class)) {
            register(bootstrap, registry, new BootstrapClients(new Clients()));
        }
        Method get = method(bootstrap.getClass(), "get", Class.class);
        return ((BootstrapClients) call(bootstrap, get, BootstrapClients.class)).clients;
    }

    /**
     * The clients.
     *
     * @return them
     */
    public Clients clients() {
        return clients;
    }

    private static void register(Object bootstrap, Class<?> type, BootstrapClients clients) {
        Class<?> supplier = ClassUtils.resolveClassName(type.getName() + "$InstanceSupplier", type.getClassLoader());
        Object instance = call(null, method(supplier, "of", Object.class), clients);
        call(bootstrap, method(type, "registerIfAbsent", Class.class, supplier), BootstrapClients.class, instance);
        ApplicationListener<ApplicationEvent> listener = event -> promote(event, clients);
        call(bootstrap, method(type, "addCloseListener", ApplicationListener.class), listener);
    }

    private static void promote(ApplicationEvent event, BootstrapClients clients) {
        Object context = call(event, method(event.getClass(), "getApplicationContext"));
        ConfigurableListableBeanFactory factory = ((ConfigurableApplicationContext) context).getBeanFactory();
        if (!factory.containsSingleton(BEAN)) {
            factory.registerSingleton(BEAN, clients);
        }
    }

    private static Class<?> bootstrapType(ClassLoader loader) {
        String moved = "org.springframework.boot.bootstrap.BootstrapRegistry";
        String name = ClassUtils.isPresent(moved, loader) ? moved : "org.springframework.boot.BootstrapRegistry";
        return ClassUtils.resolveClassName(name, loader);
    }

    private static Method method(Class<?> type, String name, Class<?>... parameters) {
        Method method = ReflectionUtils.findMethod(type, name, parameters);
        if (method == null) {
            throw new IllegalStateException(type.getName() + " has no method " + name);
        }
        // The classes are not public, their interfaces are.
        return ClassUtils.getInterfaceMethodIfPossible(method, type);
    }

    private static Object call(Object target, Method method, Object... arguments) {
        return ReflectionUtils.invokeMethod(method, target, arguments);
    }
}
