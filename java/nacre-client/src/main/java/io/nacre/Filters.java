package io.nacre;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The filters of a client, in ascending order. */
final class Filters {
    private volatile List<ConfigFilter> filters = new ArrayList<>();

    synchronized void add(ConfigFilter filter) {
        List<ConfigFilter> more = new ArrayList<>(filters);
        more.removeIf(other -> other.name().equals(filter.name()));
        more.add(filter);
        more.sort(Comparator.comparingInt(ConfigFilter::order));
        filters = more;
    }

    Publish publish(ConfigKey key, Publish publish) throws NacreException {
        Publish outgoing = publish;
        for (ConfigFilter filter : filters) {
            if (filter.applies(key)) {
                try {
                    outgoing = filter.publish(key, outgoing);
                } catch (Exception e) {
                    throw failed(filter, e);
                }
            }
        }
        return outgoing;
    }

    /** What was done last is undone first. */
    ConfigValue receive(ConfigKey key, ConfigValue value) throws NacreException {
        List<ConfigFilter> all = filters;
        if (value == null || all.isEmpty()) {
            return value;
        }
        String content = null;
        for (int i = all.size() - 1; i >= 0; i--) {
            ConfigFilter filter = all.get(i);
            if (filter.applies(key)) {
                try {
                    content = filter.receive(key, content == null ? value.content() : content, value);
                } catch (Exception e) {
                    throw failed(filter, e);
                }
            }
        }
        return content == null ? value : value.filtered(content);
    }

    private static NacreException failed(ConfigFilter filter, Exception cause) {
        NacreException error = NacreException.of(
                ErrorKind.INTERNAL, -500, false, "config filter " + filter.name() + " failed: " + cause.getMessage());
        error.initCause(cause);
        return error;
    }
}
