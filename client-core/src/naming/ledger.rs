//! What is registered and subscribed on one connection, for all objects that use it, and how it gets and stays
//! there: one call at a time per service, again after each new connection, undone when nobody wants it any more.

mod entry;
mod link;
mod push;
mod subscribed;
mod watched;
mod work;

use std::{
    collections::{HashMap, hash_map},
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{Notify, oneshot, watch},
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};

use super::{model::Instance, tasks::Tasks};
use crate::{
    connection::{Connection, Status},
    error::Error,
    names::{Namespace, ServiceKey},
    pool::Owner,
};

use entry::{Entry, Number};
use link::{Link, position};
use subscribed::Subscribed;
use watched::Watched;

pub(crate) use entry::stays;
pub(crate) use subscribed::Sink;
pub(crate) use watched::{Pattern, PatternSink, Services};

/// What a call may take beyond its limit until it says so.
const GRACE: Duration = Duration::from_millis(200);

/// The ledger of a line.
pub(crate) type Ledger = Book<Connection>;

/// A service in its namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) namespace: Namespace,
    pub(crate) service: ServiceKey,
}

/// Another owner publishes the service on this connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken;

/// What one owner publishes for a service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    One(Arc<Instance>),
    Batch(Arc<[Instance]>),
}

/// See [`Ledger`].
#[derive(Debug)]
pub(crate) struct Book<L> {
    link: L,
    state: Mutex<State>,
    tasks: Tasks,
    /// Tells the keeper that something rests.
    rests: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    publications: HashMap<Scope, Published>,
    /// By service alone: pushes name no namespace, so a connection can follow a service in one namespace only.
    subscriptions: HashMap<ServiceKey, Subscribed>,
    patterns: HashMap<Pattern, Watched>,
}

#[derive(Debug)]
struct Published {
    owner: Owner,
    entry: Entry<Content>,
    /// What was sent last: the request to take it away names an instance.
    sent: Option<Content>,
}

impl Published {
    fn new(owner: Owner) -> Self {
        Self { owner, entry: Entry::new(), sent: None }
    }
}

/// What an entry stands under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Publication(Scope),
    Subscription(ServiceKey),
    Pattern(Pattern),
}

impl<L: Link> Book<L> {
    /// An empty ledger for a connection. Its task needs a runtime and ends with the ledger.
    pub(crate) fn new(link: &L) -> Arc<Self> {
        let rests = Arc::new(Notify::new());
        let book = Arc::new(Self {
            link: link.clone(),
            state: Mutex::default(),
            tasks: Tasks::default(),
            rests: Arc::clone(&rests),
        });
        book.tasks.spawn(Self::keep(Arc::downgrade(&book), link.watch(), rests));
        link.listen(&book);
        book
    }

    /// Reserves the publication of a service on this connection; false when another owner has it.
    pub(crate) fn claim(&self, namespace: &Namespace, service: &ServiceKey, owner: Owner) -> bool {
        let scope = Scope { namespace: namespace.clone(), service: service.clone() };
        let generation = position(&self.link.watch().borrow()).0;
        match self.state.lock().publications.entry(scope) {
            hash_map::Entry::Vacant(vacant) => {
                vacant.insert(Published::new(owner));
                true
            }
            hash_map::Entry::Occupied(mut occupied) => {
                let published = occupied.get_mut();
                if published.owner != owner && !published.entry.is_gone(generation) {
                    return false;
                }
                published.owner = owner;
                true
            }
        }
    }

    /// Publishes on a claimed service, in place of what the owner published there before, and waits until the
    /// server has it. A failure that may pass leaves it in the ledger; a cancelled call takes it back. Fails with
    /// [`Taken`] when another owner was quicker after the claim.
    ///
    /// After `limit` the waiting ends, and nothing else.
    pub(crate) async fn publish(
        self: &Arc<Self>,
        scope: Scope,
        owner: Owner,
        content: Content,
        limit: Duration,
    ) -> Result<Result<(), Error>, Taken> {
        let (answer, answered) = oneshot::channel();
        let number = {
            let mut state = self.state.lock();
            let published = state.publications.entry(scope.clone()).or_insert_with(|| Published::new(owner));
            if published.owner != owner {
                return Err(Taken);
            }
            published.entry.want(content, Some(answer))
        };
        self.work_on(Key::Publication(scope.clone()));
        let mut undo = Undo { book: Arc::downgrade(self), scope: Some((scope, number)) };
        let result = self.within(limit, answered).await;
        undo.scope = None;
        Ok(result)
    }

