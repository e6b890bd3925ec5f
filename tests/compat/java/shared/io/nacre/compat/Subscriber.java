package io.nacre.compat;

import com.alibaba.nacos.api.naming.listener.Event;
import com.alibaba.nacos.api.naming.listener.EventListener;
import com.alibaba.nacos.api.naming.listener.NamingEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;

/** A naming listener that keeps every list it was given, as sorted "address cluster weight metadata" texts. */
final class Subscriber implements EventListener {
    private final List<List<String>> seen = new CopyOnWriteArrayList<>();

    @Override
    public void onEvent(Event event) {
        seen.add(describe(((NamingEvent) event).getInstances()));
    }

    /** The newest list, or null before the first. */
    List<String> latest() {
        return seen.isEmpty() ? null : seen.get(seen.size() - 1);
    }

    /** All lists in the order of their arrival. */
    List<List<String>> all() {
        return seen;
    }

    /** What a consumer can see of the instances, in a stable order. */
    static List<String> describe(Collection<Instance> instances) {
        TreeSet<String> texts = new TreeSet<>();
        for (Instance instance : instances) {
            texts.add(describe(instance));
        }
        return List.copyOf(texts);
    }

    static String describe(Instance instance) {
        return String.format(
                "%s:%d %s %s %s",
                instance.getIp(),
                instance.getPort(),
                instance.getClusterName(),
                instance.getWeight(),
                new java.util.TreeMap<>(instance.getMetadata()));
    }
}
