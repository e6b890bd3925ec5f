package io.nacre;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ErrorsTest {
    @Test
    void eachKindHasItsClass() {
        Set<Class<?>> classes = new HashSet<>();
        for (ErrorKind kind : ErrorKind.values()) {
            NacreException error = NacreException.of(kind, 7, true, "why");
            assertEquals(kind, error.kind());
            assertEquals(7, error.code());
            assertTrue(error.isRetryable());
            assertEquals("why", error.reason());
            classes.add(error.getClass());
        }
        assertEquals(ErrorKind.values().length, classes.size());
        assertInstanceOf(ForbiddenException.class, NacreException.of(ErrorKind.FORBIDDEN, 403, false, ""));
        assertEquals("not_found", ErrorKind.NOT_FOUND.id());
    }

    @Test
    void aBlockingFailureHasTheCallersStack() {
        CompletableFuture<Void> future = new CompletableFuture<>();
        NacreException original = NacreException.of(ErrorKind.TIMEOUT, -500, true, "late");
        future.completeExceptionally(original);
        NacreException thrown = assertThrows(RequestTimeoutException.class, () -> Futures.await(future));
        assertNotSame(original, thrown);
        assertSame(original, thrown.getCause());
    }

    @Test
    void aReadExplainsItself() {
        assertEquals(
                ConfigReadResult.Reason.ABSENT,
                ConfigReadResult.of((ConfigValue) null).reason().get());
        ConfigValue server = new ConfigValue(new byte[] {'a'}, "m", "text", null, ConfigValue.Source.SERVER, 1);
        assertFalse(ConfigReadResult.of(server).reason().isPresent());
        ConfigValue copy = new ConfigValue(new byte[] {'a'}, "m", null, null, ConfigValue.Source.SNAPSHOT, 1);
        assertEquals(
                ConfigReadResult.Reason.SNAPSHOT,
                ConfigReadResult.of(copy).reason().get());
        NacreException forbidden = NacreException.of(ErrorKind.FORBIDDEN, 403, false, "no");
        assertSame(forbidden, ConfigReadResult.of(forbidden).error().get());
        for (ErrorKind kind : new ErrorKind[] {ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT, ErrorKind.REFUSED}) {
            assertEquals(
                    ConfigReadResult.Reason.UNREACHABLE,
                    ConfigReadResult.of(NacreException.of(kind, 1, true, "")).reason().get());
        }
        assertNull(ConfigReadResult.of(NacreException.of(ErrorKind.CLOSED, -401, false, "")), "it is thrown");
    }

    @Test
    void contentsStayOutOfLogs() {
        ConfigValue value =
                new ConfigValue("hunter2".getBytes(), "m", "text", "key", ConfigValue.Source.SERVER, 1);
        assertFalse(value.toString().contains("hunter2"));
        assertFalse(new ConfigEvent(ConfigKey.of("a"), value).toString().contains("hunter2"));
    }
}
