// Run a server (`make run`), install the client (`mvn -q install -DskipTests` in java/), then: mvn -q compile exec:java
package example;

import io.nacre.ConfigKey;
import io.nacre.ConfigSubscription;
import io.nacre.Instance;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.ServiceKey;
import io.nacre.ServiceSubscription;

/** Registers an instance, finds it, and publishes a config. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws NacreException {
        String address = args.length > 0 ? args[0] : "127.0.0.1:8848";
        // README begin
        try (NacreClient client = NacreClient.builder().server(address).connect()) {
            ServiceKey orders = ServiceKey.of("orders");
            try (ServiceSubscription changes = client.naming().watch(orders, change ->
                    System.out.println(change.service().name() + " has " + change.instances().size() + " instances"))) {
                client.naming().register(orders, Instance.of("10.0.0.11", 8080).withMetadata("zone", "a"));
                // From memory after the first time, kept up to date by the server.
                client.naming().selectOne(orders).ifPresent(one -> System.out.println("call " + one.address()));
            }

            ConfigKey key = ConfigKey.of("app.yaml");
            client.config().publish(key, "greeting: hello");
            client.config().get(key).ifPresent(value -> System.out.println(value.content()));
            try (ConfigSubscription values = client.config().watch(key, event ->
                    System.out.println("now it is " + event.value().map(value -> value.content()).orElse("gone")))) {
                client.config().publish(key, "greeting: hi");
            }
            client.config().remove(key);

            // Each method has a second face that gives a CompletableFuture.
            client.config().getAsync(key).thenAccept(value -> System.out.println("there: " + value.isPresent())).join();
        }
        // README end
    }
}
