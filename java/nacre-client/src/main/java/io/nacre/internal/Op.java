package io.nacre.internal;

/**
 * The operations and their encoding.
 *
 * <p>Written as {@code request -> answer}; an arrow without anything behind it is an empty answer. Fields follow each
 * other without gaps: {@code u8}, {@code bool} (one byte), {@code i32}, {@code i64}, {@code u64}, {@code f64}, all with
 * the highest byte first; {@code str} and {@code bytes}: length, then the bytes (text in UTF-8); {@code T?}: a bool,
 * then T if it is true; {@code [T]}: count, then each; {@code map}: count, then pairs of str. A length or count is an
 * unsigned LEB128 of at most 5 bytes. {@code ms} is an i64 of milliseconds.
 *
 * <pre>
 * service   group str, name str
 * key       data id str, group str
 * instance  id str?, ip str, port i32, weight f64, flags u8 (1 healthy, 2 enabled, 4 ephemeral), cluster str,
 *           service str?, metadata map
 * snapshot  service, clusters str, cache ms, last reference i64, protected bool, source u8 (0 server, 1 cache,
 *           2 failover), revision u64, [instance]
 * config    content bytes, md5 str, type str?, data key str?, source u8 (0 server, 1 snapshot, 2 failover),
 *           last modified i64
 * publish   content bytes, type str?, app str?, tags [str], description str?, usage str?, effect str?, schema str?,
 *           operator str?, data key str?
 * gray      u8 (0 beta: addresses [str]; 1 tag: tag str)
 * settings  protect threshold f64, metadata map, selector str?
 * error     kind u8 (1 InvalidParameter, 2 NotFound, 3 Forbidden, 4 Conflict, 5 Unreachable, 6 Timeout, 7 Refused,
 *           8 Unsupported, 9 Closed, 10 OverLimit, 11 Internal), code i32, retryable bool, reason str
 * </pre>
 *
 * <p>{@code options} of {@code Native.open}: any number of pairs (tag u8, value), then tag 0. What is not there has the
 * engine's default.
 *
 * <pre>
 *  1 servers [str]            2 endpoint: host str, port i32, context path str?, list str, query str, refresh ms
 *  3 default port i32         4 gRPC port offset i32      5 context path str         6 namespace str
 *  7 application name str     8 labels map                9 application labels map  10 client version str
 * 11 client ip str           12 login: user str, password str
 * 13 keys: access key str, secret key str, security token str?, region str?
 * 14 tls: roots u8 (0 public, 1 file: path str, 2 any), identity (certificates str, key str)?, server name str?,
 *    http bool
 * 15 request timeout ms      16 retries i32             17 connect timeout ms       18 server check timeout ms
 * 19 ability timeout ms      20 keep alive ms           21 health check timeout ms  22 health check retries i32
 * 23 http timeout ms         24 max message size i32    25 random start bool        26 directory str
 * 27 pool name str: clients with the same name share connections
 * 28 temporary keys: url str, refresh before end ms, keep bool, region str?
 * 29 password of the key of 14's identity str, after 14
 * naming: 40 request timeout ms, 41 load cache at start bool, 42 cache folder str, 43 push empty protection bool,
 *         44 poll bool, 45 failover refresh ms, 46 services refresh ms
 * config: 60 request timeout ms, 61 app key str, 62 snapshots bool, 63 environment name str, 64 full sync ms,
 *         65 listens per request i32, 66 failover refresh ms, 67 max content i32
 * </pre>
 */
public final class Op {
    /** Waits for the connection: {@code limit ms -> }. */
    public static final int READY = 1;
    /** Closes the client: {@code -> }. {@link NativeClient#close()} does it. */
    public static final int CLOSE = 2;
    /**
     * By {@code call}: {@code -> state u8 (0 connecting, 1 connected, 2 reconnecting, 3 closed), since ms, server str?,
     * last error error?, local address str?, server generation u8 (0 unknown, 1 old, 2 two, 3 three), generation u64}.
     */
    public static final int STATUS = 3;
    /**
     * By {@code call}: {@code -> calls, failed calls, retries, pushes, connections, failed connections, logins, redone,
     * services, listened configs, failover services, corrupt files, failed writes}, each u64.
     */
    public static final int METRICS = 4;
    /** By {@code call}: {@code -> [str]}, as host:port. */
    public static final int SERVERS = 5;

