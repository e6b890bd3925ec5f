package io.nacre.spring.discovery;

import io.nacre.spring.client.ConnectionSettings;

/** This application could not be registered. */
public class RegistrationFailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String registration;
    private final String connection;

    RegistrationFailedException(Object registration, ConnectionSettings connection, Throwable cause) {
        super("cannot register " + registration + " at " + connection + ": " + cause.getMessage(), cause);
        this.registration = registration.toString();
        this.connection = connection.toString();
    }

    /**
     * What was to be registered.
     *
     * @return service and address
     */
    public String registration() {
        return registration;
    }

    /**
     * Where.
     *
     * @return servers and namespace
     */
    public String connection() {
        return connection;
    }
}
