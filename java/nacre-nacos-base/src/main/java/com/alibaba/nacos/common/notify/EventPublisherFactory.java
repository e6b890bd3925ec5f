package com.alibaba.nacos.common.notify;

import java.util.function.BiFunction;

/** Makes the publisher for a type of events and a size of its buffer. */
public interface EventPublisherFactory extends BiFunction<Class<? extends Event>, Integer, EventPublisher> {
    @Override
    EventPublisher apply(Class<? extends Event> eventType, Integer maxQueueSize);
}
