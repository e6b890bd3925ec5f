package com.alibaba.nacos.client.naming.selector;

import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.selector.NamingContext;
import com.alibaba.nacos.api.naming.selector.NamingResult;
import com.alibaba.nacos.api.naming.selector.NamingSelector;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Selects the instances that pass a test. */
public class DefaultNamingSelector implements NamingSelector {
    private final Predicate<Instance> filter;

    /**
     * A selector.
     *
     * @param filter the test
     */
    public DefaultNamingSelector(Predicate<Instance> filter) {
        this.filter = filter;
    }

    @Override
    public NamingResult select(NamingContext context) {
        List<Instance> selected = context.getInstances().stream().filter(filter).collect(Collectors.toList());
        return () -> selected;
    }
}
