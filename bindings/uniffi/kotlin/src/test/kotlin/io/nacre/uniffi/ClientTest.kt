package io.nacre.uniffi

import io.nacre.testkit.Harness
import io.nacre.testkit.Scope
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test

/** What the behaviour cases cannot say: coroutines, flows, and the life of clients. */
class ClientTest {
    companion object {
        private val LIMIT = 20.seconds
        private lateinit var scope: Scope
        private lateinit var server: String
        private var names = 0

        @BeforeAll
        @JvmStatic
        fun start() {
            scope = Harness.shared().scope()
            server = scope.server().address()
        }

        @AfterAll
        @JvmStatic
        fun stop() = scope.close()

        private fun unique(name: String) = "$name-${ProcessHandle.current().pid()}-${names++}"

        private fun options(address: String = server) = ClientOptions(servers = listOf(address))

        private fun run(block: suspend (Client) -> Unit) = runBlocking {
            withTimeout(60.seconds) { withClient(options(), block) }
        }
    }

    /** The failure of a call that has to fail. */
    private suspend fun failure(call: suspend () -> Unit): NacreException {
        try {
            call()
        } catch (failure: NacreException) {
            return failure
        }
        fail<Unit>("it did not fail")
        error("unreachable")
    }

    @Test
    fun aFlowOfAConfigBeginsWithThePresentValue() = run { client ->
        val config = client.config()
        val id = unique("flow")
        val told = Channel<String?>(Channel.UNLIMITED)
        coroutineScope {
            val collector = launch { config.values(id).collect { told.send(it?.content) } }
            assertNull(withTimeout(LIMIT) { told.receive() })
            config.publish(id, "v1")
            assertEquals("v1", withTimeout(LIMIT) { told.receive() })
            config.remove(id)
            assertNull(withTimeout(LIMIT) { told.receive() })
            collector.cancel()
        }
        assertEquals("v2", config.run {
            publish(id, "v2")
            withTimeout(LIMIT) { values(id).filterNotNull().first().content }
        })
    }

    @Test
    fun aSlowCollectorGetsTheNewestValue() = run { client ->
        val naming = client.naming()
        val service = unique("slow")
        val free = Channel<Unit>()
        val seen = Channel<Set<String>>(Channel.UNLIMITED)
        coroutineScope {
            val collector = launch {
                naming.changes(service).collect { change ->
                    seen.send(change.instances.map { it.ip }.toSet())
                    free.receive()
                }
            }
            assertEquals(emptySet<String>(), withTimeout(LIMIT) { seen.receive() })
            for (last in 1..5) {
                naming.register(service, Instance(ip = "10.0.0.$last", port = 80))
            }
            withTimeout(LIMIT) {
                do {
                    free.send(Unit)
                } while (seen.receive() != setOf("10.0.0.5"))
            }
            collector.cancel()
        }
    }

    @Test
    fun aCollectorThatThrowsEndsOnlyItself() = run { client ->
        val config = client.config()
        val id = unique("throws")
        val values = config.values(id)
        val told = Channel<String?>(Channel.UNLIMITED)
        coroutineScope {
            val other = launch { values.collect { told.send(it?.content) } }
            val failed = runCatching { values.collect { error("cannot use it") } }.exceptionOrNull()
            assertEquals("cannot use it", failed?.message)
            assertNull(withTimeout(LIMIT) { told.receive() })
            config.publish(id, "v1")
            assertEquals("v1", withTimeout(LIMIT) { told.receive() })
            other.cancel()
        }
    }

    @Test
    fun aFlowEndsWhenTheClientIsShutDown() = run { client ->
        val ending = client.config()
        val naming = client.naming()
        coroutineScope {
            val values = async { ending.values(unique("ends")).toList() }
            val changes = async { naming.changes(unique("ends")).toList() }
            // Both have begun.
            withTimeout(LIMIT) {
                while (naming.subscribed().isEmpty() || client.metrics().listenedConfigs == 0uL) {
                    delay(20)
                }
            }
            client.shutDown()
            withTimeout(LIMIT) { values.await().forEach(::assertNull) }
            withTimeout(LIMIT) { changes.await() }
        }
        assertTrue(failure { ending.get("d") } is NacreException.Closed)
    }

