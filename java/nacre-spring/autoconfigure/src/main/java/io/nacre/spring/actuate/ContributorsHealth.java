package io.nacre.spring.actuate;

import io.nacre.spring.discovery.ApplicationHealth;
import java.util.HashSet;
import java.util.Set;
import org.springframework.boot.actuate.health.CompositeHealthContributor;
import org.springframework.boot.actuate.health.HealthContributor;
import org.springframework.boot.actuate.health.HealthContributorRegistry;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.actuate.health.Status;
import org.springframework.boot.actuate.health.StatusAggregator;

/** What all health contributors say together, but for those that ask the registry. */
record ContributorsHealth(HealthContributorRegistry registry, StatusAggregator aggregator)
        implements ApplicationHealth {
    @Override
    public String status() {
        Set<Status> statuses = new HashSet<>();
        registry.stream()
                .filter(each -> !OF_THE_REGISTRY.contains(each.getName()))
                .forEach(each -> ask(each.getContributor(), statuses));
        return aggregator.getAggregateStatus(statuses).getCode();
    }

    private static void ask(HealthContributor contributor, Set<Status> statuses) {
        if (contributor instanceof HealthIndicator indicator) {
            statuses.add(indicator.getHealth(false).getStatus());
        } else if (contributor instanceof CompositeHealthContributor composite) {
            composite.stream().forEach(each -> ask(each.getContributor(), statuses));
        }
    }
}
