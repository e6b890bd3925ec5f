package io.nacre.spring.tests.app;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Starts applications in this JVM, as their main methods would. */
public final class Run {
    private Run() {}

    /**
     * Starts an application with a servlet server on a free port.
     *
     * @param application its class
     * @param name its name
     * @param server address of the registry
     * @param more further arguments, {@code --name=value}
     * @return the running application
     */
    public static ConfigurableApplicationContext servlet(
            Class<?> application, String name, String server, String... more) {
        return start(application, WebApplicationType.SERVLET, name, server, more);
    }

    /**
     * Starts an application of some type on a free port.
     *
     * @param application its class
     * @param type which server
     * @param name its name
     * @param server address of the registry
     * @param more further arguments, {@code --name=value}
     * @return the running application
     */
    public static ConfigurableApplicationContext start(
            Class<?> application, WebApplicationType type, String name, String server, String... more) {
        return new SpringApplicationBuilder(application).web(type).run(arguments(type, name, server, more));
    }

    /** The arguments of an application. */
    static String[] arguments(WebApplicationType type, String name, String server, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "--spring.application.name=" + name,
                "--spring.main.banner-mode=off",
                "--spring.main.web-application-type=" + type.name().toLowerCase(java.util.Locale.ROOT),
                "--spring.jmx.enabled=false",
                "--server.port=0",
                "--server.shutdown=graceful",
                "--spring.cloud.nacos.server-addr=" + server,
                "--spring.cloud.nacos.config.import-check.enabled=false",
                "--spring.cloud.nacos.discovery.ip=127.0.0.1",
                "--spring.cloud.nacos.discovery.graceful-shutdown-wait-time=0",
                "--nacre.client.files=false"));
        if (type != WebApplicationType.REACTIVE) {
            // The gateway is on the class path of these tests and refuses to run beside servlets.
            args.add("--spring.cloud.gateway.enabled=false");
            args.add("--spring.cloud.gateway.server.webflux.enabled=false");
        }
        args.addAll(List.of(more));
        // Of two with the same name Spring would make a list.
        Map<String, String> last = new LinkedHashMap<>();
        args.forEach(arg -> last.put(arg.substring(0, arg.indexOf('=')), arg));
        return last.values().toArray(new String[0]);
    }

    /**
     * The port of an application.
     *
     * @param context the application
     * @return its port
     */
    public static String port(ConfigurableApplicationContext context) {
        return context.getEnvironment().getProperty("local.server.port");
    }
}
