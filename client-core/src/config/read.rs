//! Reads: failover file, server, snapshot.

use std::{sync::Arc, time::Duration};

use super::{
    Config, ConfigValue, RawWatch, Watch,
    raw::{RawConfig, Value, digest},
    request::{answered, query, resource},
};
use crate::{
    connection::{Call, Retry},
    error::{Error, ErrorKind},
    names::ConfigKey,
};

/// How long a read waits for its copy to be on disk.
const COPY_LIMIT: Duration = Duration::from_millis(500);

impl Config {
    /// Reads a config. `None`: there is none.
    ///
    /// A failover file comes before the server. While no server can be reached, a snapshot is read:
    /// [`RawConfig::source`] tells which it was.
    ///
    /// # Errors
    /// [`Forbidden`](crate::ErrorKind::Forbidden) when the user may not read it;
    /// [`Unreachable`](crate::ErrorKind::Unreachable), [`Timeout`](crate::ErrorKind::Timeout) or another failure of
    /// the server when there is no snapshot either; [`Internal`](crate::ErrorKind::Internal) when a filter fails.
    pub async fn get(&self, key: &ConfigKey) -> Result<Option<ConfigValue>, Error> {
        let value = self.get_raw(key).await?;
        self.clear(key, value).await
    }

    /// As [`Config::get`], below the filters.
    ///
    /// # Errors
    /// As [`Config::get`].
    pub async fn get_raw(&self, key: &ConfigKey) -> Result<Option<Arc<RawConfig>>, Error> {
        self.check_open()?;
        if let Some(failover) = &self.inner.failover
            && let Some(config) = failover.find(key).await
        {
            return Ok(Some(config));
        }
        let error = match self.ask(key).await {
            Ok(value) => {
                self.keep(key, &value).await;
                return Ok(value);
            }
            Err(error) => error,
        };
        let hopeless = matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::InvalidParameter | ErrorKind::Closed);
        match &self.inner.snapshots {
            Some(snapshots) if !hopeless => match snapshots.load(key).await {
                Some(config) => {
                    tracing::warn!(%key, %error, "the snapshot of a config is read instead");
                    Ok(Some(config))
                }
                None => Err(error),
            },
            _ => Err(error),
        }
    }

    /// Reads a config and listens to it: the listener is told the first value that differs from the one that was
    /// read, and no change between the two is lost.
    ///
    /// # Errors
    /// As [`Config::get`].
    pub async fn get_and_listen(&self, key: &ConfigKey) -> Result<(Option<ConfigValue>, Watch), Error> {
        let (value, watch) = self.get_and_listen_raw(key).await?;
        let value = self.clear(key, value).await?;
        let watch = self.filtered(watch, value.clone());
        Ok((value, watch))
    }

    /// As [`Config::get_and_listen`], below the filters.
    ///
    /// # Errors
    /// As [`Config::get`].
    pub async fn get_and_listen_raw(&self, key: &ConfigKey) -> Result<(Option<Arc<RawConfig>>, RawWatch), Error> {
        let value = self.get_raw(key).await?;
        let watch = self.attach(key, Some(digest(&value)), Some(value.clone()))?;
        Ok((value, watch))
    }

    /// What the server says.
    async fn ask(&self, key: &ConfigKey) -> Result<Value, Error> {
        let sets = self.inner.headers.sets();
        let call =
            Call { resource: resource(key), headers: &sets.query, timeout: Some(self.limit()), retry: Retry::Always };
        match self.inner.lines.main().connection().call_with(&query(key), call).await {
            Ok(response) => Ok(Some(Arc::new(answered(response)))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps a copy, and tells the listeners' side if it sees another value.
    async fn keep(&self, key: &ConfigKey, value: &Value) {
        self.listens().seen(key, digest(value));
        if let Some(snapshots) = &self.inner.snapshots {
            snapshots.store(key, value).done(COPY_LIMIT).await;
        }
    }

    async fn clear(&self, key: &ConfigKey, value: Value) -> Result<Option<ConfigValue>, Error> {
        let Some(raw) = value else { return Ok(None) };
        let content = if self.inner.filters.is_empty_for(key) {
            Arc::clone(&raw.content)
        } else {
            self.inner.filters.receive(key, Arc::clone(&raw)).await?
        };
        Ok(Some(ConfigValue::new(content, raw)))
    }
}
