package com.alibaba.nacos.client.naming;

import com.alibaba.nacos.api.PropertyKeyConst;
import com.alibaba.nacos.api.common.Constants;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.FuzzyWatchChangeEvent;
import com.alibaba.nacos.api.naming.listener.FuzzyWatchEventWatcher;
import com.alibaba.nacos.api.naming.listener.FuzzyWatchLoadWatcher;
import com.alibaba.nacos.api.naming.pojo.ListView;
import io.nacre.ServiceKey;
import io.nacre.ServicePatternChange;
import io.nacre.nacos.BaseNamingService;
import io.nacre.nacos.PatternWatches;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/** The naming service that {@code NacosFactory} loads by this name. */
public class NacosNamingService extends BaseNamingService implements NamingService {
    private static final String ANY = Constants.ALL_PATTERN;

    private final PatternWatches<FuzzyWatchEventWatcher> watches = new PatternWatches<>();

    /**
     * Connects, or goes on connecting when no server can be reached.
     *
     * @param serverList addresses of servers, comma separated
     * @throws NacosException when a setting is invalid
     */
    public NacosNamingService(String serverList) throws NacosException {
        this(properties(serverList));
    }

    /**
     * Connects, or goes on connecting when no server can be reached.
     *
     * @param properties the settings, keys of {@code PropertyKeyConst}
     * @throws NacosException when a setting is invalid
     */
    public NacosNamingService(Properties properties) throws NacosException {
        super(properties);
    }

    private static Properties properties(String serverList) {
        Properties properties = new Properties();
        properties.setProperty(PropertyKeyConst.SERVER_ADDR, serverList);
        return properties;
    }

    @Override
    public void fuzzyWatch(String fixedGroupName, FuzzyWatchEventWatcher watcher) throws NacosException {
        fuzzyWatch(ANY, fixedGroupName, watcher);
    }

    @Override
    public void fuzzyWatch(String serviceNamePattern, String groupNamePattern, FuzzyWatchEventWatcher watcher)
            throws NacosException {
        watch(serviceNamePattern, groupNamePattern, watcher, new CompletableFuture<>());
    }

    @Override
    public Future<ListView<String>> fuzzyWatchWithServiceKeys(String fixedGroupName, FuzzyWatchEventWatcher watcher)
            throws NacosException {
        return fuzzyWatchWithServiceKeys(ANY, fixedGroupName, watcher);
    }

    @Override
    public Future<ListView<String>> fuzzyWatchWithServiceKeys(
            String serviceNamePattern, String groupNamePattern, FuzzyWatchEventWatcher watcher) throws NacosException {
        CompletableFuture<ListView<String>> found = new CompletableFuture<>();
        if (!watch(serviceNamePattern, groupNamePattern, watcher, found)) {
            throw new NacosException(NacosException.CLIENT_INVALID_PARAM, "this watcher watches the pattern already");
        }
        return found;
    }

    private boolean watch(
            String service, String group, FuzzyWatchEventWatcher watcher, CompletableFuture<ListView<String>> found)
            throws NacosException {
        return watches.add(group, service, watcher, limits(watcher), () -> client().naming()
                .watchPattern(group, service, watcher.getExecutor(), change -> {
                    boolean first = !found.isDone();
                    tell(watcher, change, first);
                    if (first) {
                        found.complete(view(change.added()));
                    }
                }));
    }

    private void tell(FuzzyWatchEventWatcher watcher, ServicePatternChange change, boolean first) {
        String sync = first ? Constants.FUZZY_WATCH_INIT_NOTIFY : Constants.FUZZY_WATCH_RESOURCE_CHANGED;
        for (ServiceKey key : change.added()) {
            watcher.onEvent(event(key, Constants.ServiceChangedType.ADD_SERVICE, sync));
        }
        for (ServiceKey key : change.removed()) {
            watcher.onEvent(event(key, Constants.ServiceChangedType.DELETE_SERVICE, sync));
        }
    }

    private FuzzyWatchChangeEvent event(ServiceKey key, String type, String sync) {
        return new FuzzyWatchChangeEvent(key.name(), key.group(), client().namespace(), type, sync);
    }

    private ListView<String> view(List<ServiceKey> services) {
        List<String> keys = new ArrayList<>();
        for (ServiceKey key : services) {
            keys.add(client().namespace() + Constants.SERVICE_INFO_SPLITER + key.grouped());
        }
        ListView<String> view = new ListView<>();
        view.setCount(keys.size());
        view.setData(keys);
        return view;
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
                    ((FuzzyWatchLoadWatcher) watcher).onServiceReachUpLimit();
                }
            }
        };
    }

    @Override
    public void cancelFuzzyWatch(String fixedGroupName, FuzzyWatchEventWatcher watcher) throws NacosException {
        cancelFuzzyWatch(ANY, fixedGroupName, watcher);
    }

    @Override
    public void cancelFuzzyWatch(String serviceNamePattern, String groupNamePattern, FuzzyWatchEventWatcher watcher)
            throws NacosException {
        watches.remove(groupNamePattern, serviceNamePattern, watcher);
    }
}
