package io.nacre.spring.discovery;

import io.nacre.Instance;
import io.nacre.NacreException;
import io.nacre.NamingClient;
import io.nacre.Query;
import io.nacre.ServiceKey;
import io.nacre.Status;
import io.nacre.spring.client.ConnectionSettings;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.client.serviceregistry.Registration;
import org.springframework.cloud.client.serviceregistry.ServiceRegistry;

/** Registers at the server. It logs one line per change of state. */
public class NacreServiceRegistry implements ServiceRegistry<Registration> {
    private static final Logger LOG = LoggerFactory.getLogger(NacreServiceRegistry.class);
    private static final String UP = "UP";
    private static final String DOWN = "DOWN";

    private final NacreServiceDiscovery discovery;
    private final ConnectionSettings connection;
    private final Duration startTimeout;
    private volatile Absence absence = Absence.NONE;
    private boolean isIll;

    /** Why the instance is out of service. */
    private enum Absence {
        NONE,
        BY_HAND,
        BY_HEALTH
    }

    /**
     * A registry.
     *
     * @param discovery the client, and the settings
     * @param connection is named in errors
     * @param startTimeout how long a registration waits for the first connection
     */
    public NacreServiceRegistry(
            NacreServiceDiscovery discovery, ConnectionSettings connection, Duration startTimeout) {
        this.discovery = discovery;
        this.connection = connection;
        this.startTimeout = startTimeout;
    }

    /**
     * Registers, and replaces what was registered for the service before.
     *
     * @param registration what is registered
     * @throws RegistrationFailedException when it failed and {@code fail-fast} is set; otherwise the client goes on
     *     trying
     */
    @Override
    public void register(Registration registration) {
        NacreRegistration own = own(registration);
        try {
            if (isConnected()) {
                naming().register(own.service(), own.instance());
                LOG.info("registered {}", own);
            } else {
                naming().registerAsync(own.service(), own.instance());
                LOG.warn("{} is registered as soon as a server of {} answers", own, connection);
            }
        } catch (NacreException | IllegalArgumentException e) {
            if (discovery.properties().isFailFast()) {
                throw new RegistrationFailedException(own, connection, e);
            }
            LOG.warn("cannot register {} at {}: {}", own, connection, e.getMessage());
        }
        absence = Absence.NONE;
    }

    /** Whether it makes sense to wait for the answer. A client that must not fail waits in any case. */
    private boolean isConnected() {
        return discovery.properties().isFailFast()
                || discovery.client().status().state() == Status.State.CONNECTED;
    }

    /**
     * Waits for the first connection, for {@code nacre.discovery.start-timeout}.
     *
     * @param service is named in the error
     * @throws RegistrationFailedException when there is none and {@code fail-fast} is set
     */
    void waitForConnection(String service) {
        try {
            discovery.client().ready(startTimeout);
        } catch (NacreException e) {
            if (discovery.properties().isFailFast()) {
                throw new RegistrationFailedException(service, connection, e);
            }
        }
    }

    /** Whether it was taken out of service, by hand or for its health. */
    boolean isDown() {
        return absence != Absence.NONE;
    }

    /**
     * Deregisters. A failure is logged: the instance goes with the connection.
     *
     * @param registration what was registered
     */
    @Override
    public void deregister(Registration registration) {
        takeAway(registration);
    }

    /** Deregisters, and says whether the server knows. */
    boolean takeAway(Registration registration) {
        NacreRegistration own = own(registration);
        try {
            naming().deregister(own.service(), own.instance());
            LOG.info("deregistered {}", own);
            return true;
        } catch (NacreException | IllegalArgumentException e) {
            LOG.warn("cannot deregister {}: {}", own, e.getMessage());
            return false;
        }
    }

    /** The client belongs to the application and is closed with it. */
    @Override
    public void close() {}

    /**
     * {@code UP} registers, {@code DOWN} and {@code OUT_OF_SERVICE} deregister. Doing so twice does no harm.
     *
     * @param registration of this application
     * @param status the new status
     */
    @Override
    public synchronized void setStatus(Registration registration, String status) {
        switch (status.toUpperCase(Locale.ROOT)) {
            case UP -> register(registration);
            case DOWN, "OUT_OF_SERVICE" -> {
                deregister(registration);
                absence = Absence.BY_HAND;
            }
            default -> throw new IllegalArgumentException(
                    "the status is " + status + ", it must be UP, DOWN or OUT_OF_SERVICE");
        }
    }

    /** Follows a change of the health. What is done by hand counts for more. */
    synchronized void follow(Registration registration, boolean isWell) {
        if (isWell != isIll) {
            return;
        }
        if (!isWell && absence == Absence.NONE) {
            LOG.warn("the health is bad, so the instance is taken out of service");
            deregister(registration);
            absence = Absence.BY_HEALTH;
        } else if (isWell && absence == Absence.BY_HEALTH) {
            register(registration);
        }
        isIll = !isWell;
    }

    /**
     * Whether the server shows it and lets it take traffic.
     *
     * @param registration of this application
     * @return {@code UP} or {@code DOWN}; null when the server cannot be asked
     */
    @Override
    @SuppressWarnings("unchecked")
    public <T> T getStatus(Registration registration) {
        NacreRegistration own = own(registration);
        try {
            List<Instance> instances = naming().instances(Query.of(own.service()).direct());
            String address = own.instance().address();
            boolean isThere = instances.stream().anyMatch(one -> one.address().equals(address) && one.isEnabled());
            return (T) (isThere ? UP : DOWN);
        } catch (NacreException e) {
            LOG.warn("cannot ask for the status of {}: {}", own, e.getMessage());
            return null;
        }
    }

    private NamingClient naming() {
        return discovery.client().naming();
    }

    /** What another component registers, e.g. for a process beside this one. */
    private NacreRegistration own(Registration registration) {
        if (registration instanceof NacreRegistration own) {
            return own;
        }
        if (registration instanceof CurrentRegistration holder) {
            return holder.current()
                    .orElseThrow(() -> new IllegalStateException("this application has not registered itself"));
        }
        ServiceKey service = discovery.key(registration.getServiceId());
        Instance instance = Instance.of(registration.getHost(), registration.getPort())
                .withEphemeral(discovery.properties().isEphemeral())
                .withMetadata(registration.getMetadata());
        return new NacreRegistration(service, instance);
    }
}
