package io.nacre;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import org.junit.jupiter.api.Test;

class InstanceTest {
    private static final ServiceKey ORDERS = ServiceKey.of("G", "orders");

    private static int refused(Instance instance) {
        return assertThrows(InvalidParameterException.class, () -> instance.check(ORDERS)).code();
    }

    @Test
    void anInstanceHasDefaultsAndCopies() {
        Instance first = Instance.of("10.0.0.1", 80);
        assertTrue(first.isHealthy() && first.isEnabled() && first.isEphemeral() && first.takesTraffic());
        assertEquals("DEFAULT", first.cluster());
        Instance second = first.withWeight(0).withMetadata("zone", "a");
        assertFalse(second.takesTraffic());
        assertEquals(Collections.singletonMap("zone", "a"), second.metadata());
        assertTrue(first.metadata().isEmpty(), "the original stays");
        assertNotEquals(first, second);
        assertEquals(first, Instance.of("10.0.0.1", 80));
        assertThrows(UnsupportedOperationException.class, () -> second.metadata().put("a", "b"));
    }

    @Test
    void anAddressOfIpv6HasBrackets() {
        assertEquals("[::1]:80", Instance.of("::1", 80).address());
        assertEquals("[::1]:80", Instance.of("[::1]", 80).address());
        assertEquals("host:0", Instance.of("host", 0).address());
    }

    @Test
    void whatServersRefuseIsRefusedBefore() {
        Instance good = Instance.of("10.0.0.1", 80);
        good.check(ORDERS);
        good.withService("G@@orders").check(ORDERS);
        good.withCluster("").check(ORDERS);
        char[] long1024 = new char[1024];
        Arrays.fill(long1024, 'm');
        for (Instance bad : Arrays.asList(
                Instance.of("", 80),
                Instance.of("10.0. 0.1", 80),
                good.withCluster("a_b"),
                good.withWeight(Double.NaN),
                good.withWeight(Double.POSITIVE_INFINITY),
                good.withMetadata("k", new String(long1024)),
                good.withMetadata("preserved.heart.beat.interval", "16000"),
                good.withMetadata("preserved.ip.delete.timeout", "1000"))) {
            assertEquals(400, refused(bad), bad.toString());
        }
        assertEquals(-400, refused(good.withService("G@@payments")));
        assertThrows(IllegalArgumentException.class, () -> Instance.of("a", 65536));
        assertThrows(IllegalArgumentException.class, () -> Instance.of(null, 1));
        assertThrows(IllegalArgumentException.class, () -> good.withMetadata("k", null));
    }
}
