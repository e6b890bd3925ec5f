//! Which services there are.

use std::{
    collections::BTreeSet,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use futures_core::Stream;
use nacre_proto::naming::ServiceListRequest;
use parking_lot::Mutex;
use tokio::time::sleep;
use tracing::debug;

use super::{
    Inner, Naming,
    bell::{Bell, Ready},
    fuzzy::FuzzyWatch,
    tasks::Tasks,
};
use crate::{
    connection::{Call, Resource},
    error::Error,
    names::Group,
};

/// Names in one page when all are read.
const PAGE: u32 = 5_000;
/// Pages until a list that grows faster than it is read is taken as it is.
const MOST_PAGES: u32 = 1_000;
/// Where the server tells of changes, the list is read this many times less often.
const SELDOM: u32 = 6;
/// Time for further changes when the server has told of one.
const SETTLE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// One page of the names of the services of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServicePage {
    /// How many services there are on all pages.
    pub count: u32,
    /// Names without group, in no fixed order.
    pub names: Vec<String>,
}

/// The names of the services of a group at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceNames {
    /// The group.
    pub group: Group,
    /// Rises with each change that was seen, from 1.
    pub revision: u64,
    /// Names without group, sorted.
    pub names: Arc<[String]>,
}

impl Naming {
    /// One page of the services of a group. Pages count from 1; a page behind the last one is empty.
    ///
    /// # Errors
    /// When the server cannot be reached in time or refuses.
    pub async fn services(&self, group: &Group, page: u32, size: u32) -> Result<ServicePage, Error> {
        self.holder().open()?;
        let namespace = self.namespace().as_str();
        let request = ServiceListRequest {
            namespace: Some(namespace.to_owned()),
            service_name: Some(String::new()),
            group_name: Some(group.as_str().to_owned()),
            page_no: i32::try_from(page.max(1)).unwrap_or(i32::MAX),
            page_size: i32::try_from(size).unwrap_or(i32::MAX),
            ..ServiceListRequest::default()
        };
        let resource = Resource::Naming { namespace, group: group.as_str(), service: "" };
        let call = Call { resource, timeout: Some(self.request_timeout()), ..Call::default() };
        let reply = self.main().connection().call_with(&request, call).await?;
        let names = reply.service_names.unwrap_or_default();
        Ok(ServicePage { count: u32::try_from(reply.count).unwrap_or_default(), names })
    }

    /// The names of all services of a group, sorted.
    ///
    /// # Errors
    /// When the server cannot be reached in time or refuses.
    pub async fn all_services(&self, group: &Group) -> Result<Vec<String>, Error> {
        let mut names = BTreeSet::new();
        for page in 1..=MOST_PAGES {
            let found = self.services(group, page, PAGE).await?;
            // Some servers count differently from what they list; a page that is not full is the last.
            let last = found.names.len() < PAGE as usize;
            names.extend(found.names);
            if last {
                break;
            }
        }
        Ok(names.into_iter().collect())
    }

    /// Follows the names of the services of a group: by watching where the server offers that, otherwise by asking
    /// again and again ([`NamingOptions::services_refresh`](crate::options::NamingOptions::services_refresh)).
    ///
    /// # Errors
    /// [`Closed`](crate::ErrorKind::Closed) when the client is closed.
    pub fn watch_services(&self, group: &Group) -> Result<ServicesWatch, Error> {
        self.holder().open()?;
        let mut groups = self.inner.groups.lock();
        groups.retain(|_, watched| watched.strong_count() > 0);
        let watched = groups.get(group).and_then(Weak::upgrade).unwrap_or_else(|| {
            let watched = Arc::new(Watched::new(group.clone()));
            groups.insert(group.clone(), Arc::downgrade(&watched));
            let period = self.lines().options().naming.services_refresh;
            watched.task.spawn(follow(Arc::downgrade(&self.inner), Arc::downgrade(&watched), group.clone(), period));
            watched
        });
        drop(groups);
        let viewer = Arc::new(Viewer::default());
        {
            let mut viewers = watched.viewers.lock();
            viewers.retain(|viewer| viewer.strong_count() > 0);
            viewers.push(Arc::downgrade(&viewer));
        }
        Ok(ServicesWatch { watched, viewer, naming: self.clone() })
    }
}

/// A group that is followed for any number of watches.
#[derive(Debug)]
pub(super) struct Watched {
    group: Group,
    now: Mutex<Option<ServiceNames>>,
    viewers: Mutex<Vec<Weak<Viewer>>>,
    task: Tasks,
}

/// One watch.
#[derive(Debug, Default)]
struct Viewer {
    taken: Mutex<u64>,
    bell: Bell,
}

