package io.nacre.acceptance;

/** The service that provider and consumer share. */
public interface Greeter {
    /** Greets. */
    String greet(String name);
}
