//! How many configs a group or a namespace may hold and how large each may be.

use std::{collections::BTreeMap, fmt};

use nacre_consensus::StateBatch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::{ConfigReply, SetCapacity},
    key::ConfigKey,
    stored::{self, CapacityRecord, META},
};

/// How many configs there may be and how large each may be, where nothing was set for a group or a
/// namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether a publish that exceeds a capacity is refused. Default false: capacities are only shown.
    pub enforce: bool,
    /// How many configs there may be in all. Default 100000.
    pub cluster_quota: u64,
    /// How many a group of the default namespace may hold. Default 200.
    pub group_quota: u64,
    /// How many a namespace may hold, the default one aside. Default 200.
    pub namespace_quota: u64,
    /// Bytes of one config at most. Default 102400.
    pub max_size: u64,
    /// Shown to those who read it; Nacos gave the feature up. Default 10000.
    pub max_aggr_count: u64,
    /// Shown to those who read it; Nacos gave the feature up. Default 1024.
    pub max_aggr_size: u64,
    /// A group or namespace that is full when its capacity is looked at for the first time may hold
    /// this percentage of the quota more. Default 100.
    pub expansion_percent: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enforce: false,
            cluster_quota: 100_000,
            group_quota: 200,
            namespace_quota: 200,
            max_size: 102_400,
            max_aggr_count: 10_000,
            max_aggr_size: 1_024,
            expansion_percent: 100,
        }
    }
}

impl Settings {
    fn quota(&self, scope: &Scope) -> u64 {
        match scope {
            Scope::Group(name) if name.is_empty() => self.cluster_quota,
            Scope::Group(_) => self.group_quota,
            Scope::Namespace(_) => self.namespace_quota,
        }
    }

    /// What a publish of `key` takes along, so that all nodes decide by the same settings.
    pub(crate) fn limits(&self, key: &ConfigKey) -> Option<Limits> {
        self.enforce.then(|| Limits {
            cluster: self.cluster_quota,
            quota: self.quota(&Scope::of(key)),
            max_size: self.max_size,
            expansion_percent: self.expansion_percent,
        })
    }
}

/// The defaults that a publish is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) cluster: u64,
    /// Of the config's group or namespace.
    pub(crate) quota: u64,
    pub(crate) max_size: u64,
    pub(crate) expansion_percent: u64,
}

/// The capacity that a publish would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Excess {
    /// So many configs there may be in all.
    Cluster(u64),
    /// So many the group may hold.
    Group(u64),
    /// So many the namespace may hold.
    Namespace(u64),
    /// So many bytes a config may have.
    Size(u64),
}

impl Excess {
    /// The code that Nacos gives it.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Cluster(_) => 5031,
            Self::Group(_) => 5032,
            Self::Namespace(_) => 5033,
            Self::Size(_) => 5034,
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(quota) => write!(f, "over cluster quota (5031): there may be {quota} configs"),
            Self::Group(quota) => write!(f, "over group quota (5032): the group may hold {quota} configs"),
            Self::Namespace(quota) => write!(f, "over tenant quota (5033): the namespace may hold {quota} configs"),
            Self::Size(bytes) => write!(f, "over max size (5034): a config may have {bytes} bytes"),
        }
    }
}

/// What a capacity is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// A group of the default namespace.
    Group(String),
    /// A namespace.
    Namespace(String),
}

impl Scope {
    /// All configs.
    pub(crate) const CLUSTER: Self = Self::Group(String::new());

    /// What a config counts to: its group in the default namespace, else its namespace.
    pub(crate) fn of(key: &ConfigKey) -> Self {
        match key.namespace() {
            "" => Self::Group(key.group().to_owned()),
            namespace => Self::Namespace(namespace.to_owned()),
        }
    }

    fn excess(&self, quota: u64) -> Excess {
        match self {
            Self::Group(name) if name.is_empty() => Excess::Cluster(quota),
            Self::Group(_) => Excess::Group(quota),
            Self::Namespace(_) => Excess::Namespace(quota),
        }
    }

