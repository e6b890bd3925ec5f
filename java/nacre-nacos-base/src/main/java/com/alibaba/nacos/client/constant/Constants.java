package com.alibaba.nacos.client.constant;

/** Constants of the client that frameworks refer to. */
public class Constants {
    /** Makes a useless instance; the original allows it. */
    public Constants() {}

    /** Names of system properties. */
    public static class SysEnv {
        /** Home folder of the user. */
        public static final String USER_HOME = "user.home";

        /** Name of the application. */
        public static final String PROJECT_NAME = "project.name";

        /** Folder of logs. */
        public static final String JM_LOG_PATH = "JM.LOG.PATH";

        /** Folder of all local files of the client. */
        public static final String JM_SNAPSHOT_PATH = "JM.SNAPSHOT.PATH";

        /** Which source of settings wins. */
        public static final String NACOS_ENV_FIRST = "nacos.env.first";

        /** Makes a useless instance; the original allows it. */
        public SysEnv() {}
    }

    /** Local files. */
    public static class Disk {
        /** Opens a file for reading. */
        public static final String READ_ONLY = "r";

        /** Opens a file for reading and writing. */
        public static final String READ_WRITE = "rw";

        /** Makes a useless instance; the original allows it. */
        public Disk() {}
    }

    /** Health of the client as {@code getServerStatus} tells it. */
    public static class HealthCheck {
        /** Connected. */
        public static final String UP = "UP";

        /** Not connected. */
        public static final String DOWN = "DOWN";

        /** Makes a useless instance; the original allows it. */
        public HealthCheck() {}
    }

    /** Login. */
    public static class Security {
        /** Time between two looks at the age of the token, in milliseconds. */
        public static final long SECURITY_INFO_REFRESH_INTERVAL_MILLS = 5000L;

        /** Makes a useless instance; the original allows it. */
        public Security() {}
    }
}
