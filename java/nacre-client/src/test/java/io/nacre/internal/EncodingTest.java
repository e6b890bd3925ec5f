package io.nacre.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.ErrorKind;
import io.nacre.NacreException;
import java.util.Arrays;
import java.util.Collections;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EncodingTest {
    @Test
    void numbersHaveTheHighestByteFirstAndCountsAreLeb128() {
        assertArrayEquals(
                new byte[] {0, 0, 0, 1, -1, -1, -1, -1, -1, -1, -1, -2, (byte) 0xac, 2},
                new Writer().i32(1).i64(-2).count(300).toBytes());
        assertArrayEquals(new byte[] {0x3f, (byte) 0xf0, 0, 0, 0, 0, 0, 0}, new Writer().f64(1).toBytes());
    }

    @Test
    void whatIsWrittenIsRead() {
        byte[] bytes = new Writer()
                .u8(200)
                .bool(true)
                .i32(Integer.MIN_VALUE)
                .i64(Long.MAX_VALUE)
                .f64(-0.5)
                .string("größe 名")
                .optional(null)
                .optional("x")
                .strings(Arrays.asList("a", ""))
                .map(Collections.singletonMap("k", "v"))
                .bytes(new byte[300])
                .toBytes();
        Reader reader = new Reader(bytes);
        assertEquals(200, reader.u8());
        assertTrue(reader.bool());
        assertEquals(Integer.MIN_VALUE, reader.i32());
        assertEquals(Long.MAX_VALUE, reader.i64());
        assertEquals(-0.5, reader.f64());
        assertEquals("größe 名", reader.string());
        assertNull(reader.optionalString());
        assertEquals("x", reader.<String>optional(Reader::string));
        assertEquals(Arrays.asList("a", ""), reader.strings());
        assertEquals(Collections.singletonMap("k", "v"), reader.map());
        assertEquals(300, reader.bytes().length);
        assertTrue(reader.isAtEnd());
    }

    @Test
    void anErrorBecomesTheExceptionOfItsKind() {
        for (ErrorKind kind : ErrorKind.values()) {
            byte[] bytes =
                    new Writer().u8(kind.ordinal() + 1).i32(-7).bool(true).string("why").toBytes();
            NacreException error = new Reader(bytes).error();
            assertEquals(kind, error.kind());
            assertEquals(-7, error.code());
            assertTrue(error.isRetryable());
            assertEquals("why", error.reason());
        }
    }

    @Test
    void bytesThatAreNoAnswerAreADefectAndNothingElse() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = new byte[random.nextInt(40)];
            random.nextBytes(bytes);
            try {
                Reader reader = new Reader(bytes);
                reader.strings();
                reader.map();
                reader.optionalString();
                reader.error();
            } catch (IllegalStateException expected) {
                continue;
            } catch (RuntimeException other) {
                throw new AssertionError("seed " + seed + ", " + Arrays.toString(bytes), other);
            }
        }
        assertThrows(IllegalStateException.class, () -> new Reader(new byte[] {5, 1}).string());
        assertThrows(IllegalStateException.class, () -> new Reader(new byte[] {2}).bool());
        assertThrows(
                IllegalStateException.class, () -> new Reader(new byte[] {-1, -1, -1, -1, -1, -1}).count());
    }
}
