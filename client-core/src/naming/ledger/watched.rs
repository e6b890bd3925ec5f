//! A pattern of services that is watched on one connection, with the services that are known to fit it.

use std::{
    collections::BTreeSet,
    fmt, ptr,
    sync::{Arc, Weak},
    time::Duration,
};

use nacre_proto::naming::fuzzy::{DELETE_SERVICE, FINISH_INIT, FuzzyWatchContext};
use tokio::{sync::oneshot, time::Instant};

use super::entry::{self, Entry};
use crate::{
    error::Error,
    names::{Namespace, ServiceKey},
    pattern::fits,
};

/// Time after which what is known is compared with the server again.
const RESYNC: Duration = Duration::from_secs(180);

/// What is watched. Each part is a name, `*`, `x*`, `*x` or `*x*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    pub(crate) namespace: Namespace,
    pub(crate) group: Arc<str>,
    pub(crate) service: Arc<str>,
}

impl Pattern {
    /// Whether a service of the namespace fits.
    pub(crate) fn fits(&self, service: &ServiceKey) -> bool {
        fits(&self.group, service.group().as_str()) && fits(&self.service, service.name())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}>>{}>>{}", self.namespace, self.group, self.service)
    }
}

/// Services that fit a pattern.
pub(crate) type Services = Arc<BTreeSet<ServiceKey>>;

/// Takes the services of a pattern. Called outside of locks, from the connection's tasks.
pub(crate) trait PatternSink: Send + Sync + fmt::Debug {
    /// All that are known now. The first time is after the server has told all.
    fn take(&self, services: &Services);

    /// The server refused the watch; it is not tried again.
    fn refused(&self, error: &Error);
}

#[derive(Debug)]
pub(super) struct Watched {
    pub(super) entry: Entry<()>,
    known: Services,
    complete: bool,
    synced: Instant,
    sinks: Vec<Weak<dyn PatternSink>>,
    refusal: Option<Error>,
}

impl Watched {
    pub(super) fn new() -> Self {
        Self {
            entry: Entry::new(),
            known: Services::default(),
            complete: false,
            synced: Instant::now(),
            sinks: Vec::new(),
            refusal: None,
        }
    }

    /// Counts a sink in; answers what is known if that is all.
    pub(super) fn enter(&mut self, sink: &Weak<dyn PatternSink>) -> Option<Services> {
        self.sinks.push(Weak::clone(sink));
        self.refusal = None;
        if self.entry.content().is_none() {
            self.entry.want((), None);
        }
        self.complete.then(|| Arc::clone(&self.known))
    }

    /// Counts a sink out.
    pub(super) fn leave(&mut self, sink: &Weak<dyn PatternSink>) {
        self.sinks.retain(|other| !ptr::addr_eq(other.as_ptr(), sink.as_ptr()) && other.strong_count() > 0);
        if self.sinks.is_empty() {
            self.entry.want_nothing(None, &entry::taken_back());
            (self.known, self.complete) = (Services::default(), false);
        }
    }

    pub(super) fn wait(&mut self, answer: oneshot::Sender<Result<(), Error>>) -> Result<(), Error> {
        match self.entry.join(answer) {
            Some(_) => Ok(()),
            None => Err(self.refusal.clone().unwrap_or_else(Error::closed)),
        }
    }

    pub(super) fn sinks(&self) -> Vec<Arc<dyn PatternSink>> {
        self.sinks.iter().filter_map(Weak::upgrade).collect()
    }

    pub(super) fn refuse(&mut self, error: &Error) -> Vec<Arc<dyn PatternSink>> {
        self.refusal = Some(error.clone());
        self.sinks()
    }

    /// What a request tells the server: the services that are known, and whether more are waited for.
    pub(super) fn tell(&mut self, namespace: &Namespace) -> (Vec<String>, bool) {
        self.synced = Instant::now();
        (self.known.iter().map(|service| format!("{namespace}@@{service}")).collect(), !self.complete)
    }

    /// When it is to be compared with the server again.
    pub(super) fn resync_at(&self) -> Instant {
        self.synced + RESYNC
    }

    /// Compares it with the server at the next opportunity.
    pub(super) fn resync(&mut self) {
        self.synced = Instant::now();
        self.entry.doubt();
    }

    /// Takes a part of a list of differences; answers what is to be shown, if that is known and other than before.
    pub(super) fn sync(
        &mut self,
        namespace: &Namespace,
        kind: &str,
        contexts: &[FuzzyWatchContext],
    ) -> Option<Services> {
        let before = (self.complete, self.known.len());
        let mut changed = false;
        for context in contexts {
            let removed = context.changed_type.as_deref() == Some(DELETE_SERVICE);
            if let Some(service) = context.service_key.as_deref().and_then(|key| service_of(key, namespace)) {
                changed |= self.note(service, removed);
            }
        }
        self.complete |= kind == FINISH_INIT;
        (self.complete && (changed || !before.0)).then(|| Arc::clone(&self.known))
    }

    /// Takes one change.
    pub(super) fn change(&mut self, service: ServiceKey, removed: bool) -> Option<Services> {
        let changed = self.note(service, removed);
        (self.complete && changed).then(|| Arc::clone(&self.known))
    }

    fn note(&mut self, service: ServiceKey, removed: bool) -> bool {
        if removed != self.known.contains(&service) {
            return false;
        }
        let known = Arc::make_mut(&mut self.known);
        if removed { known.remove(&service) } else { known.insert(service) }
    }
}

/// The service of a key of the form `namespace@@group@@service`, if it is of this namespace.
pub(super) fn service_of(key: &str, namespace: &Namespace) -> Option<ServiceKey> {
    let rest = key.strip_prefix(namespace.as_str())?.strip_prefix("@@")?;
    let (group, service) = rest.split_once("@@")?;
    ServiceKey::new(group, service).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_other_namespaces_are_not_ours() {
        let namespace = Namespace::new("dev").expect("legal");
        let key = |text| service_of(text, &namespace).map(|service| service.to_string());
        assert_eq!(key("dev@@G@@a-@b").as_deref(), Some("G@@a-@b"));
        for other in ["dev2@@G@@a", "G@@a", "dev@@a", "", "dev@@G@@a b"] {
            assert_eq!(key(other), None, "{other}");
        }
    }
}