    /// Takes away what the owner published for a service and waits until the server has nothing. A call that is
    /// cancelled or fails is carried on.
    pub(crate) async fn withdraw(self: &Arc<Self>, scope: Scope, owner: Owner, limit: Duration) -> Result<(), Error> {
        self.withdraw_because(scope, owner, limit, &entry::taken_back()).await
    }

    async fn withdraw_because(
        self: &Arc<Self>,
        scope: Scope,
        owner: Owner,
        limit: Duration,
        reason: &Error,
    ) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        match self.state.lock().publications.get_mut(&scope).filter(|published| published.owner == owner) {
            Some(published) => published.entry.want_nothing(Some(answer), reason),
            None => return Ok(()),
        }
        self.work_on(Key::Publication(scope));
        self.within(limit, answered).await
    }

    /// What the owner publishes for a service.
    pub(crate) fn content(&self, scope: &Scope, owner: Owner) -> Option<Content> {
        let state = self.state.lock();
        let published = state.publications.get(scope).filter(|published| published.owner == owner)?;
        published.entry.content().cloned()
    }

    /// Follows a service. False when the connection follows it in another namespace.
    ///
    /// The sink is told of the list as soon as it is known, which may be during this call.
    pub(crate) fn subscribe(
        self: &Arc<Self>,
        namespace: &Namespace,
        service: &ServiceKey,
        sink: &Weak<dyn Sink>,
    ) -> bool {
        let known = {
            let mut state = self.state.lock();
            let generation = position(&self.link.watch().borrow()).0;
            let fresh = || Subscribed::new(namespace.clone());
            let subscribed = state.subscriptions.entry(service.clone()).or_insert_with(fresh);
            if !subscribed.enter(namespace, sink, generation) {
                return false;
            }
            subscribed.last()
        };
        if let (Some(list), Some(sink)) = (known, sink.upgrade()) {
            sink.take(&list);
        }
        self.work_on(Key::Subscription(service.clone()));
        true
    }

    /// Follows a service no longer for a sink; the server is told when nobody is left.
    pub(crate) fn unsubscribe(self: &Arc<Self>, service: &ServiceKey, sink: &Weak<dyn Sink>) {
        if let Some(subscribed) = self.state.lock().subscriptions.get_mut(service) {
            subscribed.leave(sink);
        }
        self.work_on(Key::Subscription(service.clone()));
    }

    /// Waits until the server has answered the subscription of a service, or why it has not.
    pub(crate) async fn subscribed(self: &Arc<Self>, service: &ServiceKey, limit: Duration) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        match self.state.lock().subscriptions.get_mut(service) {
            Some(subscribed) => subscribed.wait(answer)?,
            None => return Err(Error::closed()),
        }
        self.work_on(Key::Subscription(service.clone()));
        self.within(limit, answered).await
    }

    /// Watches a pattern. The sink is told of the services as soon as they are known.
    pub(crate) fn watch_pattern(self: &Arc<Self>, pattern: &Pattern, sink: &Weak<dyn PatternSink>) {
        let known = {
            let mut state = self.state.lock();
            state.patterns.entry(pattern.clone()).or_insert_with(Watched::new).enter(sink)
        };
        if let (Some(services), Some(sink)) = (known, sink.upgrade()) {
            sink.take(&services);
        }
        self.work_on(Key::Pattern(pattern.clone()));
        // The keeper may not know yet that there is a pattern to compare from time to time.
        self.rests.notify_one();
    }

    /// Watches a pattern no longer for a sink; the server is told when nobody is left.
    pub(crate) fn unwatch_pattern(self: &Arc<Self>, pattern: &Pattern, sink: &Weak<dyn PatternSink>) {
        if let Some(watched) = self.state.lock().patterns.get_mut(pattern) {
            watched.leave(sink);
        }
        self.work_on(Key::Pattern(pattern.clone()));
    }

    /// Waits until the server has answered the watch of a pattern, or why it has not.
    pub(crate) async fn pattern_watched(self: &Arc<Self>, pattern: &Pattern, limit: Duration) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        match self.state.lock().patterns.get_mut(pattern) {
            Some(watched) => watched.wait(answer)?,
            None => return Err(Error::closed()),
        }
        self.work_on(Key::Pattern(pattern.clone()));
        self.within(limit, answered).await
    }

    /// Takes back all that an owner published here, at the latest by `deadline`.
    pub(crate) async fn leave(self: &Arc<Self>, owner: Owner, deadline: Instant) {
        let mine = |(scope, published): (&Scope, &Published)| (published.owner == owner).then(|| scope.clone());
        let scopes: Vec<_> = self.state.lock().publications.iter().filter_map(mine).collect();
        let limit = deadline.saturating_duration_since(Instant::now());
        let all = async {
            let mut leaving = JoinSet::new();
            for scope in scopes {
                if leaving.len() >= work::AT_ONCE {
                    leaving.join_next().await;
                }
                let book = Arc::clone(self);
                leaving.spawn(async move { book.withdraw_because(scope, owner, limit, &Error::closed()).await });
            }
            while leaving.join_next().await.is_some() {}
        };
        // What is not done by then ends with the connection, or is done on one that others go on using.
        let _ = timeout_at(deadline, all).await;
    }

    /// Takes back all that an owner published here, in the background.
    pub(crate) fn abandon(self: &Arc<Self>, owner: Owner) {
        let mut left = Vec::new();
        for (scope, published) in &mut self.state.lock().publications {
            if published.owner == owner {
                published.entry.want_nothing(None, &Error::closed());
                left.push(Key::Publication(scope.clone()));
            }
        }
        left.into_iter().for_each(|key| self.work_on(key));
    }

    /// How many services are published and subscribed.
    #[cfg(test)]
    pub(crate) fn sizes(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.publications.len(), state.subscriptions.len())
    }

    /// Waits for an answer. The call itself has the same limit and knows better what was in the way, so it gets a
    /// little more; it may have begun later, behind another one for the same service.
    async fn within(&self, limit: Duration, answered: oneshot::Receiver<Result<(), Error>>) -> Result<(), Error> {
        match timeout(limit + GRACE, answered).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(Error::closed())),
            Err(_) if position(&self.link.watch().borrow()).1 => Err(Error::timeout(format!("no answer in {limit:?}"))),
            Err(_) => Err(Error::unreachable("not connected")),
        }
    }

    /// Replays after each new connection, and tries again what rests after a failure.
    async fn keep(book: Weak<Self>, mut status: watch::Receiver<Status>, rests: Arc<Notify>) {
        let mut replayed = 0;
        loop {
            let (generation, connected) = position(&status.borrow_and_update());
            let Some(book) = book.upgrade() else { return };
            if connected && generation > replayed {
                replayed = generation;
                book.replay().await;
                continue;
            }
            let next = book.retry_due(connected);
            drop(book);
            tokio::select! {
                changed = status.changed() => if changed.is_err() { return },
                () = rests.notified() => {}
                () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
            }
        }
    }
}

/// Takes a publication back when the call that made it is cancelled.
struct Undo<L: Link> {
    book: Weak<Book<L>>,
    scope: Option<(Scope, Number)>,
}

impl<L: Link> Drop for Undo<L> {
    fn drop(&mut self) {
        let (Some((scope, number)), Some(book)) = (self.scope.take(), self.book.upgrade()) else { return };
        if let Some(published) = book.state.lock().publications.get_mut(&scope) {
            published.entry.cancel(number);
        }
        book.work_on(Key::Publication(scope));
    }
}

#[cfg(test)]
mod tests;
