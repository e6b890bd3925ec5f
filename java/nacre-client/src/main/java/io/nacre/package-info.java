/**
 * Client of Nacre and of every server that speaks the Nacos 2.x protocol: service registry and configuration centre.
 *
 * <p>{@link io.nacre.NacreClient} is where everything begins:
 *
 * <pre>{@code
 * try (NacreClient client = NacreClient.builder().server("127.0.0.1:8848").connect()) {
 *     ConfigKey key = ConfigKey.of("DEFAULT_GROUP", "app.yaml");
 *     client.config().publish(key, "greeting: hello");
 *
 *     ServiceKey orders = ServiceKey.of("orders");
 *     client.naming().register(orders, Instance.of("10.0.0.11", 8080));
 * }
 * }</pre>
 *
 * <p>Each operation has two faces: a blocking one, and one whose name ends in {@code Async} and that gives a
 * {@link java.util.concurrent.CompletableFuture}. Cancelling that future reaches the engine.
 *
 * <p>Wrong arguments raise {@link java.lang.IllegalArgumentException} before anything is sent; every other failure is a
 * {@link io.nacre.NacreException}.
 */
package io.nacre;
