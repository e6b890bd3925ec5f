//! The operations by their numbers.
//!
//! Written as `request -> answer`. `T?` may be absent, `[T]` is a list, `ms` a duration; everything else as in
//! [`wire`](crate::wire).
//!
//! ```text
//! service   group, name
//! key       data id, group
//! instance  id?, ip, port i32, weight f64, flags u8 (1 healthy, 2 enabled, 4 ephemeral), cluster, service?,
//!           metadata map
//! snapshot  service, clusters, cache ms, last reference i64, protected bool, source u8 (0 server, 1 cache,
//!           2 failover), revision u64, [instance]
//! config    content, md5, type?, data key?, source u8 (0 server, 1 snapshot, 2 failover), last modified i64
//! publish   content, type?, app?, [tag], description?, usage?, effect?, schema?, operator?, data key?
//! gray      0, [address] for beta; 1, tag
//! settings  protect threshold f64, metadata map, selector?
//! error     kind u8, code i32, retryable bool, reason
//! ```

macro_rules! operations {
    ($($(#[$meta:meta])* $name:ident = $number:literal,)*) => {
        /// An operation. Hosts name it by its number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Op {
            $($(#[$meta])* $name = $number,)*
        }

        impl Op {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The operation with this number.
            #[must_use]
            pub fn of(number: i32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

operations! {
    /// Waits for the connection: `limit ms -> `.
    Ready = 1,
    /// Closes the client: ` -> `. Its other calls fail as closed.
    Close = 2,
    /// At once: ` -> state u8 (0 connecting, 1 connected, 2 reconnecting, 3 closed), since ms, server?, error?, local
    /// address?, server generation u8 (0 unknown, 1 before 2.3, 2 before 3.0, 3), generation u64`.
    Status = 3,
    /// At once: ` -> calls, failed calls, retries, pushes, connections, failed connections, logins, redone, services,
    /// listened configs, failover services, corrupt files, failed writes`, each u64.
    Metrics = 4,
    /// At once: ` -> [host:port]`.
    Servers = 5,
    /// `service, instance -> `.
    Register = 10,
    /// `service, [instance] -> `.
    RegisterBatch = 11,
    /// `service, instance -> `.
    Deregister = 12,
    /// `service, [instance] -> `.
    DeregisterBatch = 13,
    /// `service, [cluster], direct bool -> snapshot`. Not direct: subscribes, and gives the whole list. At once too,
    /// while the list is in memory.
    Instances = 14,
    /// Waits for the server's answer to a [`Op::Watch`]: `subscription u64 -> `.
    Established = 15,
    /// `service, [cluster], balancer u8 (0 round robin, 1 least recently used, 2 least frequently used, 3 consistent
    /// hash, 4 random, 5 weighted random), key?, preferred cluster? -> instance?`. At once too, while the list is in
    /// memory.
    SelectOne = 16,
    /// `group, page i32, size i32 -> count i32, [name]`.
    Services = 18,
    /// `group -> [name]`.
    AllServices = 19,
    /// ` -> up bool`.
    ServerStatus = 21,
    /// `service, settings -> `.
    CreateService = 22,
    /// `service, settings -> `.
    UpdateService = 23,
    /// `service -> `.
    DeleteService = 24,
    /// `service -> name, group, protect threshold f64, metadata map, selector?, [name, health checker?, metadata map]`.
    Service = 25,
    /// `service, instance -> `.
    UpdateInstance = 26,
    /// At once: ends what [`Op::Instances`] began. `service -> `.
    Unsubscribe = 27,
    /// At once: ` -> [service]`.
    Subscribed = 28,
    /// `service, instance, weight f64?, enabled bool?, metadata map? -> `.
    PatchInstance = 29,
    /// `service, [instance], metadata map -> [changed]`.
    AddMetadata = 30,
    /// `service, [instance], [name] -> [changed]`.
    RemoveMetadata = 31,
    /// Below the filters: `key -> config?`.
    Get = 40,
    /// Below the filters; the subscription begins with what was read: `key -> config?, subscription u64`.
    GetAndListen = 41,
    /// `key, publish, gray? -> `.
    Publish = 42,
    /// `key, publish, md5 -> `.
    PublishCas = 43,
    /// `key, gray? -> `.
    Remove = 44,
    /// Switches snapshot files on or off: `on bool -> `.
    SetSnapshots = 45,
    /// `name, lease ms? -> taken bool`.
    Acquire = 60,
    /// `name, lease ms? -> released bool`.
    Release = 61,
    /// A subscription: `service`; a value is a `snapshot`, whole.
    Watch = 80,
    /// A subscription: `group`; a value is `group, revision u64, [name]`.
    WatchServices = 81,
    /// `group pattern, name pattern -> subscription u64`; a value is `added [service], removed [service]`.
    WatchFuzzy = 82,
    /// A subscription: `key`; a value is `config?`, below the filters.
    WatchConfig = 83,
    /// A subscription: `key, baseline md5`; a value is `config?`, below the filters.
    Listen = 84,
    /// `group pattern, data id pattern -> subscription u64`; a value is `all [key], added [key], removed [key]`.
    WatchSet = 85,
    /// A subscription: nothing; a value is a number u8 and 1 connected: `server, local address, generation u64`;
    /// 2 disconnected: `error`; 3 reset: `target?`; 4 servers changed: `count i32`; 5 login failed: `error`. Each is
    /// kept, the last 64: take until there is none.
    Events = 86,
    /// Panics, in builds for tests only.
    Panic = 127,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_one_operation() {
        for op in Op::ALL {
            assert_eq!(Op::of(*op as i32), Some(*op));
        }
        assert_eq!((Op::of(0), Op::of(-1), Op::of(99)), (None, None, None));
    }
}
