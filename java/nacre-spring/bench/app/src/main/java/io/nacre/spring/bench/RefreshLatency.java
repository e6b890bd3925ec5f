package io.nacre.spring.bench;

import java.util.Arrays;
import java.util.function.Supplier;
import org.springframework.http.MediaType;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.web.client.RestClient;

/** Time from the begin of a publish until a bean of the refresh scope shows the value. */
final class RefreshLatency {
    private static final int ROUNDS = 40;
    private static final long LIMIT_NANOS = 60_000_000_000L;

    private final RestClient server;
    private final Supplier<String> bean;

    RefreshLatency(String server, Supplier<String> bean) {
        this.server = RestClient.create("http://" + server);
        this.bean = bean;
    }

    void measure() throws InterruptedException {
        // The listener begins when the application is ready, which it is about to be.
        Thread rounds = new Thread(this::rounds, "rounds");
        rounds.setDaemon(true);
        rounds.start();
    }

    private void rounds() {
        long[] micros = new long[ROUNDS];
        // The first ones warm up.
        for (int i = -10; i < ROUNDS; i++) {
            long took = round("value" + i);
            if (took < 0) {
                BenchApplication.say("refresh", "missed", "missed");
                return;
            }
            if (i >= 0) {
                micros[i] = took;
            }
            pause(50);
        }
        Arrays.sort(micros);
        BenchApplication.say("refresh", micros[ROUNDS / 2], micros[ROUNDS * 9 / 10]);
    }

    private long round(String value) {
        MultiValueMap<String, String> form = new LinkedMultiValueMap<>();
        form.add("dataId", "bench.properties");
        form.add("group", "DEFAULT_GROUP");
        form.add("content", "setting=" + value);
        long begin = System.nanoTime();
        server.post()
                .uri("/nacos/v1/cs/configs")
                .contentType(MediaType.APPLICATION_FORM_URLENCODED)
                .body(form)
                .retrieve()
                .toBodilessEntity();
        while (!value.equals(bean.get())) {
            if (System.nanoTime() - begin > LIMIT_NANOS) {
                return -1;
            }
            pause(1);
        }
        return (System.nanoTime() - begin) / 1000;
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
