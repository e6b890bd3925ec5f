//! User and password become a token, which is fetched again before it ends and when a server refuses it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::http::StatusCode;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    sync::{Notify, broadcast, watch},
    time::{Instant, sleep},
};
use tracing::{debug, info, warn};

use crate::{
    connection::Status,
    error::{Error, ErrorKind},
    event::Event,
    http::{self, Web},
    metrics::Counters,
    options::{Login, Options},
    servers::{Server, Servers},
};

/// Login of 3.x servers, which answers 404 or the like elsewhere.
const NEW_PATH: &str = "/v3/auth/user/login";
/// Login of 2.x servers.
const OLD_PATH: &str = "/v1/auth/users/login";
/// A token that names no time to live.
const DEFAULT_LIFE: Duration = Duration::from_secs(18_000);
/// Between two logins that follow a refused token.
const DENIED_PAUSE: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause while no server can be reached.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Longest pause while a server refuses: it may count failed logins and lock the account.
const LONGEST_REFUSED_PAUSE: Duration = Duration::from_secs(60);

/// The token of a connection.
#[derive(Debug)]
pub(crate) struct Tokens {
    login: Login,
    state: watch::Sender<State>,
    wanted: Notify,
    /// When a refused token last led to a login, and how many attempts had ended then.
    last_denied: Mutex<Option<(Instant, u64)>>,
    /// Whether the servers have the login of 2.x only.
    old_path: AtomicBool,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// Finished attempts.
    attempts: u64,
    token: Option<Arc<str>>,
}

/// A token and how long it lives.
#[derive(Debug, PartialEq)]
struct Token {
    text: Arc<str>,
    life: Duration,
}

impl Tokens {
    pub(crate) fn new(login: Login) -> Self {
        let (state, _) = watch::channel(State::default());
        Self { login, state, wanted: Notify::new(), last_denied: Mutex::default(), old_path: AtomicBool::new(false) }
    }

    /// The token, after the first attempt to fetch one. A server without authentication gives none, and where the
    /// login failed the server that is asked shall decide.
    pub(crate) async fn current(&self) -> Option<Arc<str>> {
        {
            let state = self.state.borrow();
            if state.attempts > 0 {
                return state.token.clone();
            }
        }
        let mut changes = self.state.subscribe();
        // The sender lives as long as `self`.
        changes.wait_for(|state| state.attempts > 0).await.ok().and_then(|state| state.token.clone())
    }

    /// Fetches another token, unless that was done a moment ago; tells whether there is one.
    pub(crate) async fn renew(&self, used: Option<&str>) -> bool {
        let mut changes = self.state.subscribe();
        let attempts = {
            let state = changes.borrow_and_update();
            if state.token.is_some() && state.token.as_deref() != used {
                return true;
            }
            state.attempts
        };
        {
            let mut last = self.last_denied.lock();
            let now = Instant::now();
            match *last {
                // Another caller asked, and its login is on the way.
                Some((_, asked_at)) if asked_at == attempts => {}
                Some((time, _)) if now - time < DENIED_PAUSE => return false,
                _ => {
                    *last = Some((now, attempts));
                    self.wanted.notify_one();
                }
            }
        }
        match changes.wait_for(|state| state.attempts > attempts).await {
            Ok(state) => state.token.is_some() && state.token.as_deref() != used,
            Err(_) => false,
        }
    }

    fn store(&self, token: Option<Arc<str>>) {
        self.state.send_modify(|state| {
            state.attempts += 1;
            state.token = token;
        });
    }
}

/// Fetches tokens for as long as it runs.
#[derive(Debug)]
pub(crate) struct LoginTask {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) web: Web,
    pub(crate) servers: Arc<Servers>,
    pub(crate) options: Arc<Options>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) status: watch::Receiver<Status>,
}

