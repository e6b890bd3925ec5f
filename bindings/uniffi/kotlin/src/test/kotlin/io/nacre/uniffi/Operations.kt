package io.nacre.uniffi

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.BooleanNode
import com.fasterxml.jackson.databind.node.NullNode
import com.fasterxml.jackson.databind.node.TextNode
import io.nacre.cases.Failure
import io.nacre.cases.Recorder
import io.nacre.cases.Subject
import java.time.Duration
import java.util.concurrent.ConcurrentHashMap
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

/** Operations of cases as calls of the client. */
class Operations : Subject {
    private val clients = ConcurrentHashMap<String, Client>()
    private val following = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    override fun perform(operation: String, on: String, args: JsonNode, recorder: Recorder?): JsonNode = runBlocking {
        try {
            call(operation, on, args, recorder)
        } catch (failure: NacreException) {
            throw Failure(failure.kind, failure.number, failure.isRetryable, failure)
        }
    }

    override fun close() {
        following.cancel()
        runBlocking { clients.values.forEach { it.end() } }
    }

    private suspend fun call(operation: String, on: String, args: JsonNode, recorder: Recorder?): JsonNode {
        if (operation == "client.connect") {
            val options = args.path("options")
            clients[on] = if (options.flag("lazy") == true) Client(options(options)) else connect(options(options))
            return NullNode.instance
        }
        val client = clients.getValue(on)
        val verb = operation.substringAfter('.')
        return when (operation.substringBefore('.')) {
            "client" -> ofClient(client, verb, args)
            "naming" -> naming(client.naming(), verb, args, recorder)
            "config" -> config(client.config(), verb, args, recorder)
            else -> lock(client.lock(), verb, args)
        }
    }

    private suspend fun ofClient(client: Client, verb: String, args: JsonNode): JsonNode {
        when (verb) {
            "ready" -> client.ready(Duration.ofMillis(args["limit_ms"].asLong()))
            "close" -> client.shutDown()
            "reopen" -> client.reopen()
            "status" -> return status(client.status())
            "metrics" -> return node().put("requests", client.metrics().calls.toLong())
            else -> error("no operation client.$verb")
        }
        return NullNode.instance
    }

    private suspend fun lock(lock: Lock, verb: String, args: JsonNode): JsonNode {
        val key = args["key"].asText()
        val done = if (verb == "acquire") lock.acquire(key, args.time("lease_ms")) else lock.release(key)
        return BooleanNode.valueOf(done)
    }

    private suspend fun config(config: Config, verb: String, args: JsonNode, recorder: Recorder?): JsonNode {
        val id = args["data_id"].asText()
        val group = args.group()
        val publish = PublishOptions(configType = args.text("type"))
        when (verb) {
            "get" -> return value(config.get(id, group))
            "get_and_listen" -> {
                val reading = config.getAndListen(id, group)
                record(reading.watch, recorder)
                return value(reading.value)
            }
            "watch" -> record(config.watch(id, group), recorder)
            "listen" -> record(config.listen(id, group, args.text("baseline") ?: ""), recorder)
            "watch_fuzzy" -> {
                val watch = config.watchPattern(id, group)
                record(recorder, watch, { watch.next() }, { watch.cancel() }) { change ->
                    node().apply {
                        set<JsonNode>("added", list(change.added, ::shown))
                        set<JsonNode>("removed", list(change.removed, ::shown))
                    }
                }
            }
            "publish" -> config.publish(id, args["content"].asText(), group, publish)
            "publish_cas" -> config.publishCas(id, args["content"].asText(), args["md5"].asText(), group, publish)
            "publish_gray" -> config.publishGray(id, args["content"].asText(), gray(args), group, publish)
            "remove" -> config.remove(id, group)
            "remove_gray" -> config.removeGray(id, gray(args), group)
            else -> error("no operation config.$verb")
        }
        return NullNode.instance
    }

