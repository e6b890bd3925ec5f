package com.alibaba.nacos.common.utils;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.StringTokenizer;
import java.util.regex.Pattern;

/** Text helpers that applications and frameworks import from the original client. */
public class StringUtils {
    /** A dot. */
    public static final String DOT = ".";

    /** A comma. */
    public static final String COMMA = ",";

    /** What a UUID looks like. */
    public static final Pattern UUID_PATTERN =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

    /** No text. */
    public static final String EMPTY = "";

    /** A line's end. */
    public static final String LF = "\n";

    /** The folder above. */
    public static final String TOP_PATH = "..";

    /** Between folders. */
    public static final String FOLDER_SEPARATOR = "/";

    /** Between folders on Windows. */
    public static final String WINDOWS_FOLDER_SEPARATOR = "\\";

    private StringUtils() {}

    /**
     * Text of UTF-8 bytes.
     *
     * @param bytes the bytes
     * @return the text
     */
    public static String newStringForUtf8(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /**
     * Whether a text is null, empty or nothing but white space.
     *
     * @param text a text, may be null
     * @return true when it is
     */
    public static boolean isBlank(CharSequence text) {
        for (int i = 0; text != null && i < text.length(); i++) {
            if (!Character.isWhitespace(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether a text has a character that is no white space.
     *
     * @param text a text, may be null
     * @return true when it has
     */
    public static boolean isNotBlank(String text) {
        return !isBlank(text);
    }

    /**
     * Whether a text has a character.
     *
     * @param text a text, may be null
     * @return true when it has
     */
    public static boolean isNotEmpty(String text) {
        return !isEmpty(text);
    }

    /**
     * Whether a text is null or empty.
     *
     * @param text a text, may be null
     * @return true when it is
     */
    public static boolean isEmpty(String text) {
        return text == null || text.isEmpty();
    }

    /**
     * Another text in place of one that is null or empty.
     *
     * @param text a text, may be null
     * @param defaultText the other
     * @return one of both
     */
    public static String defaultIfEmpty(String text, String defaultText) {
        return isEmpty(text) ? defaultText : text;
    }

    /**
     * Another text in place of one that is blank.
     *
     * @param text a text, may be null
     * @param defaultText the other
     * @return one of both
     */
    public static String defaultIfBlank(String text, String defaultText) {
        return isBlank(text) ? defaultText : text;
    }

    /**
     * The empty text in place of one that is blank.
     *
     * @param text a text, may be null
     * @return the text or the empty one
     */
    public static String defaultEmptyIfBlank(String text) {
        return defaultIfBlank(text, EMPTY);
    }

    /**
     * Whether two texts are equal; null equals null.
     *
     * @param one a text
     * @param other another
     * @return true when they are
     */
    public static boolean equals(String one, String other) {
        return one == null ? other == null : one.equals(other);
    }

    /**
     * A text without white space at both ends.
     *
     * @param text a text, may be null
     * @return the text, null for null
     */
    public static String trim(String text) {
        return text == null ? null : text.trim();
    }

    /**
     * What stands between two marks.
     *
     * @param text a text, may be null
     * @param open the mark before
     * @param close the mark after
     * @return the first such text, null when there is none
     */
    public static String substringBetween(String text, String open, String close) {
        if (text == null || open == null || close == null) {
            return null;
        }
        int start = text.indexOf(open);
        int end = start < 0 ? -1 : text.indexOf(close, start + open.length());
        return end < 0 ? null : text.substring(start + open.length(), end);
    }

    /**
     * Joins elements; null elements are left out together with their separator.
     *
     * @param collection the elements
     * @param separator what stands between them
     * @return the text, null for null
     */
    public static String join(Collection<?> collection, String separator) {
        if (collection == null) {
            return null;
        }
        StringBuilder text = new StringBuilder();
        boolean first = true;
        for (Object element : collection) {
            if (!first && separator != null) {
                text.append(separator);
            }
            first = false;
            if (element != null) {
                text.append(element);
            }
        }
        return text.toString();
    }

    /**
     * Whether a text contains another without regard to case.
     *
     * @param text a text, may be null
     * @param part the other
     * @return true when it does; false for null
     */
    public static boolean containsIgnoreCase(CharSequence text, CharSequence part) {
        if (text == null || part == null) {
            return false;
        }
        String whole = text.toString();
        for (int i = 0; i <= text.length() - part.length(); i++) {
            if (whole.regionMatches(true, i, part.toString(), 0, part.length())) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether a text contains another.
     *
     * @param text a text, may be null
     * @param part the other
     * @return true when it does; false for null
     */
    public static boolean contains(CharSequence text, CharSequence part) {
        return text != null && part != null && text.toString().contains(part);
    }

    /**
     * Whether all texts have a character that is no white space.
     *
     * @param texts the texts
     * @return true when they have
     */
    public static boolean isNoneBlank(CharSequence... texts) {
        return !isAnyBlank(texts);
    }

    /**
     * Whether one of the texts is blank.
     *
     * @param texts the texts
     * @return true when one is, or when there is none
     */
    public static boolean isAnyBlank(CharSequence... texts) {
        if (texts == null || texts.length == 0) {
            return true;
        }
        for (CharSequence text : texts) {
            if (isBlank(text)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether a text begins with another; null begins with null.
     *
     * @param text a text, may be null
     * @param prefix the other
     * @return true when it does
     */
    public static boolean startsWith(CharSequence text, CharSequence prefix) {
        return startsWith(text, prefix, false);
    }

    /**
     * Whether a text begins with another without regard to case; null begins with null.
     *
     * @param text a text, may be null
     * @param prefix the other
     * @return true when it does
     */
    public static boolean startsWithIgnoreCase(CharSequence text, CharSequence prefix) {
        return startsWith(text, prefix, true);
    }

    private static boolean startsWith(CharSequence text, CharSequence prefix, boolean ignoreCase) {
        if (text == null || prefix == null) {
            return text == prefix;
        }
        return text.toString().regionMatches(ignoreCase, 0, prefix.toString(), 0, prefix.length());
    }

    /**
     * A text without any white space.
     *
     * @param text a text, may be null
     * @return the text, null for null
     */
    public static String deleteWhitespace(String text) {
        if (isEmpty(text)) {
            return text;
        }
        StringBuilder rest = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (!Character.isWhitespace(text.charAt(i))) {
                rest.append(text.charAt(i));
            }
        }
        return rest.toString();
    }

    /**
     * Whether two texts are equal without regard to case; null equals null.
     *
     * @param one a text
     * @param other another
     * @return true when they are
     */
    public static boolean equalsIgnoreCase(String one, String other) {
        return one == null ? other == null : one.equalsIgnoreCase(other);
    }

    /**
     * Splits a text at a separator; empty parts at the end are left out.
     *
     * @param text a text, may be null
     * @param separator the separator, a regular expression; null for a blank
     * @return the parts, null for null
     */
    public static String[] split(String text, String separator) {
        return text == null ? null : text.split(separator == null ? " " : separator);
    }

    /**
     * Splits a text at any character of a set.
     *
     * @param text a text, may be null
     * @param delimiters the characters
     * @param trimTokens whether parts lose white space at both ends
     * @param ignoreEmptyTokens whether empty parts are left out
     * @return the parts, none for null
     */
    public static String[] tokenizeToStringArray(
            String text, String delimiters, boolean trimTokens, boolean ignoreEmptyTokens) {
        List<String> parts = new ArrayList<>();
        if (text != null) {
            StringTokenizer tokens = new StringTokenizer(text, delimiters);
            while (tokens.hasMoreTokens()) {
                String token = trimTokens ? tokens.nextToken().trim() : tokens.nextToken();
                if (!ignoreEmptyTokens || !token.isEmpty()) {
                    parts.add(token);
                }
            }
        }
        return toStringArray(parts);
    }

    /**
     * An array of a collection.
     *
     * @param collection the texts
     * @return the array, empty for null
     */
    public static String[] toStringArray(Collection<String> collection) {
        return collection == null ? new String[0] : collection.toArray(new String[0]);
    }

    /**
     * Whether a text has a character that is no white space.
     *
     * @param text a text, may be null
     * @return true when it has
     */
    public static boolean hasText(String text) {
        return !isBlank(text);
    }

    /**
     * A path with slashes in which {@code .} and {@code ..} are resolved as far as possible.
     *
     * @param path the path
     * @return the path
     */
    public static String cleanPath(String path) {
        if (isEmpty(path)) {
            return path;
        }
        String rest = path.replace(WINDOWS_FOLDER_SEPARATOR, FOLDER_SEPARATOR);
        String prefix = EMPTY;
        int colon = rest.indexOf(':');
        if (colon >= 0) {
            prefix = rest.substring(0, colon + 1);
            if (prefix.contains(FOLDER_SEPARATOR)) {
                prefix = EMPTY;
            } else {
                rest = rest.substring(colon + 1);
            }
        }
        if (rest.startsWith(FOLDER_SEPARATOR)) {
            prefix += FOLDER_SEPARATOR;
            rest = rest.substring(1);
        }
        Deque<String> folders = new ArrayDeque<>();
        int up = 0;
        String[] all = delimitedListToStringArray(rest, FOLDER_SEPARATOR);
        for (int i = all.length - 1; i >= 0; i--) {
            if (TOP_PATH.equals(all[i])) {
                up++;
            } else if (!DOT.equals(all[i])) {
                if (up > 0) {
                    up--;
                } else {
                    folders.addFirst(all[i]);
                }
            }
        }
        for (; up > 0; up--) {
            folders.addFirst(TOP_PATH);
        }
        return prefix + String.join(FOLDER_SEPARATOR, folders);
    }

    /**
     * Joins elements.
     *
     * @param coll the elements
     * @param delim what stands between them
     * @return the text, empty for null
     */
    public static String collectionToDelimitedString(Collection<?> coll, String delim) {
        return collectionToDelimitedString(coll, delim, EMPTY, EMPTY);
    }

    /**
     * Joins elements.
     *
     * @param coll the elements
     * @param delim what stands between them
     * @param prefix what stands before each
     * @param suffix what stands after each
     * @return the text, empty for null
     */
    public static String collectionToDelimitedString(Collection<?> coll, String delim, String prefix, String suffix) {
        StringBuilder text = new StringBuilder();
        boolean first = true;
        for (Object element : coll == null ? Collections.emptyList() : coll) {
            if (!first) {
                text.append(delim);
            }
            first = false;
            text.append(prefix).append(element).append(suffix);
        }
        return text.toString();
    }

    /**
     * Whether a text has a character.
     *
     * @param text a text, may be null
     * @return true when it has
     */
    public static boolean hasLength(String text) {
        return !isEmpty(text);
    }

    /**
     * Splits a text at a separator and keeps empty parts.
     *
     * @param text a text, may be null
     * @param delimiter the separator; empty cuts into characters
     * @return the parts, none for null
     */
    public static String[] delimitedListToStringArray(String text, String delimiter) {
        return delimitedListToStringArray(text, delimiter, null);
    }

    /**
     * Splits a text at a separator and keeps empty parts.
     *
     * @param text a text, may be null
     * @param delimiter the separator; empty cuts into characters
     * @param charsToDelete characters that parts lose, null for none
     * @return the parts, none for null
     */
    public static String[] delimitedListToStringArray(String text, String delimiter, String charsToDelete) {
        if (text == null) {
            return new String[0];
        }
        if (delimiter == null) {
            return new String[] {text};
        }
        List<String> parts = new ArrayList<>();
        if (delimiter.isEmpty()) {
            for (int i = 0; i < text.length(); i++) {
                parts.add(deleteAny(text.substring(i, i + 1), charsToDelete));
            }
            return toStringArray(parts);
        }
        int start = 0;
        for (int end = text.indexOf(delimiter); end >= 0; end = text.indexOf(delimiter, start)) {
            parts.add(deleteAny(text.substring(start, end), charsToDelete));
            start = end + delimiter.length();
        }
        if (!text.isEmpty() && start <= text.length()) {
            parts.add(deleteAny(text.substring(start), charsToDelete));
        }
        return toStringArray(parts);
    }

    /**
     * A text without some characters.
     *
     * @param text a text, may be null
     * @param charsToDelete the characters
     * @return the text
     */
    public static String deleteAny(String text, String charsToDelete) {
        if (isEmpty(text) || isEmpty(charsToDelete)) {
            return text;
        }
        StringBuilder rest = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (charsToDelete.indexOf(text.charAt(i)) < 0) {
                rest.append(text.charAt(i));
            }
        }
        return rest.toString();
    }

    /**
     * A text with each occurrence of a part replaced.
     *
     * @param text a text, may be null
     * @param oldPattern the part
     * @param newPattern what takes its place
     * @return the text
     */
    public static String replace(String text, String oldPattern, String newPattern) {
        if (isEmpty(text) || isEmpty(oldPattern) || newPattern == null) {
            return text;
        }
        return text.replace(oldPattern, newPattern);
    }

    /**
     * A path beside another.
     *
     * @param path a path of a file
     * @param relativePath a path from that file on
     * @return the path
     */
    public static String applyRelativePath(String path, String relativePath) {
        int slash = path.lastIndexOf(FOLDER_SEPARATOR);
        if (slash < 0) {
            return relativePath;
        }
        String folder = path.substring(0, slash);
        return relativePath.startsWith(FOLDER_SEPARATOR)
                ? folder + relativePath
                : folder + FOLDER_SEPARATOR + relativePath;
    }

    /**
     * The last part of a path.
     *
     * @param path the path
     * @return the name, null for null
     */
    public static String getFilename(String path) {
        return path == null ? null : path.substring(path.lastIndexOf(FOLDER_SEPARATOR) + 1);
    }

    /**
     * A text that begins with an upper-case letter.
     *
     * @param text a text, may be null
     * @return the text
     */
    public static String capitalize(String text) {
        if (isEmpty(text)) {
            return text;
        }
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    /**
     * Whether a text is a UUID.
     *
     * @param text a text, may be null
     * @return true when it is
     */
    public static boolean isUuidString(String text) {
        return text != null && UUID_PATTERN.matcher(text).matches();
    }
}
