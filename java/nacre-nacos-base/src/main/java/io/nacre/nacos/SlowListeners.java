package io.nacre.nacos;

import com.alibaba.nacos.client.config.impl.ChangeNotifyBlockEvent;
import com.alibaba.nacos.common.notify.NotifyCenter;
import io.nacre.ConfigKey;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells of config listeners that take long, while they do. */
final class SlowListeners {
    private static final Logger LOGGER = LoggerFactory.getLogger(SlowListeners.class);
    /** Its thread ends when nothing is to be watched. */
    private static final ScheduledThreadPoolExecutor TIMER = timer();

    private SlowListeners() {}

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "nacre-slow-listeners");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(1, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        return timer;
    }

    /**
     * Tells when this thread is still at it after a time.
     *
     * @return to be cancelled when the listener is done
     */
    static Future<?> watch(Object listener, ConfigKey key, String namespace, Duration limit) {
        Thread thread = Thread.currentThread();
        long start = System.currentTimeMillis();
        return TIMER.schedule(
                () -> {
                    String stack = Arrays.stream(thread.getStackTrace())
                            .map(frame -> "\tat " + frame)
                            .collect(Collectors.joining("\n"));
                    long now = System.currentTimeMillis();
                    LOGGER.warn("the listener {} of {} runs since {} ms\n{}", listener, key, now - start, stack);
                    NotifyCenter.publishEvent(new ChangeNotifyBlockEvent(
                            String.valueOf(listener), key.dataId(), key.group(), namespace, start, now, stack));
                },
                limit.toMillis(),
                TimeUnit.MILLISECONDS);
    }
}
