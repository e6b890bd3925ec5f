package io.nacre.internal;

import io.nacre.NacreException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Collections;

/** What tests of the native layer share: a server that accepts and never answers, requests, threads. */
final class Fixture {
    private Fixture() {}

    static ServerSocket silentServer() throws IOException {
        return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    /** Options of a client of this server that waits a minute for its answers. */
    static byte[] options(ServerSocket server) {
        return options("127.0.0.1:" + server.getLocalPort(), 0);
    }

    static byte[] options(String address, int grpcPortOffset) {
        return new Writer()
                .u8(1)
                .strings(Collections.singletonList(address))
                .u8(4)
                .i32(grpcPortOffset)
                .u8(15)
                .i64(60_000)
                .u8(0)
                .toBytes();
    }

    static byte[] ready() {
        return new Writer().i64(60_000).toBytes();
    }

    static byte[] service(String name) {
        return new Writer().string("G").string(name).toBytes();
    }

    static Writer instance(String service, int port) {
        return new Writer()
                .string("G")
                .string(service)
                .bool(false)
                .string("10.0.0.1")
                .i32(port)
                .f64(1)
                .u8(7)
                .string("DEFAULT")
                .bool(false)
                .count(0);
    }

    static void close(NativeClient client) throws Exception {
        client.close().get(20, java.util.concurrent.TimeUnit.SECONDS);
    }

    /** Live Java threads whose names begin so. */
    static long threads(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.isAlive() && thread.getName().startsWith(prefix))
                .count();
    }

    static NacreException failure(java.util.concurrent.Callable<?> call) throws Exception {
        try {
            call.call();
        } catch (NacreException failure) {
            return failure;
        }
        throw new AssertionError("it did not fail");
    }
}
