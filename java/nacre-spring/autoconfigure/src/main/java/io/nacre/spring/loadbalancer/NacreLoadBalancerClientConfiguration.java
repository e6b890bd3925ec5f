package io.nacre.spring.loadbalancer;

import io.nacre.spring.discovery.NacreDiscoveryProperties;
import io.nacre.spring.discovery.NacreServiceDiscovery;
import io.nacre.spring.loadbalancer.NacreLoadBalancerProperties.Algorithm;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.discovery.ReactiveDiscoveryClient;
import org.springframework.cloud.loadbalancer.core.DiscoveryClientServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.core.ReactorLoadBalancer;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.support.LoadBalancerClientFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/** The beans of the context that each called service has. */
public class NacreLoadBalancerClientConfiguration {
    private static final String CONFIGURATIONS = "spring.cloud.loadbalancer.configurations";

    /** Made by Spring. */
    public NacreLoadBalancerClientConfiguration() {}

    /**
     * Chooses among the instances, of whatever supplier.
     *
     * @param environment names the service
     * @param supplier has the instances
     * @param properties the settings
     * @param discovery names the own cluster
     * @param filters further filters
     * @param algorithm replaces the one of the settings
     * @return the load balancer
     */
    @Bean
    @ConditionalOnMissingBean
    public ReactorLoadBalancer<ServiceInstance> nacreLoadBalancer(
            Environment environment,
            ServiceInstanceListSupplier supplier,
            NacreLoadBalancerProperties properties,
            NacreDiscoveryProperties discovery,
            ObjectProvider<InstanceFilter> filters,
            ObjectProvider<LoadBalancerAlgorithm> algorithm) {
        List<InstanceFilter> chain = new ArrayList<>();
        if (!properties.getGray().getHeaders().isEmpty()) {
            chain.add(new GrayFilter(properties.getGray()));
        }
        if (properties.isSameClusterFirst() && StringUtils.hasText(discovery.getClusterName())) {
            chain.add(new SameClusterFilter(discovery.getClusterName().trim()));
        }
        filters.orderedStream().forEach(chain::add);
        return new NacreLoadBalancer(supplier, chain, algorithm.getIfAvailable(() -> of(properties.getAlgorithm())));
    }

    private static LoadBalancerAlgorithm of(Algorithm algorithm) {
        return switch (algorithm) {
            case WEIGHTED_RANDOM -> new WeightedRandom();
            case WEIGHTED_ROUND_ROBIN -> new WeightedRoundRobin();
            case RANDOM -> (request, instances) ->
                    instances.get(ThreadLocalRandom.current().nextInt(instances.size()));
        };
    }

    /**
     * The instances, from memory.
     *
     * @param context of the service
     * @param discovery has them
     * @param environment names the service
     * @return the supplier
     */
    @Bean
    @ConditionalOnMissingBean(ServiceInstanceListSupplier.class)
    @ConditionalOnProperty(value = CONFIGURATIONS, havingValue = "default", matchIfMissing = true)
    public ServiceInstanceListSupplier nacreServiceInstanceListSupplier(
            ConfigurableApplicationContext context, NacreServiceDiscovery discovery, Environment environment) {
        return supplier(context, discovery, environment);
    }

    /**
     * The instances of the own zone first, from memory.
     *
     * @param context of the service
     * @param discovery has them
     * @param environment names the service
     * @return the supplier
     */
    @Bean
    @ConditionalOnMissingBean(ServiceInstanceListSupplier.class)
    @ConditionalOnProperty(value = CONFIGURATIONS, havingValue = "zone-preference")
    public ServiceInstanceListSupplier nacreZonePreferenceSupplier(
            ConfigurableApplicationContext context, NacreServiceDiscovery discovery, Environment environment) {
        return ServiceInstanceListSupplier.builder()
                .withBase(supplier(context, discovery, environment))
                .withZonePreference()
                .build(context);
    }

    private static ServiceInstanceListSupplier supplier(
            ConfigurableApplicationContext context, NacreServiceDiscovery discovery, Environment environment) {
        ReactiveDiscoveryClient reactive =
                context.getBeanProvider(ReactiveDiscoveryClient.class).getIfAvailable();
        ServiceInstanceListSupplier others = reactive != null
                ? new DiscoveryClientServiceInstanceListSupplier(reactive, environment)
                : new DiscoveryClientServiceInstanceListSupplier(
                        context.getBean(DiscoveryClient.class), environment);
        return new NacreServiceInstanceListSupplier(LoadBalancerClientFactory.getName(environment), discovery, others);
    }
}
