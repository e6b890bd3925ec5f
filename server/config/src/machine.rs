//! The replicated state of configs: what applying a command does to memory and store.
//!
//! Apply never reads content. Each change of a config writes one history row and at most one
//! content, so both share a number. A content is pointed to by its version while that is served, by
//! the row of its insert, and by the row of the change that ended it; rows are dropped oldest
//! first, so the last of these is the last pointer.

use std::{fmt, io, sync::Arc};

use nacre_consensus::{Applied, Family, Scan, StateBatch, StateMachine, StateReader};
use parking_lot::{Mutex, RwLock};
use prost::Message;

use crate::{
    capacity::{Capacities, Excess, Scope},
    command::{Condition, ConfigCommand, ConfigReply, PrunedRow, PublishCommand, RemoveCommand},
    content::{Contents, invalid},
    history::Operation,
    hub::Hub,
    index::{Entry, Extra, Gray, Index, Version},
    key::ConfigKey,
    namespace::Namespaces,
    rule::{GrayRule, TAG_PREFIX},
    settings::Settings,
    stored::{
        self, CAPACITY_PREFIX, CONTENT, COUNTERS_KEY, CapacityRecord, ContentRecord, CountersRecord, DETAIL, HISTORY,
        HistoryRecord, INDEX, META, NAMESPACE_PREFIX, NamespaceRecord, VersionRecord,
    },
};

/// The state machine of configs and namespaces. Lives in the meta group.
pub struct ConfigMachine {
    index: RwLock<Index>,
    namespaces: RwLock<Namespaces>,
    capacities: RwLock<Capacities>,
    /// Only apply and restore use them.
    counters: Mutex<CountersRecord>,
    contents: Contents,
    hub: Arc<Hub>,
}

impl fmt::Debug for ConfigMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigMachine").field("configs", &self.index.read().count()).finish_non_exhaustive()
    }
}

/// The version that a command is about.
struct Place<'a> {
    key: &'a ConfigKey,
    gray: Option<(&'a str, &'a GrayRule)>,
}

impl Place<'_> {
    fn index_key(&self) -> Vec<u8> {
        stored::index_key(self.key, self.gray.map(|(name, _)| name))
    }
}

/// A change as history tells it.
struct Past<'a> {
    operation: Operation,
    version: &'a Version,
    source_ip: &'a str,
    source_user: Option<&'a str>,
}

