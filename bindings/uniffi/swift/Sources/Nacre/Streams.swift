// What Swift programmers expect beside the generated classes: sequences of changes.

/// The values of a watch, one after the other; the watch ends with the iteration.
private func stream<Value>(
    next: @escaping @Sendable () async throws -> Value?,
    cancel: @escaping @Sendable () -> Void
) -> AsyncThrowingStream<Value, Error> {
    AsyncThrowingStream { continuation in
        let task = Task {
            do {
                while let value = try await next() {
                    continuation.yield(value)
                }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in
            cancel()
            task.cancel()
        }
    }
}

extension Naming {
    /// The present instances of a service, then each change.
    public func changes(
        of service: String, group: String = "DEFAULT_GROUP", selector: InstanceSelector? = nil
    ) throws -> AsyncThrowingStream<ServiceChange, Error> {
        let watch = try self.watch(service: service, group: group, selector: selector)
        return stream(next: { try await watch.next() }, cancel: { watch.cancel() })
    }
}

extension Config {
    /// The present value of a config, then each other one; its `value` is nil while it is not there.
    public func changes(
        of dataId: String, group: String = "DEFAULT_GROUP"
    ) throws -> AsyncThrowingStream<ConfigChange, Error> {
        let watch = try self.watch(dataId: dataId, group: group)
        return stream(next: { try await watch.next() }, cancel: { watch.cancel() })
    }
}

extension Client {
    /// What happens to the connection.
    public func connectionEvents() -> AsyncThrowingStream<ClientEvent, Error> {
        let watch = events()
        return stream(next: { try await watch.next() }, cancel: { watch.cancel() })
    }
}
