package io.nacre.internal;

import io.nacre.ErrorKind;
import io.nacre.NacreException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Reads the encoding of {@link Op}. What cannot be read is an {@link IllegalStateException}: a defect. */
public final class Reader {
    private static final ErrorKind[] KINDS = ErrorKind.values();

    private final byte[] buffer;
    private int position;

    /**
     * Reads from the beginning.
     *
     * @param buffer what there is to read, not copied
     */
    public Reader(byte[] buffer) {
        this.buffer = buffer;
    }

    /**
     * Reads a byte.
     *
     * @return 0 to 255
     */
    public int u8() {
        need(1);
        return buffer[position++] & 0xff;
    }

    /**
     * Reads a truth value.
     *
     * @return the value
     */
    public boolean bool() {
        int value = u8();
        if (value > 1) {
            throw unreadable();
        }
        return value == 1;
    }

    /**
     * Reads 4 bytes.
     *
     * @return the value
     */
    public int i32() {
        need(4);
        int value = 0;
        for (int index = 0; index < 4; index++) {
            value = value << 8 | buffer[position++] & 0xff;
        }
        return value;
    }

    /**
     * Reads 8 bytes.
     *
     * @return the value, for handles and counters as an unsigned number
     */
    public long i64() {
        return (long) i32() << 32 | i32() & 0xffffffffL;
    }

    /**
     * Reads a floating-point number.
     *
     * @return the value
     */
    public double f64() {
        return Double.longBitsToDouble(i64());
    }

    /**
     * Reads a length or the count of a list.
     *
     * @return at least 0, at most the number of bytes that are left
     */
    public int count() {
        long value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            int part = u8();
            value |= (part & 0x7fL) << shift;
            if (part < 0x80) {
                if (value > buffer.length - position) {
                    throw unreadable();
                }
                return (int) value;
            }
        }
        throw unreadable();
    }

    /**
     * Reads bytes with their length.
     *
     * @return a copy
     */
    public byte[] bytes() {
        int length = count();
        position += length;
        return Arrays.copyOfRange(buffer, position - length, position);
    }

    /**
     * Reads a text.
     *
     * @return the text
     */
    public String string() {
        int length = count();
        position += length;
        return new String(buffer, position - length, length, StandardCharsets.UTF_8);
    }

    /**
     * Reads a text that may be absent.
     *
     * @return the text or null
     */
    public String optionalString() {
        return bool() ? string() : null;
    }

    /**
     * Reads a value that may be absent.
     *
     * @param <T> its type
     * @param read how it is read
     * @return the value or null
     */
    public <T> T optional(Function<Reader, T> read) {
        return bool() ? read.apply(this) : null;
    }

    /**
     * Reads a list.
     *
     * @param <T> type of its elements
     * @param read how one is read
     * @return the elements, not to be changed
     */
    public <T> List<T> list(Function<Reader, T> read) {
        int count = count();
        List<T> values = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            values.add(read.apply(this));
        }
        return Collections.unmodifiableList(values);
    }

    /**
     * Reads a list of texts.
     *
     * @return the texts, not to be changed
     */
    public List<String> strings() {
        return list(Reader::string);
    }

    /**
     * Reads a map.
     *
     * @return its entries in their order, not to be changed
     */
    public Map<String, String> map() {
        int count = count();
        if (count == 0) {
            return Collections.emptyMap();
        }
        Map<String, String> values = new LinkedHashMap<>(count * 2);
        for (int index = 0; index < count; index++) {
            String key = string();
            values.put(key, string());
        }
        return Collections.unmodifiableMap(values);
    }

    /**
     * Reads an error.
     *
     * @return the exception that stands for it; its stack begins here
     */
    public NacreException error() {
        int kind = u8();
        int code = i32();
        boolean retryable = bool();
        String reason = string();
        ErrorKind known = kind >= 1 && kind <= KINDS.length ? KINDS[kind - 1] : ErrorKind.INTERNAL;
        return NacreException.of(known, code, retryable, reason);
    }

    /**
     * Whether all was read.
     *
     * @return true at the end
     */
    public boolean isAtEnd() {
        return position == buffer.length;
    }

    private void need(int length) {
        if (buffer.length - position < length) {
            throw unreadable();
        }
    }

    private static IllegalStateException unreadable() {
        return new IllegalStateException("an answer of the native library cannot be read");
    }
}
