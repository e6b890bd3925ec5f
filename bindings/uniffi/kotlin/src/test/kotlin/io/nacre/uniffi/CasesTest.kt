package io.nacre.uniffi

import com.fasterxml.jackson.databind.JsonNode
import io.nacre.cases.CaseFiles
import io.nacre.cases.Stage
import io.nacre.testkit.Harness
import io.nacre.testkit.Scope
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.parallel.Execution
import org.junit.jupiter.api.parallel.ExecutionMode

/** The behaviour cases of `tests/cases`. */
class CasesTest {
    companion object {
        /** What a case may require and this client does not have, with the reason. */
        private val MISSING = mapOf<String, String>()

        private lateinit var shared: Scope
        private lateinit var server: String

        @BeforeAll
        @JvmStatic
        fun startServer() {
            shared = Harness.shared().scope()
            server = shared.server().address()
        }

        @AfterAll
        @JvmStatic
        fun stopServer() = shared.close()

        private fun missing(test: JsonNode): String? = test.path("requires")
            .map { it.asText() }
            .firstOrNull { it in MISSING }
            ?.let { "$it: ${MISSING[it]}" }
    }

    @Test
    fun whatIsMissingIsKnownToTheSchema() =
        assertEquals(emptySet<String>(), MISSING.keys - CaseFiles.capabilities())

    @TestFactory
    @Execution(ExecutionMode.CONCURRENT)
    fun cases(): List<DynamicTest> {
        val skipped = mutableListOf<String>()
        val tests = CaseFiles.chosen().map { (name, file) ->
            val test = CaseFiles.read(file)
            val reason = missing(test)
            if (reason != null) {
                skipped += "| $name | $reason |"
            }
            DynamicTest.dynamicTest(name, file.toUri()) {
                assumeTrue(reason == null) { "skipped: $reason" }
                Stage(Operations()).use { it.play(test, server) }
            }
        }
        println("Kotlin: ${tests.size} cases, skipped: ${skipped.size}")
        skipped.forEach(::println)
        return tests
    }
}
