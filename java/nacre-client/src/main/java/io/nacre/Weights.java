package io.nacre;

import java.util.ArrayList;
import java.util.List;

/** Cumulative shares of the instances of a list: weighted random choice as Nacos makes it. */
final class Weights {
    private final Instance[] usable;
    /** Rises to 1. */
    private final double[] cumulative;

    Weights(List<Instance> instances) {
        List<Instance> chosen = new ArrayList<>();
        double largest = Double.MIN_NORMAL;
        for (Instance instance : instances) {
            if (instance.healthy && instance.weight > 0.0 && !Double.isInfinite(instance.weight)) {
                chosen.add(instance);
                largest = Math.max(largest, instance.weight);
            }
        }
        usable = chosen.toArray(new Instance[0]);
        // Dividing by the largest first keeps the sum of huge weights finite.
        double total = 0;
        for (Instance instance : usable) {
            total += instance.weight / largest;
        }
        cumulative = new double[usable.length];
        double sum = 0;
        for (int i = 0; i < usable.length; i++) {
            sum += usable[i].weight / largest / total;
            cumulative[i] = sum;
        }
    }

    /** The instance for a draw from 0 to 1, or null when none can be chosen. */
    Instance draw(double draw) {
        int low = 0;
        int high = cumulative.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (cumulative[middle] < draw) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        // Rounding may leave the last share a little below 1.
        return usable.length == 0 ? null : usable[Math.min(low, usable.length - 1)];
    }
}
