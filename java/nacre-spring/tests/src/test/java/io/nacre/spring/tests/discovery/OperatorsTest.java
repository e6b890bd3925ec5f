package io.nacre.spring.tests.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.Query;
import io.nacre.ServiceKey;
import io.nacre.spring.tests.app.Provider;
import io.nacre.spring.tests.app.Run;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.cloud.client.serviceregistry.Registration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.web.client.RestClient;

/** What operators do to a running application, by HTTP. */
class OperatorsTest {
    private Scope scope;
    private String server;
    private NacreClient other;

    @BeforeEach
    void begin() throws NacreException {
        scope = Harness.shared().scope();
        server = scope.server().address();
        other = NacreClient.builder().server(server).build();
    }

    @AfterEach
    void end() {
        other.close();
        scope.close();
    }

    private int instances() throws NacreException {
        return other.naming()
                .instances(Query.of(ServiceKey.of("provider")).direct())
                .size();
    }

    @Test
    void theStatusEndpointTakesTheInstanceOutAndBack() {
        try (ConfigurableApplicationContext app = Run.servlet(
                Provider.class, "provider", server, "--management.endpoints.web.exposure.include=serviceregistry")) {
            RestClient endpoint =
                    RestClient.create("http://127.0.0.1:" + Run.port(app) + "/actuator/serviceregistry");
            Eventually.holds(() -> assertEquals(1, instances()));
            assertEquals("UP", status(endpoint));
            for (int i = 0; i < 2; i++) {
                become(endpoint, "DOWN");
                assertEquals("DOWN", status(endpoint));
                Eventually.holds(() -> assertEquals(0, instances()));
            }
            for (int i = 0; i < 2; i++) {
                become(endpoint, "UP");
                assertEquals("UP", status(endpoint));
                Eventually.holds(() -> assertEquals(1, instances()));
            }
        }
    }

    private static String status(RestClient endpoint) {
        String body = endpoint.get().retrieve().body(String.class);
        return body.replace("\"", "");
    }

    private static void become(RestClient endpoint, String status) {
        endpoint.post()
                .contentType(MediaType.APPLICATION_JSON)
                .body("{\"status\":\"" + status + "\"}")
                .retrieve()
                .toBodilessEntity();
    }

    @Test
    void metadataOfAnOperatorComeIntoTheApplicationThatWatches() {
        String team = "--spring.cloud.nacos.discovery.metadata.team=one";
        try (ConfigurableApplicationContext watching = Run.servlet(
                        Provider.class,
                        "provider",
                        server,
                        team,
                        "--spring.cloud.nacos.discovery.watch.enabled=true");
                ConfigurableApplicationContext blind = Run.servlet(Provider.class, "provider", server, team)) {
            Eventually.holds(() -> assertEquals(2, instances()));
            RestClient.create("http://" + server)
                    .put()
                    .uri(uri -> uri.path("/nacos/v1/ns/instance/metadata/batch")
                            .queryParam("serviceName", "DEFAULT_GROUP@@provider")
                            .queryParam("metadata", "{metadata}")
                            .build("{\"color\":\"blue\"}"))
                    .retrieve()
                    .toBodilessEntity();
            Map<String, String> seen = watching.getBean(Registration.class).getMetadata();
            Eventually.holds(() -> assertEquals("blue", seen.get("color")));
            assertEquals("one", seen.get("team"));
            assertFalse(blind.getBean(Registration.class).getMetadata().containsKey("color"));
        }
    }
}
