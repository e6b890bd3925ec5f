package io.nacre;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class FiltersTest {
    private static final ConfigKey KEY = ConfigKey.of("app");

    /** Puts a mark around contents, and takes it off again. */
    private static ConfigFilter mark(String name, int order, String mark) {
        return new ConfigFilter() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public int order() {
                return order;
            }

            @Override
            public Publish publish(ConfigKey key, Publish outgoing) {
                return outgoing.withContent(mark + outgoing.content() + mark);
            }

            @Override
            public String receive(ConfigKey key, String content, ConfigValue raw) {
                if (!content.startsWith(mark)) {
                    throw new IllegalStateException("no " + mark);
                }
                return content.substring(1, content.length() - 1);
            }
        };
    }

    private static ConfigValue value(String content) {
        return new ConfigValue(content.getBytes(), "md5", "text", null, ConfigValue.Source.SERVER, 1);
    }

    @Test
    void whatWasDoneLastIsUndoneFirst() throws NacreException {
        Filters filters = new Filters();
        filters.add(mark("late", 2, "|"));
        filters.add(mark("early", 1, "*"));
        assertEquals("|*x*|", filters.publish(KEY, Publish.of("x")).content());
        ConfigValue received = filters.receive(KEY, value("|*x*|"));
        assertEquals("x", received.content());
        assertEquals("|*x*|", received.raw().content());
        assertEquals("md5", received.md5(), "of the text as the server has it");
        assertNull(filters.receive(KEY, null));
    }

    @Test
    void aFilterReplacesTheOneOfItsName() throws NacreException {
        Filters filters = new Filters();
        filters.add(mark("a", 0, "|"));
        filters.add(mark("a", 0, "*"));
        assertEquals("*x*", filters.publish(KEY, Publish.of("x")).content());
    }

    @Test
    void aFailureIsInternalAndNamesTheFilter() {
        Filters filters = new Filters();
        filters.add(mark("crypt", 0, "|"));
        NacreException error = assertThrows(InternalException.class, () -> filters.receive(KEY, value("x")));
        assertEquals("config filter crypt failed: no |", error.reason());
    }

    @Test
    void withoutFiltersNothingIsCopied() throws NacreException {
        ConfigValue value = value("x");
        assertSame(value, new Filters().receive(KEY, value));
    }

    @Test
    void publishesAreChecked() {
        assertEquals(400, code(Publish.of(" \n")));
        assertEquals(500, code(Publish.of("x").tags(java.util.Arrays.asList("1", "2", "3", "4", "5", "6"))));
        assertEquals(500, code(Publish.of("x").tags(java.util.Collections.singletonList("a,b"))));
        assertEquals(500, code(Publish.of("x").usage(new String(new char[33]))));
        assertEquals(400, code(Publish.of(new byte[101])));
        Publish.of("x").type("yaml").check(100);
        assertThrows(IllegalArgumentException.class, () -> Publish.of((String) null));
        assertThrows(IllegalArgumentException.class, () -> Gray.tag("a b").check(true));
        assertThrows(IllegalArgumentException.class, () -> Gray.beta().check(true));
        Gray.beta().check(false);
    }

    private static int code(Publish publish) {
        return assertThrows(InvalidParameterException.class, () -> publish.check(100)).code();
    }
}
