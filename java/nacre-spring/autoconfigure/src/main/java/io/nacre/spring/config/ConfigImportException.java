package io.nacre.spring.config;

/** An import of the server that cannot be understood, or that is missing. */
public class ConfigImportException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What to do. */
    private final String action;

    ConfigImportException(String location, String reason, String action) {
        this("The import \"nacos:" + location + "\" is not valid: " + reason, action);
    }

    ConfigImportException(String message, String action) {
        super(message);
        this.action = action;
    }

    /**
     * What to do.
     *
     * @return a sentence without its full stop
     */
    public String action() {
        return action;
    }
}
