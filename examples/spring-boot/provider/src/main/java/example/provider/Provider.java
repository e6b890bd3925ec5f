package example.provider;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.context.config.annotation.RefreshScope;
import org.springframework.core.env.Environment;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Greets, in words that the config {@code provider.yaml} gives. */
@SpringBootApplication
public class Provider {
    public static void main(String[] args) {
        SpringApplication.run(Provider.class, args);
    }

    /** Made anew when the config changes. */
    @RestController
    @RefreshScope
    static class Greetings {
        private final Environment environment;

        @Value("${greeting:hello}")
        private String greeting;

        Greetings(Environment environment) {
            this.environment = environment;
        }

        @GetMapping("/greet/{name}")
        String greet(@PathVariable String name) {
            return greeting + " " + name + " from " + environment.getProperty("local.server.port");
        }
    }
}
