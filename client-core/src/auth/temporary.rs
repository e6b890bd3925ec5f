//! Keys that a metadata service hands out: fetched with the first request, and again before they end.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ::http::{Request, Uri};
use arc_swap::ArcSwapOption;
use bytes::Bytes;
use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{sync::Mutex, time::Instant};
use tracing::{debug, warn};

use super::signature::Signer;
use crate::{
    error::Error,
    http::{Origin, Web},
    options::{Keys, TemporaryKeys},
};

/// Between two attempts while the service fails.
const PAUSE: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Debug)]
pub(super) struct Temporary {
    settings: TemporaryKeys,
    origin: Origin,
    path: String,
    web: Web,
    /// Longest time of one attempt.
    limit: Duration,
    current: ArcSwapOption<Current>,
    /// When the last attempt failed. Held while one runs.
    fetching: Mutex<Option<Instant>>,
}

#[derive(Debug)]
struct Current {
    signer: Signer,
    end: SystemTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    code: Option<String>,
    access_key_id: String,
    access_key_secret: String,
    security_token: Option<String>,
    expiration: String,
}

impl Temporary {
    pub(super) fn new(settings: TemporaryKeys, web: Web, limit: Duration) -> Result<Self, Error> {
        let bad = || Error::invalid(format!("{:?} is no URL of temporary keys", settings.url));
        let url: Uri = settings.url.parse().map_err(|error| bad().with_source(error))?;
        let https = match url.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(bad()),
        };
        let host = url.host().ok_or_else(bad)?.trim_matches(['[', ']']).into();
        let origin = Origin { https, host, port: url.port_u16().unwrap_or(if https { 443 } else { 80 }) };
        let path = url.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let (current, fetching) = (ArcSwapOption::empty(), Mutex::default());
        Ok(Self { settings, origin, path, web, limit, current, fetching })
    }

    /// Signs with the present keys, after fetching them where it is time. False without usable keys.
    pub(super) async fn sign(&self, sign: impl FnOnce(&Signer)) -> bool {
        let current = match self.fresh() {
            Some(current) => Some(current),
            None => self.fetched().await,
        };
        let usable = current.filter(|current| SystemTime::now() < current.end);
        usable.as_deref().map(|current| sign(&current.signer)).is_some()
    }

    /// The keys, unless new ones are due.
    fn fresh(&self) -> Option<Arc<Current>> {
        let due = |current: &Current| SystemTime::now() + self.settings.refresh_before_end >= current.end;
        self.current.load_full().filter(|current| self.settings.keep && !due(current))
    }

    /// Fetches, one caller for all; what there is when that fails.
    async fn fetched(&self) -> Option<Arc<Current>> {
        let mut failed = self.fetching.lock().await;
        // Another caller may just have done it.
        let waits = failed.is_some_and(|at| at.elapsed() < PAUSE);
        if let Some(current) = self.fresh() {
            return Some(current);
        }
        if !waits {
            match self.fetch().await {
                Ok(current) => {
                    debug!("fetched temporary keys");
                    *failed = None;
                    self.current.store(Some(Arc::new(current)));
                }
                Err(error) => {
                    warn!(%error, url = %self.settings.url, "cannot fetch temporary keys");
                    *failed = Some(Instant::now());
                }
            }
        }
        self.current.load_full()
    }

    async fn fetch(&self) -> Result<Current, Error> {
        let request = Request::get(&self.path).body(Bytes::new());
        let request = request.map_err(|error| Error::invalid("the path cannot be used").with_source(error))?;
        let answer = self.web.exchange(&self.origin, request, Instant::now() + self.limit).await?;
        if !answer.status.is_success() {
            return Err(Error::from_code(answer.status.as_u16().into(), format!("answered {}", answer.status)));
        }
        self.read(&answer.body)
    }

    fn read(&self, body: &[u8]) -> Result<Current, Error> {
        let odd = |what: &'static str| Error::internal(what);
        let answer: Answer =
            serde_json::from_slice(body).map_err(|error| odd("the answer has no keys").with_source(error))?;
        if answer.code.is_some_and(|code| code != "Success") {
            return Err(odd("the answer is no success"));
        }
        let end = OffsetDateTime::parse(&answer.expiration, &Rfc3339)
            .map_err(|error| odd("the end of the keys cannot be read").with_source(error))?;
        let mut keys = Keys::new(answer.access_key_id, answer.access_key_secret);
        keys.security_token = answer.security_token.map(Into::into);
        keys.region = self.settings.region.clone();
        Ok(Current { signer: Signer::new(keys), end: end.into() })
    }
}
