package io.nacre;

import io.nacre.internal.Op;
import io.nacre.internal.Writer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client of one server or cluster. Thread-safe; one per namespace is enough for a program.
 *
 * <p>A connection that is lost is replaced by one to the next server, without end, and everything that was registered,
 * subscribed or listened to is there again a moment later. Calls wait for the new connection within their deadline.
 */
public final class NacreClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NacreClient.class);

    private final Options options;
    private final byte[] encoded;
    private volatile Opened opened;

    /** What is new after each reopening. */
    private static final class Opened {
        final Core.Owner owner;
        final NamingClient naming;
        final ConfigClient config;
        final LockClient lock;

        Opened(Core.Owner owner) {
            this.owner = owner;
            this.naming = new NamingClient(owner);
            this.config = new ConfigClient(owner);
            this.lock = new LockClient(owner);
        }
    }

    private NacreClient(Options options) throws NacreException {
        this.options = options;
        this.encoded = Wire.options(options);
        NacreLogging.begin();
        this.opened = new Opened(new Core(options, encoded).own());
    }

    private Core core() {
        return opened.owner.core;
    }

    /**
     * Starts with the defaults.
     *
     * @return a builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The service registry.
     *
     * @return the same object each time until the client is reopened
     */
    public NamingClient naming() {
        return opened.naming;
    }

    /**
     * The configuration centre.
     *
     * @return the same object each time until the client is reopened
     */
    public ConfigClient config() {
        return opened.config;
    }

    /**
     * Locks of 3.x servers.
     *
     * @return the same object each time until the client is reopened
     */
    public LockClient lock() {
        return opened.lock;
    }

    /**
     * The namespace of all services and configs.
     *
     * @return its id
     */
    public String namespace() {
        return options.namespace;
    }

    /**
     * How the connection is.
     *
     * @return the status
     */
    public Status status() {
        return core().status();
    }

    /**
     * The servers that the client knows.
     *
     * @return {@code host:port} each
     */
    public List<String> servers() {
        try {
            return core().ask(Op.SERVERS, new Writer()).strings();
        } catch (NacreException e) {
            return Collections.emptyList();
        }
    }

    /**
     * What the client has counted since it was made or reopened.
     *
     * @return the counters
     */
    public Metrics metrics() {
        return core().metrics();
    }

    /**
     * Waits until the client is connected.
     *
     * @param limit how long
     * @throws NacreException of kind {@link ErrorKind#UNREACHABLE} when it is not within the limit;
     *     {@link ErrorKind#CLOSED}
     */
    public void ready(Duration limit) throws NacreException {
        waiting(limit).await();
    }

    /**
     * As {@link #ready(Duration)}.
     *
     * @param limit how long
     * @return ends when it is connected
     */
    public CompletableFuture<Void> readyAsync(Duration limit) {
        return waiting(limit).async();
    }

    private Operation<Void> waiting(Duration limit) {
        long millis = Names.present(limit, "limit").toMillis();
        if (millis < 0) {
            throw new InvalidParameterException("limit must not be negative");
        }
        return opened.owner.operation(Op.READY, new Writer().i64(millis));
    }

    /**
     * Is told what happens to the connection from now on. Who is slow misses the oldest events.
     *
     * @param executor runs the listener; null for the client's
     * @param listener is told
     * @return closes it
     * @throws NacreException when the client is closed
     */
    public Subscription watchEvents(Executor executor, ClientListener listener) throws NacreException {
        Names.present(listener, "listener");
        NativeWatch watch = new NativeWatch(opened.owner, "the connection", null, executor, value -> {
            ClientEvent event = Wire.readEvent(value);
            try {
                listener.onEvent(event);
            } catch (Exception e) {
                LOG.warn("a listener of {} failed", event, e);
            }
        });
        return watch.subscribe(Op.EVENTS, new Writer());
    }

    /**
     * Takes back what this client registered and subscribed, and ends its connection, within 1 s. What it shares with
     * others of its pool goes on. Calls that wait and later ones fail with {@link ClientClosedException}; listeners are
     * not called any more. Closing twice does no harm.
     */
    @Override
    public void close() {
        Futures.quietly(closeAsync());
    }

    /**
     * As {@link #close()}.
     *
     * @return ends when it is closed
     */
    public CompletableFuture<Void> closeAsync() {
        return opened.owner.close();
    }

    /**
     * Whether the client was closed and not reopened since.
     *
     * @return true if so
     */
    public boolean isClosed() {
        return core().isClosed();
    }

    /**
     * Opens a closed client again, with the same settings and nothing registered or subscribed. What {@link #naming()},
     * {@link #config()} and {@link #lock()} gave before stays closed. Does nothing when the client is open.
     *
     * @throws NacreException when the engine cannot be started
     */
    public void reopen() throws NacreException {
        synchronized (encoded) {
            if (isClosed()) {
                opened = new Opened(new Core(options, encoded).own());
            }
        }
    }

    /** Makes a {@link NacreClient}. */
    public static final class Builder {
        private final Options options = new Options();

        private Builder() {}

        /**
         * The servers: {@code host}, {@code host:port}, {@code [::1]:8848}, {@code http://host:port/context}. A name
         * with several DNS records stands for all of them.
         *
         * @param servers default {@code 127.0.0.1}
         * @return this
         */
        public Builder servers(Collection<String> servers) {
            List<String> copy = new ArrayList<>(Names.present(servers, "servers"));
            copy.forEach(server -> Names.present(server, "server"));
            options.servers.clear();
            options.servers.addAll(copy);
            options.endpoint = null;
            return this;
        }

        /**
         * One server, or several separated by commas.
         *
         * @param servers default {@code 127.0.0.1}
         * @return this
         */
        public Builder server(String servers) {
            return servers(Collections.singletonList(servers));
        }

        /**
         * An address server that lists the servers.
         *
         * @param endpoint default none
         * @return this
         */
        public Builder endpoint(Endpoint endpoint) {
            options.endpoint = Names.present(endpoint, "endpoint");
            return this;
        }

        /**
         * Main port of an address that names none.
         *
         * @param port default 8848
         * @return this
         */
        public Builder defaultPort(int port) {
            options.defaultPort = Options.port(port);
            return this;
        }

        /**
         * Distance from the main port to the gRPC port. Where that port does not answer, the main port is tried.
         *
         * @param offset default 1000; 0 tries the main port only
         * @return this
         */
        public Builder grpcPortOffset(int offset) {
            options.grpcPortOffset = Options.port(offset);
            return this;
        }

        /**
         * First part of the path of HTTP requests.
         *
         * @param path default {@code nacos}
         * @return this
         */
        public Builder contextPath(String path) {
            options.contextPath = Names.present(path, "path");
            return this;
        }

        /**
         * The namespace of all services and configs.
         *
         * @param id at most 64 of {@code A-Z a-z 0-9 _ -}; default {@code public}
         * @return this
         */
        public Builder namespace(String id) {
            options.namespace = Names.namespace(id);
            return this;
        }

        /**
         * Name of the application, shown by the server.
         *
         * @param name default {@code unknown}
         * @return this
         */
        public Builder appName(String name) {
            options.appName = Names.present(name, "name");
            return this;
        }

        /**
         * Adds a label of the connection.
         *
         * @param name the label
         * @param value its value
         * @return this
         */
        public Builder label(String name, String value) {
            options.labels.put(Names.present(name, "name"), Names.present(value, "value"));
            return this;
        }

        /**
         * Adds a label that gray rules of configs see.
         *
         * @param name the label
         * @param value its value
         * @return this
         */
        public Builder appLabel(String name, String value) {
            options.appLabels.put(Names.present(name, "name"), Names.present(value, "value"));
            return this;
        }

        /**
         * Name and version that the server shows.
         *
         * @param version default: that of the engine
         * @return this
         */
        public Builder clientVersion(String version) {
            options.clientVersion = Names.present(version, "version");
            return this;
        }

        /**
         * The address that this client gives for itself, e.g. for gray rules.
         *
         * @param ip default: the local end of the connection
         * @return this
         */
        public Builder clientIp(String ip) {
            options.clientIp = Names.present(ip, "ip");
            return this;
        }

        /**
         * User and password, exchanged for a token that is kept fresh.
         *
         * @param username the user
         * @param password the password
         * @return this
         */
        public Builder login(String username, String password) {
            options.username = Names.present(username, "username");
            options.password = Names.present(password, "password");
            return this;
        }

        /**
         * Keys with which requests are signed.
         *
         * @param keys default none
         * @return this
         */
        public Builder keys(Keys keys) {
            options.keys = Names.present(keys, "keys");
            return this;
        }

        /**
         * Keys that a metadata service hands out. While they are there, they sign instead of {@link #keys}.
         *
         * @param keys default none
         * @return this
         */
        public Builder temporaryKeys(TemporaryKeys keys) {
            options.temporaryKeys = Names.present(keys, "keys");
            return this;
        }

        /**
         * TLS for gRPC.
         *
         * @param tls default plain TCP
         * @return this
         */
        public Builder tls(Tls tls) {
            options.tls = Names.present(tls, "tls");
            return this;
        }

        /**
         * Deadline of a request with all its retries, unless the call names another.
         *
         * @param limit default 3 s
         * @return this
         */
        public Builder requestTimeout(Duration limit) {
            options.requestTimeout = Options.positive(limit, "limit");
            return this;
        }

        /**
         * How often a request is sent again within its deadline after a failure on the way.
         *
         * @param retries default 3
         * @return this
         */
        public Builder retries(int retries) {
            options.retries = Options.notNegative(retries, "retries");
            return this;
        }

        /**
         * Deadline of TCP and TLS, per address.
         *
         * @param limit default 3 s
         * @return this
         */
        public Builder connectTimeout(Duration limit) {
            options.connectTimeout = Options.positive(limit, "limit");
            return this;
        }

        /**
         * Deadline of the server's first answer on a new connection.
         *
         * @param limit default 3 s
         * @return this
         */
        public Builder serverCheckTimeout(Duration limit) {
            options.serverCheckTimeout = Options.positive(limit, "limit");
            return this;
        }

        /**
         * Deadline of the server's list of abilities.
         *
         * @param limit default 5 s
         * @return this
         */
        public Builder abilityTimeout(Duration limit) {
            options.abilityTimeout = Options.positive(limit, "limit");
            return this;
        }

        /**
         * Silence after which the connection is checked.
         *
         * @param pause default 5 s
         * @return this
         */
        public Builder keepAlive(Duration pause) {
            options.keepAlive = Options.positive(pause, "pause");
            return this;
        }

        /**
         * Deadline of one such check.
         *
         * @param limit default 3 s
         * @return this
         */
        public Builder healthCheckTimeout(Duration limit) {
            options.healthCheckTimeout = Options.positive(limit, "limit");
            return this;
        }

        /**
         * How often a failed check is repeated before the connection is given up.
         *
         * @param retries default 1
         * @return this
         */
        public Builder healthCheckRetries(int retries) {
            options.healthCheckRetries = Options.notNegative(retries, "retries");
            return this;
        }

        /**
         * Deadline of an HTTP request per server.
         *
         * @param limit default 3 s
         * @return this
         */
        public Builder httpTimeout(Duration limit) {
            options.httpTimeout = Options.positive(limit, "limit");
            return this;
        }

        /**
         * Largest message that is read.
         *
         * @param bytes default 10 MiB
         * @return this
         */
        public Builder maxMessageSize(int bytes) {
            options.maxMessageSize = Options.positive(bytes, "bytes");
            return this;
        }

        /**
         * Whether the first server is drawn by lot.
         *
         * @param random default true; false begins with the first of the list
         * @return this
         */
        public Builder randomStart(boolean random) {
            options.randomStart = random;
            return this;
        }

        /**
         * Folder of all local files (caches, snapshots, failover files).
         *
         * @param path default none, nothing is read or written
         * @return this
         */
        public Builder directory(Path path) {
            options.directory = Names.present(path, "path");
            return this;
        }

        /**
         * Changes the settings of the service registry.
         *
         * @param change sets what is to be other than the default
         * @return this
         */
        public Builder naming(Consumer<NamingOptions> change) {
            Names.present(change, "change").accept(options.naming);
            return this;
        }

        /**
         * Changes the settings of the configuration centre.
         *
         * @param change sets what is to be other than the default
         * @return this
         */
        public Builder config(Consumer<ConfigOptions> change) {
            Names.present(change, "change").accept(options.config);
            return this;
        }

        /**
         * Shares connections with the other clients of this pool that a server could not tell apart: same servers,
         * credentials, TLS, labels and application name. Namespaces may differ. Two clients that register the same
         * service still give two instances.
         *
         * @param name default: the client has a connection of its own
         * @return this
         */
        public Builder pool(String name) {
            options.pool = Names.present(name, "name");
            return this;
        }

        /**
         * Runs listeners that name no other executor, and what is chained to futures.
         *
         * @param executor default: one daemon thread, up to eight while listeners block
         * @return this
         */
        public Builder executor(Executor executor) {
            options.executor = Names.present(executor, "executor");
            return this;
        }

        /**
         * Makes the client, which connects in the background.
         *
         * @return the client
         * @throws NacreException when a setting is not legal
         */
        public NacreClient build() throws NacreException {
            return new NacreClient(options.copy());
        }

        /**
         * Makes the client and waits until it is connected, at most for one request timeout.
         *
         * @return the client
         * @throws NacreException when a setting is not legal, or no server can be reached in time
         */
        public NacreClient connect() throws NacreException {
            NacreClient client = build();
            try {
                client.ready(options.requestTimeout);
                return client;
            } catch (NacreException e) {
                client.close();
                throw e;
            }
        }

        /**
         * As {@link #connect()}. A client that cannot be connected is closed.
         *
         * @return the future of the client
         */
        public CompletableFuture<NacreClient> connectAsync() {
            CompletableFuture<NacreClient> connected = new CompletableFuture<>();
            NacreClient client;
            try {
                client = build();
            } catch (NacreException e) {
                connected.completeExceptionally(e);
                return connected;
            }
            CompletableFuture<Void> ready = client.readyAsync(options.requestTimeout);
            ready.whenComplete((nothing, failure) -> {
                if (failure != null) {
                    connected.completeExceptionally(Futures.unwrap(failure));
                } else {
                    connected.complete(client);
                }
            });
            connected.whenComplete((value, failure) -> {
                if (value == null) {
                    ready.cancel(true);
                    client.closeAsync();
                }
            });
            return connected;
        }
    }
}
