package io.nacre.internal;

/**
 * The functions of the native library, which registers them when it is loaded.
 *
 * <p>Handles are keys in tables of the library, never pointers: one that was closed is refused. Only {@link #poll}
 * waits. What a request or an answer consists of stands in {@link Op}. A defect in the library is thrown as an {@link
 * IllegalStateException}; all other failures are data.
 */
final class Native {
    /** Kinds of what {@link #poll} gives: an answer, a failure (fields of an error), an event, lines of the log. */
    static final int ANSWER = 0;

    static final int FAILURE = 1;
    static final int EVENT = 2;
    static final int LOG = 3;

    private Native() {}

    /** The library's version and the number of the encoding, {@code 0.1.0/1}. */
    static native String version();

    /** Starts an engine: its threads, its queue. */
    static native long start();

    /** Ends an engine and all that it has, within a limit. {@link #poll} then gives -1. */
    static native void stop(long engine, long limitMillis);

    /** Makes a client. Answers 0 and its handle (u64), or 1 and an error. */
    static native byte[] open(long engine, byte[] options);

    /**
     * Starts an operation; {@link #poll} gives its answer with this id, which the caller chooses. False when the client
     * is closed: then there is no answer. A time limit of 0 is that of the client's options.
     */
    static native boolean submit(long engine, long client, long id, int op, byte[] request, long timeoutMillis);

    /** Ends an operation. There may still be an answer if it was on the way. */
    static native void cancel(long engine, long id);

    /**
     * Runs an operation that needs no server at once. Answers 0 and the value, 1 and an error, or null when it would
     * have to wait.
     */
    static native byte[] call(long engine, long client, int op, byte[] request);

    /** Makes a subscription. Answers 0 and its handle (u64), or 1 and an error. No event comes before {@link #arm}. */
    static native byte[] subscribe(long engine, long client, int op, byte[] request);

    /** Lets events come, the first one at once if there is something to take. */
    static native void arm(long engine, long subscription);

    /** Takes the newest value: null for nothing new, 0 and the value, or 1 and the error that ended it. */
    static native byte[] take(long engine, long subscription);

    /**
     * Says that an event was dealt with; until then there is no other for this subscription. When it was not ok, the
     * value is offered again after 1 s, growing to 5 s, or with the next change.
     */
    static native void done(long engine, long subscription, boolean ok);

    /** Ends a subscription. */
    static native void unsubscribe(long engine, long subscription);

    /** Forgets a client that nobody closed; it is closed in the background. */
    static native void abandon(long engine, long client);

    /**
     * Waits for what there is to say, at most so long, and fills the arrays from the front. Gives how many places were
     * filled, or -1 after the end of the engine. {@code ids}: the id of an answer, the handle of a subscription, for
     * lines of the log 0.
     */
    static native int poll(long engine, long[] ids, int[] kinds, byte[][] payloads, long timeoutMillis);

    /** Ends a waiting {@link #poll} early. */
    static native void wake(long engine);

    /** Which lines of the log are kept: 0 none, 1 errors, 2 warnings too, 3 infos, 4 debug, 5 all. Begins with 0. */
    static native void logLevel(long engine, int level);

    /** How many clients, subscriptions and running calls there are. */
    static native long[] counts(long engine);
}
