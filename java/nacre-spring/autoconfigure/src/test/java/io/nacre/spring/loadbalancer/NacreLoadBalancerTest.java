package io.nacre.spring.loadbalancer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.Instance;
import io.nacre.spring.discovery.NacreServiceInstance;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.springframework.cloud.client.DefaultServiceInstance;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.DefaultRequest;
import org.springframework.cloud.client.loadbalancer.Request;
import org.springframework.cloud.client.loadbalancer.RequestData;
import org.springframework.cloud.client.loadbalancer.RequestDataContext;
import org.springframework.cloud.client.loadbalancer.Response;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import reactor.core.publisher.Flux;

class NacreLoadBalancerTest {
    private static final Request<?> PLAIN = request(null, null);

    private static ServiceInstance at(int port, double weight, String cluster, String key, String value) {
        Instance instance =
                Instance.of("10.0.0.1", port).withWeight(weight).withCluster(cluster);
        return new NacreServiceInstance("orders", key == null ? instance : instance.withMetadata(key, value));
    }

    private static ServiceInstance at(int port, double weight) {
        return at(port, weight, "DEFAULT", null, null);
    }

    private static Request<?> request(String header, String value) {
        HttpHeaders headers = new HttpHeaders();
        if (header != null) {
            headers.add(header, value);
        }
        RequestData data = new RequestData(HttpMethod.GET, URI.create("http://orders/"), headers, null, new HashMap<>());
        return new DefaultRequest<>(new RequestDataContext(data));
    }

    private static List<Integer> ports(List<ServiceInstance> instances) {
        return instances.stream().map(ServiceInstance::getPort).toList();
    }

    @Test
    void drawsInProportionToTheWeights() {
        List<ServiceInstance> instances = List.of(at(1, 1), at(2, 0), at(3, 3));
        Map<Integer, Integer> counts = new TreeMap<>();
        for (int i = 0; i < 1000; i++) {
            double draw = i / 1000.0;
            counts.merge(new WeightedRandom(() -> draw).choose(PLAIN, instances).getPort(), 1, Integer::sum);
        }
        assertEquals(Map.of(1, 250, 3, 750), counts);
    }

    @Test
    void drawsEvenlyWhenNobodyHasAWeight() {
        List<ServiceInstance> instances = List.of(at(1, 0), at(2, 0));
        assertEquals(1, new WeightedRandom(() -> 0.1).choose(PLAIN, instances).getPort());
        assertEquals(2, new WeightedRandom(() -> 0.9).choose(PLAIN, instances).getPort());
    }

    @Test
    void takesTurnsInProportionToTheWeights() {
        WeightedRoundRobin turns = new WeightedRoundRobin();
        List<ServiceInstance> instances = List.of(at(1, 1), at(2, 2), at(3, 0));
        List<Integer> chosen = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            chosen.add(turns.choose(PLAIN, instances).getPort());
        }
        assertEquals(List.of(2, 1, 2, 2, 1, 2), chosen);
    }

    @Test
    void prefersTheOwnCluster() {
        List<ServiceInstance> instances = List.of(at(1, 1, "a", null, null), at(2, 1, "b", null, null));
        assertEquals(List.of(2), ports(new SameClusterFilter("b").filter(PLAIN, instances)));
        assertEquals(List.of(1, 2), ports(new SameClusterFilter("c").filter(PLAIN, instances)));
    }

    @Test
    void sendsALabelToItsInstances() {
        NacreLoadBalancerProperties.Gray gray = new NacreLoadBalancerProperties.Gray();
        gray.getHeaders().put("x-version", "version");
        List<ServiceInstance> instances = List.of(at(1, 1), at(2, 1, "DEFAULT", "version", "2"));
        GrayFilter filter = new GrayFilter(gray);
        assertEquals(List.of(2), ports(filter.filter(request("X-Version", "2"), instances)));
        assertEquals(List.of(1), ports(filter.filter(PLAIN, instances)));
        assertEquals(List.of(1), ports(filter.filter(request("x-version", "3"), instances)));
        assertEquals(List.of(1), ports(filter.filter(new DefaultRequest<>(), instances)));
        assertEquals(List.of(2), ports(filter.filter(PLAIN, instances.subList(1, 2))));

        gray.setStrict(true);
        assertEquals(List.of(), ports(filter.filter(request("x-version", "3"), instances)));
        gray.getStable().put("version", "2");
        assertEquals(List.of(2), ports(filter.filter(PLAIN, instances)));
    }

    @Test
    void choosesAmongInstancesOfAnyRegistryAndAnswersWhenThereIsNone() {
        ServiceInstance foreign = new DefaultServiceInstance("i", "orders", "host.example", 80, false);
        List<List<ServiceInstance>> lists = new ArrayList<>(List.of(List.of(foreign), List.of()));
        ServiceInstanceListSupplier supplier = new ServiceInstanceListSupplier() {
            @Override
            public String getServiceId() {
                return "orders";
            }

            @Override
            public Flux<List<ServiceInstance>> get() {
                return Flux.just(lists.remove(0));
            }
        };
        NacreLoadBalancer balancer =
                new NacreLoadBalancer(supplier, List.of(new SameClusterFilter("a")), new WeightedRandom());
        Response<ServiceInstance> first = balancer.choose(PLAIN).block();
        assertTrue(first.hasServer());
        assertSame(foreign, first.getServer());
        assertFalse(balancer.choose(PLAIN).block().hasServer());
    }
}
