//! The cache on disk: written in the background, read once when asked. Its failures cost the cache only.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{Notify, OnceCell},
    task::spawn_blocking,
    time::sleep,
};
use tracing::{debug, warn};

use super::{
    files,
    model::{ServiceSnapshot, Source},
};
use crate::names::{Namespace, ServiceKey};

/// Lists that follow each other within this time are written once.
const PAUSE: Duration = Duration::from_millis(100);

type Lists = HashMap<ServiceKey, Arc<ServiceSnapshot>>;

/// The folder of one client's services.
#[derive(Debug)]
pub(crate) struct DiskCache {
    folder: PathBuf,
    /// Newest list of each service that is not on disk yet; bounded by the number of services.
    dirty: Mutex<Lists>,
    written: Mutex<()>,
    wake: Notify,
    loaded: Option<OnceCell<Lists>>,
    corrupt: AtomicU64,
    failed_writes: AtomicU64,
}

impl DiskCache {
    /// Uses `folder`. Lists of earlier runs are there only if `load`.
    pub(crate) fn new(folder: PathBuf, load: bool) -> Self {
        Self {
            folder,
            dirty: Mutex::default(),
            written: Mutex::default(),
            wake: Notify::new(),
            loaded: load.then(OnceCell::new),
            corrupt: AtomicU64::new(0),
            failed_writes: AtomicU64::new(0),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether lists of earlier runs are asked for.
    pub(crate) fn loads(&self) -> bool {
        self.loaded.is_some()
    }

    /// Files that could not be read and were set aside.
    pub(crate) fn corrupt(&self) -> u64 {
        self.corrupt.load(Ordering::Relaxed)
    }

    /// Lists that could not be written.
    pub(crate) fn failed_writes(&self) -> u64 {
        self.failed_writes.load(Ordering::Relaxed)
    }

    /// Notes a list for writing.
    pub(crate) fn put(&self, snapshot: &Arc<ServiceSnapshot>) {
        self.dirty.lock().insert(snapshot.service().clone(), Arc::clone(snapshot));
        self.wake.notify_one();
    }

    /// The list that an earlier run left, if lists were to be loaded. Waits for the reading.
    pub(crate) async fn get(self: &Arc<Self>, service: &ServiceKey) -> Option<Arc<ServiceSnapshot>> {
        self.all().await?.get(service).cloned()
    }

    /// Loads when asked to, then writes until it is dropped.
    pub(crate) async fn run(self: Arc<Self>) {
        let _ = self.all().await;
        loop {
            self.wake.notified().await;
            self.flush().await;
            sleep(PAUSE).await;
        }
    }

    /// Writes what was noted so far.
    pub(crate) async fn flush(self: &Arc<Self>) {
        let cache = Arc::clone(self);
        // An error means that the runtime ends, or a panic that was reported: there is nothing to add.
        let _ = spawn_blocking(move || cache.write_dirty()).await;
    }

    async fn all(self: &Arc<Self>) -> Option<&Lists> {
        let load = || async {
            let cache = Arc::clone(self);
            spawn_blocking(move || cache.load()).await.unwrap_or_default()
        };
        match &self.loaded {
            Some(cell) => Some(cell.get_or_init(load).await),
            None => None,
        }
    }

    fn load(&self) -> Lists {
        files::sweep(&self.folder);
        let found = files::services_in(&self.folder).unwrap_or_else(|error| {
            warn!(folder = %self.folder.display(), %error, "cannot read the service cache");
            Vec::new()
        });
        let mut lists = Lists::with_capacity(found.len());
        for (service, path) in found {
            match files::read(&path, &service, Source::Cache) {
                Ok(list) => {
                    lists.insert(service, list);
                }
                Err(error) if error.is_corrupt() => self.set_aside(&path, &error),
                Err(error) => warn!(file = %path.display(), %error, "cannot read a service of the cache"),
            }
        }
        debug!(services = lists.len(), folder = %self.folder.display(), "service cache read");
        lists
    }

    fn set_aside(&self, path: &Path, error: &files::Unreadable) {
        match files::set_aside(path) {
            Ok(kept) => warn!(file = %path.display(), kept = %kept.display(), %error, "corrupt cache file set aside"),
            Err(problem) => warn!(file = %path.display(), %error, %problem, "corrupt cache file cannot be moved"),
        }
        // Counted when it has been moved: who sees the count finds the file.
        self.corrupt.fetch_add(1, Ordering::Relaxed);
    }

    fn write_dirty(&self) {
        // Two flushes side by side could write an older list over a newer one.
        let _one_at_a_time = self.written.lock();
        let lists = std::mem::take(&mut *self.dirty.lock());
        let mut failed = 0;
        let mut first = None;
        for list in lists.into_values() {
            if let Err(error) = files::write(&self.folder, &list) {
                failed += 1;
                first.get_or_insert(error);
            }
        }
        if let Some(error) = first {
            self.failed_writes.fetch_add(failed, Ordering::Relaxed);
            warn!(folder = %self.folder.display(), failed, %error, "cannot write services to the cache");
        }
    }
}

/// Nacos's folder of a namespace below the folder of all local files.
pub(crate) fn folder(base: &Path, extra: Option<&str>, namespace: &Namespace) -> PathBuf {
    let mut path = base.join("nacos");
    path.extend(extra.map(|extra| extra.trim_matches('/')));
    path.join("naming").join(namespace.as_str())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::naming::Instance;

    fn key(name: &str) -> ServiceKey {
        ServiceKey::new("G", name).expect("legal names")
    }

    fn list(name: &str, ports: &[u16]) -> Arc<ServiceSnapshot> {
        ServiceSnapshot::of(key(name), ports.iter().map(|port| Instance::new("h", *port)).collect())
    }

    fn ports(list: &ServiceSnapshot) -> Vec<u16> {
        list.instances().iter().map(|host| host.port).collect()
    }

    #[tokio::test]
    async fn the_newest_list_of_each_service_comes_back() {
        let folder = tempfile::tempdir().expect("folder");
        let cache = Arc::new(DiskCache::new(folder.path().join("a/b"), false));
        cache.put(&list("orders", &[1]));
        cache.put(&list("orders", &[1, 2]));
        cache.put(&list("pay", &[3]));
        cache.flush().await;
        assert_eq!(cache.failed_writes(), 0);
        assert!(cache.get(&key("orders")).await.is_none(), "nobody asked for loading");
        let next = Arc::new(DiskCache::new(folder.path().join("a/b"), true));
        let orders = next.get(&key("orders")).await.expect("written before");
        assert_eq!((ports(&orders), orders.source()), (vec![1, 2], Source::Cache));
        assert_eq!(ports(&next.get(&key("pay")).await.expect("written before")), [3]);
        assert!(next.get(&key("other")).await.is_none());
    }

    #[tokio::test]
    async fn corrupt_files_are_set_aside_and_the_others_are_read() {
        let folder = tempfile::tempdir().expect("folder");
        let writer = Arc::new(DiskCache::new(folder.path().into(), false));
        writer.put(&list("good", &[1]));
        writer.flush().await;
        fs::write(folder.path().join("G%40%40bad"), "{\"name\":").expect("writable");
        fs::create_dir(folder.path().join("failover")).expect("folder");
        let cache = Arc::new(DiskCache::new(folder.path().into(), true));
        assert!(cache.get(&key("bad")).await.is_none());
        assert_eq!(ports(&cache.get(&key("good")).await.expect("good file")), [1]);
        assert_eq!(cache.corrupt(), 1);
        assert!(folder.path().join("corrupt/G%40%40bad").is_file());
        let again = Arc::new(DiskCache::new(folder.path().into(), true));
        assert!(again.get(&key("good")).await.is_some());
        assert_eq!(again.corrupt(), 0, "reported once");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_only_counts() {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("file"), "in the way").expect("writable");
        let cache = Arc::new(DiskCache::new(folder.path().join("file/naming"), true));
        assert!(cache.get(&key("orders")).await.is_none());
        cache.put(&list("orders", &[1]));
        cache.put(&list("pay", &[1]));
        cache.flush().await;
        assert_eq!(cache.failed_writes(), 2);
    }

    #[tokio::test]
    async fn the_writer_runs_by_itself() {
        let folder = tempfile::tempdir().expect("folder");
        let cache = Arc::new(DiskCache::new(folder.path().into(), true));
        let writer = tokio::spawn(Arc::clone(&cache).run());
        cache.put(&list("orders", &[1]));
        let file = folder.path().join("G%40%40orders");
        let there = async {
            while !file.exists() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), there).await.expect("written in the background");
        writer.abort();
    }

    #[test]
    fn the_folder_is_that_of_nacos() {
        let namespace = Namespace::new("dev").expect("legal");
        assert_eq!(folder(Path::new("/h"), None, &namespace), Path::new("/h/nacos/naming/dev"));
        assert_eq!(folder(Path::new("/h"), Some("app"), &namespace), Path::new("/h/nacos/app/naming/dev"));
    }
}
