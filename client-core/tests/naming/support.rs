//! What the tests share: servers, clients, and waiting for a state.

use std::{future::Future, time::Duration};

use anyhow::{Result, bail};
use nacre_client::{
    Client, Error, ServiceKey,
    naming::{Instance, Naming, Query, ServiceChange, Subscription},
    options::Builder,
};
use nacre_harness::{Options, Server};
use tokio::time::{Instant, sleep, timeout};

/// Far more than anything takes that works.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

pub(crate) async fn server() -> Result<Server> {
    Options::new().start().await
}

pub(crate) fn builder(server: &Server) -> Builder {
    Client::builder().server(server.http_address().to_string())
}

pub(crate) async fn client(server: &Server) -> Result<Client> {
    Ok(builder(server).connect().await?)
}

pub(crate) fn key(name: &str) -> ServiceKey {
    ServiceKey::new("DEFAULT_GROUP", name).expect("legal names")
}

/// `ip:port` of what the server lists, sorted.
pub(crate) async fn listed(naming: &Naming, service: &ServiceKey) -> Result<Vec<String>, Error> {
    let found = naming.instances(Query::new(service).direct()).await?;
    Ok(addresses(found.iter().map(|instance| &**instance)))
}

pub(crate) fn addresses<'a>(instances: impl IntoIterator<Item = &'a Instance>) -> Vec<String> {
    let mut addresses: Vec<_> = instances.into_iter().map(Instance::address).collect();
    addresses.sort();
    addresses
}

/// Added, removed and modified addresses of a change, sorted.
pub(crate) fn parts(change: &ServiceChange) -> (Vec<String>, Vec<String>, Vec<String>) {
    let of = |list: &[std::sync::Arc<Instance>]| addresses(list.iter().map(|instance| &**instance));
    (of(&change.added), of(&change.removed), of(&change.modified))
}

/// The next change of a subscription.
pub(crate) async fn next(subscription: &Subscription) -> Result<ServiceChange> {
    loop {
        match timeout(LIMIT, subscription.changed()).await {
            Ok(true) => {
                if let Some(change) = subscription.take_newest() {
                    return Ok(change);
                }
            }
            Ok(false) => bail!("the subscription has ended: {:?}", subscription.error()),
            Err(_) => bail!("no change came, the list is {:?}", subscription.current()),
        }
    }
}

/// Asks until the answer is the wanted one.
pub(crate) async fn eventually<T, E, F>(wanted: T, mut ask: impl FnMut() -> F) -> Result<Duration>
where
    T: PartialEq + std::fmt::Debug,
    E: std::fmt::Debug,
    F: Future<Output = Result<T, E>>,
{
    let started = Instant::now();
    loop {
        let answer = ask().await;
        if answer.as_ref().is_ok_and(|answer| *answer == wanted) {
            return Ok(started.elapsed());
        }
        if started.elapsed() > LIMIT {
            bail!("wanted {wanted:?}, the last answer is {answer:?}");
        }
        sleep(Duration::from_millis(20)).await;
    }
}
