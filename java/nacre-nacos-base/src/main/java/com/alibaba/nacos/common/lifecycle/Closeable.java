package com.alibaba.nacos.common.lifecycle;

import com.alibaba.nacos.api.exception.NacosException;

/** Something that can be shut down. */
public interface Closeable {
    /**
     * Ends it; a second call does nothing.
     *
     * @throws NacosException when it cannot be ended properly
     */
    void shutdown() throws NacosException;
}
