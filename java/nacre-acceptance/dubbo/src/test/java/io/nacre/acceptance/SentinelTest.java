package io.nacre.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.csp.sentinel.datasource.nacos.NacosDataSource;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRule;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRuleManager;
import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.config.ConfigService;
import io.nacre.testkit.Eventually;
import io.nacre.testkit.Harness;
import io.nacre.testkit.Scope;
import io.nacre.testkit.TestServer;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rules of Sentinel that lie in a config. */
class SentinelTest {
    private static List<FlowRule> rules(String text) {
        return Stream.of(text.split(","))
                .filter(resource -> !resource.isEmpty())
                .map(resource -> {
                    FlowRule rule = new FlowRule(resource);
                    rule.setCount(1);
                    return rule;
                })
                .collect(Collectors.toList());
    }

    private static List<String> resources() {
        return FlowRuleManager.getRules().stream()
                .map(FlowRule::getResource)
                .sorted()
                .collect(Collectors.toList());
    }

    @Test
    void rulesFollowTheConfig() throws Exception {
        assertEquals(Original.isExpected(), Original.isThere());
        try (Scope scope = Harness.shared().scope()) {
            System.setProperty("JM.SNAPSHOT.PATH", scope.directory().toString());
            TestServer server = scope.server();
            ConfigService config = NacosFactory.createConfigService(server.address());
            assertTrue(config.publishConfig("rules", "SENTINEL_GROUP", "a"));
            NacosDataSource<List<FlowRule>> source =
                    new NacosDataSource<>(server.address(), "SENTINEL_GROUP", "rules", SentinelTest::rules);
            FlowRuleManager.register2Property(source.getProperty());
            Eventually.holds(() -> assertEquals(List.of("a"), resources()));
            assertTrue(config.publishConfig("rules", "SENTINEL_GROUP", "b,c"));
            Eventually.holds(() -> assertEquals(List.of("b", "c"), resources()));
            source.close();
            config.shutDown();
        }
    }
}
