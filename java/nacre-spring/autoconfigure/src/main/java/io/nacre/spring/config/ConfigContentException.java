package io.nacre.spring.config;

/** The content of a config does not fit its format. */
public class ConfigContentException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ConfigContentException(String what, String extension, Exception cause) {
        super(what + " is not valid " + extension + ": " + cause.getMessage(), cause);
    }
}
