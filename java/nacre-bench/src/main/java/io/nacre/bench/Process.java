package io.nacre.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.TreeSet;

/** What the operating system and the JVM say of this process. */
final class Process {
    private Process() {}

    static double cpuMicros() {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return system.getProcessCpuTime() / 1000.0;
    }

    /** Threads as the operating system sees them, native ones too. */
    static TreeSet<String> threads() throws IOException {
        TreeSet<String> names = new TreeSet<>();
        try (var tasks = Files.list(Paths.get("/proc/self/task"))) {
            for (var task : tasks.toList()) {
                names.add(task.getFileName() + " " + Files.readString(task.resolve("comm")).trim());
            }
        }
        return names;
    }

    static long heapKilobytes() throws InterruptedException {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(100);
        }
        return memory.getHeapMemoryUsage().getUsed() / 1024;
    }

    static long residentKilobytes() throws IOException {
        return Files.readAllLines(Paths.get("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}
