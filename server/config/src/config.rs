//! The config service of this node: what the doors call.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use nacre_consensus::{Group, StateReader};
use tokio::task::JoinHandle;

use crate::{
    capacity::{Capacity, CapacityChange, Scope},
    check,
    command::{ConfigCommand, ConfigReply, PublishCommand, PutNamespace, RemoveCommand, SetCapacity},
    content,
    error::Error,
    gather::Gather,
    history::{self, HistoryEntry, HistoryPage, PRUNED_AT_ONCE},
    hub::Waiting,
    index::{Entry, Gray, Version},
    key::{ConfigKey, normal_namespace},
    listener::{Encoder, Listener, Notices, Shared},
    machine::ConfigMachine,
    md5::Md5,
    metrics::Metrics,
    namespace::{self, NamespaceInfo},
    poll::{self, PollKey},
    request::{Origin, Publish},
    rule::{BETA, GrayRule, Labels, RuleKind},
    settings::Settings,
    view::{Detail, Found, Listed, Served, Summary, Variant},
};

/// How often a content is looked up again that a change took away meanwhile, or that is applied but
/// not handed to the store yet: a millisecond apart, as a busy machine may stop the writer for long.
const READ_ATTEMPTS: usize = 1_000;
const READ_PAUSE: Duration = Duration::from_millis(1);
/// Configs that a search looks at without a pause.
const FIND_AT_ONCE: usize = 1024;

/// What [`Config::new`] needs.
pub struct Options {
    /// Settings of the domain.
    pub settings: Settings,
    /// The part of the meta group that holds the configs.
    pub group: Group<ConfigMachine>,
    /// Makes the frames of change notifications.
    pub encoder: Arc<dyn Encoder>,
    /// The last request id given to a push on this server; shared with all who push.
    pub request_ids: Arc<AtomicU64>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The config service of this node. Cheap to clone; the end of the last clone ends its tasks.
#[derive(Clone)]
pub struct Config {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    group: Group<ConfigMachine>,
    gather: Arc<Gather>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("machine", &self.inner.shared.machine).finish_non_exhaustive()
    }
}

