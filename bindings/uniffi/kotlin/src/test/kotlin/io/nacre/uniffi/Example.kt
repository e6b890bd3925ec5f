package io.nacre.uniffi

import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.first

suspend fun example(server: String) = withClient(ClientOptions(servers = listOf(server))) { client ->
    val naming = client.naming()
    naming.register("orders", Instance(ip = "10.0.0.1", port = 8080))
    val change = naming.changes("orders").first { it.instances.isNotEmpty() }
    println("orders at ${change.instances.first().ip}")

    val config = client.config()
    config.publish("settings.yaml", "limit: 10", options = PublishOptions(configType = "yaml"))
    val value = config.values("settings.yaml").filterNotNull().first()
    println("settings are ${value.content}")
}
