// A service in Java: mvn -q compile exec:java -Dexec.args="NAME PORT SERVER"
package example;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.nacre.ConfigKey;
import io.nacre.Instance;
import io.nacre.NacreClient;
import io.nacre.ServiceKey;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;

/** Registers itself, calls others by their names, and follows a setting. */
public final class Service {
    private Service() {}

    public static void main(String[] args) throws Exception {
        String name = args[0];
        int port = Integer.parseInt(args[1]);
        NacreClient client = NacreClient.builder().server(args[2]).connect();
        AtomicReference<String> greeting = new AtomicReference<>("hello");
        client.config().watch(ConfigKey.of("greeting.txt"), event ->
                greeting.set(event.value().map(value -> value.content()).orElse("hello")));

        HttpClient calls = HttpClient.newHttpClient();
        HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        http.setExecutor(Executors.newCachedThreadPool());
        http.createContext("/greet", exchange -> answer(exchange, 200, greeting.get() + " from " + name + " in Java"));
        http.createContext("/ask/", exchange -> {
            try {
                String other = exchange.getRequestURI().getPath().substring("/ask/".length());
                Instance instance = client.naming().selectOne(ServiceKey.of(other)).orElseThrow();
                URI uri = URI.create("http://" + instance.address() + "/greet");
                String text = calls.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
                answer(exchange, 200, name + " heard: " + text);
            } catch (Exception e) {
                answer(exchange, 503, e.toString());
            }
        });
        http.start();
        client.naming().register(ServiceKey.of(name), Instance.of("127.0.0.1", port).withMetadata("language", "java"));

        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            client.close(); // takes the registration back
            http.stop(1);
        }));
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
