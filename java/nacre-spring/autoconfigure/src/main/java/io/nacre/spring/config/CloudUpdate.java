package io.nacre.spring.config;

import java.util.List;
import java.util.Set;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.cloud.context.refresh.ContextRefresher;

/** Refreshes as Spring Cloud does: all config data again, beans of properties, refresh scope. */
record CloudUpdate(ObjectProvider<ContextRefresher> refresher) implements EnvironmentUpdate {
    @Override
    public Set<String> apply(List<NacosPropertySource> changed) {
        return refresher.getObject().refresh();
    }
}
