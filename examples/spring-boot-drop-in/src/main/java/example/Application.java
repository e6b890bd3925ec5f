package example;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.cloud.context.config.annotation.RefreshScope;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestTemplate;

/**
 * An application of Spring Cloud Alibaba that runs on Nacre's client. Start a server with `make run`, then this with
 * `mvn spring-boot:run`, and try `curl localhost:8080/greeting` and `curl localhost:8080/relay`.
 */
@SpringBootApplication
public class Application {
    public static void main(String[] args) {
        SpringApplication.run(Application.class, args);
    }

    @Bean
    @LoadBalanced
    RestTemplate rest() {
        return new RestTemplate();
    }

    /** Shows a value of the config `greeter.properties`; publish another one and ask again. */
    @RestController
    @RefreshScope
    static class Greeting {
        @Value("${greeting:hello}")
        private String text;

        @GetMapping("/greeting")
        public String greeting() {
            return text;
        }
    }

    /** Finds this application by its name and calls it. */
    @RestController
    static class Relay {
        private final RestTemplate rest;

        Relay(RestTemplate rest) {
            this.rest = rest;
        }

        @GetMapping("/relay")
        String relay() {
            return rest.getForObject("http://greeter/greeting", String.class);
        }
    }
}