    /// Its row in the store.
    pub(crate) fn row(&self) -> Vec<u8> {
        let (letter, name) = match self {
            Self::Group(name) => (b'g', name),
            Self::Namespace(name) => (b't', name),
        };
        [stored::CAPACITY_PREFIX, &[letter], name.as_bytes()].concat()
    }

    pub(crate) fn of_row(row: &[u8]) -> Option<Self> {
        let (letter, name) = row.strip_prefix(stored::CAPACITY_PREFIX)?.split_first()?;
        let name = std::str::from_utf8(name).ok()?.to_owned();
        match letter {
            b'g' => Some(Self::Group(name)),
            b't' => Some(Self::Namespace(name)),
            _ => None,
        }
    }
}

/// A capacity as it is shown, defaults filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Number of the row; 0 when nothing was set.
    pub id: u64,
    /// How many configs there may be.
    pub quota: u64,
    /// How many there are.
    pub usage: u64,
    /// Bytes of one config at most.
    pub max_size: u64,
    /// Of a feature that Nacos gave up; kept for those who read it.
    pub max_aggr_count: u64,
    /// Of a feature that Nacos gave up; kept for those who read it.
    pub max_aggr_size: u64,
    /// When it was first set, in milliseconds since the epoch; 0 for never.
    pub created: u64,
    /// When it was last set; 0 for never.
    pub modified: u64,
}

/// A change of a capacity; what is `None` stays, 0 is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapacityChange {
    /// How many configs there may be.
    pub quota: Option<u64>,
    /// Bytes of one config at most.
    pub max_size: Option<u64>,
    /// See [`Capacity::max_aggr_count`].
    pub max_aggr_count: Option<u64>,
    /// See [`Capacity::max_aggr_size`].
    pub max_aggr_size: Option<u64>,
}

fn or(value: u64, default: u64) -> u64 {
    if value == 0 { default } else { value }
}

/// All capacities that were set.
#[derive(Debug, Default)]
pub(crate) struct Capacities {
    by_scope: BTreeMap<Scope, CapacityRecord>,
}

impl Capacities {
    pub(crate) fn insert(&mut self, scope: Scope, record: CapacityRecord) {
        self.by_scope.insert(scope, record);
    }

    fn created(&self, stamp: u64) -> CapacityRecord {
        let id = self.by_scope.values().map(|record| record.id).max().unwrap_or(0) + 1;
        CapacityRecord { id, created: stamp, modified: stamp, ..CapacityRecord::default() }
    }

    fn put(&mut self, scope: &Scope, record: CapacityRecord, batch: &mut StateBatch) {
        batch.put(META, scope.row(), stored::write(&record));
        self.by_scope.insert(scope.clone(), record);
    }

    pub(crate) fn set(&mut self, stamp: u64, command: &SetCapacity, batch: &mut StateBatch) -> ConfigReply {
        let mut record = self.by_scope.get(&command.scope).copied().unwrap_or_else(|| self.created(stamp));
        let CapacityChange { quota, max_size, max_aggr_count, max_aggr_size } = command.change;
        record.quota = quota.unwrap_or(record.quota);
        record.max_size = max_size.unwrap_or(record.max_size);
        record.max_aggr_count = max_aggr_count.unwrap_or(record.max_aggr_count);
        record.max_aggr_size = max_aggr_size.unwrap_or(record.max_aggr_size);
        record.modified = stamp;
        self.put(&command.scope, record, batch);
        ConfigReply::Done
    }

    /// Whether a config may have so many bytes.
    pub(crate) fn check_size(&self, key: &ConfigKey, bytes: u64, limits: &Limits) -> Result<(), Excess> {
        let set = self.by_scope.get(&Scope::of(key)).map_or(0, |record| record.max_size);
        let limit = or(set, limits.max_size);
        if bytes > limit { Err(Excess::Size(limit)) } else { Ok(()) }
    }

