//! Watching which services fit a pattern, on servers from 3.0 on.

use std::{
    collections::BTreeSet,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
};

use futures_core::Stream;
use parking_lot::Mutex;

use super::{
    Naming,
    bell::{Bell, Ready},
    ledger::{Pattern, PatternSink, Services},
};
use crate::{error::Error, names::ServiceKey, pool::Line};

/// Longest part of a pattern.
const PART_LENGTH: usize = 512;

/// Services that came and went since this was last looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FuzzyChange {
    /// Services that fit and were not there before.
    pub added: Vec<ServiceKey>,
    /// Services that are gone.
    pub removed: Vec<ServiceKey>,
}

/// What a watch knows and what was taken of it.
#[derive(Debug, Default)]
pub(super) struct Board {
    state: Mutex<State>,
    bell: Bell,
}

#[derive(Debug, Default)]
struct State {
    now: Option<Services>,
    taken: Option<Services>,
    refusal: Option<Error>,
}

impl State {
    fn has_change(&self) -> bool {
        match (&self.taken, &self.now) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(taken), Some(now)) => !Arc::ptr_eq(taken, now) && taken != now,
        }
    }
}

impl Board {
    /// Tells that the client is closed.
    pub(super) fn end(&self) {
        self.bell.ring();
    }
}

impl PatternSink for Board {
    fn take(&self, services: &Services) {
        self.state.lock().now = Some(Arc::clone(services));
        self.bell.ring();
    }

    fn refused(&self, error: &Error) {
        self.state.lock().refusal = Some(error.clone());
        self.bell.ring();
    }
}

/// Follows which services fit a pattern. Dropping it ends that.
///
/// A [`Stream`]: the first item has all that fit, even if nothing does; after that come changes. Who is slow gets
/// several as one. It ends when the client is closed.
#[derive(Debug)]
pub struct FuzzyWatch {
    pattern: Pattern,
    line: Arc<Line>,
    board: Arc<Board>,
    naming: Naming,
}

impl Naming {
    /// Watches which services fit a pattern. Each part is a name, or has a `*` at one end or both: `order-*`, `*`.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) when the server is older than 3.0;
    /// [`OverLimit`](crate::ErrorKind::OverLimit) when it watches too many patterns or too many services fit;
    /// [`InvalidParameter`](crate::ErrorKind::InvalidParameter) when a part is blank or too long.
    pub async fn watch_fuzzy(&self, group: &str, service: &str) -> Result<FuzzyWatch, Error> {
        self.holder().open()?;
        for part in [group, service] {
            if part.trim().is_empty() || part.len() > PART_LENGTH || part.contains(">>") {
                return Err(Error::invalid("a part of a pattern must not be blank, too long or have `>>` in it"));
            }
        }
        let limit = self.request_timeout();
        let connection = self.main().connection();
        connection.ready(limit).await?;
        if !connection.status().borrow().abilities.fuzzy_watch {
            return Err(Error::unsupported("the server does not offer watches of patterns"));
        }
        let pattern = Pattern { namespace: self.namespace().clone(), group: group.into(), service: service.into() };
        let watch = FuzzyWatch { pattern, line: Arc::clone(self.main()), board: Arc::default(), naming: self.clone() };
        {
            let mut boards = self.inner.boards.lock();
            boards.retain(|board| board.strong_count() > 0);
            boards.push(Arc::downgrade(&watch.board));
        }
        let ledger = watch.line.ledger();
        ledger.watch_pattern(&watch.pattern, &watch.sink());
        ledger.pattern_watched(&watch.pattern, limit).await?;
        Ok(watch)
    }
}

impl FuzzyWatch {
    fn sink(&self) -> Weak<dyn PatternSink> {
        let weak: Weak<Board> = Arc::downgrade(&self.board);
        weak
    }

    /// All services that are known to fit.
    pub fn current(&self) -> BTreeSet<ServiceKey> {
        self.board.state.lock().now.as_deref().cloned().unwrap_or_default()
    }

    /// What changed since the last time, if anything did. The first time: all that fit, once that is known.
    pub fn take_newest(&self) -> Option<FuzzyChange> {
        let mut state = self.board.state.lock();
        if !state.has_change() {
            return None;
        }
        let now = state.now.clone()?;
        let before = state.taken.replace(Arc::clone(&now)).unwrap_or_default();
        let added = now.difference(&before).cloned().collect();
        let removed = before.difference(&now).cloned().collect();
        Some(FuzzyChange { added, removed })
    }

    /// Waits until there is something to [`take_newest`](FuzzyWatch::take_newest). False when there will never be.
    pub async fn changed(&self) -> bool {
        poll_fn(|context| self.poll(context)).await
    }

    /// Calls `ready` whenever there may be something to take, in place of a function that was given before. It may
    /// run in the task that reads the connection: it must not block.
    pub fn on_ready(&self, ready: Ready) {
        self.board.bell.on_ring(ready);
        let has_change = self.board.state.lock().has_change();
        if has_change {
            self.board.bell.ring();
        }
    }

    /// Why the server refused the watch for good.
    pub fn error(&self) -> Option<Error> {
        self.board.state.lock().refusal.clone()
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<bool> {
        self.board.bell.wait(context.waker());
        let state = self.board.state.lock();
        if state.refusal.is_some() || self.naming.holder().open().is_err() {
            Poll::Ready(false)
        } else if state.has_change() {
            Poll::Ready(true)
        } else {
            Poll::Pending
        }
    }
}

impl Stream for FuzzyWatch {
    type Item = FuzzyChange;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<FuzzyChange>> {
        match self.poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(more) => Poll::Ready(if more { self.take_newest() } else { None }),
        }
    }
}

impl Drop for FuzzyWatch {
    fn drop(&mut self) {
        self.line.ledger().unwatch_pattern(&self.pattern, &self.sink());
    }
}
