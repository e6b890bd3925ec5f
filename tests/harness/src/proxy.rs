//! A TCP proxy before a server's two ports that hurts what passes: late, lost, stuck, cut or slow, in either direction.
//!
//! Faults are switched while connections are open and act on what has not been forwarded yet.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::future::select_all;
use tokio::sync::watch;
use tokio::time::timeout;

mod door;
mod frames;
mod pump;

use crate::server::ports::{GRPC_OFFSET, Ports};
use door::DoorTask;

/// One of the two ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The main port: HTTP, and gRPC as well.
    Main,
    /// The main port + 1000: gRPC.
    Grpc,
}

impl Door {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::Main, Self::Grpc];
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

impl Way {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::Up, Self::Down];
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// In order, as a process does that exits.
    Close,
    /// With a TCP reset.
    Reset,
}

/// What happens to the bytes of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// They are forwarded at once.
    Pass,
    /// Each is forwarded that much later, in order.
    Delay(Duration),
    /// They are taken and forgotten: the sender believes that they arrived. What is open when this fault ends has a
    /// hole and is reset then.
    Drop,
    /// They are not even taken: the sender's buffers fill up. All of them arrive when this fault ends.
    BlackHole,
    /// That many more of each connection are forwarded, then it ends.
    CutAfter(u64, End),
    /// Half of the payload of the next HTTP/2 DATA frame is forwarded, then the connection ends.
    CutInFrame(End),
    /// They are forwarded at that many per second.
    Throttle(u64),
}

/// What passes one door; shared with all its connections.
#[derive(Debug)]
struct Shared {
    target: watch::Sender<SocketAddr>,
    up: watch::Sender<Fault>,
    down: watch::Sender<Fault>,
    /// Counts orders to end all connections; the newest says how.
    disconnects: watch::Sender<(u64, End)>,
    open: watch::Sender<usize>,
    accepted: AtomicU64,
}

impl Shared {
    fn new(target: SocketAddr) -> Self {
        Self {
            target: watch::Sender::new(target),
            up: watch::Sender::new(Fault::Pass),
            down: watch::Sender::new(Fault::Pass),
            disconnects: watch::Sender::new((0, End::Close)),
            open: watch::Sender::new(0),
            accepted: AtomicU64::new(0),
        }
    }

    fn fault(&self, way: Way) -> &watch::Sender<Fault> {
        match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        }
    }
}

/// A proxy. Dropping it ends its connections and frees its ports.
#[derive(Debug)]
pub struct Proxy {
    ports: Ports,
    doors: [Side; 2],
}

#[derive(Debug)]
struct Side {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: Option<DoorTask>,
}

impl Proxy {
    /// Listens on a free pair of ports for the server whose main port is `target`; its gRPC port is that + 1000.
    ///
    /// # Errors
    /// When no ports are free.
    pub async fn start(target: SocketAddr) -> Result<Self> {
        let mut ports = Ports::reserve()?;
        ports.release();
        let side = |port: u16, target: SocketAddr| Side {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            shared: Arc::new(Shared::new(target)),
            task: None,
        };
        let doors = [side(ports.http(), target), side(ports.grpc(), grpc_of(target)?)];
        let mut proxy = Self { ports, doors };
        for door in Door::BOTH {
            proxy.accept(door).await?;
        }
        Ok(proxy)
    }

    /// The address to give to a client: the main port.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports.http()))
    }

    /// Sets what happens from now on to what passes a door in one direction.
    pub fn set(&self, door: Door, way: Way, fault: Fault) {
        self.side(door).shared.fault(way).send_replace(fault);
    }

    /// Sets the same for both doors and both directions.
    pub fn set_all(&self, fault: Fault) {
        for (door, way) in Door::BOTH.into_iter().flat_map(|door| Way::BOTH.map(|way| (door, way))) {
            self.set(door, way, fault);
        }
    }

    /// Ends all connections that are open now.
    pub fn disconnect(&self, door: Door, end: End) {
        self.side(door).shared.disconnects.send_modify(|(count, how)| (*count, *how) = (*count + 1, end));
    }

    /// New connections are refused by the system, as if nobody listened; open ones stay.
    pub fn refuse(&mut self, door: Door) {
        if let Some(task) = &mut self.side_mut(door).task {
            task.stop_listening();
        }
    }

    /// Ends [`Proxy::refuse`].
    ///
    /// # Errors
    /// When somebody else has taken the port meanwhile.
    pub async fn accept(&mut self, door: Door) -> Result<()> {
        let side = self.side_mut(door);
        if let Some(task) = &mut side.task {
            return task.listen(side.address).await;
        }
        side.task = Some(DoorTask::start(side.address, Arc::clone(&side.shared)).await?);
        Ok(())
    }

    /// Sends connections that are made from now on to another server.
    ///
    /// # Errors
    /// When the address cannot have a gRPC port.
    pub fn retarget(&self, target: SocketAddr) -> Result<()> {
        self.side(Door::Main).shared.target.send_replace(target);
        self.side(Door::Grpc).shared.target.send_replace(grpc_of(target)?);
        Ok(())
    }

    /// How many connections are open through a door.
    pub fn open(&self, door: Door) -> usize {
        *self.side(door).shared.open.borrow()
    }

    /// How many connections a door has taken so far.
    pub fn accepted(&self, door: Door) -> u64 {
        self.side(door).shared.accepted.load(Ordering::Relaxed)
    }

    /// Waits until the number of open connections of those doors together is as wanted.
    ///
    /// # Errors
    /// When it is not within `limit`.
    pub async fn wait_open(&self, doors: &[Door], wanted: impl Fn(usize) -> bool, limit: Duration) -> Result<usize> {
        let mut counts: Vec<_> = doors.iter().map(|door| self.side(*door).shared.open.subscribe()).collect();
        let reached = async {
            loop {
                let open = counts.iter_mut().map(|count| *count.borrow_and_update()).sum();
                if wanted(open) {
                    return Ok(open);
                }
                let changes = counts.iter_mut().map(|count| Box::pin(count.changed()));
                select_all(changes).await.0.context("the proxy has ended")?;
            }
        };
        timeout(limit, reached).await.unwrap_or_else(|_| {
            let open: usize = doors.iter().map(|door| self.open(*door)).sum();
            bail!("after {limit:?} {open} connections are open through {doors:?}")
        })
    }

    fn side(&self, door: Door) -> &Side {
        &self.doors[usize::from(door == Door::Grpc)]
    }

    fn side_mut(&mut self, door: Door) -> &mut Side {
        &mut self.doors[usize::from(door == Door::Grpc)]
    }
}

fn grpc_of(target: SocketAddr) -> Result<SocketAddr> {
    let port = target.port().checked_add(GRPC_OFFSET).context("a main port that leaves room for + 1000")?;
    Ok(SocketAddr::new(target.ip(), port))
}

#[cfg(test)]
mod tests;