impl LoginTask {
    /// Never ends.
    pub(crate) async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        let mut failed = false;
        loop {
            let mut lost = false;
            let wait = match self.login().await {
                Ok(Some(token)) => {
                    debug!("logged in");
                    (pause, failed) = (FIRST_PAUSE, false);
                    self.counters.logins.add(1);
                    self.tokens.store(Some(token.text));
                    before_end(token.life)
                }
                Ok(None) => {
                    info!("the server gives no token, so it checks none");
                    (pause, failed) = (FIRST_PAUSE, false);
                    self.tokens.store(None);
                    LONGEST_REFUSED_PAUSE
                }
                Err(error) => {
                    lost = error.kind() == ErrorKind::Unreachable || error.kind() == ErrorKind::Timeout;
                    let old = self.tokens.state.borrow().token.clone();
                    self.tokens.store(old);
                    if !failed {
                        warn!(%error, "login failed");
                        // Nobody may be listening.
                        let _ = self.events.send(Event::LoginFailed { error });
                    }
                    failed = true;
                    let wait = pause;
                    pause = (pause * 2).min(if lost { LONGEST_PAUSE } else { LONGEST_REFUSED_PAUSE });
                    wait
                }
            };
            self.wait(wait, lost).await;
        }
    }

    /// Waits for the time, for somebody whose token was refused, or for a connection when no server was there.
    async fn wait(&mut self, time: Duration, lost: bool) {
        let generation = self.status.borrow_and_update().generation;
        let reconnected = async {
            // An error means that the connection is gone, and this task ends with it.
            if !lost || self.status.wait_for(|status| status.generation > generation).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = sleep(time) => {}
            () = self.tokens.wanted.notified() => {}
            () = reconnected => {}
        }
    }

    /// Asks all servers until one gives a token; `None` from one that gives none.
    async fn login(&self) -> Result<Option<Token>, Error> {
        let mut list = self.servers.subscribe();
        if list.borrow().is_empty() {
            // An address server has not answered yet; requests go without a token until then.
            let filled = list.wait_for(|list| !list.is_empty());
            let filled = tokio::time::timeout(self.options.http_timeout, filled).await;
            if !matches!(filled, Ok(Ok(_))) {
                return Err(Error::unreachable("the list of servers is empty"));
            }
        }
        let mut failure: Option<Error> = None;
        for server in self.servers.in_turn() {
            match self.login_at(&server).await {
                Ok(token) => return Ok(token),
                // A refusal says more than that another server is away.
                Err(error) if error.kind() == ErrorKind::Unreachable && failure.is_some() => {}
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| Error::unreachable("the list of servers is empty")))
    }

    async fn login_at(&self, server: &Server) -> Result<Option<Token>, Error> {
        let old_first = self.tokens.old_path.load(Ordering::Relaxed);
        let mut missing = None;
        for old in [old_first, !old_first] {
            let path = http::path(server, &self.options, if old { OLD_PATH } else { NEW_PATH });
            let login = &self.tokens.login;
            let query = [("username", login.username.as_str())];
            let form = [("username", login.username.as_str()), ("password", login.password.expose())];
            let request = http::build("POST", &path, &query, &form)?;
            let deadline = Instant::now() + self.options.http_timeout;
            let answer = self.web.exchange(&http::origin(server, &self.options), request, deadline).await?;
            if answer.status.is_success() {
                self.tokens.old_path.store(old, Ordering::Relaxed);
                return Ok(read_token(&answer.body));
            }
            let error = http::refusal(server, &answer);
            if !is_missing(answer.status) {
                return Err(error);
            }
            missing = Some(error);
        }
        Err(missing.unwrap_or_else(|| Error::unsupported("the server has no login")))
    }
}

fn is_missing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE | StatusCode::NOT_IMPLEMENTED
    )
}

/// The token of a login's answer, which 3.x may wrap in `data`.
fn read_token(body: &[u8]) -> Option<Token> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let answer = if answer["data"].is_object() { &answer["data"] } else { &answer };
    let text = answer["accessToken"].as_str().filter(|text| !text.is_empty())?;
    let seconds = answer["tokenTtl"].as_u64().filter(|seconds| *seconds > 0);
    Some(Token { text: text.into(), life: seconds.map_or(DEFAULT_LIFE, Duration::from_secs) })
}

/// A token is replaced when a fifteenth to a tenth of its life is left, drawn by lot so that clients spread.
fn before_end(life: Duration) -> Duration {
    life.mul_f64(1.0 - rand::random_range(1.0 / 15.0..0.1))
}

#[cfg(test)]
mod tests;
