package io.nacre.nacos;

import com.alibaba.nacos.api.exception.NacosException;
import io.nacre.NacreException;
import io.nacre.Subscription;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The watches of patterns that one service made: one for each pattern and watcher.
 *
 * @param <W> type of the watchers
 */
public final class PatternWatches<W> {
    private final Map<List<Object>, Subscription> watches = new HashMap<>();

    /** No watches. */
    public PatternWatches() {}

    /** Opens a watch. */
    public interface Opening {
        /**
         * Opens it.
         *
         * @return the watch
         * @throws NacreException when the server refuses
         */
        Subscription open() throws NacreException;
    }

    /** Told of limits of the server. */
    public interface Limits {
        /** Too many patterns are watched. */
        void patterns();

        /** Too many names fit. */
        void names();
    }

    /**
     * Opens a watch unless there is one of this pattern and watcher.
     *
     * @param group pattern of the group
     * @param name pattern of the name
     * @param watcher the watcher
     * @param limits told of limits
     * @param opening opens it
     * @return whether it is new
     * @throws NacosException when the server refuses or does not offer it (501)
     */
    public boolean add(String group, String name, W watcher, Limits limits, Opening opening) throws NacosException {
        if (watcher == null) {
            throw new NacosException(NacosException.CLIENT_INVALID_PARAM, "the watcher must not be null");
        }
        List<Object> key = Arrays.asList(group, name, watcher);
        synchronized (watches) {
            if (watches.containsKey(key)) {
                return false;
            }
            try {
                watches.put(key, opening.open());
                return true;
            } catch (NacreException e) {
                if (e.code() == 50310) {
                    limits.patterns();
                } else if (e.code() == 50311) {
                    limits.names();
                }
                throw Engine.failure(e);
            } catch (IllegalArgumentException e) {
                throw Engine.failure(e);
            }
        }
    }

    /**
     * Ends a watch, if there is one of this pattern and watcher.
     *
     * @param group pattern of the group
     * @param name pattern of the name
     * @param watcher the watcher
     */
    public void remove(String group, String name, W watcher) {
        synchronized (watches) {
            Subscription watch = watches.remove(Arrays.asList(group, name, watcher));
            if (watch != null) {
                watch.close();
            }
        }
    }
}