impl Config {
    /// Starts the service on a running group. Must be called within a tokio runtime.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let Options { settings, group, encoder, request_ids } = options;
        let machine = group.machine().clone();
        let notices = Arc::new(Notices { encoder, request_ids });
        let shared = Arc::new(Shared {
            hub: machine.hub().clone(),
            machine,
            notices: notices.clone(),
            settings: settings.clone(),
            metrics: Arc::new(Metrics::default()),
            last_listener: AtomicU64::new(1),
        });
        let gather = Arc::new(Gather::new(group.clone()));
        let tasks = vec![
            tokio::spawn(shared.hub.clone().run(notices)),
            tokio::spawn(gather.clone().run()),
            tokio::spawn(clean_history(group.clone(), settings)),
        ];
        Self { inner: Arc::new(Inner { shared, group, gather, tasks }) }
    }

    fn machine(&self) -> &ConfigMachine {
        &self.inner.shared.machine
    }

    async fn propose(&self, command: ConfigCommand) -> Result<ConfigReply, Error> {
        self.inner.gather.propose(command).await.map_err(|error| {
            self.metrics().refused.add(1);
            error.into()
        })
    }

    fn refuse(&self, error: Error) -> Error {
        self.metrics().refused.add(1);
        error
    }

    /// Stores a version of a config. When it returns, the change is on disk and every read on this
    /// node sees it.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], [`Error::CasMismatch`], [`Error::TooManyGray`],
    /// [`Error::OverCapacity`], [`Error::TooLarge`], [`Error::StorageFull`], [`Error::Unavailable`].
    pub async fn publish(&self, publish: Publish) -> Result<(), Error> {
        let settings = &self.inner.shared.settings;
        check::publish(&publish, settings.max_content).map_err(|error| self.refuse(error))?;
        let limit = settings.max_gray_versions;
        let mut command = PublishCommand::new(publish, limit);
        command.limits = settings.capacity.limits(&command.key);
        match self.propose(ConfigCommand::Publish(Box::new(command))).await? {
            ConfigReply::Done => {
                self.metrics().publishes.add(1);
                Ok(())
            }
            ConfigReply::CasMismatch => Err(self.refuse(Error::CasMismatch)),
            ConfigReply::TooManyGray => Err(self.refuse(Error::TooManyGray { limit })),
            ConfigReply::OverCapacity(excess) => Err(self.refuse(Error::OverCapacity(excess))),
            other => Err(unexpected(&other)),
        }
    }

    /// Removes the formal version of a config; gray versions stay and are served to whom they
    /// choose. Answers whether there was one.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], [`Error::Unavailable`].
    pub async fn remove(&self, key: &ConfigKey, origin: Origin) -> Result<bool, Error> {
        self.remove_version(key, None, origin).await
    }

    /// Removes a gray version: by its name (`beta`, `tag_<tag>`), or by the bare tag.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none, [`Error::InvalidParameter`], [`Error::Unavailable`].
    pub async fn remove_gray(&self, key: &ConfigKey, name: &str, origin: Origin) -> Result<(), Error> {
        match self.remove_version(key, Some(name.to_owned()), origin).await? {
            true => Ok(()),
            false => Err(self.refuse(Error::NotFound)),
        }
    }

    async fn remove_version(&self, key: &ConfigKey, gray: Option<String>, origin: Origin) -> Result<bool, Error> {
        check::names(Some(key.data_id()), Some(key.group()))
            .and_then(|()| check::tenant(key.namespace()))
            .map_err(|error| self.refuse(error))?;
        match self.propose(ConfigCommand::Remove(RemoveCommand { key: key.clone(), gray, origin })).await? {
            ConfigReply::Done => {
                self.metrics().removals.add(1);
                Ok(true)
            }
            ConfigReply::Missing => Ok(false),
            other => Err(unexpected(&other)),
        }
    }

    /// What a caller is served. With a `tag` that is not blank only the caller's address and this
    /// tag choose, and there is no fall-back to the formal version; without one, all of `labels`
    /// choose and the formal version is served if none does. `None` if there is nothing.
    ///
    /// # Errors
    /// [`Error::Internal`] when the store cannot be read.
    pub async fn query(&self, key: &ConfigKey, tag: Option<&str>, labels: &Labels) -> Result<Option<Served>, Error> {
        self.metrics().queries.add(1);
        let tag = tag.filter(|tag| !tag.trim().is_empty());
        for _ in 0..READ_ATTEMPTS {
            let Some(entry) = self.machine().entry(key) else { return Ok(None) };
            let gray = match tag {
                None => entry.chosen(labels),
                Some(_) => {
                    let ip = labels.get(crate::rule::CLIENT_IP).unwrap_or_default();
                    entry.chosen(&Labels::new(ip).with_tag(tag))
                }
            };
            let version = match (gray, &entry.formal) {
                (Some(gray), _) => &gray.version,
                (None, Some(formal)) if tag.is_none() => formal,
                _ => return Ok(None),
            };
            let content = match self.machine().contents().get(version.revision) {
                Some(content) => content,
                None => match self.load(key, version.revision).await? {
                    Some(content) => content,
                    None => {
                        tokio::time::sleep(READ_PAUSE).await;
                        continue;
                    }
                },
            };
            return Ok(Some(served(&entry, gray, version, content)));
        }
        Err(Error::Internal(format!("content of {key} is missing")))
    }

    async fn load(&self, key: &ConfigKey, revision: u64) -> Result<Option<Arc<str>>, Error> {
        self.metrics().content_misses.add(1);
        let wanted = key.clone();
        let content = self.read(move |reader| content::load(reader, &wanted, revision)).await?;
        if let Some(content) = &content {
            self.machine().contents().put(revision, content.clone());
        }
        Ok(content)
    }

    /// Runs a read of the store where it may block.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&StateReader) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let reader = self.inner.group.reader().clone();
        match tokio::task::spawn_blocking(move || read(&reader)).await {
            Ok(result) => result.map_err(Error::from),
            Err(error) => Err(Error::Internal(error.to_string())),
        }
    }

    /// The md5 of what a caller is served, without reading its content.
    #[must_use]
    pub fn served_md5(&self, key: &ConfigKey, labels: &Labels) -> Option<Md5> {
        self.machine().entry(key).and_then(|entry| entry.served_md5(labels))
    }

    /// All about the formal version of a config.
    ///
    /// # Errors
    /// [`Error::Internal`] when the store cannot be read.
    pub async fn detail(&self, key: &ConfigKey) -> Result<Option<Detail>, Error> {
        self.detail_of(key, |entry| Some((entry.formal.clone()?, None))).await
    }

    /// All about a gray version of a config.
    ///
    /// # Errors
    /// [`Error::Internal`] when the store cannot be read.
    pub async fn gray_detail(&self, key: &ConfigKey, name: &str) -> Result<Option<Detail>, Error> {
        let gray = |entry: &Entry| {
            let gray = entry.gray(name)?;
            Some((gray.version.clone(), Some((gray.name.clone(), gray.rule.clone()))))
        };
        self.detail_of(key, gray).await
    }

    async fn detail_of(
        &self,
        key: &ConfigKey,
        pick: impl Fn(&Entry) -> Option<(Version, Option<(Arc<str>, GrayRule)>)>,
    ) -> Result<Option<Detail>, Error> {
        for _ in 0..READ_ATTEMPTS {
            let Some((version, gray)) = self.machine().entry(key).and_then(|entry| pick(&entry)) else {
                return Ok(None);
            };
            let (wanted, revision) = (key.clone(), version.revision);
            let read = move |reader: &StateReader| {
                Ok((content::load(reader, &wanted, revision)?, content::load_detail(reader, &wanted, revision)?))
            };
            let (Some(content), detail) = self.read(read).await? else {
                tokio::time::sleep(READ_PAUSE).await;
                continue;
            };
            return Ok(Some(Detail {
                id: version.id,
                key: key.clone(),
                gray,
                content,
                md5: version.md5,
                config_type: version.config_type,
                encrypted_data_key: version.encrypted_data_key(),
                app_name: version.app_name().map(str::to_owned),
                tags: version.tags().map(str::to_owned),
                created: version.created,
                modified: version.modified,
                origin: Origin { ip: detail.source_ip, user: detail.source_user },
                description: detail.description,
                usage: detail.usage,
                effect: detail.effect,
                schema: detail.schema,
            }));
        }
        Err(Error::Internal(format!("content of {key} is missing")))
    }

    /// Names of the gray versions of a config with their rules, in the order in which they are asked.
    #[must_use]
    pub fn gray_versions(&self, key: &ConfigKey) -> Vec<(Arc<str>, GrayRule)> {
        let entry = self.machine().entry(key).unwrap_or_default();
        entry.grays().iter().map(|gray| (gray.name.clone(), gray.rule.clone())).collect()
    }

    /// The configs of a namespace that have a formal version, in the order of their keys.
    #[must_use]
    pub fn list(&self, namespace: &str) -> Vec<Summary> {
        let namespace = normal_namespace(namespace);
        let index = self.machine().index().read();
        index.listed(namespace, None).map(|(key, version)| Listed { key, version }.summary()).collect()
    }

    /// Counts the configs of a namespace that are `wanted`, and names those of a page of them, in the order of their
    /// keys. What changes meanwhile may be counted or not.
    pub async fn find(
        &self,
        namespace: &str,
        mut wanted: impl FnMut(Listed<'_>) -> bool + Send,
        page: std::ops::Range<usize>,
    ) -> Found {
        let namespace = normal_namespace(namespace);
        let mut found = Found::default();
        let mut last: Option<ConfigKey> = None;
        loop {
            {
                let index = self.machine().index().read();
                let mut looked_at = 0;
                let mut end = None;
                for (key, version) in index.listed(namespace, last.as_ref()).take(FIND_AT_ONCE) {
                    looked_at += 1;
                    end = Some(key);
                    if wanted(Listed { key, version }) {
                        if page.contains(&found.total) {
                            found.keys.push(key.clone());
                        }
                        found.total += 1;
                    }
                }
                if looked_at < FIND_AT_ONCE {
                    return found;
                }
                last = end.cloned();
            }
            // Neither publishes nor other tasks wait for a long list.
            tokio::task::yield_now().await;
        }
    }

    /// As [`Self::find`], where all are wanted: the rest of a long list is not looked at.
    #[must_use]
    pub fn page(&self, namespace: &str, page: std::ops::Range<usize>) -> Found {
        let namespace = normal_namespace(namespace);
        let index = self.machine().index().read();
        let keys = index.listed_keys(namespace).skip(page.start).take(page.len()).cloned().collect();
        Found { total: usize::try_from(index.count_of(namespace)).unwrap_or(usize::MAX), keys }
    }

    /// A listener for one connection.
    #[must_use]
    pub fn listener(&self) -> Listener {
        Listener::new(&self.inner.shared)
    }

    /// Which configs, by position, differ now from what the caller holds.
    #[must_use]
    pub fn compare(&self, keys: &[PollKey], labels: &Labels) -> Vec<usize> {
        poll::compare(&self.inner.shared, keys, labels)
    }

    /// Waits until configs differ from what the caller holds, and answers which, by position: at
    /// once all that differ, later those that changed. Empty when `limit` is over. Dropping the
    /// future ends the wait.
    ///
    /// # Errors
    /// [`Error::TooManyListens`], [`Error::TooManyPolls`].
    pub async fn poll(&self, keys: &[PollKey], labels: &Labels, limit: Duration) -> Result<Vec<usize>, Error> {
        poll::poll(&self.inner.shared, keys, labels, limit).await
    }

    /// Who listens to a config on this node: addresses with the md5 that each holds, empty when it holds nothing.
    #[must_use]
    pub fn listeners_of(&self, key: &ConfigKey) -> BTreeMap<String, String> {
        let text = |md5: Option<Md5>| md5.map(|md5| md5.to_string()).unwrap_or_default();
        let waiting = self.inner.shared.hub.waiting(key).into_iter();
        let holders = waiting.filter_map(|(tenant, waiting)| match waiting {
            Waiting::Connection(mailbox) => {
                let (ip, md5) = mailbox.holder(key, &tenant)?;
                Some((ip.into(), text(md5)))
            }
            Waiting::Poll(waiter) => {
                let ip = waiter.labels.get(crate::rule::CLIENT_IP)?.to_owned();
                Some((ip, text(self.served_md5(key, &waiter.labels))))
            }
        });
        holders.collect()
    }

    /// What an address listens to on this node: configs with the md5 that it holds.
    #[must_use]
    pub fn listened_by(&self, ip: &str) -> Vec<(ConfigKey, String)> {
        let mut keys = self.inner.shared.hub.keys();
        keys.sort_unstable();
        let held = keys.into_iter().filter_map(|key| {
            let md5 = self.listeners_of(&key).remove(ip)?;
            Some((key, md5))
        });
        held.collect()
    }

    /// The configs whose formal versions have these ids, in the order of their keys.
    #[must_use]
    pub fn keys_of_ids(&self, ids: &[u64]) -> Vec<(u64, ConfigKey)> {
        let wanted: HashSet<u64> = ids.iter().copied().collect();
        let index = self.machine().index().read();
        let found = index.iter().filter_map(|(key, entry)| {
            let id = entry.formal.as_ref()?.id;
            wanted.contains(&id).then(|| (id, key.clone()))
        });
        let mut found: Vec<(u64, ConfigKey)> = found.collect();
        drop(index);
        found.sort_by(|(_, one), (_, other)| one.cmp(other));
        found
    }

    /// Whether there is a formal version of a config.
    #[must_use]
    pub fn exists(&self, key: &ConfigKey) -> bool {
        self.machine().entry(key).is_some_and(|entry| entry.formal.is_some())
    }

    /// A page of a config's history, newest first; pages count from 1. Rows come without content.
    ///
    /// # Errors
    /// [`Error::Internal`] when the store cannot be read.
    pub async fn history(&self, key: &ConfigKey, page: usize, size: usize) -> Result<HistoryPage, Error> {
        let key = key.clone();
        self.read(move |reader| history::list(reader, &key, page, size)).await
    }

    /// One row of history, of whatever config, with its content.
    ///
    /// # Errors
    /// [`Error::Internal`] when the store cannot be read.
    pub async fn history_entry(&self, id: u64) -> Result<Option<HistoryEntry>, Error> {
        self.read(move |reader| history::get(reader, id)).await
    }

    /// The newest row of history that ended a version of the config with this id.
    ///
    /// # Errors
    /// [`Error::Internal`] when the store cannot be read.
    pub async fn history_previous(&self, key: &ConfigKey, config_id: u64) -> Result<Option<HistoryEntry>, Error> {
        let key = key.clone();
        self.read(move |reader| history::previous(reader, &key, config_id)).await
    }

    /// The row of history of the change that followed, with the content that it replaced or removed: what `row` made.
    ///
    /// # Errors
    /// [`Error::Internal`] when the store cannot be read.
    pub async fn history_next(&self, row: &HistoryEntry) -> Result<Option<HistoryEntry>, Error> {
        let row = row.clone();
        self.read(move |reader| history::next(reader, &row)).await
    }

    /// The namespaces: the default one first, then those with a name by id.
    #[must_use]
    pub fn namespaces(&self) -> Vec<NamespaceInfo> {
        let index = self.machine().index().read();
        self.machine().namespaces().read().list(|id| index.count_of(id))
    }

    /// A namespace; every spelling of the default one is understood.
    #[must_use]
    pub fn namespace(&self, id: &str) -> Option<NamespaceInfo> {
        let index = self.machine().index().read();
        self.machine().namespaces().read().get(id, |id| index.count_of(id))
    }

    /// Whether a namespace of exactly this id was created.
    #[must_use]
    pub fn has_namespace(&self, id: &str) -> bool {
        self.machine().namespaces().read().contains(id)
    }

    /// Creates a namespace.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], [`Error::NamespaceExists`], [`Error::StorageFull`],
    /// [`Error::Unavailable`].
    pub async fn create_namespace(&self, id: &str, name: &str, description: Option<&str>) -> Result<(), Error> {
        match self.put_namespace(id, name, description, true).await? {
            ConfigReply::Done => Ok(()),
            ConfigReply::Exists => Err(self.refuse(Error::NamespaceExists { id: id.to_owned() })),
            other => Err(unexpected(&other)),
        }
    }

    /// Gives a namespace another name and description. Answers whether there is such a one.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], [`Error::StorageFull`], [`Error::Unavailable`].
    pub async fn update_namespace(&self, id: &str, name: &str, description: Option<&str>) -> Result<bool, Error> {
        Ok(self.put_namespace(id, name, description, false).await? == ConfigReply::Done)
    }

    async fn put_namespace(
        &self,
        id: &str,
        name: &str,
        description: Option<&str>,
        create: bool,
    ) -> Result<ConfigReply, Error> {
        namespace::check(id, name, description).map_err(|error| self.refuse(error))?;
        let (id, name) = (id.to_owned(), name.to_owned());
        let description = description.map(str::to_owned);
        self.propose(ConfigCommand::PutNamespace(PutNamespace { id, name, description, create })).await
    }

    /// Forgets a namespace; its configs stay. Answers whether there was such a one.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn delete_namespace(&self, id: &str) -> Result<bool, Error> {
        Ok(self.propose(ConfigCommand::DeleteNamespace { id: id.to_owned() }).await? == ConfigReply::Done)
    }

    /// What a group or a namespace may hold and holds. The group with the empty name stands for all configs.
    #[must_use]
    pub fn capacity(&self, scope: &Scope) -> Capacity {
        let usage = self.machine().index().read().usage(scope);
        self.machine().capacities().read().get(scope, usage, &self.settings().capacity)
    }

    /// Sets what a group or a namespace may hold.
    ///
    /// # Errors
    /// [`Error::StorageFull`], [`Error::Unavailable`].
    pub async fn set_capacity(&self, scope: Scope, change: CapacityChange) -> Result<(), Error> {
        self.propose(ConfigCommand::SetCapacity(SetCapacity { scope, change })).await.map(drop)
    }

    /// How many configs there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.machine().index().read().count()
    }

    /// Figures of the service.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.inner.shared.metrics
    }

    /// Settings of the service.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.shared.settings
    }
}

