package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Asks the helpers of the original and ours the same questions, each in a class loader of its own. */
class SameAsOriginalTest {
    private static final String[] TEXTS = {
        null,
        "",
        " ",
        "a",
        " a ",
        "abc",
        "ABC",
        "a.b-c_d:e",
        "a/b",
        "a/../b",
        "/a/./b/",
        "..",
        "../a",
        "x:y/z",
        "a b\tc",
        "12",
        "-3",
        "1.5",
        "a,b,,c",
        "a+b",
        "a%b",
        "a%2Bb+c",
        "ä",
        "true",
        "[a]",
        "c:\\d\\..\\e",
        "0123456789".repeat(6)
    };
    /** What the original does with arguments that it does not expect is no contract. */
    private static final List<String> CRASHES =
            List.of("NullPointerException", "RuntimeException", "StringIndexOutOfBoundsException");

    private static final String PREFIX = "com.alibaba.nacos.";

    static URLClassLoader original() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (File jar : new File("target/original").listFiles()) {
            urls.add(jar.toURI().toURL());
        }
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (entry.matches(".*(jackson|slf4j|snakeyaml)[^/]*\\.jar")) {
                urls.add(new File(entry).toURI().toURL());
            }
        }
        return new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "common.utils.StringUtils",
                "common.utils.CollectionUtils",
                "common.utils.NumberUtils",
                "common.utils.MD5Utils",
                "common.utils.JacksonUtils",
                "common.codec.Base64",
                "client.config.common.GroupKey",
                "client.config.utils.ParamUtils",
                "client.utils.ParamUtil",
                "client.naming.selector.NamingSelectorFactory"
            })
    void helpersAnswerAlike(String name) throws Exception {
        int asked = 0;
        List<String> differences = new ArrayList<>();
        try (URLClassLoader loader = original()) {
            Class<?> theirs = loader.loadClass(PREFIX + name);
            Class<?> ours = Class.forName(PREFIX + name);
            for (Method method : theirs.getMethods()) {
                if (!Modifier.isStatic(method.getModifiers()) || !isAskable(method)) {
                    continue;
                }
                Method same;
                try {
                    same = ours.getMethod(method.getName(), method.getParameterTypes());
                } catch (NoSuchMethodException e) {
                    differences.add("ours has no " + method);
                    continue;
                }
                for (Object[] arguments : arguments(method.getParameterTypes())) {
                    String expected = answer(method, arguments);
                    String actual = answer(same, arguments);
                    asked++;
                    if (!CRASHES.contains(expected) && !expected.equals(actual)) {
                        differences.add(method.getName() + Arrays.deepToString(arguments) + ": " + expected
                                + " but ours " + actual);
                    }
                }
            }
        }
        assertTrue(asked > 20, "only " + asked + " questions");
        assertEquals(List.of(), differences.subList(0, Math.min(20, differences.size())));
    }

    private static boolean isAskable(Method method) {
        if (method.getName().matches("generateUuid|createEmpty.*|registerSubtype|getClientVersion|set[A-Z].*")) {
            return false;
        }
        return Stream.of(method.getParameterTypes()).allMatch(type -> values(type) != null)
                && method.getParameterCount() > 0;
    }

    private static Object[] values(Class<?> type) {
        if (type == String.class || type == CharSequence.class) {
            return TEXTS;
        }
        if (type == int.class) {
            return new Object[] {-1, 0, 1, 3};
        }
        if (type == long.class) {
            return new Object[] {0L, 7L};
        }
        if (type == boolean.class) {
            return new Object[] {true, false};
        }
        if (type == byte[].class) {
            return new Object[] {"".getBytes(), "abc".getBytes(), "YWJj".getBytes(), new byte[] {-1, 0, 1, 2}};
        }
        if (type == Collection.class || type == List.class) {
            return new Object[] {null, List.of(), List.of("b", "a", "b"), Arrays.asList("x", null)};
        }
        return null;
    }

    /** Every value of each parameter, with three of the others. */
    private static List<Object[]> arguments(Class<?>[] types) {
        List<Object[]> all = new ArrayList<>();
        all.add(new Object[types.length]);
        for (int i = 0; i < types.length; i++) {
            List<Object[]> longer = new ArrayList<>();
            for (Object[] before : all) {
                Object[] values = values(types[i]);
                int limit = types.length > 2 && i > 1 ? Math.min(4, values.length) : values.length;
                for (int v = 0; v < limit; v++) {
                    Object[] next = before.clone();
                    next[i] = values[v];
                    longer.add(next);
                }
            }
            all = longer;
        }
        return all;
    }

    private static String answer(Method method, Object[] arguments) throws Exception {
        try {
            return text(method.invoke(null, arguments));
        } catch (InvocationTargetException e) {
            Throwable failure = e.getCause();
            // The wording is our own; the kind and code are the contract.
            if (failure.getClass().getName().equals(PREFIX + "api.exception.NacosException")) {
                return "NacosException "
                        + failure.getClass().getMethod("getErrCode").invoke(failure);
            }
            return failure.getClass().getSimpleName();
        }
    }

    private static String text(Object value) {
        if (value instanceof Object[]) {
            return Arrays.toString((Object[]) value);
        }
        if (value instanceof byte[]) {
            return Arrays.toString((byte[]) value);
        }
        if (value instanceof Map) {
            return ((Map<?, ?>) value)
                    .entrySet().stream().map(String::valueOf).sorted().collect(Collectors.joining());
        }
        String text = String.valueOf(value);
        return text.matches("(?s).*@[0-9a-f]{5,}|.*\\$\\$Lambda.*")
                ? value.getClass().getInterfaces().length + " object"
                : text;
    }
}
