//! Services and their instances: who published what, who wants to know, and what each is shown.

mod batch;
mod cleanup;
mod error;
mod grace;
mod health;
mod instance_id;
mod lease;
mod link;
mod model;
mod naming;
mod push;
mod registry;
mod session;
mod settings;
pub mod shard;
mod stats;
mod switches;
#[cfg(test)]
mod testing;
mod view;

pub use error::{Error, Registration};
pub use instance_id::{IdPolicy, check_instance};
pub use model::{
    Address, ClusterMetadata, HealthChecker, Instance, InstanceKey, InstanceOverride, NewInstance, OverrideChange,
    Selector, SelectorError, ServiceDetail, ServiceKey, ServiceKind, ServiceMetadata,
};
pub use naming::{BeatAnswer, BeatCode, ClientId, ClientInfo, Naming, Options, ServicePage, Subscriber};
pub use session::{Client, CloseReason, Session};
pub use settings::Settings;
pub use shard::{FAMILIES, ShardMachine};
pub use stats::{CheckStats, Counts, PushStats, Stats};
pub use switches::{CheckTimes, SwitchCommand, SwitchMachine, Switches};
pub use view::{Encoder, Filter, Listing, ServiceList, View};

/// Group of a service whose caller names none.
pub const DEFAULT_GROUP: &str = "DEFAULT_GROUP";

/// Cluster of an instance whose publisher names none.
pub const DEFAULT_CLUSTER: &str = "DEFAULT";

/// Namespace of an HTTP caller who names none. gRPC callers name theirs; to them blank is another namespace.
pub const DEFAULT_NAMESPACE: &str = "public";
