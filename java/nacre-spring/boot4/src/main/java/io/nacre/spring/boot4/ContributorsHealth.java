package io.nacre.spring.boot4;

import io.nacre.spring.discovery.ApplicationHealth;
import java.util.HashSet;
import java.util.Set;
import org.springframework.boot.health.actuate.endpoint.StatusAggregator;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.HealthContributors;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;

/** What all health contributors say together, but for those that ask the registry. */
record ContributorsHealth(HealthContributors contributors, StatusAggregator aggregator) implements ApplicationHealth {
    @Override
    public String status() {
        Set<Status> statuses = new HashSet<>();
        contributors.stream()
                .filter(each -> !OF_THE_REGISTRY.contains(each.name()))
                .forEach(each -> ask(each.contributor(), statuses));
        return aggregator.getAggregateStatus(statuses).getCode();
    }

    private static void ask(HealthContributor contributor, Set<Status> statuses) {
        if (contributor instanceof HealthIndicator indicator) {
            statuses.add(indicator.health(false).getStatus());
        } else if (contributor instanceof CompositeHealthContributor composite) {
            composite.stream().forEach(each -> ask(each.contributor(), statuses));
        }
    }
}
