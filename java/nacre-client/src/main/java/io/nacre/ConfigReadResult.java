package io.nacre;

import java.util.Optional;

/**
 * What a read of a config has found, and why it has found no value of the server.
 *
 * @see ConfigClient#read(ConfigKey)
 */
public final class ConfigReadResult {
    /** Why there is no value of the server. Reasons may be added. */
    public enum Reason {
        /** The server says that there is no such config. */
        ABSENT,
        /** The user may not read it. */
        FORBIDDEN,
        /** No server answered, or it answered with a failure, and there is no snapshot. */
        UNREACHABLE,
        /** No server answered, and the snapshot of an earlier answer is given. */
        SNAPSHOT
    }

    private final ConfigValue value;
    private final Reason reason;
    private final NacreException error;

    private ConfigReadResult(ConfigValue value, Reason reason, NacreException error) {
        this.value = value;
        this.reason = reason;
        this.error = error;
    }

    static ConfigReadResult of(ConfigValue value) {
        Reason reason = value == null ? Reason.ABSENT : null;
        if (value != null && value.source() == ConfigValue.Source.SNAPSHOT) {
            reason = Reason.SNAPSHOT;
        }
        return new ConfigReadResult(value, reason, null);
    }

    /** Null when the failure is none of the reasons. */
    static ConfigReadResult of(NacreException error) {
        switch (error.kind()) {
            case FORBIDDEN:
                return new ConfigReadResult(null, Reason.FORBIDDEN, error);
            case CLOSED:
            case INTERNAL:
            case INVALID_PARAMETER:
                return null;
            default:
                return new ConfigReadResult(null, Reason.UNREACHABLE, error);
        }
    }

    /**
     * The value.
     *
     * @return empty for all reasons but {@link Reason#SNAPSHOT}
     */
    public Optional<ConfigValue> value() {
        return Optional.ofNullable(value);
    }

    /**
     * Why there is no value of the server.
     *
     * @return empty when the value came from the server or from a failover file
     */
    public Optional<Reason> reason() {
        return Optional.ofNullable(reason);
    }

    /**
     * The failure that stands behind {@link Reason#FORBIDDEN} and {@link Reason#UNREACHABLE}.
     *
     * @return empty for the other reasons
     */
    public Optional<NacreException> error() {
        return Optional.ofNullable(error);
    }

    @Override
    public String toString() {
        return "ConfigReadResult{" + value + ", reason=" + reason + ", error=" + error + "}";
    }
}