    @Test
    fun cancellingACoroutineEndsTheCall() = runBlocking {
        val absent = scope.server(unique("absent"), false).address()
        val client = Client(options(absent))
        val waiting = async { client.ready(Duration.ofSeconds(60)) }
        delay(50)
        val before = System.nanoTime()
        waiting.cancel()
        try {
            waiting.await()
            fail("it was cancelled")
        } catch (_: CancellationException) {
        }
        assertTrue(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - before) < 20)
        client.end()
    }

    @Test
    fun failuresHaveKindNumberAndReason() = run { client ->
        val config = client.config()
        val id = unique("conflict")
        config.publish(id, "v1")
        val conflict = failure { config.publishCas(id, "v2", "00000000000000000000000000000000") }
        assertTrue(conflict is NacreException.Conflict)
        assertEquals("conflict", conflict.kind)
        assertFalse(conflict.isRetryable)
        val wrong = failure { client.naming().register("s", Instance(ip = "10.0.0.1", port = 70_000)) }
        assertEquals(400, wrong.number)
        assertTrue("70000" in wrong.text, wrong.text)
        assertEquals("invalid_parameter", failure { Client(ClientOptions(username = "nacre")) }.kind)
    }

    @Test
    fun afterTheEndCallsFailAndASecondEndDoesNoHarm() = runBlocking {
        val client = connect(options())
        val config = client.config()
        client.shutDown()
        client.shutDown()
        assertEquals("closed", failure { config.get("d") }.kind)
        client.reopen()
        client.ready(Duration.ofSeconds(20))
        assertNull(client.config().get(unique("reopened")))
        client.end()
        client.close()
    }

    @Test
    fun closingWhileCallsRunFailsThemAndEndsNothingElse() = runBlocking {
        val other = connect(options())
        val client = connect(options())
        val config = client.config()
        coroutineScope {
            val calls = List(200) {
                async(Dispatchers.Default) {
                    try {
                        config.get("busy-$it")
                        null
                    } catch (failure: NacreException) {
                        failure.kind
                    }
                }
            }
            client.shutDown()
            val kinds = withTimeout(LIMIT) { calls.awaitAll() }.toSet()
            assertTrue((kinds - setOf(null, "closed")).isEmpty(), kinds.toString())
        }
        assertNull(other.config().get(unique("alive")))
        other.end()
        client.close()
    }

    @Test
    fun withoutAServerTheSnapshotIsGiven() = runBlocking {
        val own = scope.server(unique("own"), true)
        val directory = Files.createTempDirectory("nacre-kotlin").toString()
        val options = options(own.address()).copy(directory = directory, requestTimeout = Duration.ofMillis(500))
        withClient(options) { client ->
            client.config().publish("d", "kept")
            assertEquals("kept", client.config().get("d")?.content)
        }
        own.kill()
        assertEquals("unreachable", failure { connect(options, Duration.ofMillis(300)) }.kind)
        val later = Client(options)
        val value = later.config().get("d")
        assertEquals("kept", value?.content)
        assertEquals(ConfigSource.SNAPSHOT, value?.source)
        later.end()
    }

    @Test
    fun manyCallsTakeNoMoreMemory() = run { client ->
        val config = client.config()
        val id = unique("many")
        config.publish(id, "x".repeat(1000))
        suspend fun read(times: Int) = coroutineScope {
            List(16) { launch(Dispatchers.Default) { repeat(times / 16) { config.get(id) } } }
        }
        val calls = System.getenv("NACRE_TEST_LONG")?.let { 100_000 } ?: 5_000
        read(2_000)
        val before = resident()
        read(calls)
        System.gc()
        val grown = resident() - before
        assertTrue(grown < 100_000, "$grown KiB more after $calls calls")
    }

    @Test
    fun theExampleOfTheReadmeRuns() {
        val example = Files.readString(Path.of("src/test/kotlin/io/nacre/uniffi/Example.kt")).substringAfter("suspend")
        assertTrue(example in Files.readString(Path.of("README.md")), "the README has another example")
        val before = System.out
        val said = java.io.ByteArrayOutputStream()
        System.setOut(java.io.PrintStream(said, true))
        try {
            runBlocking { withTimeout(60.seconds) { example(server) } }
        } finally {
            System.setOut(before)
        }
        assertEquals(listOf("orders at 10.0.0.1", "settings are limit: 10"), said.toString().trim().lines())
    }

    private fun resident(): Long = Files.readAllLines(Path.of("/proc/self/status"))
        .first { it.startsWith("VmRSS:") }
        .filter { it.isDigit() }
        .toLong()

    @Test
    fun theProcessEndsWithClientsOpen() {
        val times = if (System.getenv("NACRE_TEST_LONG") == null) 3 else 20
        val said = Files.createTempFile("nacre-kotlin", ".txt").toFile()
        repeat(times) {
            val child = ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", System.getProperty("java.class.path"),
                "io.nacre.uniffi.OpenAtExit", server,
            ).redirectErrorStream(true).redirectOutput(said).start()
            val ended = child.waitFor(60, TimeUnit.SECONDS)
            child.destroyForcibly()
            val output = said.readText()
            assertTrue(ended, output)
            assertEquals(0, child.exitValue(), output)
            assertEquals("done", output.trim())
        }
    }
}

/** Leaves a client open, with an instance, a watch and a call that waits. */
object OpenAtExit {
    @JvmStatic
    fun main(args: Array<String>): Unit = runBlocking {
        val client = connect(ClientOptions(servers = listOf(args[0])))
        client.naming().register("open-at-exit", Instance(ip = "10.0.0.9", port = 1))
        val watch = client.config().watch("open-at-exit")
        kotlinx.coroutines.CoroutineScope(Dispatchers.Default).launch { while (watch.next() != null) Unit }
        println("done")
    }
}
