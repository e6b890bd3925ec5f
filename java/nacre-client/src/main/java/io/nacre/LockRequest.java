package io.nacre;

import java.time.Duration;
import java.util.Optional;

/** A lock. Immutable. */
public final class LockRequest {
    private static final Duration LONGEST = Duration.ofMinutes(30);

    private final String key;
    private final Duration lease;

    private LockRequest(String key, Duration lease) {
        this.key = key;
        this.lease = lease;
    }

    /**
     * A lock with the server's lease, usually 30 s.
     *
     * @param key the name, not blank
     * @return the request
     */
    public static LockRequest of(String key) {
        if (Names.present(key, "key").trim().isEmpty()) {
            throw new InvalidParameterException("the key of a lock must not be blank");
        }
        return new LockRequest(key, null);
    }

    /**
     * Sets the time after which the server releases it.
     *
     * @param lease at most 30 min
     * @return a copy
     */
    public LockRequest lease(Duration lease) {
        if (Names.present(lease, "lease").isNegative() || lease.compareTo(LONGEST) > 0) {
            throw new InvalidParameterException("the lease of a lock is at most 30 minutes");
        }
        return new LockRequest(key, lease);
    }

    /**
     * The name.
     *
     * @return the key
     */
    public String key() {
        return key;
    }

    /**
     * Time after which the server releases it.
     *
     * @return empty for the server's own
     */
    public Optional<Duration> lease() {
        return Optional.ofNullable(lease);
    }
}
