package io.nacre;

/** Listens to a config. */
public interface ConfigSubscription extends Subscription {
    /**
     * The config.
     *
     * @return its key
     */
    ConfigKey key();
}
