package io.nacre.compat;

import com.alibaba.nacos.api.config.listener.Listener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;

/** A config listener that keeps every content it was given; a removed config is kept as {@link #REMOVED}. */
final class ConfigRecorder implements Listener {
    static final String REMOVED = "<removed>";

    private final List<String> seen = new CopyOnWriteArrayList<>();

    @Override
    public Executor getExecutor() {
        return null;
    }

    @Override
    public void receiveConfigInfo(String content) {
        seen.add(content == null ? REMOVED : content);
    }

    /** The newest content, or null before the first. */
    String latest() {
        return seen.isEmpty() ? null : seen.get(seen.size() - 1);
    }

    /** All contents in the order of their arrival. */
    List<String> all() {
        return seen;
    }
}
