//! What one connection listens to, and the notifications that wait for it.
//!
//! A mailbox holds one entry per listened config: changes that come before the connection took the
//! last notification merge into one. The connection polls for frames, so one that does not read
//! costs no more than its entries.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::time::{Instant, Sleep};

use crate::{
    error::Error,
    hub::{Hub, Interest, Tenant, Waiting},
    key::ConfigKey,
    machine::ConfigMachine,
    md5::Md5,
    metrics::Metrics,
    rule::Labels,
    settings::Settings,
};

/// Makes the frames that connections send.
pub trait Encoder: Send + Sync + 'static {
    /// The frame that says a config changed. `tenant` is the namespace as this listener spells it,
    /// `None` if it left it blank.
    fn notify(&self, request_id: u64, key: &ConfigKey, tenant: Option<&str>) -> Bytes;
}

/// One config of a listen request.
#[derive(Clone, Copy, Debug)]
pub struct Listen<'a> {
    /// Which config.
    pub key: &'a ConfigKey,
    /// The namespace as the client spells it; notifications repeat it.
    pub tenant: Option<&'a str>,
    /// md5 of what the client holds: empty for nothing, `None` if it does not say.
    pub md5: Option<&'a str>,
}

/// A frame that several connections may share.
pub(crate) struct Notice {
    request_id: u64,
    frame: Bytes,
}

/// Makes notices.
pub(crate) struct Notices {
    pub(crate) encoder: Arc<dyn Encoder>,
    pub(crate) request_ids: Arc<AtomicU64>,
}

impl Notices {
    pub(crate) fn encode(&self, key: &ConfigKey, tenant: Option<&str>) -> Notice {
        let request_id = self.request_ids.fetch_add(1, Ordering::Relaxed) + 1;
        Notice { request_id, frame: self.encoder.notify(request_id, key, tenant) }
    }
}

/// What listeners share.
pub(crate) struct Shared {
    pub(crate) machine: Arc<ConfigMachine>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) notices: Arc<Notices>,
    pub(crate) settings: Settings,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) last_listener: AtomicU64,
}

/// The listens of one connection. Cheap to clone; the last clone's end ends the listens.
#[derive(Clone)]
pub struct Listener {
    owner: Arc<Owner>,
}

/// Ends the listens when the last handle goes. The hub holds the mailbox, not this.
struct Owner {
    mailbox: Arc<Mailbox>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.mailbox.close();
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("id", &self.owner.mailbox.id).finish_non_exhaustive()
    }
}

/// Names an entry of a mailbox.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Watched {
    key: ConfigKey,
    tenant: Tenant,
}

/// Where the notification of one config stands.
#[derive(Default)]
enum Push {
    /// Nothing to tell.
    #[default]
    Idle,
    /// Waits for the connection to take it; without a notice it is a repetition.
    Ready { notice: Option<Arc<Notice>>, attempts: u32 },
    /// Taken, not acknowledged. `until` is the end of its time, or of the wait before the next.
    Sent { request_id: u64, until: Instant, attempts: u32, has_failed: bool },
}

/// One listened config.
#[derive(Default)]
struct Watch {
    push: Push,
    /// What the client said it holds.
    md5: Option<Md5>,
}

#[derive(Default)]
struct State {
    watches: HashMap<Watched, Watch>,
    /// The client's address, once it listens.
    ip: Option<Box<str>>,
    ready: VecDeque<Watched>,
    /// The watches that are `Sent`, by request id.
    sent: HashMap<u64, Watched>,
    /// When each of them is due.
    due: BTreeSet<(Instant, u64)>,
    timer: Option<Pin<Box<Sleep>>>,
    waker: Option<Waker>,
    is_ended: bool,
}

/// What waits for one connection.
pub(crate) struct Mailbox {
    id: u64,
    shared: Weak<Shared>,
    state: Mutex<State>,
}

impl Listener {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let id = shared.last_listener.fetch_add(1, Ordering::Relaxed);
        let mailbox = Mailbox { id, shared: Arc::downgrade(shared), state: Mutex::default() };
        Self { owner: Arc::new(Owner { mailbox: Arc::new(mailbox) }) }
    }

    /// Starts to listen to configs, and answers which of them, by position, differ from what the
    /// client holds. Listening begins before the comparison, so no change falls between.
    ///
    /// # Errors
    /// [`Error::TooManyListens`]; then nothing was added.
    pub fn listen(&self, listens: &[Listen<'_>], labels: &Labels) -> Result<Vec<usize>, Error> {
        let mailbox = &self.owner.mailbox;
        let shared = mailbox.shared()?;
        mailbox.add(&shared, listens, labels)?;
        Ok(differing(&shared.machine, listens.iter().map(|listen| (listen.key, listen.md5)), labels))
    }

    /// Stops listening to configs.
    pub fn unlisten(&self, listens: &[Listen<'_>]) {
        self.owner.mailbox.remove(listens);
    }

    /// The next frame to send. `None` says that the connection must end: it acknowledged nothing,
    /// or the listener was closed.
    pub fn poll_notify(&self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.owner.mailbox.poll(cx)
    }

    /// Takes the client's answer to a notification. Answers whether this listener waited for it.
    pub fn acked(&self, request_id: u64, is_success: bool) -> bool {
        self.owner.mailbox.acked(request_id, is_success)
    }

    /// How many configs are listened to.
    #[must_use]
    pub fn count(&self) -> usize {
        self.owner.mailbox.state.lock().watches.len()
    }

    /// Ends all listens; [`Listener::poll_notify`] answers `None` from now on.
    pub fn close(&self) {
        self.owner.mailbox.close();
    }
}

/// The positions of the configs of which this caller is served something else than it holds.
pub(crate) fn differing<'a>(
    machine: &ConfigMachine,
    held: impl Iterator<Item = (&'a ConfigKey, Option<&'a str>)>,
    labels: &Labels,
) -> Vec<usize> {
    let differs = |(position, (key, md5)): (usize, (&ConfigKey, Option<&str>))| {
        let served = machine.entry(key).and_then(|entry| entry.served_md5(labels));
        (!Md5::agrees(served, md5)).then_some(position)
    };
    held.enumerate().filter_map(differs).collect()
}

