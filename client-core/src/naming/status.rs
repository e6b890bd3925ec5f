//! Whether the server is up.

use super::Naming;
use crate::{
    connection::{Resource, State},
    error::Error,
    http::HttpRequest,
};

/// Answer of [`Naming::server_status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerStatus {
    /// It answers.
    Up,
    /// It does not, or says that it is not ready.
    Down,
}

impl Naming {
    /// Whether the server is up: it is while there is a connection; otherwise it is asked over HTTP.
    pub async fn server_status(&self) -> ServerStatus {
        let connection = self.main().connection();
        if self.holder().open().is_err() {
            return ServerStatus::Down;
        }
        let connected = connection.status().borrow().state == State::Connected;
        if connected || self.says_up().await { ServerStatus::Up } else { ServerStatus::Down }
    }

    async fn says_up(&self) -> bool {
        let member = |body: &[u8], key: &str| {
            let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
            json.and_then(|json| json.get(key).cloned())
        };
        match self.get("/v1/ns/operator/metrics").await {
            Ok(body) => member(&body, "status").is_some_and(|status| status == "UP"),
            // Servers from 3.0 on answer elsewhere.
            Err(error) if matches!(error.code(), 404 | 410 | 501) => {
                let body = self.get("/v3/admin/core/state/liveness").await;
                body.is_ok_and(|body| member(&body, "code").is_some_and(|code| code == 0))
            }
            Err(_) => false,
        }
    }

    async fn get(&self, path: &str) -> Result<bytes::Bytes, Error> {
        let timeout = Some(self.request_timeout());
        let request = HttpRequest { method: "GET", path, query: &[], form: &[], resource: Resource::None, timeout };
        self.main().connection().http().request(request).await
    }
}
