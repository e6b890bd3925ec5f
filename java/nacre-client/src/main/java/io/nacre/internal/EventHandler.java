package io.nacre.internal;

/** Called on the pump's thread when a subscription has something to take. Must be quick and run no user code. */
public interface EventHandler {
    /**
     * There may be something to take. There is no further event until {@link NativeSubscription#done}.
     *
     * @param subscription the subscription
     */
    void onEvent(NativeSubscription subscription);
}
