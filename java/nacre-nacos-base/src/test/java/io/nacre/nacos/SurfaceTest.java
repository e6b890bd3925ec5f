package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Modifier;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every class that has a name of the original has its members, so that what was compiled against it links. */
class SurfaceTest {
    /** The inside of a private class, of a publisher that is a thread, and what names a class that is not offered. */
    private static final Set<String> LEFT_OUT = Set.of(
            "NamingSelectorFactory$ClusterSelector com.alibaba.nacos.client.naming.selector."
                    + "NamingSelectorFactory$ClusterSelector(java.util.function.Predicate,java.lang.String)",
            "ParamUtil static parseNamespace(com.alibaba.nacos.client.env.NacosClientProperties)",
            "DefaultPublisher com.alibaba.nacos.common.utils.ConcurrentHashSet subscribers",
            "DefaultPublisher java.lang.Long lastEventSequence",
            "DefaultPublisher run()",
            "DefaultPublisher start()");

    private static Stream<String> ours() throws Exception {
        Path classes = Paths.get("target/classes");
        return Files.walk(classes)
                .map(path -> classes.relativize(path).toString())
                .filter(name -> name.startsWith("com/alibaba/nacos/") && name.endsWith(".class"))
                .map(name ->
                        name.substring(0, name.length() - ".class".length()).replace(File.separatorChar, '.'))
                .filter(name -> !name.matches(".*\\$\\d+$"))
                .sorted();
    }

    private static Set<String> members(Class<?> type) {
        List<Member> members = new ArrayList<>();
        members.addAll(Arrays.asList(type.getDeclaredMethods()));
        members.addAll(Arrays.asList(type.getDeclaredConstructors()));
        members.addAll(Arrays.asList(type.getDeclaredFields()));
        return members.stream()
                .filter(member ->
                        Modifier.isPublic(member.getModifiers()) || Modifier.isProtected(member.getModifiers()))
                .filter(member -> !member.isSynthetic())
                .map(SurfaceTest::text)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String text(Member member) {
        String kind = Modifier.isStatic(member.getModifiers()) ? "static " : "";
        if (member instanceof Field) {
            return kind + ((Field) member).getType().getName() + " " + member.getName();
        }
        return kind
                + member.getName()
                + Arrays.stream(((Executable) member).getParameterTypes())
                        .map(Class::getName)
                        .collect(Collectors.joining(",", "(", ")"));
    }

    @Test
    void nothingOfTheOriginalIsMissing() throws Exception {
        List<String> missing = new ArrayList<>();
        int compared = 0;
        try (URLClassLoader loader = SameAsOriginalTest.original()) {
            for (String name : ours().collect(Collectors.toList())) {
                Class<?> theirs;
                try {
                    theirs = loader.loadClass(name);
                } catch (ClassNotFoundException e) {
                    continue;
                }
                Set<String> rest = new TreeSet<>();
                Class<?> ours = Class.forName(name, false, getClass().getClassLoader());
                for (Class<?> type = ours; type != null && type != Object.class; type = type.getSuperclass()) {
                    rest.addAll(members(type));
                }
                compared++;
                for (String member : members(theirs)) {
                    if (!rest.contains(member) && !LEFT_OUT.contains(simple(name) + " " + member)) {
                        missing.add(simple(name) + " " + member);
                    }
                }
            }
        }
        assertEquals("", String.join("\n", missing));
        assertTrue(compared > 50, "only " + compared + " classes");
    }

    private static String simple(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }
}
