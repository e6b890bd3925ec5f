package io.nacre.nacos;

import java.util.Properties;

/** Small checks that all services share. */
final class Settings {
    private Settings() {}

    /** A blank name of a service or group, which the original refuses with an unchecked exception. */
    static final class BlankName extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        BlankName(String parameter) {
            super("Param '" + parameter + "' is illegal, " + parameter + " is blank");
        }
    }

    static void checkNames(String serviceName, String groupName) {
        if (PropertySources.isBlank(serviceName)) {
            throw new BlankName("serviceName");
        }
        if (PropertySources.isBlank(groupName)) {
            throw new BlankName("groupName");
        }
    }

    /** Properties of its own for a service, defaults included. */
    static Properties copy(Properties properties) {
        Properties copy = new Properties();
        if (properties != null) {
            for (String name : properties.stringPropertyNames()) {
                copy.setProperty(name, properties.getProperty(name));
            }
        }
        return copy;
    }
}
