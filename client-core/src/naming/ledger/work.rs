//! Doing what the entries ask for.

use std::{sync::Arc, time::Duration};

use nacre_proto::naming::fuzzy::{CANCEL_WATCH, NamingFuzzyWatchRequest, WATCH};
use nacre_proto::naming::{
    BATCH_REGISTER, BatchInstanceRequest, DEREGISTER, InstanceRequest, REGISTER, ServiceInfo, SubscribeServiceRequest,
};
use tokio::{task::JoinSet, time::Instant};
use tracing::{debug, warn};

use super::{
    Book, Content, Key, Pattern, Scope, State,
    entry::{Made, Step},
    link::{Link, position},
};
use crate::{
    connection::Resource,
    error::{Error, ErrorKind},
    names::{Namespace, ServiceKey},
    naming::model::{Instance, ServiceSnapshot, Source},
};

/// How many calls of a replay are under way at once.
pub(super) const AT_ONCE: usize = 64;
/// Pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Limits of the server on patterns and their matches: they pass only when somebody gives up.
const TOO_MANY_PATTERNS: [i32; 2] = [50_310, 50_311];
const TOO_MANY_PAUSE: Duration = Duration::from_secs(60);

/// A step with what it needs beside the key.
enum Task {
    /// With an instance to name when it is taken away.
    Publish(Scope, Step<Content>, Option<Content>),
    Subscribe {
        namespace: Namespace,
        service: ServiceKey,
        step: Step<()>,
    },
    /// With the services that are known, and whether more are waited for.
    Watch {
        pattern: Pattern,
        step: Step<()>,
        known: Vec<String>,
        initializing: bool,
    },
}

impl Task {
    fn made(&self) -> Made {
        match self {
            Self::Publish(_, step, _) => step.made(),
            Self::Subscribe { step, .. } | Self::Watch { step, .. } => step.made(),
        }
    }
}

/// How a step is sent.
#[derive(Clone, Copy)]
struct Way {
    generation: u64,
    connected: bool,
    /// A user waits: a connection is waited for, too.
    awaited: bool,
    /// It was sent before, on this connection or another.
    again: bool,
}

/// Does the same to any kind of entry; `$missing` if there is none.
macro_rules! with_entry {
    ($state:expr, $key:expr, $missing:expr, |$entry:ident| $body:expr) => {
        match $key {
            Key::Publication(scope) => match $state.publications.get_mut(scope) {
                Some(published) => {
                    let $entry = &mut published.entry;
                    $body
                }
                None => $missing,
            },
            Key::Subscription(service) => match $state.subscriptions.get_mut(service) {
                Some(subscribed) => {
                    let $entry = &mut subscribed.entry;
                    $body
                }
                None => $missing,
            },
            Key::Pattern(pattern) => match $state.patterns.get_mut(pattern) {
                Some(watched) => {
                    let $entry = &mut watched.entry;
                    $body
                }
                None => $missing,
            },
        }
    };
}

impl State {
    fn keys(&self) -> Vec<Key> {
        let publications = self.publications.keys().cloned().map(Key::Publication);
        let subscriptions = self.subscriptions.keys().cloned().map(Key::Subscription);
        let patterns = self.patterns.keys().cloned().map(Key::Pattern);
        publications.chain(subscriptions).chain(patterns).collect()
    }

    /// Forgets an entry with which nothing is to be done any more.
    fn forget_if_gone(&mut self, key: &Key, generation: u64) {
        if with_entry!(self, key, false, |entry| entry.is_gone(generation)) {
            match key {
                Key::Publication(scope) => drop(self.publications.remove(scope)),
                // After a refusal nothing is wanted, but some are still there to be told why.
                Key::Subscription(service) => {
                    if self.subscriptions.get(service).is_some_and(|subscribed| subscribed.sinks().is_empty()) {
                        self.subscriptions.remove(service);
                    }
                }
                Key::Pattern(pattern) => {
                    if self.patterns.get(pattern).is_some_and(|watched| watched.sinks().is_empty()) {
                        self.patterns.remove(pattern);
                    }
                }
            }
        }
    }
}

