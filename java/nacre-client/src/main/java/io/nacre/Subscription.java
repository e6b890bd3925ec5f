package io.nacre;

import java.util.Optional;

/** A listener that is called until this is closed. */
public interface Subscription extends AutoCloseable {
    /** Ends it. Once this has returned no new call of the listener begins. Closing twice does no harm. */
    @Override
    void close();

    /**
     * Whether it was closed, by {@link #close()} or with its client.
     *
     * @return true if so
     */
    boolean isClosed();

    /**
     * Why the server refused it for good, or could not be asked the last time.
     *
     * @return empty while all is well
     */
    Optional<NacreException> error();
}
