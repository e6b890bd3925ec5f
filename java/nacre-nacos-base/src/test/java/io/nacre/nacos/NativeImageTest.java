package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URL;
import java.util.Collections;
import org.junit.jupiter.api.Test;

/** The classes that GraalVM is told of are there. */
class NativeImageTest {
    @Test
    void everyNamedClassLoads() throws Exception {
        int named = 0;
        for (String line : new String[] {"nacre-nacos-client", "nacre-nacos3-client"}) {
            String file = "META-INF/native-image/io.nacre/" + line + "/reflect-config.json";
            for (URL found : Collections.list(getClass().getClassLoader().getResources(file))) {
                for (JsonNode entry : new ObjectMapper().readTree(found)) {
                    Class.forName(entry.get("name").asText());
                    named++;
                }
            }
        }
        assertTrue(named >= 4, "only " + named + " classes");
    }
}
