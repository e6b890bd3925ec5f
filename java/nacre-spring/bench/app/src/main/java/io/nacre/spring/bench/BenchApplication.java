package io.nacre.spring.bench;

import java.lang.management.ManagementFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.cloud.context.config.annotation.RefreshScope;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/** Registers, imports a config, serves. What it prints, {@code run.py} reads. */
@SpringBootApplication
public class BenchApplication {
    /**
     * Starts it.
     *
     * @param args settings
     */
    public static void main(String[] args) {
        SpringApplication.run(BenchApplication.class, args);
    }

    @Bean
    @LoadBalanced
    RestClient.Builder restClients() {
        return RestClient.builder();
    }

    /** The value of the config. */
    @Component
    @RefreshScope
    static class Setting {
        @Value("${setting:none}")
        private String value;

        String value() {
            return value;
        }
    }

    @RestController
    static class Answers {
        @GetMapping("/hello")
        String hello() {
            return "hello";
        }
    }

    /** Does what the setting {@code bench.mode} says when the application is ready. */
    @Component
    static class Report {
        private final Environment environment;
        private final Setting setting;
        private final RestClient.Builder rest;

        Report(Environment environment, Setting setting, RestClient.Builder rest) {
            this.environment = environment;
            this.setting = setting;
            this.rest = rest;
        }

        @EventListener
        void onReady(ApplicationReadyEvent event) throws InterruptedException {
            long millis = ManagementFactory.getRuntimeMXBean().getUptime();
            String mode = environment.getProperty("bench.mode", "start");
            if (mode.equals("start")) {
                say("start", millis, threads(), heapKilobytes());
            } else if (mode.equals("refresh")) {
                new RefreshLatency(environment.getRequiredProperty("bench.server"), setting::value).measure();
            } else if (mode.equals("calls")) {
                new Calls(rest.build()).begin();
            }
            say("ready", environment.getRequiredProperty("local.server.port"));
        }

        private static int threads() {
            return ManagementFactory.getThreadMXBean().getThreadCount();
        }

        private static long heapKilobytes() throws InterruptedException {
            // Twice: what the first leaves to finalizers goes with the second.
            for (int i = 0; i < 2; i++) {
                System.gc();
                Thread.sleep(200);
            }
            return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / 1024;
        }
    }

    static void say(Object... words) {
        StringBuilder line = new StringBuilder("BENCH");
        for (Object word : words) {
            line.append(' ').append(word);
        }
        System.out.println(line);
    }
}
