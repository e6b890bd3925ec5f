package com.alibaba.nacos.client.config;

import com.alibaba.nacos.api.common.Constants;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.listener.ConfigFuzzyWatchChangeEvent;
import com.alibaba.nacos.api.config.listener.FuzzyWatchEventWatcher;
import com.alibaba.nacos.api.config.listener.FuzzyWatchLoadWatcher;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.client.config.common.GroupKey;
import io.nacre.ConfigKey;
import io.nacre.ConfigPatternChange;
import io.nacre.nacos.BaseConfigService;
import io.nacre.nacos.PatternWatches;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/** The config service that {@code NacosFactory} loads by this name. */
public class NacosConfigService extends BaseConfigService implements ConfigService {
    private static final String ANY = Constants.ALL_PATTERN;

    private final PatternWatches<FuzzyWatchEventWatcher> watches = new PatternWatches<>();

    /**
     * Connects, or goes on connecting when no server can be reached.
     *
     * @param properties the settings, keys of {@code PropertyKeyConst}
     * @throws NacosException when a setting is invalid
     */
    public NacosConfigService(Properties properties) throws NacosException {
        super(properties);
    }

    @Override
    public void fuzzyWatch(String groupNamePattern, FuzzyWatchEventWatcher watcher) throws NacosException {
        fuzzyWatch(ANY, groupNamePattern, watcher);
    }

    @Override
    public void fuzzyWatch(String dataIdPattern, String groupNamePattern, FuzzyWatchEventWatcher watcher)
            throws NacosException {
        watch(dataIdPattern, groupNamePattern, watcher, new CompletableFuture<>());
    }

    @Override
    public Future<Set<String>> fuzzyWatchWithGroupKeys(String groupNamePattern, FuzzyWatchEventWatcher watcher)
            throws NacosException {
        return fuzzyWatchWithGroupKeys(ANY, groupNamePattern, watcher);
    }

    @Override
    public Future<Set<String>> fuzzyWatchWithGroupKeys(
            String dataIdPattern, String groupNamePattern, FuzzyWatchEventWatcher watcher) throws NacosException {
        CompletableFuture<Set<String>> found = new CompletableFuture<>();
        if (!watch(dataIdPattern, groupNamePattern, watcher, found)) {
            throw new NacosException(NacosException.CLIENT_INVALID_PARAM, "this watcher watches the pattern already");
        }
        return found;
    }

    private boolean watch(
            String dataId, String group, FuzzyWatchEventWatcher watcher, CompletableFuture<Set<String>> found)
            throws NacosException {
        return watches.add(group, dataId, watcher, limits(watcher), () -> client().config()
                .watchPattern(group, dataId, watcher.getExecutor(), change -> {
                    boolean first = !found.isDone();
                    tell(watcher, change, first);
                    if (first) {
                        found.complete(keys(change));
                    }
                }));
    }

    private void tell(FuzzyWatchEventWatcher watcher, ConfigPatternChange change, boolean first) {
        String sync = first ? Constants.FUZZY_WATCH_INIT_NOTIFY : Constants.FUZZY_WATCH_RESOURCE_CHANGED;
        for (ConfigKey key : change.added()) {
            watcher.onEvent(event(key, Constants.ConfigChangedType.ADD_CONFIG, sync));
        }
        for (ConfigKey key : change.removed()) {
            watcher.onEvent(event(key, Constants.ConfigChangedType.DELETE_CONFIG, sync));
        }
    }

    private ConfigFuzzyWatchChangeEvent event(ConfigKey key, String type, String sync) {
        return ConfigFuzzyWatchChangeEvent.build(client().namespace(), key.group(), key.dataId(), type, sync);
    }

    private Set<String> keys(ConfigPatternChange change) {
        Set<String> keys = new TreeSet<>();
        for (ConfigKey key : change.configs()) {
            keys.add(GroupKey.getKeyTenant(key.dataId(), key.group(), client().namespace()));
        }
        return keys;
    }

    private static PatternWatches.Limits limits(FuzzyWatchEventWatcher watcher) {
        return new PatternWatches.Limits() {
            @Override
            public void patterns() {
                if (watcher instanceof FuzzyWatchLoadWatcher) {
                    ((FuzzyWatchLoadWatcher) watcher).onPatternOverLimit();
                }
            }

            @Override
            public void names() {
                if (watcher instanceof FuzzyWatchLoadWatcher) {
                    ((FuzzyWatchLoadWatcher) watcher).onConfigReachUpLimit();
                }
            }
        };
    }

    @Override
    public void cancelFuzzyWatch(String groupNamePattern, FuzzyWatchEventWatcher watcher) throws NacosException {
        cancelFuzzyWatch(ANY, groupNamePattern, watcher);
    }

    @Override
    public void cancelFuzzyWatch(String dataIdPattern, String groupNamePattern, FuzzyWatchEventWatcher watcher)
            throws NacosException {
        watches.remove(groupNamePattern, dataIdPattern, watcher);
    }
}
