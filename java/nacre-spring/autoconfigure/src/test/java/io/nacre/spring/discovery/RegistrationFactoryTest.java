package io.nacre.spring.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nacre.NacreClient;
import io.nacre.Status;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.cloud.client.serviceregistry.Registration;
import org.springframework.cloud.commons.util.InetUtils;
import org.springframework.cloud.commons.util.InetUtilsProperties;
import org.springframework.mock.env.MockEnvironment;

class RegistrationFactoryTest {
    private static InetUtils inetUtils;
    private static NacreClient client;
    private static Status status;

    private final InetUtilsProperties inet = new InetUtilsProperties();
    private final MockEnvironment environment = new MockEnvironment();
    private final NacreDiscoveryProperties properties = new NacreDiscoveryProperties();
    private final NacreRegistrationProperties more = new NacreRegistrationProperties();

    @BeforeAll
    static void start() throws Exception {
        inetUtils = new InetUtils(new InetUtilsProperties());
        client = NacreClient.builder().server("127.0.0.1:1").build();
        status = client.status();
    }

    @AfterAll
    static void stop() {
        client.close();
        inetUtils.close();
    }

    private RegistrationFactory factory(NacreRegistrationCustomizer... customizers) {
        return new RegistrationFactory(environment, new AddressChooser(inetUtils, inet), more, List.of(customizers));
    }

    @Test
    void nameAndPortComeFromTheSettingsOrTheApplication() {
        assertEquals(Optional.empty(), factory().serviceName(properties));
        assertEquals(Optional.empty(), factory().port(properties));
        environment.setProperty("spring.application.name", "orders");
        environment.setProperty("local.server.port", "8081");
        assertEquals(Optional.of("orders"), factory().serviceName(properties));
        assertEquals(Optional.of(8081), factory().port(properties));
        properties.setService("other");
        properties.setPort(9);
        assertEquals(Optional.of("other"), factory().serviceName(properties));
        assertEquals(Optional.of(9), factory().port(properties));
    }

    @Test
    void everySettingReachesTheInstance() {
        properties.setIp("10.1.2.3");
        properties.setWeight(2.5);
        properties.setClusterName("east");
        properties.setGroup("G");
        properties.setEphemeral(false);
        properties.setInstanceEnabled(false);
        properties.setSecure(true);
        properties.setHeartBeatInterval(1000);
        properties.setHeartBeatTimeout(3000);
        properties.setIpDeleteTimeout(6000);
        properties.setMetadata(Map.of("team", "a", "zone", "mine"));
        more.setVersion("7");
        environment.setProperty("spring.cloud.loadbalancer.zone", "z");
        environment.setProperty("local.management.port", "9001");
        environment.setProperty("management.server.base-path", "/manage");
        environment.setProperty("management.endpoints.web.base-path", "/act");
        environment.setProperty("server.servlet.context-path", "/app");
        environment.setProperty("spring.grpc.server.port", "9090");

        NacreRegistration made = factory(one -> one.getMetadata().put("custom", "yes"))
                .make(properties, "orders", 8080, status);

        assertEquals("G@@orders", made.service().grouped());
        assertEquals("10.1.2.3:8080", made.instance().address());
        assertEquals(2.5, made.instance().weight());
        assertEquals("east", made.instance().cluster());
        assertFalse(made.instance().isEphemeral());
        assertFalse(made.instance().isEnabled());
        assertTrue(made.isSecure());
        assertEquals("https://10.1.2.3:8080", made.getUri().toString());
        Map<String, String> expected = Map.ofEntries(
                Map.entry("preserved.register.source", "SPRING_CLOUD"),
                Map.entry("secure", "true"),
                Map.entry("preserved.heart.beat.interval", "1000"),
                Map.entry("preserved.heart.beat.timeout", "3000"),
                Map.entry("preserved.ip.delete.timeout", "6000"),
                Map.entry("management.endpoints.web.base-path", "/act"),
                Map.entry("management.port", "9001"),
                Map.entry("management.context-path", "/manage"),
                Map.entry("context-path", "/app"),
                Map.entry("version", "7"),
                Map.entry("zone", "mine"),
                Map.entry("gRPC_port", "9090"),
                Map.entry("team", "a"),
                Map.entry("custom", "yes"));
        assertEquals(expected, made.instance().metadata());
    }

    @Test
    void theAddressIsFoundByInterfaceOrKind() throws Exception {
        AddressChooser chooser = new AddressChooser(inetUtils, inet);
        NetworkInterface loopback = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        properties.setNetworkInterface(loopback.getName());
        assertEquals("127.0.0.1", chooser.choose(properties, status));
        properties.setNetworkInterface("no-such-one");
        assertThrows(IllegalArgumentException.class, () -> chooser.choose(properties, status));
        properties.setNetworkInterface("");
        properties.setIpType("IPv5");
        assertThrows(IllegalArgumentException.class, () -> chooser.choose(properties, status));
        properties.setIpType("IPv4");
        assertTrue(chooser.choose(properties, status).matches("[0-9.]+"));
        properties.setIpType("IPv6");
        String address = chooser.choose(properties, status);
        assertTrue(address.matches("\\[[0-9a-f:]+]") || address.matches("[0-9.]+"), address);
    }

    @Test
    void anInterfaceGivesItsIpv6AddressThatOthersCanReach() throws Exception {
        Inet6Address wanted = NetworkInterface.networkInterfaces()
                .flatMap(each -> each.inetAddresses())
                .filter(Inet6Address.class::isInstance)
                .map(Inet6Address.class::cast)
                .filter(each -> !each.isLinkLocalAddress())
                .findFirst()
                .orElse(null);
        assumeTrue(wanted != null, "this machine has no IPv6");
        properties.setIpType("IPv6");
        properties.setNetworkInterface(
                NetworkInterface.getByInetAddress(wanted).getName());
        String chosen = new AddressChooser(inetUtils, inet).choose(properties, status);
        assertTrue(chosen.matches("\\[[0-9a-f:]+]"), chosen);
        assertFalse(InetAddress.getByName(chosen).isLinkLocalAddress(), chosen);
        NacreRegistration made = factory().make(properties, "orders", 8080, status);
        assertEquals(chosen, made.getUri().getHost());
    }

    @ParameterizedTest
    @CsvSource({"2001:db8::1,[2001:db8::1]", "[2001:db8::1],[2001:db8::1]", "orders.example,orders.example"})
    void theGivenAddressIsTheHostOfTheUri(String ip, String host) {
        properties.setIp(ip);
        environment.setProperty("local.server.port", "8080");
        CurrentRegistration before = new CurrentRegistration(factory(), properties);
        NacreRegistration made = factory().make(properties, "orders", 8080, status);
        for (Registration each : List.of(before, made)) {
            assertEquals(host, each.getHost());
            assertEquals(host, each.getUri().getHost());
            assertEquals(8080, each.getUri().getPort());
        }
        NacreServiceInstance seen = new NacreServiceInstance("orders", made.instance());
        assertEquals("http://" + host + ":8080", seen.getUri().toString());
    }

    @Test
    void onlyWhatConcernsTheRegistrationRenewsIt() {
        assertTrue(RegistrationKeys.concern("spring.cloud.nacos.discovery.weight"));
        assertTrue(RegistrationKeys.concern("spring.cloud.nacos.discovery.metadata.color"));
        assertTrue(RegistrationKeys.concern("spring.cloud.nacos.discovery.clusterName"));
        assertFalse(RegistrationKeys.concern("spring.cloud.nacos.discovery.server-addr"));
        assertFalse(RegistrationKeys.concern("spring.cloud.nacos.config.group"));
    }
}
