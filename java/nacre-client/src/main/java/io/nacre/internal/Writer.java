package io.nacre.internal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.function.BiConsumer;

/** Writes the encoding of {@link Op}. */
public final class Writer {
    private byte[] buffer = new byte[128];
    private int length;

    /** An empty one. */
    public Writer() {}

    /**
     * Appends a byte.
     *
     * @param value 0 to 255
     * @return this
     */
    public Writer u8(int value) {
        room(1);
        buffer[length++] = (byte) value;
        return this;
    }

    /**
     * Appends a truth value.
     *
     * @param value the value
     * @return this
     */
    public Writer bool(boolean value) {
        return u8(value ? 1 : 0);
    }

    /**
     * Appends 4 bytes.
     *
     * @param value the value
     * @return this
     */
    public Writer i32(int value) {
        return u8(value >>> 24).u8(value >>> 16).u8(value >>> 8).u8(value);
    }

    /**
     * Appends 8 bytes.
     *
     * @param value the value, for handles as an unsigned number
     * @return this
     */
    public Writer i64(long value) {
        return i32((int) (value >>> 32)).i32((int) value);
    }

    /**
     * Appends a floating-point number.
     *
     * @param value the value
     * @return this
     */
    public Writer f64(double value) {
        return i64(Double.doubleToRawLongBits(value));
    }

    /**
     * Appends a length or the count of a list, before its parts.
     *
     * @param value at least 0
     * @return this
     */
    public Writer count(int value) {
        int rest = value;
        while (rest >>> 7 != 0) {
            u8(rest & 0x7f | 0x80);
            rest >>>= 7;
        }
        return u8(rest);
    }

    /**
     * Appends bytes with their length.
     *
     * @param value the bytes
     * @return this
     */
    public Writer bytes(byte[] value) {
        count(value.length);
        room(value.length);
        System.arraycopy(value, 0, buffer, length, value.length);
        length += value.length;
        return this;
    }

    /**
     * Appends a text.
     *
     * @param value the text
     * @return this
     */
    public Writer string(String value) {
        return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Appends a text that may be absent.
     *
     * @param value the text or null
     * @return this
     */
    public Writer optional(String value) {
        return optional(value, Writer::string);
    }

    /**
     * Appends a value that may be absent.
     *
     * @param <T> its type
     * @param value the value or null
     * @param write how it is written
     * @return this
     */
    public <T> Writer optional(T value, BiConsumer<Writer, T> write) {
        bool(value != null);
        if (value != null) {
            write.accept(this, value);
        }
        return this;
    }

    /**
     * Appends a list.
     *
     * @param <T> type of its elements
     * @param values the elements
     * @param write how one is written
     * @return this
     */
    public <T> Writer list(Collection<? extends T> values, BiConsumer<Writer, T> write) {
        count(values.size());
        for (T value : values) {
            write.accept(this, value);
        }
        return this;
    }

    /**
     * Appends a list of texts.
     *
     * @param values the texts
     * @return this
     */
    public Writer strings(Collection<String> values) {
        return list(values, Writer::string);
    }

    /**
     * Appends a map.
     *
     * @param values the entries
     * @return this
     */
    public Writer map(Map<String, String> values) {
        count(values.size());
        for (Map.Entry<String, String> entry : values.entrySet()) {
            string(entry.getKey()).string(entry.getValue());
        }
        return this;
    }

    /**
     * What was written.
     *
     * @return a copy
     */
    public byte[] toBytes() {
        return Arrays.copyOf(buffer, length);
    }

    private void room(int more) {
        int needed = Math.addExact(length, more);
        if (needed > buffer.length) {
            buffer = Arrays.copyOf(buffer, Math.max(needed, buffer.length * 2));
        }
    }
}
