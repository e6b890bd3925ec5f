package io.nacre;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Both faces offer the same. */
class FacesTest {
    private static final List<Class<?>> CLASSES = Arrays.asList(
            NamingClient.class, ConfigClient.class, LockClient.class, MaintenanceClient.class, ServiceSubscription.class);

    /** They begin something and do not wait. */
    private static final Set<String> IMMEDIATE =
            new HashSet<>(Arrays.asList("watch", "watchRaw", "listen", "watchServices"));

    private static Type boxed(Type type) {
        if (type == void.class) {
            return Void.class;
        }
        return type == boolean.class ? Boolean.class : type;
    }

    @Test
    void eachBlockingMethodHasAnAsyncTwin() throws Exception {
        int twins = 0;
        for (Class<?> type : CLASSES) {
            for (Method method : type.getDeclaredMethods()) {
                boolean blocking = Modifier.isPublic(method.getModifiers())
                        && Arrays.asList(method.getExceptionTypes()).contains(NacreException.class)
                        && !IMMEDIATE.contains(method.getName());
                if (blocking) {
                    Method twin = type.getMethod(method.getName() + "Async", method.getParameterTypes());
                    ParameterizedType future = (ParameterizedType) twin.getGenericReturnType();
                    assertEquals(CompletableFuture.class, future.getRawType(), method.toString());
                    assertEquals(
                            Collections.singletonList(boxed(method.getGenericReturnType())),
                            Arrays.asList(future.getActualTypeArguments()),
                            method.toString());
                    assertEquals(0, twin.getExceptionTypes().length, "failures go into the future: " + twin);
                    twins++;
                }
            }
        }
        assertTrue(twins >= 35, twins + " pairs");
    }
}
