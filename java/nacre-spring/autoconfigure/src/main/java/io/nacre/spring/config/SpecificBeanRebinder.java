package io.nacre.spring.config;

import java.util.Set;
import org.springframework.boot.context.properties.ConfigurationPropertiesBean;
import org.springframework.cloud.context.environment.EnvironmentChangeEvent;
import org.springframework.cloud.context.properties.ConfigurationPropertiesBeans;
import org.springframework.cloud.context.properties.ConfigurationPropertiesRebinder;
import org.springframework.context.ApplicationContext;

/** Binds only those beans of properties again whose prefix fits a changed key. */
final class SpecificBeanRebinder extends ConfigurationPropertiesRebinder {
    private final ApplicationContext context;

    SpecificBeanRebinder(ConfigurationPropertiesBeans beans, ApplicationContext context) {
        super(beans);
        this.context = context;
    }

    @Override
    public void onApplicationEvent(EnvironmentChangeEvent event) {
        if (!event.getSource().equals(context)) {
            return;
        }
        Set<String> keys = event.getKeys();
        ConfigurationPropertiesBean.getAll(context).forEach((name, bean) -> {
            if (PlainUpdate.isConcerned(bean.getAnnotation().prefix(), keys)) {
                rebind(name);
            }
        });
    }
}
