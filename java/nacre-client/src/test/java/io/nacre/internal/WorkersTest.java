package io.nacre.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nacre.testkit.Eventually;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WorkersTest {
    @Test
    void oneThreadRunsShortTasksInTheirOrder() throws Exception {
        Workers workers = new Workers("test-order", 8, 60_000);
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch done = new CountDownLatch(100);
        List<Integer> expected = new ArrayList<>();
        for (int number = 0; number < 100; number++) {
            int own = number;
            expected.add(number);
            workers.execute(() -> {
                order.add(own);
                done.countDown();
            });
            // The pool grows when tasks wait behind a slow one: the next is given once this one began.
            Eventually.is("task " + own, () -> order.size() > own);
        }
        assertTrue(done.await(20, TimeUnit.SECONDS));
        assertEquals(expected, order);
        assertEquals(1, workers.threads());
    }

    @Test
    void itGrowsWhileTasksBlockAndEndsWhenIdle() throws Exception {
        Workers workers = new Workers("test-growth", 3, 50);
        CountDownLatch begun = new CountDownLatch(3);
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch last = new CountDownLatch(1);
        for (int number = 0; number < 3; number++) {
            workers.execute(() -> {
                begun.countDown();
                try {
                    release.await();
                } catch (InterruptedException interrupted) {
                    throw new IllegalStateException(interrupted);
                }
            });
        }
        workers.execute(last::countDown);
        Eventually.is("three threads", () -> {
            workers.tick();
            return begun.getCount() == 0;
        });
        Thread.sleep(20);
        workers.tick();
        assertEquals(3, workers.threads(), "not more than allowed");
        assertTrue(workers.isBusy());
        assertEquals(1, last.getCount());
        release.countDown();
        assertTrue(last.await(20, TimeUnit.SECONDS));
        Eventually.is("no thread", () -> workers.threads() == 0);
        assertFalse(workers.isBusy());
        CountDownLatch again = new CountDownLatch(1);
        workers.execute(again::countDown);
        assertTrue(again.await(20, TimeUnit.SECONDS), "it begins anew");
    }

    @Test
    void aTaskThatThrowsHarmsNoOther() throws Exception {
        Workers workers = new Workers("test-throw", 2, 1_000);
        CountDownLatch after = new CountDownLatch(1);
        workers.execute(() -> {
            throw new IllegalStateException("asked for by a test");
        });
        workers.execute(after::countDown);
        assertTrue(after.await(20, TimeUnit.SECONDS));
    }
}
