package com.alibaba.nacos.common.codec;

/** Base64 in the shape of the original; the work is done by {@link java.util.Base64}. */
public class Base64 {
    private static final int LINE_LENGTH = 76;

    /** Makes a useless instance; the original allows it. */
    public Base64() {}

    /**
     * Encodes with the standard alphabet on one line.
     *
     * @param binaryData the bytes
     * @return the encoded bytes; null and empty stay what they are
     */
    public static byte[] encodeBase64(byte[] binaryData) {
        return encodeBase64(binaryData, false, false, Integer.MAX_VALUE);
    }

    /**
     * Encodes.
     *
     * @param binaryData the bytes
     * @param isChunked whether lines end after 76 characters
     * @param urlSafe whether the alphabet is that of URLs, without padding
     * @param maxResultSize largest result that is accepted
     * @return the encoded bytes; null and empty stay what they are
     * @throws IllegalArgumentException when the result would be too large
     */
    public static byte[] encodeBase64(byte[] binaryData, boolean isChunked, boolean urlSafe, int maxResultSize) {
        if (binaryData == null || binaryData.length == 0) {
            return binaryData;
        }
        byte[] result;
        if (isChunked) {
            String lines = java.util.Base64.getMimeEncoder(LINE_LENGTH, new byte[] {'\r', '\n'})
                    .encodeToString(binaryData);
            result = (lines + "\r\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        } else if (urlSafe) {
            result = java.util.Base64.getUrlEncoder().withoutPadding().encode(binaryData);
        } else {
            result = java.util.Base64.getEncoder().encode(binaryData);
        }
        if (result.length > maxResultSize) {
            throw new IllegalArgumentException(
                    "result of " + result.length + " bytes is larger than the limit of " + maxResultSize);
        }
        return result;
    }

    /**
     * Decodes either alphabet; other characters are skipped.
     *
     * @param base64Data the encoded bytes
     * @return the bytes; null and empty stay what they are
     */
    public static byte[] decodeBase64(byte[] base64Data) {
        if (base64Data == null || base64Data.length == 0) {
            return base64Data;
        }
        byte[] standard = base64Data.clone();
        for (int i = 0; i < standard.length; i++) {
            if (standard[i] == '-') {
                standard[i] = '+';
            } else if (standard[i] == '_') {
                standard[i] = '/';
            }
        }
        return java.util.Base64.getMimeDecoder().decode(standard);
    }
}
