package io.nacre.spring.tests.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.ConfigKey;
import io.nacre.spring.client.NacreClientAutoConfiguration;
import io.nacre.spring.config.ConfigKeysChange;
import io.nacre.spring.config.NacosConfig;
import io.nacre.spring.config.NacosConfigKeysListener;
import io.nacre.spring.config.NacosConfigListener;
import io.nacre.spring.config.NacreConfigAutoConfiguration;
import io.nacre.testkit.Eventually;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.cloud.autoconfigure.RefreshAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Fields, beans and methods that name a config. */
class ConfigAnnotationsTest extends ConfigLive {
    private static final String NO_IMPORT = "--spring.cloud.nacos.config.import-check.enabled=false";

    static class Person {
        private String firstName;
        private int age = 1;

        public String getFirstName() {
            return firstName;
        }

        public void setFirstName(String firstName) {
            this.firstName = firstName;
        }

        public int getAge() {
            return age;
        }

        public void setAge(int age) {
            this.age = age;
        }
    }

    static class Holder {
        @NacosConfig(dataId = "${file}.yaml")
        String whole;

        @NacosConfig(dataId = "fields.yaml", key = "limits.count", defaultValue = "7")
        int count;

        @NacosConfig(dataId = "fields.yaml", key = "wait")
        Duration wait;

        @NacosConfig(dataId = "fields.yaml", key = "names")
        List<String> names;

        @NacosConfig(dataId = "fields.yaml", key = "person")
        Person person;

        @NacosConfig(dataId = "fields.yaml", key = "text")
        Map<String, Integer> json;

        @NacosConfig(dataId = "plain.properties", group = "other")
        Properties properties;

        @NacosConfig(dataId = "people.json")
        List<Person> people;

        @NacosConfig(dataId = "absent.yaml", key = "k", defaultValue = "fallback")
        String absent;
    }

    static class Listener {
        final List<String> contents = new CopyOnWriteArrayList<>();
        final List<Integer> counts = new CopyOnWriteArrayList<>();
        final List<ConfigKeysChange> changes = new CopyOnWriteArrayList<>();

        @NacosConfigListener(dataId = "fields.yaml", initNotify = true)
        void content(String content) {
            contents.add(content);
        }

        @NacosConfigListener(dataId = "fields.yaml", key = "limits.count")
        void count(Integer count) {
            counts.add(count);
        }

        @NacosConfigKeysListener(dataId = "fields.yaml", interestedKeyPrefixes = "limits.")
        void keys(ConfigKeysChange change) {
            changes.add(change);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration({
        NacreClientAutoConfiguration.class,
        NacreConfigAutoConfiguration.class,
        RefreshAutoConfiguration.class
    })
    static class App {
        @Bean
        Holder holder() {
            return new Holder();
        }

        @Bean
        Listener listener() {
            return new Listener();
        }

        @Bean
        @NacosConfig(dataId = "person.json")
        Person person() {
            return new Person();
        }
    }

    private static final String FIELDS = "limits:\n  count: %s\nwait: 3s\nnames: [a, b]\nperson:\n  first-name: %s\n"
            + "text: '{\"x\": 1}'\nother: %s\n";

    @Test
    void fieldsAndBeansFollowTheirConfigs() throws Exception {
        publish("fields.yaml", String.format(FIELDS, 1, "Ann", "a"));
        publish("other", "plain.properties", "p.q=r");
        publish("people.json", "[{\"firstName\": \"Bob\", \"age\": 4}]");
        publish("person.json", "{\"firstName\": \"Carl\"}");
        ConfigurableApplicationContext app = run(App.class, NO_IMPORT, "--file=fields");
        Holder holder = app.getBean(Holder.class);
        assertTrue(holder.whole.startsWith("limits"));
        assertEquals(1, holder.count);
        assertEquals(Duration.ofSeconds(3), holder.wait);
        assertEquals(List.of("a", "b"), holder.names);
        assertEquals("Ann", holder.person.getFirstName());
        assertEquals(Map.of("x", 1), holder.json);
        assertEquals("r", holder.properties.getProperty("p.q"));
        assertEquals("Bob", holder.people.get(0).getFirstName());
        assertEquals(4, holder.people.get(0).getAge());
        assertEquals("fallback", holder.absent);
        Person person = app.getBean(Person.class);
        assertEquals("Carl", person.getFirstName());
        assertEquals(1, person.getAge(), "what the config does not say stays");

        publish("fields.yaml", String.format(FIELDS, 2, "Eve", "a"));
        publish("person.json", "{\"firstName\": \"Dan\", \"age\": 5}");
        publish("absent.yaml", "k: there");
        Eventually.holds(() -> {
            assertEquals(2, holder.count);
            assertEquals("Eve", holder.person.getFirstName());
            assertEquals("Dan", person.getFirstName());
            assertEquals(5, person.getAge());
            assertEquals("there", holder.absent);
        });
        publish("fields.yaml", "names: c");
        admin.config().remove(ConfigKey.of("absent.yaml"));
        Eventually.holds(() -> {
            assertEquals(7, holder.count, "the default of a property that is gone");
            assertNull(holder.person);
            assertEquals("fallback", holder.absent);
        });
    }

    @Test
    void methodsAreCalledForWhatTheyAskFor() throws Exception {
        publish("fields.yaml", String.format(FIELDS, 1, "Ann", "a"));
        ConfigurableApplicationContext app = run(App.class, NO_IMPORT, "--file=fields");
        Listener listener = app.getBean(Listener.class);
        assertEquals(1, listener.contents.size());
        publish("fields.yaml", String.format(FIELDS, 1, "Ann", "b"));
        Eventually.holds(() -> assertEquals(2, listener.contents.size()));
        publish("fields.yaml", String.format(FIELDS, 2, "Ann", "b"));
        Eventually.holds(() -> {
            assertEquals(3, listener.contents.size());
            assertEquals(List.of(2), listener.counts);
            assertEquals(1, listener.changes.size());
        });
        ConfigKeysChange change = listener.changes.get(0);
        assertEquals(
                Map.of(
                        "limits.count",
                        new ConfigKeysChange.Item("limits.count", "1", "2", ConfigKeysChange.Type.MODIFIED)),
                change.items());
    }
}
