/** What Kotlin programmers expect beside the generated classes: flows, and clients that close at the end of a block. */
package io.nacre.uniffi

import java.time.Duration
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.withContext

/**
 * A client that is connected.
 *
 * @param options what it is made of
 * @param limit longest wait for the connection
 * @throws NacreException when no server can be reached in time, or an option is wrong
 */
suspend fun connect(options: ClientOptions = ClientOptions(), limit: Duration = Duration.ofSeconds(5)): Client {
    val client = Client(options)
    try {
        client.ready(limit)
    } catch (failure: Throwable) {
        client.end()
        throw failure
    }
    return client
}

/** Connects a client, runs [block] with it, and shuts it down. */
suspend fun <T> withClient(options: ClientOptions = ClientOptions(), block: suspend (Client) -> T): T {
    val client = connect(options)
    try {
        return block(client)
    } finally {
        client.end()
    }
}

/** Takes back what the client registered, also while the coroutine is being cancelled, and frees it. */
suspend fun Client.end() = withContext(NonCancellable) {
    shutDown()
    close()
}

/** The present instances of a service, then each change. Who is slow gets several changes as one. */
fun Naming.changes(
    service: String,
    group: String = "DEFAULT_GROUP",
    selector: InstanceSelector? = null,
): Flow<ServiceChange> = following({ watch(service, group, selector) }, { it.next() }, { it.cancel() })

/** The names of the services of a group, now and whenever they change. */
fun Naming.serviceNames(group: String = "DEFAULT_GROUP"): Flow<List<String>> =
    following({ watchServices(group) }, { it.next() }, { it.cancel() }).map { it.names }

/** Services that begin or cease to match a pattern, in which `*` stands for any text. */
fun Naming.matching(service: String = "*", group: String = "DEFAULT_GROUP"): Flow<ServicePatternChange> =
    following({ watchPattern(service, group) }, { it.next() }, { it.cancel() })

/** The present value of a config, then each other one; null while it is not there. */
fun Config.values(dataId: String, group: String = "DEFAULT_GROUP"): Flow<ConfigValue?> =
    following({ watch(dataId, group) }, { it.next() }, { it.cancel() }).map { it.value }

/** Configs that begin or cease to match a pattern, in which `*` stands for any text. */
fun Config.matching(dataId: String = "*", group: String = "DEFAULT_GROUP"): Flow<ConfigPatternChange> =
    following({ watchPattern(dataId, group) }, { it.next() }, { it.cancel() })

/** What happens to the connection. */
fun Client.connectionEvents(): Flow<ClientEvent> = following({ events() }, { it.next() }, { it.cancel() })

/** Each collector has a watch of its own, which ends with it. */
private fun <W : AutoCloseable, V : Any> following(
    open: suspend () -> W,
    next: suspend (W) -> V?,
    cancel: (W) -> Unit,
): Flow<V> = flow {
    val watch = open()
    try {
        while (true) {
            emit(next(watch) ?: break)
        }
    } finally {
        cancel(watch)
        watch.close()
    }
}
