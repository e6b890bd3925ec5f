package io.nacre.nacos;

import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.lock.model.LockInstance;
import io.nacre.LockRequest;
import io.nacre.NacreClient;
import io.nacre.NacreException;
import java.time.Duration;
import java.util.Properties;

/** Locks over the engine. */
public abstract class BaseLockService {
    private final NacreClient client;

    /**
     * Connects, or goes on connecting when no server can be reached.
     *
     * @param properties the settings, keys of {@code PropertyKeyConst}
     * @throws NacosException when a setting is invalid
     */
    protected BaseLockService(Properties properties) throws NacosException {
        Properties copy = Settings.copy(properties);
        client = Engine.connect(ClientSettings.ofProcess(ClientSettings.Kind.LOCK, copy), copy);
    }

    private static LockRequest request(LockInstance instance) throws NacosException {
        if (instance == null || PropertySources.isBlank(instance.getKey())) {
            throw new NacosException(NacosException.CLIENT_INVALID_PARAM, "a lock needs a key");
        }
        LockRequest request = LockRequest.of(instance.getKey());
        Long lease = instance.getExpiredTime();
        return lease == null || lease <= 0 ? request : request.lease(Duration.ofMillis(lease));
    }

    /**
     * Tries to get a lock.
     *
     * @param instance names the lock and how long it is held at most
     * @return whether this client has it now
     * @throws NacosException when the server cannot be reached, or offers no locks (501)
     */
    public Boolean remoteTryLock(LockInstance instance) throws NacosException {
        try {
            return client.lock().acquire(request(instance));
        } catch (NacreException e) {
            throw Engine.failure(e);
        }
    }

    /**
     * Gives a lock back.
     *
     * @param instance names the lock
     * @return whether it was given back
     * @throws NacosException when the server cannot be reached, or offers no locks (501)
     */
    public Boolean remoteReleaseLock(LockInstance instance) throws NacosException {
        try {
            return client.lock().release(request(instance));
        } catch (NacreException e) {
            throw Engine.failure(e);
        }
    }

    /**
     * Ends this object's part of the connection; calling it again does nothing.
     *
     * @throws NacosException never; the interface has it
     */
    public void shutdown() throws NacosException {
        client.close();
    }
}