impl<L: Link> Book<L> {
    /// Brings an entry to where it is wanted, in the background, unless somebody is at it already.
    pub(super) fn work_on(self: &Arc<Self>, key: Key) {
        if self.start(&key) {
            self.tasks.spawn(Arc::clone(self).work(key));
        }
    }

    /// Does all again that the connection's predecessor had. Publications come first: they are what others miss.
    pub(super) async fn replay(self: &Arc<Self>) {
        let keys = {
            let mut state = self.state.lock();
            state.publications.values_mut().for_each(|published| published.entry.retry_now());
            state.subscriptions.values_mut().for_each(|subscribed| subscribed.entry.retry_now());
            state.patterns.values_mut().for_each(|watched| watched.entry.retry_now());
            state.keys()
        };
        debug!(entries = keys.len(), "registering and subscribing again on a new connection");
        let mut running = JoinSet::new();
        for key in keys {
            if running.len() >= AT_ONCE {
                running.join_next().await;
            }
            if self.start(&key) {
                running.spawn(Arc::clone(self).work(key));
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Works on what has rested long enough; answers when the next one will have.
    pub(super) fn retry_due(self: &Arc<Self>, connected: bool) -> Option<Instant> {
        // Without a connection nothing can be done; the replay on the next one forgets the pauses.
        if !connected {
            return None;
        }
        let now = Instant::now();
        let resting: Vec<_> = {
            let mut state = self.state.lock();
            for watched in state.patterns.values_mut().filter(|watched| watched.resync_at() <= now) {
                watched.resync();
                watched.entry.rest_until(now);
            }
            let resync = state.patterns.iter().map(|(pattern, one)| (one.resync_at(), Key::Pattern(pattern.clone())));
            let resync: Vec<_> = resync.collect();
            let keys = state.keys().into_iter();
            let rest = keys.filter_map(|key| {
                let at = with_entry!(state, &key, None, |entry| entry.retry_at())?;
                Some((at, key))
            });
            rest.chain(resync).collect()
        };
        let (due, later): (Vec<_>, Vec<_>) = resting.into_iter().partition(|(at, _)| *at <= now);
        due.into_iter().for_each(|(_, key)| self.work_on(key));
        later.into_iter().map(|(at, _)| at).min()
    }

    fn start(&self, key: &Key) -> bool {
        with_entry!(self.state.lock(), key, false, |entry| entry.start(Instant::now()))
    }

    /// Makes one step after the other until the entry is where it is wanted, or has to rest.
    async fn work(self: Arc<Self>, key: Key) {
        let status = self.link.watch();
        loop {
            let (generation, connected) = position(&status.borrow());
            let Some((task, way)) = self.next(&key, generation, connected) else { return };
            let made = task.made();
            let (result, on, certain) = self.send(&task, way).await;
            match result {
                Ok(list) => {
                    // Before anybody is told that it is done: who is told finds the list.
                    if let (Some(info), Key::Subscription(service)) = (list, &key) {
                        self.accept(service, info, on);
                    }
                    with_entry!(self.state.lock(), &key, (), |entry| entry.done(made, on, certain));
                    if way.again && matches!(made, Made::Put(_)) {
                        self.link.count_redone();
                    }
                }
                Err(error) => {
                    if !self.failed(&key, made, on, &error) {
                        return;
                    }
                }
            }
        }
    }

    /// The next step, or None when the entry is given back.
    fn next(&self, key: &Key, generation: u64, connected: bool) -> Option<(Task, Way)> {
        let mut state = self.state.lock();
        let (awaited, again) = with_entry!(state, key, return None, |entry| (entry.is_awaited(), entry.is_again()));
        let task = match key {
            Key::Publication(scope) => {
                let published = state.publications.get_mut(scope)?;
                let step = published.entry.next(generation);
                let before = published.sent.clone();
                if let Some(Step::Put { content, .. }) = &step {
                    published.sent = Some(content.clone());
                }
                step.map(|step| Task::Publish(scope.clone(), step, before))
            }
            Key::Subscription(service) => {
                let subscribed = state.subscriptions.get_mut(service)?;
                let (namespace, service) = (subscribed.namespace.clone(), service.clone());
                subscribed.entry.next(generation).map(|step| Task::Subscribe { namespace, service, step })
            }
            Key::Pattern(pattern) => {
                let watched = state.patterns.get_mut(pattern)?;
                watched.entry.next(generation).map(|step| {
                    let (known, initializing) = watched.tell(&pattern.namespace);
                    Task::Watch { pattern: pattern.clone(), step, known, initializing }
                })
            }
        };
        match task {
            Some(task) if connected || awaited => {
                with_entry!(state, key, (), |entry| entry.sent());
                Some((task, Way { generation, connected, awaited, again }))
            }
            _ => {
                with_entry!(state, key, (), |entry| entry.stop());
                state.forget_if_gone(key, generation);
                None
            }
        }
    }

    /// Records a failure. False when the entry is given back.
    fn failed(&self, key: &Key, made: Made, on: u64, error: &Error) -> bool {
        let (now, _) = position(&self.link.watch().borrow());
        let (mut told, mut told_too) = (Vec::new(), Vec::new());
        let go_on = {
            let mut state = self.state.lock();
            let failures = with_entry!(state, key, return false, |entry| entry.failed(made, on, error));
            if failures.is_none() {
                if error.kind() != ErrorKind::Closed {
                    warn!(?key, %error, "refused, not tried again");
                }
                match (key, made) {
                    (Key::Subscription(service), Made::Put(_)) => {
                        told = state.subscriptions.get_mut(service).map(|one| one.refuse(error)).unwrap_or_default();
                    }
                    (Key::Pattern(pattern), Made::Put(_)) => {
                        told_too = state.patterns.get_mut(pattern).map(|one| one.refuse(error)).unwrap_or_default();
                    }
                    _ => {}
                }
            }
            match failures {
                // What it failed for may be gone with the connection.
                Some(_) if now != on => {
                    with_entry!(state, key, (), |entry| entry.retry_now());
                    true
                }
                Some(failures) => {
                    debug!(?key, %error, failures, "failed, will be tried again");
                    with_entry!(state, key, (), |entry| {
                        entry.rest_until(Instant::now() + pause(failures, error));
                        entry.stop();
                    });
                    false
                }
                None => true,
            }
        };
        self.rests.notify_one();
        told.iter().for_each(|sink| sink.refused(error));
        told_too.iter().for_each(|sink| sink.refused(error));
        go_on
    }

    /// Makes a step. Answers the list that came with it, the generation that it was made on, and whether that is sure.
    async fn send(&self, task: &Task, way: Way) -> (Result<Option<ServiceInfo>, Error>, u64, bool) {
        let result = match task {
            Task::Publish(scope, step, before) => {
                self.send_publication(scope, step, before.as_ref(), way).await.map(|()| None)
            }
            Task::Subscribe { namespace, service, step } => {
                let subscribe = matches!(step, Step::Put { .. });
                let sent = self.send_subscription(namespace, service, subscribe, way).await;
                sent.map(|info| info.filter(|_| subscribe))
            }
            Task::Watch { pattern, step, known, initializing } => {
                self.send_watch(pattern, step, known, *initializing, way).await.map(|()| None)
            }
        };
        let (after, _) = position(&self.link.watch().borrow());
        let first = if way.connected { way.generation } else { way.generation + 1 };
        // Without a user only one connection was tried. With one, several may have been.
        let on = if way.awaited { after } else { way.generation };
        (result, on, !way.awaited || after <= first)
    }

    async fn send_publication(
        &self,
        scope: &Scope,
        step: &Step<Content>,
        before: Option<&Content>,
        way: Way,
    ) -> Result<(), Error> {
        let (namespace, service) = (&scope.namespace, &scope.service);
        let resource = resource(namespace, service);
        let names = || {
            let group = service.group().as_str().to_owned();
            (Some(namespace.as_str().to_owned()), Some(service.name().to_owned()), Some(group))
        };
        let one = |kind: &str, instance: &Instance| {
            let (namespace, service_name, group_name) = names();
            let (kind, instance) = (Some(kind.to_owned()), Some(instance.to_wire()));
            InstanceRequest { namespace, service_name, group_name, kind, instance, ..InstanceRequest::default() }
        };
        match step {
            Step::Put { content: Content::One(instance), .. } => {
                self.call(&one(REGISTER, instance), resource, way).await.map(|_| ())
            }
            Step::Put { content: Content::Batch(instances), .. } => {
                let (namespace, service_name, group_name) = names();
                let request = BatchInstanceRequest {
                    namespace,
                    service_name,
                    group_name,
                    kind: Some(BATCH_REGISTER.to_owned()),
                    instances: Some(instances.iter().map(Instance::to_wire).collect()),
                    ..BatchInstanceRequest::default()
                };
                self.call(&request, resource, way).await.map(|_| ())
            }
            Step::Take => {
                // The server takes all away, whatever instance is named; but one must be.
                let any = || Arc::new(Instance::new("0.0.0.0", 0));
                let named = match before {
                    Some(Content::One(instance)) => Arc::clone(instance),
                    Some(Content::Batch(instances)) => instances.first().cloned().map_or_else(any, Arc::new),
                    None => any(),
                };
                self.call(&one(DEREGISTER, &named), resource, way).await.map(|_| ())
            }
        }
    }

    async fn send_subscription(
        &self,
        namespace: &Namespace,
        service: &ServiceKey,
        subscribe: bool,
        way: Way,
    ) -> Result<Option<ServiceInfo>, Error> {
        let request = SubscribeServiceRequest {
            namespace: Some(namespace.as_str().to_owned()),
            service_name: Some(service.name().to_owned()),
            group_name: Some(service.group().as_str().to_owned()),
            subscribe,
            // Always the whole service: clusters are chosen on this side, where several users may differ.
            clusters: Some(String::new()),
            ..SubscribeServiceRequest::default()
        };
        Ok(self.call(&request, resource(namespace, service), way).await?.service_info)
    }

    async fn send_watch(
        &self,
        pattern: &Pattern,
        step: &Step<()>,
        known: &[String],
        initializing: bool,
        way: Way,
    ) -> Result<(), Error> {
        let namespace = pattern.namespace.as_str();
        let kind = if matches!(step, Step::Put { .. }) { WATCH } else { CANCEL_WATCH };
        let request = NamingFuzzyWatchRequest {
            namespace: Some(namespace.to_owned()),
            group_key_pattern: Some(pattern.to_string()),
            received_group_keys: Some(known.to_vec()),
            watch_type: Some(kind.to_owned()),
            initializing,
            ..NamingFuzzyWatchRequest::default()
        };
        let resource = Resource::Naming { namespace, group: &pattern.group, service: "" };
        self.call(&request, resource, way).await.map(|_| ())
    }

    async fn call<Q>(&self, request: &Q, resource: Resource<'_>, way: Way) -> Result<Q::Response, Error>
    where
        Q: nacre_proto::Request + Sync,
    {
        if way.awaited {
            self.link.call(request, resource).await
        } else {
            self.link.call_on(way.generation, request, resource).await
        }
    }

    /// Takes a list for a subscribed service from the connection of this generation.
    pub(crate) fn accept(&self, service: &ServiceKey, info: ServiceInfo, generation: u64) {
        let list = ServiceSnapshot::from_wire(service.clone(), info, Source::Server);
        let (list, sinks) = {
            let mut state = self.state.lock();
            let Some(subscribed) = state.subscriptions.get_mut(service) else { return };
            match subscribed.accept(list, generation) {
                Some(list) => (list, subscribed.sinks()),
                None => {
                    debug!(%service, "ignored a list that is older than the present one");
                    return;
                }
            }
        };
        sinks.iter().for_each(|sink| sink.take(&list));
    }
}

fn resource<'a>(namespace: &'a Namespace, service: &'a ServiceKey) -> Resource<'a> {
    Resource::Naming { namespace: namespace.as_str(), group: service.group().as_str(), service: service.name() }
}

fn pause(failures: u32, error: &Error) -> Duration {
    if TOO_MANY_PATTERNS.contains(&error.code()) {
        return TOO_MANY_PAUSE;
    }
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(8));
    let jitter: f64 = rand::random_range(0.8..1.2);
    doubled.min(LONGEST_PAUSE).mul_f64(jitter)
}
