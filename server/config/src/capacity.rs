//! How many configs a group or a namespace may hold and how large each may be.

use std::collections::BTreeMap;

use nacre_consensus::StateBatch;

use crate::{
    command::{ConfigReply, SetCapacity},
    stored::{self, CapacityRecord, META},
};

/// What a capacity is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// A group of the default namespace.
    Group(String),
    /// A namespace.
    Namespace(String),
}

impl Scope {
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

/// What counts where nothing was set.
const DEFAULT_QUOTA: u64 = 200;
const DEFAULT_MAX_SIZE: u64 = 102_400;
const DEFAULT_MAX_AGGR_COUNT: u64 = 10_000;
const DEFAULT_MAX_AGGR_SIZE: u64 = 1_024;

/// All capacities that were set.
#[derive(Debug, Default)]
pub(crate) struct Capacities {
    by_scope: BTreeMap<Scope, CapacityRecord>,
}

impl Capacities {
    pub(crate) fn insert(&mut self, scope: Scope, record: CapacityRecord) {
        self.by_scope.insert(scope, record);
    }

    pub(crate) fn set(&mut self, stamp: u64, command: &SetCapacity, batch: &mut StateBatch) -> ConfigReply {
        let number = self.by_scope.values().map(|record| record.id).max().unwrap_or(0) + 1;
        let record = self.by_scope.entry(command.scope.clone()).or_insert_with(|| CapacityRecord {
            id: number,
            created: stamp,
            ..CapacityRecord::default()
        });
        let CapacityChange { quota, max_size, max_aggr_count, max_aggr_size } = command.change;
        record.quota = quota.unwrap_or(record.quota);
        record.max_size = max_size.unwrap_or(record.max_size);
        record.max_aggr_count = max_aggr_count.unwrap_or(record.max_aggr_count);
        record.max_aggr_size = max_aggr_size.unwrap_or(record.max_aggr_size);
        record.modified = stamp;
        batch.put(META, command.scope.row(), stored::write(record));
        ConfigReply::Done
    }

    pub(crate) fn get(&self, scope: &Scope, usage: u64) -> Capacity {
        let record = self.by_scope.get(scope).copied().unwrap_or_default();
        let or = |value: u64, default: u64| if value == 0 { default } else { value };
        Capacity {
            id: record.id,
            quota: or(record.quota, DEFAULT_QUOTA),
            usage,
            max_size: or(record.max_size, DEFAULT_MAX_SIZE),
            max_aggr_count: or(record.max_aggr_count, DEFAULT_MAX_AGGR_COUNT),
            max_aggr_size: or(record.max_aggr_size, DEFAULT_MAX_AGGR_SIZE),
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
        assert_eq!((all.get(&scope, 3).quota, all.get(&scope, 3).usage), (200, 3));
        let set = |change| SetCapacity { scope: Scope::Group("g".into()), change };
        let first = CapacityChange { quota: Some(50), max_size: Some(2048), ..CapacityChange::default() };
        all.set(5, &set(first), &mut batch);
        all.set(9, &set(CapacityChange { quota: Some(70), ..CapacityChange::default() }), &mut batch);
        let shown = all.get(&scope, 0);
        assert_eq!((shown.id, shown.quota, shown.max_size, shown.created, shown.modified), (1, 70, 2048, 5, 9));
        all.set(10, &set(CapacityChange { quota: Some(0), ..CapacityChange::default() }), &mut batch);
        assert_eq!(all.get(&scope, 0).quota, 200, "0 is the default");
        assert_eq!(batch.changes().len(), 3);
    }

    #[test]
    fn rows_name_their_scope() {
        for scope in [Scope::Group(String::new()), Scope::Namespace("dev".into())] {
            assert_eq!(Scope::of_row(&scope.row()), Some(scope));
        }
        assert_eq!(Scope::of_row(b"qx"), None);
    }
}
