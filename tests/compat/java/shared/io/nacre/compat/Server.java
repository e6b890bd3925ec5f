package io.nacre.compat;

import com.alibaba.nacos.api.config.ConfigFactory;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingFactory;
import com.alibaba.nacos.api.naming.NamingService;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Properties;
import java.util.UUID;

/** The server that the runner started for this suite, and its control endpoint. */
final class Server {
    static final String ADDRESS = require("NACRE_ADDR");
    private static final String CONTROL = require("NACRE_CONTROL");
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private Server() {}

    /** A naming client of the given namespace; null is the client's default. */
    // One at a time: the client finds its plug-ins with a loader that two threads must not use at once.
    static synchronized NamingService naming(String namespace) throws NacosException {
        return NamingFactory.createNamingService(properties(namespace));
    }

    /** A config client of the given namespace; null is the client's default. */
    static synchronized ConfigService config(String namespace) throws NacosException {
        return ConfigFactory.createConfigService(properties(namespace));
    }

    static Properties properties(String namespace) {
        Properties properties = new Properties();
        properties.setProperty("serverAddr", ADDRESS);
        if (namespace != null) {
            properties.setProperty("namespace", namespace);
        }
        return properties;
    }

    /** A name that no other test uses. */
    static String unique(String prefix) {
        return prefix + "-" + UUID.randomUUID().toString().substring(0, 8);
    }

    /** A port of this machine that accepts connections, so that a health check of an instance on it passes. */
    static int livePort() {
        return Integer.parseInt(ADDRESS.substring(ADDRESS.lastIndexOf(':') + 1));
    }

    /** Stops the server in order and starts it again on the same data and ports. */
    static void restart() throws IOException, InterruptedException {
        control("/restart");
    }

    /** Kills the server without warning and starts it again on the same data and ports. */
    static void killAndStart() throws IOException, InterruptedException {
        control("/kill");
    }

    /** The status and body of a plain HTTP call to the server. */
    static HttpResponse<String> http(String method, String pathAndQuery) throws IOException, InterruptedException {
        return send(method, "http://" + ADDRESS + pathAndQuery);
    }

    private static void control(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = send("POST", CONTROL + path);
        if (answer.statusCode() != 200) {
            throw new IllegalStateException(path + " failed: " + answer.body());
        }
    }

    private static HttpResponse<String> send(String method, String url) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .timeout(Duration.ofSeconds(60))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static String require(String name) {
        String value = System.getenv(name);
        if (value == null) {
            throw new IllegalStateException(name + " is not set; start the suite with tests/compat/run.py");
        }
        return value;
    }
}