fn watched(listen: &Listen<'_>) -> Watched {
    // A blank namespace is left out of notifications, as clients that send it expect.
    let tenant = listen.tenant.filter(|tenant| !tenant.trim().is_empty()).map(Arc::from);
    Watched { key: listen.key.clone(), tenant }
}

impl Mailbox {
    fn shared(&self) -> Result<Arc<Shared>, Error> {
        self.shared.upgrade().ok_or_else(|| Error::Unavailable("shut down".to_owned()))
    }

    fn interest(&self, watched: &Watched) -> Interest {
        Interest { of: self.id, tenant: watched.tenant.clone() }
    }

    // The hub's lock is taken inside this one, never the other way round, so that the two agree
    // whatever requests of one connection run side by side.
    fn add(self: &Arc<Self>, shared: &Shared, listens: &[Listen<'_>], labels: &Labels) -> Result<(), Error> {
        let limit = shared.settings.max_listens_per_connection;
        let mut state = self.state.lock();
        if state.is_ended {
            return Ok(());
        }
        let mut added: Vec<_> =
            listens.iter().map(watched).filter(|watched| !state.watches.contains_key(watched)).collect();
        if state.watches.len() + added.len() > limit {
            // Repetitions within the request count once.
            let mut seen = std::collections::HashSet::new();
            added.retain(|watched| seen.insert(watched.clone()));
            if state.watches.len() + added.len() > limit {
                return Err(Error::TooManyListens { limit });
            }
        }
        for watched in added {
            shared.hub.add(&watched.key, self.interest(&watched), Waiting::Connection(self.clone()));
            if state.watches.insert(watched, Watch::default()).is_none() {
                shared.metrics.listens.add(1);
            }
        }
        if state.ip.is_none() {
            state.ip = labels.get(crate::rule::CLIENT_IP).map(Into::into);
        }
        for listen in listens {
            if let Some(watch) = state.watches.get_mut(&watched(listen)) {
                watch.md5 = listen.md5.and_then(Md5::parse);
            }
        }
        Ok(())
    }

    fn remove(&self, listens: &[Listen<'_>]) {
        let Ok(shared) = self.shared() else { return };
        let mut state = self.state.lock();
        for listen in listens {
            let watched = watched(listen);
            let Some(Watch { push, .. }) = state.watches.remove(&watched) else { continue };
            shared.hub.remove(&watched.key, &self.interest(&watched));
            shared.metrics.listens.subtract(1);
            match push {
                Push::Idle => {}
                Push::Ready { .. } => state.ready.retain(|ready| *ready != watched),
                Push::Sent { request_id, until, .. } => state.forget_sent(request_id, until),
            }
        }
    }

    fn close(&self) {
        let mut state = self.state.lock();
        state.is_ended = true;
        let watches = std::mem::take(&mut state.watches);
        state.ready = VecDeque::new();
        state.sent = HashMap::new();
        state.due = BTreeSet::new();
        state.timer = None;
        let waker = state.waker.take();
        if let Ok(shared) = self.shared() {
            for watched in watches.keys() {
                shared.hub.remove(&watched.key, &self.interest(watched));
            }
            shared.metrics.listens.subtract(watches.len() as u64);
        }
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Puts a change in; one that was not taken yet is replaced, one that was not acknowledged yet
    /// is no longer waited for.
    pub(crate) fn put(&self, key: &ConfigKey, tenant: &Tenant, notice: Arc<Notice>) {
        let watched = Watched { key: key.clone(), tenant: tenant.clone() };
        let mut state = self.state.lock();
        let Some(watch) = state.watches.get_mut(&watched) else { return };
        let before = std::mem::replace(&mut watch.push, Push::Ready { notice: Some(notice), attempts: 0 });
        match before {
            Push::Ready { .. } => return,
            Push::Idle => {}
            Push::Sent { request_id, until, .. } => state.forget_sent(request_id, until),
        }
        state.ready.push_back(watched);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The client's address with the md5 that it holds of one config.
    pub(crate) fn holder(&self, key: &ConfigKey, tenant: &Tenant) -> Option<(Box<str>, Option<Md5>)> {
        let state = self.state.lock();
        let watch = state.watches.get(&Watched { key: key.clone(), tenant: tenant.clone() })?;
        Some((state.ip.clone()?, watch.md5))
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Ok(shared) = self.shared() else { return Poll::Ready(None) };
        let mut state = self.state.lock();
        loop {
            if state.is_ended {
                return Poll::Ready(None);
            }
            if let Some(frame) = state.take(&shared) {
                return Poll::Ready(Some(frame));
            }
            if !state.is_due(cx) {
                state.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            if state.expire(&shared) {
                drop(state);
                self.close();
                return Poll::Ready(None);
            }
        }
    }

    fn acked(&self, request_id: u64, is_success: bool) -> bool {
        let Ok(shared) = self.shared() else { return false };
        let mut state = self.state.lock();
        let Some(watched) = state.sent.get(&request_id).cloned() else { return false };
        if is_success {
            shared.metrics.notifies_acked.add(1);
            if let Some(watch) = state.watches.get_mut(&watched)
                && let Push::Sent { until, .. } = std::mem::take(&mut watch.push)
            {
                state.forget_sent(request_id, until);
            }
            return true;
        }
        let is_over = state.fail(request_id, Instant::now(), &shared);
        // The timer must be set anew by whoever polls.
        let waker = state.waker.take();
        drop(state);
        if is_over {
            self.close();
        }
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }
}

impl State {
    fn forget_sent(&mut self, request_id: u64, until: Instant) {
        self.sent.remove(&request_id);
        self.due.remove(&(until, request_id));
    }

    /// Takes the oldest ready notification and waits for its acknowledgement from now on.
    fn take(&mut self, shared: &Shared) -> Option<Bytes> {
        while let Some(watched) = self.ready.pop_front() {
            let Some(Watch { push, .. }) = self.watches.get_mut(&watched) else { continue };
            let Push::Ready { notice, attempts } = push else { continue };
            let attempts = *attempts + 1;
            let (request_id, frame) = match notice.take() {
                Some(notice) => (notice.request_id, notice.frame.clone()),
                None => {
                    shared.metrics.notifies_retried.add(1);
                    let notice = shared.notices.encode(&watched.key, watched.tenant.as_deref());
                    (notice.request_id, notice.frame)
                }
            };
            shared.metrics.notifies_sent.add(1);
            let until = Instant::now() + shared.settings.notify_timeout();
            *push = Push::Sent { request_id, until, attempts, has_failed: false };
            self.sent.insert(request_id, watched);
            self.due.insert((until, request_id));
            return Some(frame);
        }
        None
    }

    /// Whether the first of the sent ones is due; otherwise the task is woken when it is.
    fn is_due(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(&(first, _)) = self.due.first() else { return false };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(first)));
        // A timer that is too early only costs one look; setting it for every frame would cost more.
        if timer.deadline() > first || timer.is_elapsed() {
            timer.as_mut().reset(first);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if first <= Instant::now() {
                return true;
            }
            timer.as_mut().reset(first);
        }
        false
    }

    /// Goes on with the first of the sent ones: its time is over, or the wait before the next send.
    /// Answers whether the connection must end.
    fn expire(&mut self, shared: &Shared) -> bool {
        let Some(&(at, request_id)) = self.due.first() else { return false };
        let Some(watched) = self.sent.get(&request_id).cloned() else {
            self.due.pop_first();
            return false;
        };
        match self.watches.get_mut(&watched) {
            Some(Watch { push: push @ Push::Sent { has_failed: true, .. }, .. }) => {
                let attempts = if let Push::Sent { attempts, .. } = push { *attempts } else { 0 };
                *push = Push::Ready { notice: None, attempts };
                self.forget_sent(request_id, at);
                self.ready.push_back(watched);
                false
            }
            Some(Watch { push: Push::Sent { .. }, .. }) => self.fail(request_id, at, shared),
            _ => {
                self.forget_sent(request_id, at);
                false
            }
        }
    }

    /// Notes that a notification failed at a time. Answers whether the connection must end.
    fn fail(&mut self, request_id: u64, at: Instant, shared: &Shared) -> bool {
        let Some(watched) = self.sent.get(&request_id) else { return false };
        let watch = self.watches.get_mut(watched);
        let Some(Watch { push: Push::Sent { until, attempts, has_failed, .. }, .. }) = watch else { return false };
        if *has_failed {
            return false;
        }
        shared.metrics.notifies_failed.add(1);
        let limit = shared.settings.notify_attempts;
        if limit > 0 && *attempts >= limit {
            tracing::info!(attempts, "config listener acknowledges nothing");
            return true;
        }
        self.due.remove(&(*until, request_id));
        *has_failed = true;
        *until = at + shared.settings.retry_delay(*attempts);
        self.due.insert((*until, request_id));
        false
    }
}

#[cfg(test)]
pub(crate) mod tests;
