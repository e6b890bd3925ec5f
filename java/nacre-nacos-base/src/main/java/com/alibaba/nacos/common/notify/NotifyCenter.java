package com.alibaba.nacos.common.notify;

import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.common.notify.listener.SmartSubscriber;
import com.alibaba.nacos.common.notify.listener.Subscriber;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where applications subscribe to events of the client, of which
 * {@link com.alibaba.nacos.client.naming.event.InstancesChangeEvent} is the one most used. One per process; there is
 * no JVM shutdown hook.
 */
public class NotifyCenter {
    private static final Logger LOGGER = LoggerFactory.getLogger(NotifyCenter.class);
    private static final Map<String, EventPublisher> PUBLISHERS = new ConcurrentHashMap<>();
    private static final EventPublisherFactory DEFAULT_FACTORY = (type, size) -> {
        EventPublisher publisher = new DefaultPublisher();
        publisher.init(type, size);
        return publisher;
    };

    /** How many events of one type may wait. */
    public static int ringBufferSize = Integer.getInteger("nacos.core.notify.ring-buffer-size", 16384);

    /** How many rare events may wait. */
    public static int shareBufferSize = Integer.getInteger("nacos.core.notify.share-buffer-size", 1024);

    private static DefaultSharePublisher sharePublisher = newSharePublisher();

    /** Makes a useless instance; the original allows it. */
    public NotifyCenter() {}

    private static DefaultSharePublisher newSharePublisher() {
        DefaultSharePublisher publisher = new DefaultSharePublisher();
        publisher.init(SlowEvent.class, shareBufferSize);
        return publisher;
    }

    /**
     * The publishers by the name of their event's class.
     *
     * @return a read-only view
     */
    public static Map<String, EventPublisher> getPublisherMap() {
        return Collections.unmodifiableMap(PUBLISHERS);
    }

    /**
     * The publisher of a type of events.
     *
     * @param topic the type
     * @return the publisher, null when there is none
     */
    public static EventPublisher getPublisher(Class<? extends Event> topic) {
        return SlowEvent.class.isAssignableFrom(topic) ? sharePublisher : PUBLISHERS.get(name(topic));
    }

    /**
     * The publisher of rare events.
     *
     * @return the publisher
     */
    public static EventPublisher getSharePublisher() {
        return sharePublisher;
    }

    /** Ends all publishers. Events published afterwards reach subscribers that are registered afterwards. */
    public static synchronized void shutdown() {
        for (String type : PUBLISHERS.keySet()) {
            close(PUBLISHERS.remove(type));
        }
        close(sharePublisher);
        sharePublisher = newSharePublisher();
    }

    private static void close(EventPublisher publisher) {
        try {
            if (publisher != null) {
                publisher.shutdown();
            }
        } catch (NacosException e) {
            LOGGER.error("a publisher could not be shut down", e);
        }
    }

    /**
     * Registers a subscriber.
     *
     * @param consumer the subscriber
     */
    public static void registerSubscriber(Subscriber<?> consumer) {
        registerSubscriber(consumer, DEFAULT_FACTORY);
    }

    /**
     * Registers a subscriber and makes publishers for its events where there are none.
     *
     * @param consumer the subscriber
     * @param factory makes the publishers
     */
    public static void registerSubscriber(Subscriber<?> consumer, EventPublisherFactory factory) {
        for (Class<? extends Event> type : types(consumer)) {
            if (SlowEvent.class.isAssignableFrom(type)) {
                sharePublisher.addSubscriber(consumer, type);
            } else {
                EventPublisher publisher = registerToPublisher(type, factory, ringBufferSize);
                if (publisher instanceof ShardedEventPublisher) {
                    ((ShardedEventPublisher) publisher).addSubscriber(consumer, type);
                } else {
                    publisher.addSubscriber(consumer);
                }
            }
        }
    }

    /**
     * Removes a subscriber.
     *
     * @param consumer the subscriber
     */
    public static void deregisterSubscriber(Subscriber<?> consumer) {
        for (Class<? extends Event> type : types(consumer)) {
            EventPublisher publisher = getPublisher(type);
            if (publisher instanceof ShardedEventPublisher) {
                ((ShardedEventPublisher) publisher).removeSubscriber(consumer, type);
            } else if (publisher != null) {
                publisher.removeSubscriber(consumer);
            }
        }
    }

    private static List<Class<? extends Event>> types(Subscriber<?> consumer) {
        if (consumer instanceof SmartSubscriber) {
            return ((SmartSubscriber) consumer).subscribeTypes();
        }
        return Collections.singletonList(consumer.subscribeType());
    }

    /**
     * Publishes an event.
     *
     * @param event the event
     * @return whether a publisher took it; true for plug-in events without one
     */
    public static boolean publishEvent(Event event) {
        EventPublisher publisher = getPublisher(event.getClass());
        if (publisher == null) {
            LOGGER.debug("nobody publishes {}", event.getClass().getName());
            return event.isPluginEvent();
        }
        return publisher.publish(event);
    }

    /**
     * The publisher of rare events, under the name that the original gives this.
     *
     * @param eventType type of the events
     * @return the publisher
     */
    public static EventPublisher registerToSharePublisher(Class<? extends SlowEvent> eventType) {
        return sharePublisher;
    }

    /**
     * Makes a publisher for a type of events, unless there is one.
     *
     * @param eventType the type
     * @param queueMaxSize how many events may wait
     * @return the publisher
     */
    public static EventPublisher registerToPublisher(Class<? extends Event> eventType, int queueMaxSize) {
        return registerToPublisher(eventType, DEFAULT_FACTORY, queueMaxSize);
    }

    /**
     * Makes a publisher for a type of events, unless there is one.
     *
     * @param eventType the type
     * @param factory makes the publisher
     * @param queueMaxSize how many events may wait
     * @return the publisher
     */
    public static EventPublisher registerToPublisher(
            Class<? extends Event> eventType, EventPublisherFactory factory, int queueMaxSize) {
        if (SlowEvent.class.isAssignableFrom(eventType)) {
            return sharePublisher;
        }
        return PUBLISHERS.computeIfAbsent(name(eventType), key -> factory.apply(eventType, queueMaxSize));
    }

    /**
     * Registers a publisher for a type of events, unless there is one.
     *
     * @param eventType the type
     * @param publisher the publisher
     */
    public static void registerToPublisher(Class<? extends Event> eventType, EventPublisher publisher) {
        if (publisher != null) {
            PUBLISHERS.putIfAbsent(name(eventType), publisher);
        }
    }

    /**
     * Ends the publisher of a type of events.
     *
     * @param eventType the type
     */
    public static void deregisterPublisher(Class<? extends Event> eventType) {
        close(PUBLISHERS.remove(name(eventType)));
    }

    private static String name(Class<? extends Event> type) {
        return type.getCanonicalName() == null ? type.getName() : type.getCanonicalName();
    }
}