    private fun record(watch: ConfigWatch, recorder: Recorder?) =
        record(recorder, watch, { watch.next() }, { watch.cancel() }) { change ->
            node().set("value", value(change.value))
        }

    private suspend fun naming(naming: Naming, verb: String, args: JsonNode, recorder: Recorder?): JsonNode {
        val service = args.path("service").asText()
        val group = args.group()
        val clusters = args.path("clusters").map { it.asText() }
        val subscribe = args.flag("subscribe") ?: true
        when (verb) {
            "register" -> naming.register(service, instance(args["instance"]), group)
            "register_batch" -> naming.registerBatch(service, args["instances"].map(::instance), group)
            "deregister" -> naming.deregister(service, instance(args["instance"]), group)
            "deregister_batch" -> naming.deregisterBatch(service, args["instances"].map(::instance), group)
            "instances" -> return list(naming.instances(service, group, clusters, subscribe), ::shown)
            "select" -> {
                val healthy = args.flag("healthy") ?: true
                return list(naming.select(service, group, clusters, healthy, subscribe), ::shown)
            }
            "select_one" -> {
                val chosen = naming.selectOne(
                    service, group, clusters, balancer(args), args.text("key"), preferred(args),
                )
                return chosen?.let(::shown) ?: NullNode.instance
            }
            "watch" -> {
                val watch = naming.watch(service, group, selector(args.path("selector")))
                record(recorder, watch, { watch.next() }, { watch.cancel() }, ::shown)
            }
            "services" -> {
                val page = args.path("page").asInt(1).toUInt()
                val found = naming.services(group, page, args.path("size").asInt(1000).toUInt())
                return node().put("count", found.count.toInt()).set("names", list(found.names, TextNode::valueOf))
            }
            "watch_services" -> {
                val watch = naming.watchServices(group)
                record(recorder, watch, { watch.next() }, { watch.cancel() }) { names ->
                    node().set("names", list(names.names, TextNode::valueOf))
                }
            }
            "watch_fuzzy" -> {
                val watch = naming.watchPattern(service, group)
                record(recorder, watch, { watch.next() }, { watch.cancel() }) { change ->
                    node().apply {
                        set<JsonNode>("added", list(change.added, ::shown))
                        set<JsonNode>("removed", list(change.removed, ::shown))
                    }
                }
            }
            "subscribed" -> return list(naming.subscribed(), ::shown)
            "server_status" -> return TextNode.valueOf(if (naming.isServerUp()) "up" else "down")
            else -> return maintain(naming.maintenance(), verb, service, args)
        }
        return NullNode.instance
    }

    private suspend fun maintain(to: Maintenance, verb: String, service: String, args: JsonNode): JsonNode {
        val group = args.group()
        val threshold = args.path("protect_threshold").asDouble()
        when (verb) {
            "create_service" -> to.createService(service, group, threshold, texts(args.path("metadata")))
            "update_service" -> to.updateService(service, group, threshold, texts(args.path("metadata")))
            "delete_service" -> to.deleteService(service, group)
            "update_instance" -> to.updateInstance(service, instance(args["instance"]), group)
            "get_service" -> {
                val detail = to.service(service, group)
                return node()
                    .put("service", detail.service)
                    .put("group", detail.group)
                    .put("protect_threshold", detail.protectThreshold.toFloat())
                    .set("metadata", node().also { all -> detail.metadata.forEach { all.put(it.key, it.value) } })
            }
            else -> error("no operation naming.$verb")
        }
        return NullNode.instance
    }

    /** Tells the recorder all that a watch gives. */
    private fun <V : Any> record(
        recorder: Recorder?,
        watch: AutoCloseable,
        next: suspend () -> V?,
        cancel: () -> Unit,
        show: (V) -> JsonNode,
    ) {
        val telling = following.launch {
            while (true) {
                recorder!!.tell(show(next() ?: break))
            }
        }
        recorder!!.opened {
            cancel()
            runBlocking { telling.join() }
            watch.close()
        }
    }
}
