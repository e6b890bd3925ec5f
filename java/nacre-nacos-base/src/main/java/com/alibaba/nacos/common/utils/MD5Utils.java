package com.alibaba.nacos.common.utils;

import java.io.UnsupportedEncodingException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** MD5 as hexadecimal text. */
public class MD5Utils {
    private static final char[] DIGITS = "0123456789abcdef".toCharArray();

    private MD5Utils() {}

    /**
     * MD5 of bytes.
     *
     * @param bytes the bytes
     * @return 32 lower-case digits
     * @throws NoSuchAlgorithmException when the JVM has no MD5
     */
    public static String md5Hex(byte[] bytes) throws NoSuchAlgorithmException {
        return encodeHexString(MessageDigest.getInstance("MD5").digest(bytes));
    }

    /**
     * MD5 of a text.
     *
     * @param value the text, null counts as empty
     * @param encode name of the charset
     * @return 32 lower-case digits
     * @throws IllegalArgumentException when the charset is unknown
     */
    public static String md5Hex(String value, String encode) {
        try {
            return md5Hex((value == null ? "" : value).getBytes(encode));
        } catch (UnsupportedEncodingException e) {
            throw new IllegalArgumentException("unknown charset " + encode, e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JVM has no MD5", e);
        }
    }

    /**
     * Bytes as hexadecimal text.
     *
     * @param bytes the bytes
     * @return two lower-case digits for each
     */
    public static String encodeHexString(byte[] bytes) {
        char[] text = new char[bytes.length * 2];
        for (int i = 0; i < bytes.length; i++) {
            text[2 * i] = DIGITS[(bytes[i] >> 4) & 0xf];
            text[2 * i + 1] = DIGITS[bytes[i] & 0xf];
        }
        return new String(text);
    }
}