impl ConfigMachine {
    /// An empty state.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            index: RwLock::default(),
            namespaces: RwLock::default(),
            capacities: RwLock::default(),
            counters: Mutex::default(),
            contents: Contents::new(settings.cache_bytes),
            hub: Arc::default(),
        }
    }

    pub(crate) fn entry(&self, key: &ConfigKey) -> Option<Arc<Entry>> {
        self.index.read().get(key).cloned()
    }

    pub(crate) fn index(&self) -> &RwLock<Index> {
        &self.index
    }

    pub(crate) fn namespaces(&self) -> &RwLock<Namespaces> {
        &self.namespaces
    }

    pub(crate) fn capacities(&self) -> &RwLock<Capacities> {
        &self.capacities
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    fn publish(&self, at: Applied, command: &PublishCommand, batch: &mut StateBatch) -> ConfigReply {
        let key = &command.key;
        let mut entry = self.entry(key).map(|entry| Entry::clone(&entry)).unwrap_or_default();
        let (previous, previous_rule) = match &command.gray {
            None => (entry.formal.clone(), None),
            Some(target) => {
                let gray = entry.gray(&target.name).cloned();
                if gray.is_none() && entry.grays().len() >= target.limit as usize {
                    return ConfigReply::TooManyGray;
                }
                gray.map_or((None, None), |gray| (Some(gray.version), Some(gray.rule)))
            }
        };
        if let (Some(previous), Some(condition)) = (&previous, command.condition)
            && condition != Condition::Md5(previous.md5)
        {
            return ConfigReply::CasMismatch;
        }
        if let Err(excess) = self.check_capacity(at, command, previous.is_none(), batch) {
            return ConfigReply::OverCapacity(excess);
        }

        let mut counters = self.counters.lock();
        counters.last_history += 1;
        let version = next_version(at, command, previous.as_ref(), &mut counters);
        let place = Place { key, gray: command.gray.as_ref().map(|target| (&*target.name, &target.rule)) };
        let past = Past {
            operation: if previous.is_some() { Operation::Update } else { Operation::Insert },
            version: previous.as_ref().unwrap_or(&version),
            source_ip: &command.detail.source_ip,
            source_user: command.detail.source_user.as_deref(),
        };
        let past_place =
            Place { key, gray: place.gray.map(|(name, rule)| (name, previous_rule.as_ref().unwrap_or(rule))) };
        let content = ContentRecord { content: stored::shared_bytes(&command.content) };
        let content_key = stored::content_key(key, version.revision);
        batch.put(INDEX, place.index_key(), stored::write(&version.record(place.gray.map(|(_, rule)| rule))));
        batch.put(CONTENT, content_key.clone(), stored::write(&content));
        batch.put(DETAIL, content_key, stored::write(&command.detail));
        write_history(at, &counters, &past_place, &past, batch);
        drop(counters);

        let is_changed = previous.as_ref().is_none_or(|previous| previous.md5 != version.md5)
            || place.gray.map(|(_, rule)| rule) != previous_rule.as_ref();
        self.contents.put(version.revision, command.content.clone());
        if let Some(previous) = previous {
            self.contents.forget(previous.revision);
        }
        match &command.gray {
            None => entry.formal = Some(version),
            Some(target) => {
                entry.put_gray(Gray { name: target.name.clone(), rule: target.rule.clone(), version });
            }
        }
        self.index.write().set(key, entry);
        if is_changed {
            self.hub.changed(key);
        }
        ConfigReply::Done
    }

    /// Gray versions count to no quota, as in Nacos, but may not be larger than others.
    fn check_capacity(
        &self,
        at: Applied,
        command: &PublishCommand,
        is_new: bool,
        batch: &mut StateBatch,
    ) -> Result<(), Excess> {
        let Some(limits) = &command.limits else { return Ok(()) };
        let key = &command.key;
        let mut capacities = self.capacities.write();
        capacities.check_size(key, command.content.len() as u64, limits)?;
        if is_new && command.gray.is_none() {
            let counts = {
                let index = self.index.read();
                (index.count(), index.usage(&Scope::of(key)))
            };
            capacities.admit(at.stamp, key, counts, limits, batch)?;
        }
        Ok(())
    }

    fn remove(&self, at: Applied, command: &RemoveCommand, batch: &mut StateBatch) -> ConfigReply {
        let key = &command.key;
        let Some(entry) = self.entry(key) else { return ConfigReply::Missing };
        let mut entry = Entry::clone(&entry);
        let (version, gray) = match &command.gray {
            None => (entry.formal.take(), None),
            Some(name) => {
                // Callers name the version, or the tag alone as they did before gray versions had names.
                let gray = entry.gray(name).or_else(|| entry.gray(&format!("{TAG_PREFIX}{name}"))).cloned();
                gray.map_or((None, None), |gray| (Some(gray.version), Some((gray.name, gray.rule))))
            }
        };
        let Some(version) = version else { return ConfigReply::Missing };
        if let Some((name, _)) = &gray {
            entry.remove_gray(name);
        }
        let place = Place { key, gray: gray.as_ref().map(|(name, rule)| (&**name, rule)) };
        let past = Past {
            operation: Operation::Delete,
            version: &version,
            source_ip: &command.origin.ip,
            source_user: command.origin.user.as_deref(),
        };
        let mut counters = self.counters.lock();
        counters.last_history += 1;
        batch.delete(INDEX, place.index_key());
        write_history(at, &counters, &place, &past, batch);
        drop(counters);

        self.contents.forget(version.revision);
        self.index.write().set(key, entry);
        self.hub.changed(key);
        ConfigReply::Done
    }

    fn prune(&self, rows: &[PrunedRow], batch: &mut StateBatch) -> ConfigReply {
        for row in rows {
            batch.delete(HISTORY, stored::history_key(row.id).to_vec());
            batch.delete(HISTORY, stored::history_of_key_row(&row.key, row.id));
            let Some(revision) = row.revision else { continue };
            if self.entry(&row.key).is_some_and(|entry| entry.has_revision(revision)) {
                continue;
            }
            let content_key = stored::content_key(&row.key, revision);
            batch.delete(CONTENT, content_key.clone());
            batch.delete(DETAIL, content_key);
            self.contents.forget(revision);
        }
        ConfigReply::Done
    }

    /// All that the memory holds, in a fixed order.
    #[cfg(test)]
    pub(crate) fn dump(&self) -> String {
        let index = self.index.read();
        let mut entries: Vec<_> = index.iter().collect();
        entries.sort_by_key(|(key, _)| (*key).clone());
        format!("{:?}\n{entries:?}\n{:?}", *self.counters.lock(), self.namespaces.read().records())
    }
}

fn next_version(
    at: Applied,
    command: &PublishCommand,
    previous: Option<&Version>,
    counters: &mut CountersRecord,
) -> Version {
    let id = previous.map_or_else(
        || {
            counters.last_config += 1;
            counters.last_config
        },
        |previous| previous.id,
    );
    let app_name = command.app_name.as_deref().or_else(|| previous.and_then(Version::app_name));
    let tags = match &command.tags {
        _ if command.gray.is_some() => None,
        Some(tags) => Some(tags.as_str()).filter(|tags| !tags.trim().is_empty()),
        None => previous.and_then(Version::tags),
    };
    Version {
        id,
        revision: counters.last_history,
        md5: command.md5,
        created: previous.map_or(at.stamp, |previous| previous.created),
        modified: at.stamp,
        size: u32::try_from(command.content.len()).unwrap_or(u32::MAX),
        config_type: command.config_type,
        extra: Extra {
            app_name: app_name.map(Into::into),
            encrypted_data_key: command.encrypted_data_key.as_deref().map(Into::into),
            tags: tags.map(Into::into),
        }
        .boxed(),
    }
}

