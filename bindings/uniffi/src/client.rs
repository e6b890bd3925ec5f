//! Clients and locks.

use std::{sync::Arc, time::Duration};

use nacre_client::LockRequest;

use crate::{
    config::Config,
    error::NacreError,
    model::{ClientMetrics, ClientStatus},
    naming::{Balancers, Naming},
    options::ClientOptions,
    watch::EventWatch,
    work::{Held, Work},
};

/// A client of one or several servers.
#[derive(Debug, uniffi::Object)]
pub struct Client {
    client: Held<nacre_client::Client>,
    balancers: Arc<Balancers>,
}

#[uniffi::export]
impl Client {
    /// A client that begins to connect and does not wait for it.
    #[uniffi::constructor]
    pub fn new(options: ClientOptions) -> Result<Arc<Self>, NacreError> {
        let work = Work::start()?;
        let client = work.enter(|| Ok::<_, NacreError>(options.builder()?.build()?))?;
        Ok(Arc::new(Self { client: Held::new(client, &work), balancers: Arc::default() }))
    }

    /// Waits until it is connected, at most so long.
    pub async fn ready(&self, limit: Duration) -> Result<(), NacreError> {
        let client = self.client.get();
        self.client.work.run(async move { client.ready(limit).await }).await
    }

    /// Takes back what it registered and subscribed, and ends its connection, within a second. Doing it twice does no
    /// harm.
    pub async fn shut_down(&self) -> Result<(), NacreError> {
        let client = self.client.get();
        self.client
            .work
            .run(async move {
                client.close().await;
                Ok::<_, NacreError>(())
            })
            .await
    }

    /// Opens it again after `shut_down`, with nothing registered and nothing subscribed. Objects that were made before
    /// stay closed.
    pub fn reopen(&self) -> Result<(), NacreError> {
        let client = self.client.get();
        Ok(self.client.work.enter(|| client.reopen())?)
    }

    /// How the connection is.
    pub fn status(&self) -> ClientStatus {
        self.client.get().status().into()
    }

    /// What was counted since it was made or reopened.
    pub fn metrics(&self) -> ClientMetrics {
        self.client.get().metrics().into()
    }

    /// The servers that it knows, as `host:port`.
    pub fn servers(&self) -> Vec<String> {
        self.client.get().servers()
    }

    /// Follows what happens to the connection from now on.
    pub fn events(&self) -> Arc<EventWatch> {
        EventWatch::new(self.client.get().events(), &self.client.work)
    }

    /// Services and their instances.
    pub fn naming(&self) -> Arc<Naming> {
        let work = &self.client.work;
        let naming = work.enter(|| self.client.get().naming());
        Arc::new(Naming::new(Held::new(naming, work), Arc::clone(&self.balancers)))
    }

    /// Configs.
    pub fn config(&self) -> Arc<Config> {
        let work = &self.client.work;
        let config = work.enter(|| self.client.get().config());
        Arc::new(Config::new(Held::new(config, work)))
    }

    /// Locks that the server keeps, of Nacos 3.
    pub fn lock(&self) -> Arc<Lock> {
        Arc::new(Lock { lock: Held::new(self.client.get().lock(), &self.client.work) })
    }
}

/// Locks that the server keeps.
#[derive(Debug, uniffi::Object)]
pub struct Lock {
    lock: Held<nacre_client::Lock>,
}

fn request(key: String, lease: Option<Duration>) -> LockRequest {
    let request = LockRequest::new(key);
    match lease {
        Some(lease) => request.lease(lease),
        None => request,
    }
}

#[uniffi::export]
impl Lock {
    /// Tries to take a lock; false when another has it. It is free again after the lease, at the latest.
    #[uniffi::method(default(lease = None))]
    pub async fn acquire(&self, key: String, lease: Option<Duration>) -> Result<bool, NacreError> {
        let lock = self.lock.get();
        self.lock.work.run(async move { lock.acquire(&request(key, lease)).await }).await
    }

    /// Gives a lock back; false when it was not taken.
    pub async fn release(&self, key: String) -> Result<bool, NacreError> {
        let lock = self.lock.get();
        self.lock.work.run(async move { lock.release(&request(key, None)).await }).await
    }
}