impl Watched {
    fn new(group: Group) -> Self {
        Self { group, now: Mutex::default(), viewers: Mutex::default(), task: Tasks::default() }
    }

    /// Shows names, if they are others than before.
    fn show(&self, names: Vec<String>) {
        {
            let mut now = self.now.lock();
            if now.as_ref().is_some_and(|now| *now.names == *names) {
                return;
            }
            let revision = now.as_ref().map_or(1, |now| now.revision + 1);
            *now = Some(ServiceNames { group: self.group.clone(), revision, names: names.into() });
        }
        self.ring();
    }

    /// Tells that the client is closed.
    pub(super) fn end(&self) {
        self.task.abort();
        self.ring();
    }

    fn ring(&self) {
        let viewers: Vec<_> = self.viewers.lock().iter().filter_map(Weak::upgrade).collect();
        viewers.iter().for_each(|viewer| viewer.bell.ring());
    }
}

/// Reads the names again and again until nobody watches any more.
async fn follow(inner: Weak<Inner>, watched: Weak<Watched>, group: Group, period: Duration) {
    let mut failures = 0;
    let mut fuzzy: Option<FuzzyWatch> = None;
    loop {
        let pause = {
            let Some(naming) = inner.upgrade().map(|inner| Naming { inner }) else { return };
            if fuzzy.is_none() && naming.main().connection().status().borrow().abilities.fuzzy_watch {
                // Without it, because of a limit say, the list is read as often as from other servers.
                fuzzy = naming.watch_fuzzy(group.as_str(), "*").await.ok();
            }
            match naming.all_services(&group).await {
                Ok(names) => {
                    failures = 0;
                    let Some(watched) = watched.upgrade() else { return };
                    watched.show(names);
                    if fuzzy.is_some() { period * SELDOM } else { period }
                }
                Err(error) => {
                    failures += 1;
                    debug!(%group, %error, failures, "cannot read the list of services");
                    period.saturating_mul(1 << failures.min(6)).min(LONGEST_PAUSE.max(period))
                }
            }
        };
        let Some(mut status) = inner.upgrade().map(|inner| inner.lines.main().connection().status()) else { return };
        let generation = status.borrow_and_update().generation;
        let reconnected = async {
            // What was missed during an outage is not waited for; an error means that the connection is gone.
            let _ = status.wait_for(|status| status.generation > generation).await;
        };
        let told = async {
            match &fuzzy {
                Some(fuzzy) if fuzzy.changed().await => {
                    fuzzy.take_newest();
                    sleep(SETTLE).await;
                }
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = reconnected => {}
            () = told => {}
        }
        if watched.strong_count() == 0 {
            return;
        }
    }
}

/// Follows the services of a group. Dropping it ends that.
///
/// A [`Stream`] of [`ServiceNames`]: the first item is the present list, even if it is empty; then one follows
/// whenever it is another. Who is slow gets the newest only. It ends when the client is closed.
#[derive(Debug)]
pub struct ServicesWatch {
    watched: Arc<Watched>,
    viewer: Arc<Viewer>,
    naming: Naming,
}

impl ServicesWatch {
    /// The group.
    pub fn group(&self) -> &Group {
        &self.watched.group
    }

    /// The newest list, whether taken or not; `None` until one is known.
    pub fn current(&self) -> Option<ServiceNames> {
        self.watched.now.lock().clone()
    }

    /// The newest list, unless it was taken before.
    pub fn take_newest(&self) -> Option<ServiceNames> {
        let now = self.current()?;
        let mut taken = self.viewer.taken.lock();
        if now.revision <= *taken {
            return None;
        }
        *taken = now.revision;
        Some(now)
    }

    /// Waits until there is something to [`take_newest`](ServicesWatch::take_newest). False when there will never be.
    pub async fn changed(&self) -> bool {
        poll_fn(|context| self.poll(context)).await
    }

    /// Calls `ready` whenever there may be something to take, in place of a function that was given before. It must
    /// not block.
    pub fn on_ready(&self, ready: Ready) {
        self.viewer.bell.on_ring(ready);
        if self.has_news() {
            self.viewer.bell.ring();
        }
    }

    fn has_news(&self) -> bool {
        let revision = self.watched.now.lock().as_ref().map_or(0, |now| now.revision);
        revision > *self.viewer.taken.lock()
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<bool> {
        self.viewer.bell.wait(context.waker());
        if self.naming.holder().open().is_err() {
            Poll::Ready(false)
        } else if self.has_news() {
            Poll::Ready(true)
        } else {
            Poll::Pending
        }
    }
}

impl Stream for ServicesWatch {
    type Item = ServiceNames;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<ServiceNames>> {
        match self.poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(more) => Poll::Ready(if more { self.take_newest() } else { None }),
        }
    }
}
