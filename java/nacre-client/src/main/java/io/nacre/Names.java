package io.nacre;

import java.util.function.IntPredicate;

/** The rules for names. Lengths count UTF-16 units, as servers do. */
final class Names {
    static final String DEFAULT_GROUP = "DEFAULT_GROUP";
    static final String DEFAULT_NAMESPACE = "public";
    static final String DEFAULT_CLUSTER = "DEFAULT";

    private Names() {}

    static <T> T present(T value, String name) {
        if (value == null) {
            throw new InvalidParameterException(name + " must not be null");
        }
        return value;
    }

    static String namespace(String id) {
        String trimmed = present(id, "namespace").trim();
        return trimmed.isEmpty()
                ? DEFAULT_NAMESPACE
                : check("namespaceId/tenant", trimmed, 64, c -> isWord(c) || c == '-');
    }

    static String group(String name) {
        String trimmed = present(name, "group").trim();
        return trimmed.isEmpty() ? DEFAULT_GROUP : check("group", trimmed, 128, Names::isNameCharacter);
    }

    static String dataId(String name) {
        String trimmed = present(name, "dataId").trim();
        if (trimmed.isEmpty()) {
            throw new InvalidParameterException("Param 'dataId' is illegal, it must not be blank.");
        }
        return check("dataId", trimmed, 256, Names::isNameCharacter);
    }

    /** A service name without its group. */
    static String service(String name) {
        if (name.trim().isEmpty()) {
            throw new InvalidParameterException("Param 'serviceName' is illegal, it must not be blank.");
        }
        limit("serviceName", name, 512);
        int first = name.codePointAt(0);
        String rest = name.substring(Character.charCount(first));
        boolean lineEnd = first == '\n' || first == '\r' || first == 0x85 || first == 0x2028 || first == 0x2029;
        if (first == '@' || lineEnd || rest.contains("@@") || !rest.codePoints().allMatch(Names::isPlain)) {
            throw illegal("serviceName");
        }
        return name;
    }

    static void ip(String ip) {
        if (present(ip, "ip").trim().isEmpty()) {
            throw new InvalidParameterException("Param 'ip' is illegal, it must not be blank.");
        }
        check("ip", ip, 128, Names::isPlain);
    }

    /** The cluster of an instance. Queries also accept {@code _}. */
    static void cluster(String name) {
        check("cluster", name, 64, c -> isAlphanumeric(c) || c == '-');
    }

    static void queriedCluster(String name) {
        check("cluster", name, 64, c -> isWord(c) || c == '-');
    }

    private static String check(String parameter, String value, int length, IntPredicate legal) {
        limit(parameter, value, length);
        if (!value.codePoints().allMatch(legal)) {
            throw illegal(parameter);
        }
        return value;
    }

    static void limit(String parameter, String value, int length) {
        if (value.length() > length) {
            throw new InvalidParameterException(
                    "Param '" + parameter + "' is illegal, the param length should not exceed " + length + ".");
        }
    }

    private static InvalidParameterException illegal(String parameter) {
        return new InvalidParameterException(
                "Param '" + parameter + "' is illegal, illegal characters should not appear in the param.");
    }

    static boolean isAlphanumeric(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
    }

    private static boolean isWord(int c) {
        return isAlphanumeric(c) || c == '_';
    }

    private static boolean isNameCharacter(int c) {
        return isWord(c) || c == '-' || c == '.' || c == ':';
    }

    /** No ASCII blank and no character of U+4E00 to U+9FA5, which servers refuse. */
    private static boolean isPlain(int c) {
        return c != ' ' && (c < '\t' || c > '\r') && (c < 0x4e00 || c > 0x9fa5);
    }
}
