package io.nacre;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Lists of instances: what changed, what a selector shows, which one is chosen. */
class ListsTest {
    private static final Instance A = Instance.of("10.0.0.1", 80);
    private static final Instance B = Instance.of("10.0.0.2", 80);
    private static final Instance C = Instance.of("10.0.0.3", 80);

    private static ServiceSnapshot snapshot(Instance... instances) {
        return new ServiceSnapshot(
                ServiceKey.of("orders"), "", 0, 0, false, ServiceSnapshot.Source.SERVER, 1, Arrays.asList(instances));
    }

    private static List<Instance> list(Instance... instances) {
        return Arrays.asList(instances);
    }

    @Test
    void aDifferenceIsByAddress() {
        Difference difference = new Difference(list(A, B), list(B.withWeight(2), C));
        assertEquals(list(C), difference.added);
        assertEquals(list(A), difference.removed);
        assertEquals(list(B.withWeight(2)), difference.modified);
    }

    @Test
    void orderIsNoDifference() {
        assertTrue(new Difference(list(A, B), list(B, A)).isEmpty());
        assertTrue(new Difference(list(A, A.withWeight(2)), list(A.withWeight(2), A)).isEmpty());
        assertEquals(
                list(A.withWeight(2)), new Difference(list(A), list(A, A.withWeight(2))).modified, "the last stands");
    }

    @Test
    void aSelectorMustAcceptAll() {
        Selector selector = Selector.all().healthy(true).clusters(only("a, b")).metadata("version", "2");
        Instance fits = A.withCluster("b").withMetadata("version", "2");
        assertTrue(selector.accepts(fits));
        for (Instance other : list(fits.withHealthy(false), fits.withCluster("c"), A.withCluster("a"))) {
            assertTrue(!selector.accepts(other), other.toString());
        }
        assertTrue(Selector.all().takesTraffic().accepts(A));
        assertTrue(!Selector.all().takesTraffic().accepts(A.withEnabled(false)));
        Map<String, String> any = new HashMap<>();
        any.put("zone", "x");
        any.put("version", "2");
        assertTrue(Selector.all().anyMetadata(any).accepts(fits));
        assertTrue(!Selector.all().anyMetadata(any).accepts(A));
        List<Instance> all = list(A, B);
        assertSame(all, Selector.all().healthy(true).apply(all), "nothing is copied when all fit");
        assertEquals(list(B), Selector.all().matching(B::equals).apply(all));
    }

    private static List<String> only(String names) {
        return Collections.singletonList(names);
    }

    @Test
    void derivedListsAreComputedOnce() {
        ServiceSnapshot snapshot = snapshot(A, B.withHealthy(false), C.withEnabled(false));
        View healthy = snapshot.view(Collections.emptyList(), true);
        assertEquals(list(A), healthy.instances());
        assertSame(healthy, snapshot.view(Collections.emptyList(), true));
        assertEquals(list(B.withHealthy(false)), snapshot.view(Collections.emptyList(), false).instances());
        assertTrue(snapshot.view(only("x"), true).instances().isEmpty());
        assertEquals(3, snapshot.view(Collections.emptyList(), null).instances().size());
    }

    @Test
    void weightsDecideAtTheirBorders() {
        Weights weights = new Weights(list(A.withWeight(1), B.withWeight(0), C.withWeight(3)));
        assertEquals("10.0.0.1", weights.draw(0.0).ip());
        assertEquals("10.0.0.1", weights.draw(0.25).ip());
        assertEquals("10.0.0.3", weights.draw(0.2500001).ip());
        assertEquals("10.0.0.3", weights.draw(0.9999999).ip());
        assertNull(new Weights(list(B.withWeight(0))).draw(0.5));
        Weights huge = new Weights(list(A.withWeight(Double.MAX_VALUE), B.withWeight(Double.MAX_VALUE)));
        assertEquals("10.0.0.2", huge.draw(0.7).ip());
    }

    @Test
    void weightedChoiceFollowsTheWeights() {
        View view = snapshot(A.withWeight(1), B.withWeight(9)).view(Collections.emptyList(), true);
        int second = 0;
        for (int i = 0; i < 10_000; i++) {
            second += Balancer.weightedRandom().choose(view, null).ip().equals("10.0.0.2") ? 1 : 0;
        }
        assertTrue(second > 8_500 && second < 9_500, second + " of 10,000");
    }

    @Test
    void aNearClusterIsPreferred() {
        View view = snapshot(A.withCluster("east"), B.withCluster("west")).view(Collections.emptyList(), true);
        for (int i = 0; i < 50; i++) {
            assertEquals("10.0.0.2", Balancer.sameCluster("west").choose(view, null).ip());
        }
        assertTrue(Balancer.sameCluster("north").choose(view, null) != null, "any, when the cluster has none");
        assertThrows(
                IllegalArgumentException.class, () -> Balancer.sameCluster("west", Balancer.roundRobin()));
        assertNull(Balancer.random().choose(snapshot().view(Collections.emptyList(), true), null));
    }

    @Test
    void aQuerySortsItsClusters() {
        Query query = Query.of(ServiceKey.of("orders")).clusters("b, a", "b", " ");
        assertEquals(Arrays.asList("a", "b"), query.clusters());
        assertTrue(query.direct().isDirect() && !query.isDirect());
        assertThrows(IllegalArgumentException.class, () -> query.clusters("a b"));
    }
}
