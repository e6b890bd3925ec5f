package io.nacre.spring.config;

import io.nacre.ConfigClient;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import io.nacre.spring.client.Clients;
import io.nacre.spring.client.ConnectionSettings;
import java.util.List;
import org.springframework.core.env.ConfigurableEnvironment;

/** The configs of the application: what was imported, and the client for reading, publishing and listening. */
public final class NacreConfigManager {
    private final ConfigurableEnvironment environment;
    private final Clients clients;
    private final ConnectionSettings settings;

    NacreConfigManager(ConfigurableEnvironment environment, Clients clients, ConnectionSettings settings) {
        this.environment = environment;
        this.clients = clients;
        this.settings = settings;
        ConfigReader.started(clients);
    }

    /**
     * The client of the application's namespace.
     *
     * @return the client, which is closed with the application
     * @throws NacreException when a setting is not legal
     */
    public NacreClient client() throws NacreException {
        return new ConfigReader(clients, settings).client();
    }

    /**
     * The client of another namespace, over the same connection.
     *
     * @param namespace its id
     * @return the client, which is closed with the application
     * @throws NacreException when a setting is not legal
     */
    public NacreClient client(String namespace) throws NacreException {
        return new ConfigReader(clients, settings.withNamespace(namespace)).client();
    }

    /**
     * The configuration centre, with the filters that encrypt and decrypt.
     *
     * @return that of {@link #client()}
     * @throws NacreException when a setting is not legal
     */
    public ConfigClient config() throws NacreException {
        return client().config();
    }

    /**
     * How the application is connected for configs.
     *
     * @return the settings
     */
    public ConnectionSettings settings() {
        return settings;
    }

    /**
     * The configs that were imported.
     *
     * @return those that win first
     */
    public List<ConfigSource> sources() {
        return NacosPropertySource.of(environment).stream()
                .map(NacosPropertySource::config)
                .toList();
    }
}
