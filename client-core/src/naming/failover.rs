//! Lists that a user puts into a folder to stand in for the server's, while a switch file there says so.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};
use tracing::{info, warn};

use super::{
    files,
    model::{ServiceSnapshot, Source},
};
use crate::names::ServiceKey;

const FOLDER: &str = "failover";
const SWITCH: &str = "00-00---000-VIPSRV_FAILOVER_SWITCH-000---00-00";

type Lists = HashMap<ServiceKey, Arc<ServiceSnapshot>>;

/// Looks at the folder from time to time.
#[derive(Debug)]
pub(crate) struct Failover {
    folder: PathBuf,
    /// None while the switch is off.
    lists: ArcSwapOption<Lists>,
    seen: Mutex<Seen>,
}

/// What the folder was when it was last read.
#[derive(Debug, Default)]
struct Seen {
    files: Vec<Stamp>,
    /// Bad files that were reported; told once per change.
    reported: HashSet<Stamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Stamp {
    service: ServiceKey,
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
}

impl Failover {
    /// Looks into the folder `failover` of a client's cache.
    pub(crate) fn new(cache: &Path) -> Self {
        Self { folder: cache.join(FOLDER), lists: ArcSwapOption::empty(), seen: Mutex::default() }
    }

    /// The list that stands in for the service's own. Lists without instances never do.
    pub(crate) fn get(&self, service: &ServiceKey) -> Option<Arc<ServiceSnapshot>> {
        let lists = self.lists.load();
        lists.as_ref()?.get(service).filter(|list| !list.instances().is_empty()).cloned()
    }

    /// How many services have such a list now.
    pub(crate) fn active(&self) -> usize {
        self.lists.load().as_ref().map_or(0, |lists| lists.len())
    }

    /// Looks every `period`, from now on; `changed` is told which services show another list.
    pub(crate) async fn run(self: Arc<Self>, period: Duration, changed: impl Fn(Vec<ServiceKey>) + Send) {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let failover = Arc::clone(&self);
            // An error means that the runtime ends, or a panic that was reported.
            let Ok(services) = spawn_blocking(move || failover.look()).await else { return };
            if !services.is_empty() {
                changed(services);
            }
        }
    }

    /// Reads the switch, and the lists when they changed. Answers the services that show another list now.
    pub(crate) fn look(&self) -> Vec<ServiceKey> {
        // Kept over the whole look: it is the order of two looks.
        let mut seen = self.seen.lock();
        let before = self.lists.load_full();
        let on = self.switch().unwrap_or(before.is_some());
        if !on {
            *seen = Seen::default();
            self.lists.store(None);
            let gone = before.map(|lists| lists.keys().cloned().collect::<Vec<_>>());
            if let Some(gone) = &gone {
                info!(services = gone.len(), "failover switched off");
            }
            return gone.unwrap_or_default();
        }
        let files = self.stamps();
        if before.is_some() && files == seen.files {
            return Vec::new();
        }
        let lists = read_all(&files, before.as_deref(), &mut seen);
        seen.files = files;
        info!(services = lists.len(), folder = %self.folder.display(), "failover lists in use");
        let changed = changed(before.as_deref(), &lists);
        self.lists.store(Some(Arc::new(lists)));
        changed
    }

    /// What the switch file says. None if it says nothing; a file that is missing or unreadable says off.
    fn switch(&self) -> Option<bool> {
        let text = match fs::read(self.folder.join(SWITCH)) {
            Ok(text) => text,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    warn!(folder = %self.folder.display(), %error, "cannot read the failover switch");
                }
                return Some(false);
            }
        };
        text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).find_map(|line| match line {
            b"1" => Some(true),
            b"0" => Some(false),
            _ => None,
        })
    }

    fn stamps(&self) -> Vec<Stamp> {
        let found = files::services_in(&self.folder).unwrap_or_else(|error| {
            warn!(folder = %self.folder.display(), %error, "cannot read the failover folder");
            Vec::new()
        });
        let mut stamps: Vec<_> = found
            .into_iter()
            .map(|(service, path)| {
                let metadata = fs::metadata(&path).ok();
                let length = metadata.as_ref().map_or(0, fs::Metadata::len);
                Stamp { service, path, length, modified: metadata.and_then(|data| data.modified().ok()) }
            })
            .collect();
        stamps.sort_by(|one, other| one.path.cmp(&other.path));
        stamps
    }
}

/// Reads the files. One that cannot be read leaves what it gave before: a user may be writing it right now.
fn read_all(files: &[Stamp], before: Option<&Lists>, seen: &mut Seen) -> Lists {
    let mut lists = Lists::with_capacity(files.len());
    let mut reported = HashSet::new();
    for stamp in files {
        let unchanged = before.filter(|_| seen.files.contains(stamp)).and_then(|lists| lists.get(&stamp.service));
        if let Some(list) = unchanged {
            lists.insert(stamp.service.clone(), Arc::clone(list));
            continue;
        }
        match files::read(&stamp.path, &stamp.service, Source::Failover) {
            Ok(list) => {
                lists.insert(stamp.service.clone(), list);
            }
            Err(error) => {
                if !seen.reported.contains(stamp) {
                    warn!(file = %stamp.path.display(), %error, "cannot use a failover file");
                }
                reported.insert(stamp.clone());
                if let Some(list) = before.and_then(|lists| lists.get(&stamp.service)) {
                    lists.insert(stamp.service.clone(), Arc::clone(list));
                }
            }
        }
    }
    seen.reported = reported;
    lists
}

fn changed(before: Option<&Lists>, after: &Lists) -> Vec<ServiceKey> {
    let empty = Lists::new();
    let before = before.unwrap_or(&empty);
    let other = |service: &&ServiceKey| match (before.get(*service), after.get(*service)) {
        (Some(old), Some(new)) => !Arc::ptr_eq(old, new),
        _ => true,
    };
    let services: HashSet<_> = before.keys().chain(after.keys()).collect();
    services.into_iter().filter(other).cloned().collect()
}

#[cfg(test)]
mod tests;
