package io.nacre;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What changed between two lists of a service, by address. Where several instances share one they count together, in
 * any order, and the last of them stands for the address: servers list instances in no fixed order.
 */
final class Difference {
    final List<Instance> added = new ArrayList<>();
    final List<Instance> removed = new ArrayList<>();
    final List<Instance> modified = new ArrayList<>();

    Difference(List<Instance> before, List<Instance> after) {
        if (before.equals(after)) {
            return;
        }
        Map<String, List<Instance>> old = byAddress(before);
        Map<String, List<Instance>> now = byAddress(after);
        now.forEach((address, instances) -> {
            List<Instance> then = old.get(address);
            if (then == null) {
                added.add(last(instances));
            } else if (!sameSet(then, instances)) {
                modified.add(last(instances));
            }
        });
        old.forEach((address, instances) -> {
            if (!now.containsKey(address)) {
                removed.add(last(instances));
            }
        });
    }

    boolean isEmpty() {
        return added.isEmpty() && removed.isEmpty() && modified.isEmpty();
    }

    ServiceChange toChange(ServiceSnapshot snapshot, List<Instance> instances) {
        return new ServiceChange(
                snapshot,
                instances,
                Collections.unmodifiableList(added),
                Collections.unmodifiableList(removed),
                Collections.unmodifiableList(modified));
    }

    private static Map<String, List<Instance>> byAddress(List<Instance> instances) {
        Map<String, List<Instance>> map = new LinkedHashMap<>(instances.size() * 2);
        for (Instance instance : instances) {
            map.computeIfAbsent(instance.ip + '\n' + instance.port, address -> new ArrayList<>(1))
                    .add(instance);
        }
        return map;
    }

    private static Instance last(List<Instance> instances) {
        return instances.get(instances.size() - 1);
    }

    private static boolean sameSet(List<Instance> then, List<Instance> now) {
        if (then.size() != now.size()) {
            return false;
        }
        List<Instance> open = new ArrayList<>(now);
        return then.stream().allMatch(open::remove);
    }
}
