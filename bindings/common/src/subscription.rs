//! What a host follows: one value to take at a time, and again if it could not be dealt with.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use nacre_client::{
    Client,
    config::{ConfigSetWatch, RawWatch},
    naming::{FuzzyWatch, ServicesWatch, Subscription},
};
use parking_lot::Mutex;
use tokio::{runtime::Handle, task::AbortHandle};

use crate::{failure::Failure, model, queue::Queue, wire::Writer};

/// Client events that are kept for the host.
const EVENTS: usize = 64;
/// A value that could not be dealt with comes again after so many seconds at most.
const LONGEST_PAUSE: u32 = 5;

/// Where values come from.
#[derive(Debug)]
pub(crate) enum Source {
    Service(Subscription),
    Services(ServicesWatch),
    Fuzzy(FuzzyWatch),
    Config(RawWatch),
    Set(ConfigSetWatch),
    Events(Events),
}

/// The events of a client, copied out of its channel by a task.
#[derive(Debug, Default)]
pub(crate) struct Events {
    kept: Arc<Mutex<VecDeque<Vec<u8>>>>,
    task: Mutex<Option<AbortHandle>>,
}

impl Drop for Events {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut() {
            task.abort();
        }
    }
}

/// A subscription of a host.
#[derive(Debug)]
pub(crate) struct Entry {
    source: Source,
    /// The client it belongs to.
    pub(crate) client: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The value that the host deals with.
    taken: Option<Vec<u8>>,
    /// Whether it is to be taken once more.
    again: bool,
    failures: u32,
    /// Rises with each value that is taken.
    round: u64,
    /// The host knows that there will be nothing more.
    ended: bool,
}

impl Entry {
    pub(crate) fn new(client: u64, source: Source) -> Arc<Self> {
        Arc::new(Self { source, client, state: Mutex::default() })
    }

    /// Waits for the server's answer, where there is one to wait for.
    pub(crate) async fn established(&self) -> Result<(), Failure> {
        match &self.source {
            Source::Service(subscription) => Ok(subscription.established().await?),
            _ => Ok(()),
        }
    }

    /// Has the queue told whenever there may be something to take.
    pub(crate) fn notify<A: Send + 'static>(&self, key: u64, queue: &Arc<Queue<A>>, client: &Client, runtime: &Handle) {
        let ready = {
            let queue = Arc::clone(queue);
            Arc::new(move || queue.notify(key))
        };
        match &self.source {
            Source::Service(subscription) => subscription.on_ready(ready),
            Source::Services(watch) => watch.on_ready(ready),
            Source::Fuzzy(watch) => watch.on_ready(ready),
            Source::Config(watch) => watch.on_ready(ready),
            Source::Set(watch) => watch.on_ready(ready),
            Source::Events(events) => {
                let (kept, mut received) = (Arc::clone(&events.kept), client.events());
                let task = runtime.spawn(async move {
                    while let Some(event) = received.next().await {
                        let Some(event) = model::write_event(Writer::new().u8(0), &event) else { continue };
                        {
                            let mut kept = kept.lock();
                            if kept.len() == EVENTS {
                                kept.pop_front();
                            }
                            kept.push_back(event.into_bytes());
                        }
                        ready();
                    }
                });
                if let Some(before) = events.task.lock().replace(task.abort_handle()) {
                    before.abort();
                }
            }
        }
    }

    /// The newest value behind a 0, or why there will be none behind a 1.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        let mut state = self.state.lock();
        let again = std::mem::take(&mut state.again);
        if let Some(value) = self.newest() {
            state.round += 1;
            if self.offers_again() {
                state.taken = Some(value.clone());
            }
            return Some(value);
        }
        if again {
            return state.taken.clone();
        }
        let error = self.error().filter(|_| !state.ended)?;
        state.ended = true;
        Some(error.write(Writer::new().u8(1)).into_bytes())
    }

    /// Says that the value taken last was dealt with, or could not be. Gives the
    /// time after which it comes again, and its number.
    pub(crate) fn done(&self, ok: bool) -> Option<(Duration, u64)> {
        let mut state = self.state.lock();
        if ok {
            (state.taken, state.failures) = (None, 0);
            return None;
        }
        state.failures += 1;
        match &self.source {
            Source::Config(watch) => watch.failed(),
            Source::Set(watch) => watch.failed(),
            _ if state.taken.is_some() => {
                return Some((Duration::from_secs(state.failures.min(LONGEST_PAUSE).into()), state.round));
            }
            _ => {}
        }
        None
    }

    /// Has the value with this number come again, unless another was taken since; tells whether it does.
    pub(crate) fn again(&self, round: u64) -> bool {
        let mut state = self.state.lock();
        state.again = state.taken.is_some() && state.round == round;
        state.again
    }

    /// Whether values that failed are kept here and not in the engine.
    fn offers_again(&self) -> bool {
        matches!(self.source, Source::Service(_) | Source::Services(_) | Source::Fuzzy(_))
    }

    fn newest(&self) -> Option<Vec<u8>> {
        let value = Writer::new().u8(0);
        let written = match &self.source {
            Source::Service(subscription) => model::write_snapshot(value, &subscription.take_newest()?.service),
            Source::Services(watch) => model::write_names(value, &watch.take_newest()?),
            Source::Fuzzy(watch) => model::write_fuzzy(value, &watch.take_newest()?),
            Source::Config(watch) => model::write_config(value, watch.take_newest()?.as_ref()),
            Source::Set(watch) => model::write_set(value, &watch.take_newest()?),
            Source::Events(events) => return events.kept.lock().pop_front(),
        };
        Some(written.into_bytes())
    }

    /// Why there will never be anything more.
    fn error(&self) -> Option<Failure> {
        match &self.source {
            Source::Service(subscription) => subscription.error().map(Failure::from),
            Source::Fuzzy(watch) => watch.error().map(Failure::from),
            _ => None,
        }
    }
}
