package example.consumer;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.cloud.openfeign.EnableFeignClients;
import org.springframework.cloud.openfeign.FeignClient;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/** Calls the service {@code provider} by its name. */
@SpringBootApplication
@EnableFeignClients
public class Consumer {
    public static void main(String[] args) {
        SpringApplication.run(Consumer.class, args);
    }

    /** The provider as an interface. */
    @FeignClient("provider")
    interface Greeter {
        @GetMapping("/greet/{name}")
        String greet(@PathVariable String name);
    }

    @Configuration(proxyBeanMethods = false)
    static class Http {
        @Bean
        @LoadBalanced
        RestClient.Builder restClients() {
            return RestClient.builder();
        }
    }

    @RestController
    static class Calls {
        private final RestClient rest;
        private final Greeter greeter;
        private final DiscoveryClient discovery;

        Calls(RestClient.Builder rest, Greeter greeter, DiscoveryClient discovery) {
            this.rest = rest.build();
            this.greeter = greeter;
            this.discovery = discovery;
        }

        @GetMapping("/rest/{name}")
        String rest(@PathVariable String name) {
            return rest.get().uri("http://provider/greet/{name}", name).retrieve().body(String.class);
        }

        @GetMapping("/feign/{name}")
        String feign(@PathVariable String name) {
            return greeter.greet(name);
        }

        @GetMapping("/providers")
        int providers() {
            return discovery.getInstances("provider").size();
        }
    }
}