fn write_history(at: Applied, counters: &CountersRecord, place: &Place<'_>, past: &Past<'_>, batch: &mut StateBatch) {
    let record = HistoryRecord {
        key: place.key.stored(),
        operation: past.operation.number(),
        gray: place.gray.map(|(name, _)| name.to_owned()),
        source_ip: past.source_ip.to_owned(),
        source_user: past.source_user.map(str::to_owned),
        time: at.stamp,
        version: Some(past.version.record(place.gray.map(|(_, rule)| rule))),
    };
    let id = counters.last_history;
    batch.put(HISTORY, stored::history_key(id).to_vec(), stored::write(&record));
    batch.put(HISTORY, stored::history_of_key_row(place.key, id), Vec::new());
    batch.put(META, COUNTERS_KEY.to_vec(), stored::write(counters));
}

/// Calls `visit` with every row that `scan` finds; the first error ends it.
fn each<R: Message + Default>(
    state: &StateReader,
    family: Family,
    scan: &Scan,
    mut visit: impl FnMut(&[u8], R) -> io::Result<()>,
) -> io::Result<()> {
    let mut result = Ok(());
    state.scan(family, scan, &mut |key, value| {
        result = stored::read(value).map_err(invalid).and_then(|record| visit(key, record));
        result.is_ok()
    })?;
    result
}

fn bad_key(family: Family) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("bad key in {}", family.0))
}

fn read_index(state: &StateReader) -> io::Result<Index> {
    let mut index = Index::default();
    // The rows of one config stand together.
    let mut current: Option<(ConfigKey, Entry)> = None;
    each(state, INDEX, &Scan::prefix(b""), |key, record: VersionRecord| {
        let (key, gray) = ConfigKey::from_stored(key).ok_or_else(|| bad_key(INDEX))?;
        let gray = std::str::from_utf8(gray).map_err(invalid)?;
        if let Some((done, entry)) = current.take_if(|(before, _)| *before != key) {
            index.set(&done, entry);
        }
        let (_, entry) = current.get_or_insert_with(|| (key, Entry::default()));
        entry.add_row(gray, record).map_err(invalid)
    })?;
    if let Some((key, entry)) = current {
        index.set(&key, entry);
    }
    Ok(index)
}

fn read_namespaces(state: &StateReader) -> io::Result<Namespaces> {
    let mut namespaces = Namespaces::default();
    each(state, META, &Scan::prefix(NAMESPACE_PREFIX), |key, record: NamespaceRecord| {
        let id = std::str::from_utf8(&key[NAMESPACE_PREFIX.len()..]).map_err(invalid)?;
        namespaces.insert(id.to_owned(), record);
        Ok(())
    })?;
    Ok(namespaces)
}

fn read_capacities(state: &StateReader) -> io::Result<Capacities> {
    let mut capacities = Capacities::default();
    each(state, META, &Scan::prefix(CAPACITY_PREFIX), |key, record: CapacityRecord| {
        capacities.insert(Scope::of_row(key).ok_or_else(|| bad_key(META))?, record);
        Ok(())
    })?;
    Ok(capacities)
}

impl StateMachine for ConfigMachine {
    type Command = ConfigCommand;
    type Reply = ConfigReply;

    fn restore(&self, state: &StateReader) -> io::Result<()> {
        let counters = match state.get(META, COUNTERS_KEY)? {
            Some(value) => stored::read(&value).map_err(invalid)?,
            None => CountersRecord::default(),
        };
        let (index, namespaces) = (read_index(state)?, read_namespaces(state)?);
        *self.counters.lock() = counters;
        *self.namespaces.write() = namespaces;
        *self.capacities.write() = read_capacities(state)?;
        *self.index.write() = index;
        // Revisions may mean other contents than before.
        self.contents.clear();
        self.hub.all_changed();
        Ok(())
    }

    fn apply(&self, at: Applied, command: &ConfigCommand, batch: &mut StateBatch) -> ConfigReply {
        match command {
            ConfigCommand::Publish(command) => self.publish(at, command, batch),
            ConfigCommand::Remove(command) => self.remove(at, command, batch),
            ConfigCommand::Prune(rows) => self.prune(rows, batch),
            ConfigCommand::PutNamespace(command) => self.namespaces.write().put(at.stamp, command, batch),
            ConfigCommand::SetCapacity(command) => self.capacities.write().set(at.stamp, command, batch),
            ConfigCommand::DeleteNamespace { id } => self.namespaces.write().delete(id, batch),
            ConfigCommand::Batch(commands) => {
                ConfigReply::Batch(commands.iter().map(|command| self.apply(at, command, batch)).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests;
