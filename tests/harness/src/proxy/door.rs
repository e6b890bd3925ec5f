//! The accept loop of one port, and its connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::pump::{self, Ended};
use super::{End, Shared, Way};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Owns the listener and, apart from it, the connections: they outlive a stop of listening.
#[derive(Debug)]
pub(super) struct DoorTask {
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
    connections: Arc<parking_lot::Mutex<JoinSet<()>>>,
}

impl DoorTask {
    pub(super) async fn start(address: SocketAddr, shared: Arc<Shared>) -> Result<Self> {
        let mut task = Self { shared, listening: None, connections: Arc::default() };
        task.listen(address).await?;
        Ok(task)
    }

    pub(super) async fn listen(&mut self, address: SocketAddr) -> Result<()> {
        if self.listening.is_some() {
            return Ok(());
        }
        let listener = TcpListener::bind(address).await.with_context(|| format!("listen on {address}"))?;
        let (shared, connections) = (Arc::clone(&self.shared), Arc::clone(&self.connections));
        self.listening = Some(tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                shared.accepted.fetch_add(1, Ordering::Relaxed);
                let mut connections = connections.lock();
                while connections.try_join_next().is_some() {}
                connections.spawn(connection(client, Arc::clone(&shared)));
            }
        }));
        Ok(())
    }

    pub(super) fn stop_listening(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
        }
    }
}

impl Drop for DoorTask {
    fn drop(&mut self) {
        self.stop_listening();
        self.connections.lock().abort_all();
    }
}

/// Counts an open connection for as long as it lives.
struct Counted(Arc<Shared>);

impl Counted {
    fn new(shared: Arc<Shared>) -> Self {
        shared.open.send_modify(|open| *open += 1);
        Self(shared)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}

async fn connection(mut client: TcpStream, shared: Arc<Shared>) {
    let counted = Counted::new(shared);
    let shared = &counted.0;
    let mut disconnects = shared.disconnects.subscribe();
    disconnects.mark_unchanged();
    let target = *shared.target.borrow();
    let Ok(Ok(mut server)) = timeout(CONNECT_LIMIT, TcpStream::connect(target)).await else {
        // The system has taken the client's connection already; a reset is the nearest thing to a refusal.
        let _ = client.set_zero_linger();
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let end = {
        let (client_read, client_write) = client.split();
        let (server_read, server_write) = server.split();
        let up = pump::run(client_read, server_write, shared.up.subscribe(), Way::Up);
        let down = pump::run(server_read, client_write, shared.down.subscribe(), Way::Down);
        tokio::select! {
            end = both(up, down) => end,
            _ = disconnects.changed() => disconnects.borrow().1,
        }
    };
    if end == End::Reset {
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}

/// Runs both directions until one of them orders an end or both have come to theirs.
async fn both(up: impl Future<Output = Ended>, down: impl Future<Output = Ended>) -> End {
    tokio::pin!(up, down);
    let mut finished = 0;
    loop {
        let ended = tokio::select! {
            ended = &mut up, if finished != 1 => { finished += 1; ended }
            ended = &mut down, if finished != 2 => { finished += 2; ended }
        };
        match ended {
            Ended::Told(end) => return end,
            Ended::Input if finished == 3 => return End::Close,
            Ended::Input => {}
        }
    }
}
