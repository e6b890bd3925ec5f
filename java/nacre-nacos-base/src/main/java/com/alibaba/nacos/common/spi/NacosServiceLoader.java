package com.alibaba.nacos.common.spi;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Loads services of the class path once and makes new objects of what it found on later calls. */
public class NacosServiceLoader {
    private static final Map<Class<?>, Collection<Class<?>>> FOUND = new ConcurrentHashMap<>();

    /** Makes a useless instance; the original allows it. */
    public NacosServiceLoader() {}

    /**
     * The services of an interface: those that the loader finds, or new objects of what an earlier call found.
     *
     * @param <T> type of the service
     * @param service the interface
     * @return the services, in the order of the class path
     */
    public static <T> Collection<T> load(Class<T> service) {
        if (FOUND.containsKey(service)) {
            return newServiceInstances(service);
        }
        Collection<T> services = new ArrayList<>();
        Set<Class<?>> classes = new LinkedHashSet<>();
        for (T each : ServiceLoader.load(service)) {
            services.add(each);
            classes.add(each.getClass());
        }
        FOUND.put(service, classes);
        return services;
    }

    /**
     * New objects of the classes that {@link #load} found.
     *
     * @param <T> type of the service
     * @param service the interface
     * @return the objects; none when nothing was loaded yet
     */
    public static <T> Collection<T> newServiceInstances(Class<T> service) {
        Collection<T> services = new ArrayList<>();
        Collection<Class<?>> classes = FOUND.get(service);
        if (classes != null) {
            for (Class<?> each : classes) {
                services.add(newInstance(service, each));
            }
        }
        return services;
    }

    private static <T> T newInstance(Class<T> service, Class<?> type) {
        try {
            return service.cast(type.getDeclaredConstructor().newInstance());
        } catch (ReflectiveOperationException e) {
            throw new ServiceLoaderException(type, e);
        }
    }
}
