package io.nacre;

import io.nacre.internal.Op;
import io.nacre.internal.Reader;
import io.nacre.internal.Writer;
import java.util.concurrent.CompletableFuture;

/**
 * Locks of 3.x servers. Had from {@link NacreClient#lock()}.
 *
 * <p>A lock belongs to nobody: any client can release it, it outlives the connection that took it, and it cannot be
 * taken twice. It ends when it is released or when its lease is over.
 */
public final class LockClient {
    private final Core.Owner owner;

    LockClient(Core.Owner owner) {
        this.owner = owner;
    }

    /**
     * Takes a lock if it is free. A request whose answer was lost is not repeated, because the lock could have been
     * taken by it.
     *
     * @param lock the lock
     * @return whether it was taken
     * @throws NacreException of kind {@link ErrorKind#UNSUPPORTED} when the server has no locks
     */
    public boolean acquire(LockRequest lock) throws NacreException {
        return operating(Op.ACQUIRE, lock).await();
    }

    /**
     * As {@link #acquire(LockRequest)}.
     *
     * @param lock the lock
     * @return the future of whether it was taken
     */
    public CompletableFuture<Boolean> acquireAsync(LockRequest lock) {
        return operating(Op.ACQUIRE, lock).async();
    }

    /**
     * Releases a lock.
     *
     * @param lock the lock
     * @return whether it was taken before
     * @throws NacreException of kind {@link ErrorKind#UNSUPPORTED} when the server has no locks
     */
    public boolean release(LockRequest lock) throws NacreException {
        return operating(Op.RELEASE, lock).await();
    }

    /**
     * As {@link #release(LockRequest)}.
     *
     * @param lock the lock
     * @return the future of whether it was taken before
     */
    public CompletableFuture<Boolean> releaseAsync(LockRequest lock) {
        return operating(Op.RELEASE, lock).async();
    }

    private Operation<Boolean> operating(int code, LockRequest lock) {
        Writer request = new Writer().string(Names.present(lock, "lock").key());
        request.optional(lock.lease().orElse(null), (writer, lease) -> writer.i64(lease.toMillis()));
        return owner.operation(code, request, Reader::bool);
    }
}
