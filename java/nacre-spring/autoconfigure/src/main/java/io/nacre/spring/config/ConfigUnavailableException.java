package io.nacre.spring.config;

import io.nacre.ConfigReadResult.Reason;
import io.nacre.Status;

/** A config that the application needs is not there, or cannot be read. */
public class ConfigUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient ConfigSpec spec;
    private final transient Status status;
    /** Why. */
    private final Reason reason;

    ConfigUnavailableException(NacosConfigDataResource resource, Reason reason, Status status, Throwable cause) {
        super(cause);
        this.spec = resource.spec();
        this.reason = reason;
        this.status = status;
    }

    ConfigSpec spec() {
        return spec;
    }

    Status status() {
        return status;
    }

    /**
     * Why it could not be read.
     *
     * @return absent, forbidden or unreachable
     */
    public Reason reason() {
        return reason;
    }

    @Override
    public String getMessage() {
        String what = "config " + spec.key() + " of namespace " + namespace();
        return switch (reason) {
            case ABSENT -> what + " does not exist";
            case FORBIDDEN -> what + " may not be read";
            default -> what + " cannot be read: no server answers";
        };
    }

    String namespace() {
        return spec.settings().namespace().isEmpty() ? "public" : spec.settings().namespace();
    }
}
