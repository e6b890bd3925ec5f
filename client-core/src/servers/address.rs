//! The address server: an HTTP server that lists the servers, read again and again.

use std::{sync::Arc, time::Duration};

use http::Method;
use tokio::{
    sync::broadcast,
    time::{Instant, sleep},
};
use tracing::{debug, info};

use super::{Servers, authority, parse};
use crate::{
    error::Error,
    event::Event,
    http::{Origin, Web},
    options::{Endpoint, Options},
};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Reads an address server into a list.
#[derive(Debug)]
pub(crate) struct AddressServer {
    pub(crate) endpoint: Endpoint,
    pub(crate) servers: Arc<Servers>,
    pub(crate) web: Web,
    pub(crate) options: Arc<Options>,
    pub(crate) events: broadcast::Sender<Event>,
}

impl AddressServer {
    /// Never ends. Until the first success it tries often.
    pub(crate) async fn run(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.read().await {
                Ok(count) => {
                    debug!(count, "read the list of servers");
                    pause = self.endpoint.refresh;
                }
                Err(error) => {
                    info!(%error, host = %self.endpoint.host, "cannot read the list of servers");
                    let limit = if self.servers.all().is_empty() { LONGEST_PAUSE } else { self.endpoint.refresh };
                    pause = (pause * 2).min(limit);
                }
            }
            sleep(pause).await;
        }
    }

    async fn read(&self) -> Result<usize, Error> {
        let origin = Origin { https: false, host: self.endpoint.host.as_str().into(), port: self.endpoint.port };
        let request = http::Request::builder()
            .method(Method::GET)
            .uri(path(&self.endpoint, &self.options))
            .header("request-module", "Naming")
            .body(bytes::Bytes::new())
            .map_err(|error| Error::invalid(format!("the address server's path cannot be used: {error}")))?;
        let deadline = Instant::now() + self.options.http_timeout;
        let answer = self.web.exchange(&origin, request, deadline).await?;
        if !answer.status.is_success() {
            let server = authority(&self.endpoint.host, self.endpoint.port);
            return Err(Error::from_code(
                answer.status.as_u16().into(),
                format!("{server} answered {}", answer.status),
            ));
        }
        let text = String::from_utf8_lossy(&answer.body);
        let list = parse::parse_list([&*text], self.options.default_port)?;
        if list.is_empty() {
            return Err(Error::from_code(404, "the list of servers is empty"));
        }
        let count = list.len();
        if self.servers.replace(list, self.options.random_start) {
            info!(count, "the list of servers changed");
            // Nobody may be listening.
            let _ = self.events.send(Event::ServersChanged { count });
        }
        Ok(count)
    }
}

/// `/CONTEXT/LIST?namespace=NS&QUERY`.
fn path(endpoint: &Endpoint, options: &Options) -> String {
    let context = endpoint.context_path.as_deref().unwrap_or(&options.context_path).trim_matches('/');
    let mut path = String::new();
    for part in [context, endpoint.list.trim_matches('/')] {
        if !part.is_empty() {
            path.push('/');
            path.push_str(part);
        }
    }
    let namespace = (!options.namespace.is_default()).then(|| format!("namespace={}", options.namespace));
    let query = Some(endpoint.query.clone()).filter(|query| !query.is_empty());
    for (index, part) in namespace.into_iter().chain(query).enumerate() {
        path.push(if index == 0 { '?' } else { '&' });
        path.push_str(&part);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Namespace;

    #[test]
    fn the_path_is_made_as_nacos_makes_it() {
        let mut options = Options::default();
        let mut endpoint = Endpoint::new("h");
        assert_eq!(path(&endpoint, &options), "/nacos/serverlist");
        options.namespace = Namespace::new("dev").unwrap();
        assert_eq!(path(&endpoint, &options), "/nacos/serverlist?namespace=dev");
        endpoint.query = "nofix=1".into();
        endpoint.list = "orders".into();
        endpoint.context_path = Some("/env/".into());
        assert_eq!(path(&endpoint, &options), "/env/orders?namespace=dev&nofix=1");
        options.namespace = Namespace::default();
        assert_eq!(path(&endpoint, &options), "/env/orders?nofix=1");
    }
}