    /** {@code service, instance -> }. */
    public static final int REGISTER = 10;
    /** {@code service, [instance] -> }. */
    public static final int REGISTER_BATCH = 11;
    /** {@code service, instance -> }. */
    public static final int DEREGISTER = 12;
    /** {@code service, [instance] -> }. */
    public static final int DEREGISTER_BATCH = 13;
    /**
     * {@code service, clusters [str], direct bool -> snapshot}. Not direct: subscribes, and the list is the whole one;
     * direct: as the server answers for these clusters. By {@code call} too, while the list is in memory.
     */
    public static final int INSTANCES = 14;
    /** Waits for the server's answer to a subscription: {@code subscription u64 -> }. */
    public static final int ESTABLISHED = 15;
    /**
     * {@code service, clusters [str], balancer u8 (0 round robin, 1 least recently used, 2 least frequently used,
     * 3 consistent hash, 4 random, 5 weighted random), key str?, preferred cluster str? -> instance?}. By {@code call}
     * too, while the list is in memory.
     */
    public static final int SELECT_ONE = 16;
    /** {@code group str, page i32, size i32 -> count i32, [str]}. */
    public static final int SERVICES = 18;
    /** {@code group str -> [str]}. */
    public static final int ALL_SERVICES = 19;
    /** {@code -> up bool}. */
    public static final int SERVER_STATUS = 21;
    /** {@code service, settings -> }. */
    public static final int CREATE_SERVICE = 22;
    /** {@code service, settings -> }. */
    public static final int UPDATE_SERVICE = 23;
    /** {@code service -> }. */
    public static final int DELETE_SERVICE = 24;
    /**
     * {@code service -> name str, group str, protect threshold f64, metadata map, selector str?, [name str, health
     * checker str?, metadata map]}.
     */
    public static final int SERVICE = 25;
    /** {@code service, instance -> }. */
    public static final int UPDATE_INSTANCE = 26;
    /** By {@code call}: ends what {@link #INSTANCES} began. {@code service -> }. */
    public static final int UNSUBSCRIBE = 27;
    /** By {@code call}: {@code -> [service]}. */
    public static final int SUBSCRIBED = 28;

    /** {@code service, instance, weight f64?, enabled bool?, metadata map? -> }. */
    public static final int PATCH_INSTANCE = 29;
    /** {@code service, [instance], metadata map -> changed [str]}. */
    public static final int ADD_METADATA = 30;
    /** {@code service, [instance], names [str] -> changed [str]}. */
    public static final int REMOVE_METADATA = 31;

    /** Below the filters: {@code key -> config?}. */
    public static final int GET = 40;
    /**
     * Below the filters; the subscription (as {@link #LISTEN}) begins with what was read: {@code key -> config?,
     * subscription u64}.
     */
    public static final int GET_AND_LISTEN = 41;
    /** {@code key, publish, gray? -> }. */
    public static final int PUBLISH = 42;
    /** {@code key, publish, md5 str -> }. */
    public static final int PUBLISH_CAS = 43;
    /** {@code key, gray? -> }. */
    public static final int REMOVE = 44;
    /** Switches snapshot files on or off: {@code on bool -> }. */
    public static final int SET_SNAPSHOTS = 45;

    /** {@code name str, lease ms? -> taken bool}. */
    public static final int ACQUIRE = 60;
    /** {@code name str, lease ms? -> released bool}. */
    public static final int RELEASE = 61;

    /**
     * By {@code subscribe}: {@code service}; a value is a {@code snapshot}, whole, without selector and difference. The
     * first one comes once a list is known.
     */
    public static final int WATCH = 80;
    /** By {@code subscribe}: {@code group str}; a value is {@code group str, revision u64, [str]}. */
    public static final int WATCH_SERVICES = 81;
    /** By {@code submit}: {@code group str, name str -> subscription u64}; a value is {@code added [service], removed [service]}. */
    public static final int WATCH_FUZZY = 82;
    /** By {@code subscribe}: {@code key}; a value is {@code config?}, below the filters. */
    public static final int WATCH_CONFIG = 83;
    /** By {@code subscribe}: {@code key, baseline md5 str}; a value is {@code config?}, below the filters. */
    public static final int LISTEN = 84;
    /**
     * By {@code submit}: {@code group str, data id str -> subscription u64}; a value is {@code all [key], added [key],
     * removed [key]}.
     */
    public static final int WATCH_SET = 85;
    /**
     * By {@code subscribe}: nothing; a value is {@code type u8} and 1 connected: {@code server str, local address str,
     * generation u64}; 2 disconnected: {@code error}; 3 reset: {@code target str?}; 4 servers changed: {@code count
     * i32}; 5 login failed: {@code error}. Each event is kept, the last 64: take until there is none.
     */
    public static final int EVENTS = 86;

    private Op() {}
}
