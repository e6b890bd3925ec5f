package io.nacre.spring.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.nacre.spring.discovery.NacreDiscoveryAutoConfiguration;
import io.nacre.spring.discovery.NacreDiscoveryProperties;
import io.nacre.spring.discovery.NacreRegistrationAutoConfiguration;
import io.nacre.spring.loadbalancer.NacreLoadBalancerAutoConfiguration;
import org.junit.jupiter.api.Test;
import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.GeneratedFiles.Kind;
import org.springframework.aot.generate.InMemoryGeneratedFiles;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.context.config.ConfigDataLoaderContext;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.cloud.client.serviceregistry.AutoServiceRegistrationConfiguration;
import org.springframework.cloud.commons.util.UtilAutoConfiguration;
import org.springframework.cloud.loadbalancer.config.LoadBalancerAutoConfiguration;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.javapoet.ClassName;

/** What is made for native images. */
class AheadOfTimeTest {
    @Test
    void theBeansAreGeneratedWithoutAServer() {
        try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
            TestPropertyValues.of("spring.application.name=app").applyTo(context);
            context.register(
                    UtilAutoConfiguration.class,
                    AutoServiceRegistrationConfiguration.class,
                    LoadBalancerAutoConfiguration.class,
                    NacreClientAutoConfiguration.class,
                    NacreDiscoveryAutoConfiguration.class,
                    NacreRegistrationAutoConfiguration.class,
                    NacreLoadBalancerAutoConfiguration.class);
            InMemoryGeneratedFiles files = new InMemoryGeneratedFiles();
            DefaultGenerationContext generation =
                    new DefaultGenerationContext(new ClassNameGenerator(ClassName.get("example", "App")), files);
            new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
            generation.writeGeneratedContent();

            assertThat(files.getGeneratedFiles(Kind.SOURCE).keySet())
                    .anyMatch(name -> name.contains("NacreDiscoveryAutoConfiguration__BeanDefinitions"))
                    .anyMatch(name -> name.contains("NacreRegistrationAutoConfiguration__BeanDefinitions"));
            assertThat(RuntimeHintsPredicates.reflection().onType(NacreDiscoveryProperties.class))
                    .accepts(generation.getRuntimeHints());
        }
    }

    @Test
    void theBootstrapContextIsReachable() {
        RuntimeHints hints = new RuntimeHints();
        new BootstrapHints().registerHints(hints, getClass().getClassLoader());
        assertThat(RuntimeHintsPredicates.reflection().onType(ConfigDataLoaderContext.class)).accepts(hints);
        assertThat(hints.reflection().typeHints().count()).isEqualTo(6);
    }
}