    /// Whether one config more may come, when there are `all` of them and `usage` where it counts to.
    /// The rows of capacities that were never looked at before are written.
    pub(crate) fn admit(
        &mut self,
        stamp: u64,
        key: &ConfigKey,
        (all, usage): (u64, u64),
        limits: &Limits,
        batch: &mut StateBatch,
    ) -> Result<(), Excess> {
        let places = [(Scope::CLUSTER, all, limits.cluster), (Scope::of(key), usage, limits.quota)];
        let mut quotas = [0; 2];
        for ((scope, usage, default), quota) in places.iter().zip(&mut quotas) {
            *quota = match self.by_scope.get(scope) {
                Some(record) => or(record.quota, *default),
                // What was full before anybody looked is not frozen at once.
                None if usage >= default => {
                    usage.saturating_add(default.saturating_mul(limits.expansion_percent) / 100)
                }
                None => *default,
            };
            if usage >= quota {
                return Err(scope.excess(*quota));
            }
        }
        for ((scope, _, default), quota) in places.into_iter().zip(quotas) {
            if !self.by_scope.contains_key(&scope) {
                let set = if quota == default { 0 } else { quota };
                let record = CapacityRecord { quota: set, ..self.created(stamp) };
                self.put(&scope, record, batch);
            }
        }
        Ok(())
    }

    pub(crate) fn get(&self, scope: &Scope, usage: u64, settings: &Settings) -> Capacity {
        let record = self.by_scope.get(scope).copied().unwrap_or_default();
        Capacity {
            id: record.id,
            quota: or(record.quota, settings.quota(scope)),
            usage,
            max_size: or(record.max_size, settings.max_size),
            max_aggr_count: or(record.max_aggr_count, settings.max_aggr_count),
            max_aggr_size: or(record.max_aggr_size, settings.max_aggr_size),
            created: record.created,
            modified: record.modified,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_stays() {
        let mut all = Capacities::default();
        let mut batch = StateBatch::default();
        let scope = Scope::Group("g".into());
        let get = |all: &Capacities, usage| all.get(&scope, usage, &Settings::default());
        assert_eq!((get(&all, 3).quota, get(&all, 3).usage), (200, 3));
        let set = |change| SetCapacity { scope: Scope::Group("g".into()), change };
        let first = CapacityChange { quota: Some(50), max_size: Some(2048), ..CapacityChange::default() };
        all.set(5, &set(first), &mut batch);
        all.set(9, &set(CapacityChange { quota: Some(70), ..CapacityChange::default() }), &mut batch);
        let shown = get(&all, 0);
        assert_eq!((shown.id, shown.quota, shown.max_size, shown.created, shown.modified), (1, 70, 2048, 5, 9));
        all.set(10, &set(CapacityChange { quota: Some(0), ..CapacityChange::default() }), &mut batch);
        assert_eq!(get(&all, 0).quota, 200, "0 is the default");
        assert_eq!(batch.changes().len(), 3);
    }

    #[test]
    fn what_is_full_when_first_looked_at_grows_once() {
        let mut all = Capacities::default();
        let mut batch = StateBatch::default();
        let key = ConfigKey::new("dev", "g", "d");
        let limits = Limits { cluster: 100, quota: 10, max_size: 5, expansion_percent: 50 };
        let mut admit = |count| all.admit(1, &key, count, &limits, &mut batch);
        assert_eq!(admit((100, 12)), Ok(()));
        assert_eq!(admit((101, 16)), Ok(()));
        assert_eq!(admit((102, 17)), Err(Excess::Namespace(17)));
        assert_eq!(admit((150, 16)), Err(Excess::Cluster(150)));
        assert_eq!(batch.changes().len(), 2, "each row is written once");
        let group = ConfigKey::new("", "g", "d");
        assert_eq!(all.admit(2, &group, (3, 9), &limits, &mut batch), Ok(()));
        assert_eq!(all.admit(2, &group, (3, 10), &limits, &mut batch), Err(Excess::Group(10)));
        assert_eq!(all.check_size(&group, 5, &limits), Ok(()));
        assert_eq!(all.check_size(&group, 6, &limits), Err(Excess::Size(5)));
    }

    #[test]
    fn rows_name_their_scope() {
        for scope in [Scope::Group(String::new()), Scope::Namespace("dev".into())] {
            assert_eq!(Scope::of_row(&scope.row()), Some(scope));
        }
        assert_eq!(Scope::of_row(b"qx"), None);
    }
}
