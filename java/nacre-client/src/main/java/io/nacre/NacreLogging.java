package io.nacre;

import io.nacre.internal.Logs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the lines of the engine go. From the first client on that is SLF4J, under loggers whose names begin with
 * {@code io.nacre.engine}, unless something else was said before. Until there is a sink the newest 500 lines are held.
 */
public final class NacreLogging {
    private static boolean told;

    private NacreLogging() {}

    /** How much a line matters, and which lines are wanted. */
    public enum Level {
        /** No lines at all. */
        OFF,
        /** An operator must act. */
        ERROR,
        /** Something works less well. */
        WARN,
        /** Life cycle. */
        INFO,
        /** Per request. */
        DEBUG,
        /** Everything. */
        TRACE
    }

    /** Takes lines, from one thread at a time. Must be quick and must not call clients. */
    @FunctionalInterface
    public interface Sink {
        /**
         * Takes a line.
         *
         * @param level how much it matters
         * @param millis time of the event, since the epoch
         * @param target the part that wrote it, e.g. {@code nacre_client::connection}
         * @param message text and fields
         * @param failure what was thrown, or null
         */
        void log(Level level, long millis, String target, String message, Throwable failure);
    }

    /**
     * Gives lines to a sink from now on, first those that were held.
     *
     * @param sink takes the lines
     * @param level lines that matter less are not made at all
     */
    public static synchronized void setSink(Sink sink, Level level) {
        Names.present(sink, "sink");
        told = true;
        Level[] levels = Level.values();
        Logs.set(
                (line, millis, target, message, failure) -> sink.log(levels[line], millis, target, message, failure),
                Names.present(level, "level").ordinal());
    }

    /** Gives lines to SLF4J from now on, at the level that the logger {@code io.nacre.engine} has now. */
    public static void toSlf4j() {
        setSink(NacreLogging::slf4j, levelOf(LoggerFactory.getLogger(loggerName(""))));
    }

    /**
     * Holds lines until there is a sink again.
     *
     * @param level lines that matter less are not made at all
     */
    public static synchronized void hold(Level level) {
        told = true;
        Logs.set(null, Names.present(level, "level").ordinal());
    }

    /**
     * How many lines were lost because they came faster than they were read, or were held too long.
     *
     * @return the count since the start of the process
     */
    public static long droppedLines() {
        return Logs.dropped();
    }

    /** SLF4J, if nobody has said anything else. */
    static synchronized void begin() {
        if (!told) {
            toSlf4j();
        }
    }

    private static Level levelOf(Logger logger) {
        if (logger.isTraceEnabled()) {
            return Level.TRACE;
        }
        if (logger.isDebugEnabled()) {
            return Level.DEBUG;
        }
        if (logger.isInfoEnabled()) {
            return Level.INFO;
        }
        if (logger.isWarnEnabled()) {
            return Level.WARN;
        }
        return logger.isErrorEnabled() ? Level.ERROR : Level.OFF;
    }

    /** {@code nacre_client::connection::dial} is {@code io.nacre.engine.connection.dial}. */
    static String loggerName(String target) {
        int part = target.indexOf("::");
        String name = "io.nacre.engine";
        return part < 0 ? name : name + "." + target.substring(part + 2).replace("::", ".");
    }

    private static void slf4j(Level level, long millis, String target, String message, Throwable failure) {
        Logger logger = LoggerFactory.getLogger(loggerName(target));
        switch (level) {
            case ERROR:
                logger.error(message, failure);
                break;
            case WARN:
                logger.warn(message, failure);
                break;
            case INFO:
                logger.info(message, failure);
                break;
            case DEBUG:
                logger.debug(message, failure);
                break;
            default:
                logger.trace(message, failure);
        }
    }
}
