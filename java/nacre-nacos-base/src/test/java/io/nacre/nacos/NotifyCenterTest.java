package io.nacre.nacos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alibaba.nacos.common.notify.Event;
import com.alibaba.nacos.common.notify.NotifyCenter;
import com.alibaba.nacos.common.notify.SlowEvent;
import com.alibaba.nacos.common.notify.listener.SmartSubscriber;
import com.alibaba.nacos.common.notify.listener.Subscriber;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class NotifyCenterTest {
    private static class Plain extends Event {
        private static final long serialVersionUID = 1L;
        final String text;

        Plain(String text) {
            this.text = text;
        }
    }

    private static final class Unheard extends Event {
        private static final long serialVersionUID = 1L;
    }

    private static final class Rare extends SlowEvent {
        private static final long serialVersionUID = 1L;
    }

    private static final class Collector extends Subscriber<Plain> {
        final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        final String wanted;
        final Executor executor;

        Collector(String wanted, Executor executor) {
            this.wanted = wanted;
            this.executor = executor;
        }

        @Override
        public void onEvent(Plain event) {
            seen.add(event.text);
            if (event.text.contains("fail")) {
                throw new IllegalStateException("wanted by the test");
            }
        }

        @Override
        public Class<? extends Event> subscribeType() {
            return Plain.class;
        }

        @Override
        public Executor executor() {
            return executor;
        }

        @Override
        public boolean scopeMatches(Plain event) {
            return event.text.startsWith(wanted);
        }
    }

    @Test
    void eventsReachSubscribersOfTheirScopeInOrder() throws Exception {
        Collector all = new Collector("", null);
        Collector some = new Collector("b", Runnable::run);
        NotifyCenter.registerSubscriber(all);
        NotifyCenter.registerSubscriber(some);
        try {
            for (String text : List.of("a1", "b-fail", "b2", "a3")) {
                assertTrue(NotifyCenter.publishEvent(new Plain(text)));
            }
            for (String text : List.of("a1", "b-fail", "b2", "a3")) {
                assertEquals(text, all.seen.poll(20, TimeUnit.SECONDS));
            }
            assertEquals("b-fail", some.seen.poll(20, TimeUnit.SECONDS));
            assertEquals("b2", some.seen.poll(20, TimeUnit.SECONDS));
            NotifyCenter.deregisterSubscriber(some);
            NotifyCenter.publishEvent(new Plain("b4"));
            assertEquals("b4", all.seen.poll(20, TimeUnit.SECONDS));
            assertTrue(some.seen.isEmpty());
        } finally {
            NotifyCenter.deregisterSubscriber(all);
        }
    }

    @Test
    void rareEventsShareOnePublisher() throws Exception {
        BlockingQueue<Event> seen = new LinkedBlockingQueue<>();
        SmartSubscriber subscriber = new SmartSubscriber() {
            @Override
            public List<Class<? extends Event>> subscribeTypes() {
                return List.of(Rare.class, Plain.class);
            }

            @Override
            public void onEvent(Event event) {
                seen.add(event);
            }
        };
        NotifyCenter.registerSubscriber(subscriber);
        try {
            assertSame(NotifyCenter.getSharePublisher(), NotifyCenter.getPublisher(Rare.class));
            Rare rare = new Rare();
            NotifyCenter.publishEvent(rare);
            assertSame(rare, seen.poll(20, TimeUnit.SECONDS));
        } finally {
            NotifyCenter.deregisterSubscriber(subscriber);
        }
    }

    @Test
    void anEventThatNobodyPublishesIsNotTaken() {
        assertFalse(NotifyCenter.publishEvent(new Unheard()));
    }
}
