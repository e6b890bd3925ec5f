package io.nacre.internal;

/** The version of this library. */
public final class Version {
    /** The number, the same for the engine and all its packages. */
    public static final String NUMBER = "0.1.0";

    private Version() {}
}
