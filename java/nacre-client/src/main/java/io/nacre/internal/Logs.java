package io.nacre.internal;

import java.util.ArrayDeque;

/**
 * The lines that the engine and this library write, on their way to a sink. Until one is set the newest are held.
 */
public final class Logs {
    /** Nothing. */
    public static final int OFF = 0;
    /** An operator must act. */
    public static final int ERROR = 1;
    /** Something works less well. */
    public static final int WARN = 2;
    /** Life cycle. */
    public static final int INFO = 3;
    /** Per request. */
    public static final int DEBUG = 4;
    /** Everything. */
    public static final int TRACE = 5;

    private static final int HELD = 500;
    private static final String OWN = "nacre_java";

    private static final ArrayDeque<Runnable> WAITING = new ArrayDeque<>();
    private static Sink sink;
    private static int level = INFO;
    private static long dropped;

    private Logs() {}

    /** Takes lines. Called by one thread at a time; must be quick. */
    public interface Sink {
        /**
         * Takes a line.
         *
         * @param level {@link #ERROR} to {@link #TRACE}
         * @param millis time of the event, since the epoch
         * @param target the part that wrote it, e.g. {@code nacre_client::connection}
         * @param message text and fields
         * @param failure what was thrown, or null
         */
        void line(int level, long millis, String target, String message, Throwable failure);
    }

    /**
     * Gives lines to a sink from now on, first those that were held.
     *
     * @param next the sink; null holds lines until there is one again
     * @param lines what is wanted, {@link #OFF} to {@link #TRACE}
     */
    public static void set(Sink next, int lines) {
        Engine engine = Engine.current();
        synchronized (Logs.class) {
            sink = next;
            level = lines;
            while (sink != null && !WAITING.isEmpty()) {
                WAITING.poll().run();
            }
        }
        if (engine != null) {
            engine.logLevel(lines);
        }
    }

    /**
     * How many lines were lost because they came faster than they were read.
     *
     * @return the number since the start
     */
    public static synchronized long dropped() {
        return dropped;
    }

    static synchronized void started(Engine engine) {
        engine.logLevel(level);
    }

    /** Reads {@code dropped u64, [level u8, time ms, target str, message str]}. */
    static synchronized void read(Reader reader) {
        dropped += reader.i64();
        int count = reader.count();
        for (int index = 0; index < count; index++) {
            int lineLevel = reader.u8();
            long millis = reader.i64();
            String target = reader.string();
            pass(lineLevel, millis, target, reader.string(), null);
        }
    }

    static void warn(String message) {
        own(WARN, message, null);
    }

    static void error(String message, Throwable failure) {
        own(ERROR, message, failure);
    }

    private static synchronized void own(int lineLevel, String message, Throwable failure) {
        if (lineLevel <= level) {
            pass(lineLevel, System.currentTimeMillis(), OWN, message, failure);
        }
    }

    private static void pass(int lineLevel, long millis, String target, String message, Throwable failure) {
        Sink to = sink;
        if (to == null) {
            if (WAITING.size() == HELD) {
                WAITING.poll();
                dropped++;
            }
            WAITING.add(() -> pass(lineLevel, millis, target, message, failure));
            return;
        }
        try {
            to.line(lineLevel, millis, target, message, failure);
        } catch (RuntimeException ignored) {
            // A sink that fails has no place to say so.
        }
    }
}