fn unexpected(reply: &ConfigReply) -> Error {
    Error::Internal(format!("unexpected answer {reply:?}"))
}

fn served(entry: &Entry, gray: Option<&Gray>, version: &Version, content: Arc<str>) -> Served {
    let variant = match gray {
        None => Variant::Formal,
        Some(gray) if *gray.name == *BETA => Variant::Beta,
        Some(gray) if gray.rule.kind == RuleKind::Tag => Variant::Tag(gray.rule.expression.clone()),
        Some(gray) => Variant::Label(gray.name.clone()),
    };
    Served {
        content,
        md5: version.md5,
        config_type: entry.formal.as_ref().map(|formal| formal.config_type),
        modified: version.modified,
        encrypted_data_key: version.encrypted_data_key(),
        variant,
    }
}

/// Drops history that is older than the settings keep it, on the node that leads.
async fn clean_history(group: Group<ConfigMachine>, settings: Settings) {
    let leader = group.watch_leader();
    loop {
        tokio::time::sleep(settings.history_clean_interval()).await;
        if !leader.borrow().is_local {
            continue;
        }
        if let Err(error) = clean_history_once(&group, settings.history_kept_ms()).await {
            tracing::warn!(%error, "history could not be cleaned");
        }
    }
}

async fn clean_history_once(group: &Group<ConfigMachine>, kept_ms: u64) -> Result<(), Error> {
    let before = group.now().saturating_sub(kept_ms);
    loop {
        let reader = group.reader().clone();
        let rows = tokio::task::spawn_blocking(move || history::older_than(&reader, before));
        let rows = rows.await.map_err(|error| Error::Internal(error.to_string()))??;
        let count = rows.len();
        if count > 0 {
            group.propose(ConfigCommand::Prune(rows)).await?;
        }
        if count < PRUNED_AT_ONCE {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
