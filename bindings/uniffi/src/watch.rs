//! What a host follows: it asks for one value after the other.

use std::{
    fmt,
    future::{Future, pending},
    sync::Arc,
    time::Duration,
};

use nacre_client::{
    Events,
    config::{ConfigSetWatch as SetWatch, RawWatch},
    naming::{FuzzyWatch, ServicesWatch as NamesWatch, Subscription},
};
use tokio::{
    sync::{Mutex, watch},
    time::sleep,
};

use crate::{
    error::NacreError,
    model::{self, ClientEvent, ConfigChange, ConfigPatternChange, ServiceChange, ServiceNames, ServicePatternChange},
    work::Work,
};

/// Gives values one after the other, `None` at the end. Nothing is lost when a wait for one is given up.
pub(crate) trait Source: Send + 'static {
    type Value: Send + 'static;

    fn next(&mut self) -> impl Future<Output = Result<Option<Self::Value>, NacreError>> + Send;
}

/// A source that is used by threads of the host.
pub(crate) struct Followed<S: Source> {
    inner: Arc<Inner<S>>,
    work: Work,
}

struct Inner<S> {
    source: Mutex<Option<S>>,
    ended: watch::Sender<bool>,
}

impl<S: Source> fmt::Debug for Followed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Followed").field("ended", &*self.inner.ended.borrow()).finish()
    }
}

impl<S: Source> Followed<S> {
    pub(crate) fn new(source: S, work: &Work) -> Self {
        let inner = Inner { source: Mutex::new(Some(source)), ended: watch::Sender::new(false) };
        Self { inner: Arc::new(inner), work: work.clone() }
    }

    async fn next(&self, limit: Option<Duration>) -> Result<Option<S::Value>, NacreError> {
        let inner = Arc::clone(&self.inner);
        let task = async move {
            let mut ended = inner.ended.subscribe();
            let value = async {
                match &mut *inner.source.lock().await {
                    Some(source) => source.next().await,
                    None => Ok(None),
                }
            };
            let late = async {
                match limit {
                    Some(limit) => sleep(limit).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = ended.wait_for(|ended| *ended) => Ok(None),
                value = value => value,
                () = late => Err(model::too_long(limit.unwrap_or_default())),
            }
        };
        self.work.run(task).await
    }

    fn cancel(&self) {
        self.inner.ended.send_replace(true);
        let inner = Arc::clone(&self.inner);
        // Whoever waits for a value gives the lock back at once.
        self.work.spawn(async move { drop(inner.source.lock().await.take()) });
    }
}

impl<S: Source> Drop for Followed<S> {
    fn drop(&mut self) {
        self.cancel();
    }
}

macro_rules! watches {
    ($($(#[$meta:meta])* $name:ident of $source:ident gives $value:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, uniffi::Object)]
        pub struct $name(Followed<$source>);

        impl $name {
            pub(crate) fn new(source: $source, work: &Work) -> Arc<Self> {
                Arc::new(Self(Followed::new(source, work)))
            }
        }

        #[uniffi::export]
        impl $name {
            /// The next value: the newest that was not given yet. Absent when there will be none any more: after
            /// `cancel`, or when the client was closed. Without a limit it waits for as long as it takes; else it
            /// fails as timed out. A wait that is given up in another way may lose the value that it was given.
            #[uniffi::method(default(limit = None))]
            pub async fn next(&self, limit: Option<Duration>) -> Result<Option<$value>, NacreError> {
                self.0.next(limit).await
            }

            /// Ends it. A wait for a value ends too.
            pub fn cancel(&self) {
                self.0.cancel();
            }
        }
    )*};
}

watches! {
    /// Follows the instances of a service. The first value is the present list.
    ServiceWatch of Subscription gives ServiceChange;
    /// Follows the names of the services of a group.
    ServicesWatch of NamesWatch gives ServiceNames;
    /// Follows which services match a pattern.
    ServicePatternWatch of FuzzyWatch gives ServicePatternChange;
    /// Follows a config.
    ConfigWatch of RawWatch gives ConfigChange;
    /// Follows which configs match a pattern.
    ConfigPatternWatch of SetWatch gives ConfigPatternChange;
    /// Follows what happens to the connection of a client.
    EventWatch of Events gives ClientEvent;
}

/// The end, or why the server refused to go on.
fn end<T>(refusal: Option<nacre_client::Error>) -> Result<Option<T>, NacreError> {
    refusal.map_or(Ok(None), |error| Err(error.into()))
}

impl Source for Subscription {
    type Value = ServiceChange;

    async fn next(&mut self) -> Result<Option<ServiceChange>, NacreError> {
        while self.changed().await {
            if let Some(change) = self.take_newest() {
                return Ok(Some(change.into()));
            }
        }
        end(self.error())
    }
}

impl Source for NamesWatch {
    type Value = ServiceNames;

    async fn next(&mut self) -> Result<Option<ServiceNames>, NacreError> {
        while self.changed().await {
            if let Some(names) = self.take_newest() {
                return Ok(Some(names.into()));
            }
        }
        Ok(None)
    }
}

impl Source for FuzzyWatch {
    type Value = ServicePatternChange;

    async fn next(&mut self) -> Result<Option<ServicePatternChange>, NacreError> {
        while self.changed().await {
            if let Some(change) = self.take_newest() {
                return Ok(Some(change.into()));
            }
        }
        end(self.error())
    }
}

impl Source for RawWatch {
    type Value = ConfigChange;

    async fn next(&mut self) -> Result<Option<ConfigChange>, NacreError> {
        let value = RawWatch::next(self).await;
        Ok(value.map(|value| ConfigChange { value: model::config(value.as_ref()) }))
    }
}

impl Source for SetWatch {
    type Value = ConfigPatternChange;

    async fn next(&mut self) -> Result<Option<ConfigPatternChange>, NacreError> {
        while self.changed().await {
            if let Some(change) = self.take_newest() {
                return Ok(Some(change.into()));
            }
        }
        Ok(None)
    }
}

impl Source for Events {
    type Value = ClientEvent;

    async fn next(&mut self) -> Result<Option<ClientEvent>, NacreError> {
        while let Some(event) = Events::next(self).await {
            if let Some(event) = ClientEvent::of(event) {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }
}
