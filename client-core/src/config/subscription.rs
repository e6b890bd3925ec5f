//! Handles of listeners: streams for Rust, and the parts that bindings need. Dropping one ends the listening.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use parking_lot::Mutex;

use super::{Config, entry::Entry, filter::Chain, outlet::Outlet, raw::RawConfig};
use crate::{error::Error, names::ConfigKey};

/// A config as the user sees it: after the filters. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigValue {
    content: Arc<str>,
    raw: Arc<RawConfig>,
}

impl ConfigValue {
    pub(crate) fn new(content: Arc<str>, raw: Arc<RawConfig>) -> Self {
        Self { content, raw }
    }

    /// The text.
    #[must_use]
    pub fn content(&self) -> &str {
        &self.content
    }

    /// The text, shared.
    #[must_use]
    pub fn shared_content(&self) -> Arc<str> {
        Arc::clone(&self.content)
    }

    /// The md5 of the text as the server has it, for [`Config::publish_cas`].
    #[must_use]
    pub fn md5(&self) -> &str {
        &self.raw.md5
    }

    /// The value as the server has it.
    #[must_use]
    pub fn raw(&self) -> &Arc<RawConfig> {
        &self.raw
    }
}

impl fmt::Debug for ConfigValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigValue").field("length", &self.content.len()).field("raw", &self.raw).finish()
    }
}

/// A listener to one config, below the filters.
///
/// It gives the newest value whenever that is not the one it gave last; `None` stands for a config that is not there.
/// Values that a slow listener did not take in time are skipped, the last one never is. It ends when the client is
/// closed.
#[derive(Debug)]
pub struct RawWatch {
    /// The object it belongs to; a listener keeps it alive.
    config: Config,
    entry: Arc<Entry>,
    outlet: Arc<Outlet>,
}

impl RawWatch {
    pub(crate) fn new(config: Config, entry: Arc<Entry>, outlet: Arc<Outlet>) -> Self {
        Self { config, entry, outlet }
    }

    /// The config.
    #[must_use]
    pub fn key(&self) -> &ConfigKey {
        self.entry.key()
    }

    /// The newest value, from memory. `None` when the config is not there, or nothing is known of it yet.
    #[must_use]
    pub fn current(&self) -> Option<Arc<RawConfig>> {
        self.outlet.newest().flatten()
    }

    /// Whether anything is known of the config.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.outlet.newest().is_some()
    }

    /// Why the server could not be asked the last time, while that is so.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        self.entry.listens().trouble(self.entry.key())
    }

    /// Waits until there is something to take; false when the client was closed.
    pub async fn changed(&mut self) -> bool {
        poll_fn(|context| self.outlet.poll_due(context)).await
    }

    /// Whether there is something to take.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.outlet.is_due()
    }

    /// Takes the newest value if it is not the one that was taken last. The inner `None` is a config that is not
    /// there.
    #[must_use]
    #[allow(clippy::option_option)]
    pub fn take_newest(&self) -> Option<Option<Arc<RawConfig>>> {
        self.outlet.take()
    }

    /// Says that the value taken last could not be used. It is offered again after 1 s, later with each failure up to
    /// 5 s, or with the next change.
    pub fn failed(&self) {
        self.outlet.failed();
    }

    /// Has `callback` called when there is something to take: once until it is taken, and at once if there is
    /// something now. It must not block. One that was about to be called may still be when the listener ends.
    pub fn on_ready(&self, callback: Arc<dyn Fn() + Send + Sync>) {
        self.outlet.on_ready(callback);
    }

    /// The next value; `None` when the client was closed.
    #[allow(clippy::option_option)]
    pub async fn next(&mut self) -> Option<Option<Arc<RawConfig>>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for RawWatch {
    type Item = Option<Arc<RawConfig>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if !ready!(self.outlet.poll_due(context)) {
                return Poll::Ready(None);
            }
            if let Some(value) = self.outlet.take() {
                return Poll::Ready(Some(value));
            }
        }
    }
}

impl Drop for RawWatch {
    fn drop(&mut self) {
        self.config.detach(&self.entry, &self.outlet);
    }
}

type Filtering = Pin<Box<dyn Future<Output = Result<Option<ConfigValue>, Error>> + Send>>;

/// A listener to one config. See [`RawWatch`] for what it gives and what it skips.
///
/// A value that a filter cannot read is offered to it again after 1 s, later with each failure up to 5 s.
pub struct Watch {
    raw: RawWatch,
    filters: Arc<Chain>,
    filtering: Option<Filtering>,
    given: Mutex<Option<ConfigValue>>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("raw", &self.raw).finish_non_exhaustive()
    }
}

impl Watch {
    pub(crate) fn new(raw: RawWatch, filters: Arc<Chain>, given: Option<ConfigValue>) -> Self {
        Self { raw, filters, filtering: None, given: Mutex::new(given) }
    }

    /// The config.
    #[must_use]
    pub fn key(&self) -> &ConfigKey {
        self.raw.key()
    }

    /// The newest value, from memory: the one given last where filters have to read it first. `None` when the config
    /// is not there, or nothing is known of it yet.
    #[must_use]
    pub fn current(&self) -> Option<ConfigValue> {
        if self.filters.is_empty_for(self.key()) {
            return self.raw.current().map(plain);
        }
        self.given.lock().clone()
    }

    /// Why the server could not be asked the last time, while that is so.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        self.raw.error()
    }

    /// Says that the value given last could not be used. It is given again after 1 s, later with each failure up to
    /// 5 s, or with the next change.
    pub fn failed(&self) {
        self.raw.failed();
    }

    /// The listener below the filters.
    #[must_use]
    pub fn raw(&self) -> &RawWatch {
        &self.raw
    }

    /// The next value; `None` when the client was closed.
    #[allow(clippy::option_option)]
    pub async fn next(&mut self) -> Option<Option<ConfigValue>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    fn give(&self, value: Option<ConfigValue>) -> Poll<Option<Option<ConfigValue>>> {
        self.given.lock().clone_from(&value);
        Poll::Ready(Some(value))
    }
}

fn plain(raw: Arc<RawConfig>) -> ConfigValue {
    ConfigValue::new(Arc::clone(&raw.content), raw)
}

impl Stream for Watch {
    type Item = Option<ConfigValue>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(filtering) = &mut self.filtering {
                let filtered = ready!(filtering.as_mut().poll(context));
                self.filtering = None;
                match filtered {
                    Ok(value) => return self.give(value),
                    Err(error) => {
                        tracing::warn!(key = %self.key(), %error, "a config cannot be read");
                        self.raw.failed();
                    }
                }
            }
            let Some(value) = ready!(Pin::new(&mut self.raw).poll_next(context)) else { return Poll::Ready(None) };
            let Some(raw) = value else { return self.give(None) };
            if self.filters.is_empty_for(self.key()) {
                return self.give(Some(plain(raw)));
            }
            let (filters, key) = (Arc::clone(&self.filters), self.key().clone());
            self.filtering = Some(Box::pin(async move {
                let content = filters.receive(&key, Arc::clone(&raw)).await?;
                Ok(Some(ConfigValue::new(content, raw)))
            }));
        }
    }
}
