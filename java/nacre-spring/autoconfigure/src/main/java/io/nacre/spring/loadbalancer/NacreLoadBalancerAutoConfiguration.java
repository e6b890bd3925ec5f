package io.nacre.spring.loadbalancer;

import io.nacre.spring.discovery.NacreDiscoveryAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.cloud.loadbalancer.annotation.LoadBalancerClients;

/** Lets every load-balanced client use the balancer of {@link NacreLoadBalancerClientConfiguration}. */
@AutoConfiguration(after = NacreDiscoveryAutoConfiguration.class)
@ConditionalOnNacreLoadBalancer
@EnableConfigurationProperties(NacreLoadBalancerProperties.class)
@LoadBalancerClients(defaultConfiguration = NacreLoadBalancerClientConfiguration.class)
public class NacreLoadBalancerAutoConfiguration {
    /** Made by Spring. */
    public NacreLoadBalancerAutoConfiguration() {}
}
