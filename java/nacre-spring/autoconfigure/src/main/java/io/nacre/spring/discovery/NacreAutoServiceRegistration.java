package io.nacre.spring.discovery;

import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.cloud.client.discovery.event.InstancePreRegisteredEvent;
import org.springframework.cloud.client.discovery.event.InstanceRegisteredEvent;
import org.springframework.cloud.client.serviceregistry.AutoServiceRegistration;
import org.springframework.cloud.client.serviceregistry.Registration;
import org.springframework.cloud.client.serviceregistry.RegistrationLifecycle;
import org.springframework.cloud.context.environment.EnvironmentChangeEvent;
import org.springframework.context.ApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Registers this application when its web server accepts requests, and deregisters it before anything else when the
 * application ends: callers learn of it while requests are still served.
 *
 * <p>It is a life cycle of the last phase, so the port is known at its start, whatever kind of web server there is.
 */
public class NacreAutoServiceRegistration implements AutoServiceRegistration, SmartLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(NacreAutoServiceRegistration.class);

    private final ApplicationContext context;
    private final NacreServiceRegistry registry;
    private final NacreServiceDiscovery discovery;
    private final RegistrationFactory factory;
    private final NacreRegistrationProperties more;
    private final List<RegistrationLifecycle<Registration>> lifecycles;
    private final CurrentRegistration current;
    private boolean isRunning;

    NacreAutoServiceRegistration(
            ApplicationContext context,
            NacreServiceRegistry registry,
            NacreServiceDiscovery discovery,
            RegistrationFactory factory,
            NacreRegistrationProperties more,
            List<RegistrationLifecycle<Registration>> lifecycles,
            CurrentRegistration current) {
        this.context = context;
        this.registry = registry;
        this.discovery = discovery;
        this.factory = factory;
        this.more = more;
        this.lifecycles = lifecycles;
        this.current = current;
    }

    @Override
    public int getPhase() {
        return Ordered.LOWEST_PRECEDENCE;
    }

    @Override
    public void start() {
        if (!more.isRegisterAfterReady()) {
            register();
        }
    }

    /**
     * Registers where that was put off until now.
     *
     * @param event the application is ready
     */
    @EventListener
    public void onReady(ApplicationReadyEvent event) {
        if (more.isRegisterAfterReady() && event.getApplicationContext() == context) {
            register();
        }
    }

    /**
     * Deregisters, and gives callers time to learn of it.
     *
     * @param event a context ends; those of Feign clients and load balancers do not matter
     */
    @EventListener
    @Order(Ordered.HIGHEST_PRECEDENCE)
    public void onClosed(ContextClosedEvent event) {
        if (event.getApplicationContext() == context) {
            stop();
        }
    }

    /**
     * Registers anew when weight, metadata or other settings have changed.
     *
     * @param event which settings have changed
     */
    @EventListener
    public void onChange(EnvironmentChangeEvent event) {
        boolean isOurs = event.getKeys().stream().anyMatch(RegistrationKeys::concern);
        if (!isOurs) {
            return;
        }
        try {
            renew();
        } catch (RuntimeException e) {
            // The application goes on as it was registered.
            LOG.warn("the changed settings of the registration cannot be used: {}", e.getMessage());
        }
    }

    private synchronized void register() {
        NacreDiscoveryProperties properties = discovery.properties();
        if (isRunning || !properties.isEnabled() || !properties.isRegisterEnabled()) {
            return;
        }
        NacreRegistration made = make(properties);
        if (made == null) {
            return;
        }
        context.publishEvent(new InstancePreRegisteredEvent(this, made));
        lifecycles.forEach(lifecycle -> lifecycle.postProcessBeforeStartRegister(made));
        current.become(made);
        registry.register(made);
        lifecycles.forEach(lifecycle -> lifecycle.postProcessAfterStartRegister(made));
        isRunning = true;
        context.publishEvent(new InstanceRegisteredEvent<>(this, properties));
    }

    private NacreRegistration make(NacreDiscoveryProperties properties) {
        Optional<String> name = factory.serviceName(properties);
        if (name.isEmpty()) {
            LOG.warn("not registered: neither spring.application.name nor spring.cloud.nacos.discovery.service is set");
            return null;
        }
        Optional<Integer> port = factory.port(properties);
        if (port.isEmpty()) {
            LOG.info("not registered: there is no web server, and spring.cloud.nacos.discovery.port is not set");
            return null;
        }
        registry.waitForConnection(name.get());
        try {
            return factory.make(properties, name.get(), port.get(), discovery.client().status());
        } catch (IllegalArgumentException e) {
            if (properties.isFailFast()) {
                throw e;
            }
            LOG.warn("not registered: {}", e.getMessage());
            return null;
        }
    }

    private synchronized void renew() {
        if (!isRunning) {
            return;
        }
        // The bean of the settings may be bound anew only after this listener.
        NacreDiscoveryProperties properties = Binder.get(context.getEnvironment())
                .bind(NacreDiscoveryProperties.PREFIX, NacreDiscoveryProperties.class)
                .orElseGet(NacreDiscoveryProperties::new);
        if (!properties.isRegisterEnabled()) {
            stop();
            return;
        }
        NacreRegistration before = current.current().orElseThrow();
        NacreRegistration made = make(properties);
        if (made == null) {
            return;
        }
        if (!made.service().equals(before.service())) {
            registry.deregister(before);
        }
        current.become(made);
        if (!registry.isDown()) {
            registry.register(made);
        }
    }

    /** Takes the instance out of service or brings it back, as long as the application is registered. */
    synchronized void follow(boolean isWell) {
        if (isRunning) {
            registry.follow(current, isWell);
        }
    }

    @Override
    public synchronized void stop() {
        if (!isRunning) {
            return;
        }
        isRunning = false;
        if (!more.isDeregister()) {
            return;
        }
        NacreRegistration made = current.current().orElseThrow();
        lifecycles.forEach(lifecycle -> lifecycle.postProcessBeforeStopRegister(made));
        boolean isKnown = registry.takeAway(made);
        lifecycles.forEach(lifecycle -> lifecycle.postProcessAfterStopRegister(made));
        if (isKnown) {
            letCallersLearn();
        }
    }

    private void letCallersLearn() {
        int millis = discovery.properties().getGracefulShutdownWaitTime();
        ClassLoader loader = context.getClassLoader();
        boolean isDevelopment =
                loader != null && loader.getClass().getSimpleName().equals("RestartClassLoader");
        if (millis <= 0 || isDevelopment) {
            return;
        }
        LOG.info("waiting {} ms before the web server stops, so that callers go elsewhere", millis);
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public synchronized boolean isRunning() {
        return isRunning;
    }
}
