/** Values of the client as cases see them. */
package io.nacre.uniffi

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ArrayNode
import com.fasterxml.jackson.databind.node.JsonNodeFactory
import com.fasterxml.jackson.databind.node.NullNode
import com.fasterxml.jackson.databind.node.ObjectNode
import java.time.Duration

fun node(): ObjectNode = JsonNodeFactory.instance.objectNode()

fun <T> list(items: Collection<T>, show: (T) -> JsonNode): ArrayNode =
    JsonNodeFactory.instance.arrayNode().also { array -> items.forEach { array.add(show(it)) } }

fun JsonNode.text(name: String): String? = if (hasNonNull(name)) get(name).asText() else null

fun JsonNode.flag(name: String): Boolean? = if (has(name)) get(name).asBoolean() else null

fun JsonNode.time(name: String): Duration? = if (has(name)) Duration.ofMillis(get(name).asLong()) else null

fun JsonNode.group(): String = text("group") ?: "DEFAULT_GROUP"

fun texts(node: JsonNode): Map<String, String> = node.properties().associate { it.key to it.value.asText() }

fun instance(args: JsonNode) = Instance(
    ip = args["ip"].asText(),
    port = args["port"].asInt(),
    weight = args.path("weight").asDouble(1.0),
    healthy = args.flag("healthy") ?: true,
    enabled = args.flag("enabled") ?: true,
    ephemeral = args.flag("ephemeral") ?: true,
    cluster = args.text("cluster") ?: "DEFAULT",
    metadata = texts(args.path("metadata")),
)

fun selector(args: JsonNode) = InstanceSelector(
    clusters = args.path("clusters").map { it.asText() },
    healthy = args.flag("healthy"),
    metadata = texts(args.path("metadata")),
)

fun balancer(args: JsonNode): BalancerKind? = when (val kind = args.text("balancer")) {
    null, "same_cluster" -> null
    else -> BalancerKind.valueOf(kind.uppercase())
}

fun preferred(args: JsonNode): String? = if (args.text("balancer") == "same_cluster") args.text("cluster") else null

fun gray(args: JsonNode): Gray =
    args.text("tag")?.let { Gray.Tag(it) } ?: Gray.Beta(args.path("beta_ips").map { it.asText() })

fun options(args: JsonNode): ClientOptions {
    val naming = args.path("naming")
    val config = args.path("config")
    return ClientOptions(
        servers = listOf(args["server"].asText()),
        namespace = args.text("namespace"),
        username = args.path("login").text("username"),
        password = args.path("login").text("password"),
        appName = args.text("app_name"),
        appLabels = texts(args.path("app_labels")),
        directory = args.text("directory"),
        pool = args.text("pool"),
        requestTimeout = args.time("request_timeout_ms"),
        keepAlive = args.time("keep_alive_ms"),
        healthCheckTimeout = args.time("keep_alive_ms"),
        randomStart = args.flag("random_start"),
        pushEmptyProtection = naming.flag("push_empty_protection"),
        loadCacheAtStart = naming.flag("load_cache_at_start"),
        poll = naming.flag("poll"),
        namingFailoverRefresh = naming.time("failover_refresh_ms"),
        servicesRefresh = naming.time("services_refresh_ms"),
        snapshots = config.flag("snapshots"),
        configFailoverRefresh = config.time("failover_refresh_ms"),
        fullSync = config.time("full_sync_ms"),
        maxContent = if (config.has("max_content")) config["max_content"].asInt().toUInt() else null,
    )
}

fun shown(instance: Instance): JsonNode {
    val metadata = node()
    instance.metadata.forEach { metadata.put(it.key, it.value) }
    return node()
        .put("ip", instance.ip)
        .put("port", instance.port)
        .put("weight", instance.weight)
        .put("healthy", instance.healthy)
        .put("enabled", instance.enabled)
        .put("ephemeral", instance.ephemeral)
        .put("cluster", instance.cluster)
        .set("metadata", metadata)
}

fun shown(name: ServiceName): JsonNode = node().put("service", name.service).put("group", name.group)

fun shown(name: ConfigName): JsonNode = node().put("data_id", name.dataId).put("group", name.group)

fun shown(change: ServiceChange): JsonNode = node().put("service", change.service).put("group", change.group).apply {
    set<JsonNode>("instances", list(change.instances, ::shown))
    set<JsonNode>("added", list(change.added, ::shown))
    set<JsonNode>("removed", list(change.removed, ::shown))
    set<JsonNode>("modified", list(change.modified, ::shown))
}

fun value(value: ConfigValue?): JsonNode = if (value == null) {
    NullNode.instance
} else {
    node()
        .put("content", value.content)
        .put("md5", value.md5)
        .put("type", value.configType)
        .put("encrypted_data_key", value.encryptedDataKey)
        .put("source", value.source.name.lowercase())
        .put("last_modified", value.lastModified)
}

fun status(status: ClientStatus): JsonNode {
    val shown = node()
        .put("state", status.state.name.lowercase())
        .put("server", status.server)
        .put("generation", status.generation.toLong())
    status.lastError?.let { shown.set<JsonNode>("last_error", node().put("kind", it.kind).put("code", it.code)) }
    return shown
}
