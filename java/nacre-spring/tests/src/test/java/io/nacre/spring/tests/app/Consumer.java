package io.nacre.spring.tests.app;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.cloud.openfeign.EnableFeignClients;
import org.springframework.cloud.openfeign.FeignClient;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.client.RestClient;
import org.springframework.web.reactive.function.client.WebClient;

/** Calls the service {@code provider} in three ways. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@EnableFeignClients(clients = Consumer.Ports.class)
public class Consumer {
    /** The provider, by Feign. */
    @FeignClient("provider")
    public interface Ports {
        /**
         * Who answers.
         *
         * @param version wanted, or null
         * @return its port
         */
        @GetMapping("/port")
        String port(@RequestHeader(name = "x-version", required = false) String version);
    }

    @Bean
    @LoadBalanced
    RestClient.Builder restClients() {
        return RestClient.builder();
    }

    @Bean
    @LoadBalanced
    WebClient.Builder webClients() {
        return WebClient.builder();
    }
}
