package io.nacre.spring.tests.app;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Answers with its port. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@RestController
public class Provider {
    private final Environment environment;

    Provider(Environment environment) {
        this.environment = environment;
    }

    @GetMapping("/port")
    String port() {
        return environment.getProperty("local.server.port");
    }

    /** A request that is still served when the application is told to end. */
    @GetMapping("/slow")
    String slow() throws InterruptedException {
        Thread.sleep(50);
        return port();
    }

    /**
     * Runs as a process of its own.
     *
     * @param args its settings
     */
    public static void main(String[] args) {
        SpringApplication.run(Provider.class, args);
    }
}
