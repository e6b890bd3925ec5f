package com.alibaba.nacos.client.lock;

import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.lock.LockService;
import com.alibaba.nacos.api.lock.model.LockInstance;
import io.nacre.nacos.BaseLockService;
import java.util.Properties;

/** The lock service that {@code NacosLockFactory} loads by this name. Servers offer locks from 3.0 on. */
public class NacosLockService extends BaseLockService implements LockService {
    /**
     * Connects, or goes on connecting when no server can be reached.
     *
     * @param properties the settings, keys of {@code PropertyKeyConst}
     * @throws NacosException when a setting is invalid
     */
    public NacosLockService(Properties properties) throws NacosException {
        super(properties);
    }

    @Override
    public Boolean lock(LockInstance instance) throws NacosException {
        return instance.lock(this);
    }

    @Override
    public Boolean unLock(LockInstance instance) throws NacosException {
        return instance.unLock(this);
    }
}
