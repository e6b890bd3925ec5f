//! The task that finds, keeps and changes the server.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::{debug, info};

use super::{
    backoff::Backoff,
    handshake::{self, Established},
    session::{End, Session},
    shared::{Live, Shared},
};
use crate::{event::Event, servers::Candidate};

/// How long a connection that was replaced stays: its last answers arrive, and what was registered on it is
/// registered on the new one before the server sees the old one go.
const LINGER: Duration = Duration::from_secs(1);
/// Between two connections that were given up without being broken, so that a server that sends everybody away is
/// not called without a pause.
const RESET_PAUSE: Duration = Duration::from_millis(100);
const FIND_LIMIT: Duration = Duration::from_secs(1);

/// Where to connect next.
#[derive(Debug, Default)]
struct Plan {
    /// Tried once before all others.
    first: Option<Candidate>,
    /// Tried last, among the addresses of one name.
    avoid: Option<SocketAddr>,
}

/// Runs until the connection is closed.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut session = None;
    let mut closing = shared.closing.subscribe();
    tokio::select! {
        () = drive(&shared, &mut session) => {}
        // The sender lives in `shared`.
        _ = closing.wait_for(|closing| *closing) => {}
    }
    shared.closed();
    if let Some(session) = session {
        session.finish().await;
    }
    debug!("closed");
}

async fn drive(shared: &Shared, session: &mut Option<Session>) {
    let mut retired = JoinSet::new();
    let mut plan = Plan::default();
    let mut generation = 0;
    loop {
        let established = replace(shared, session, std::mem::take(&mut plan)).await;
        generation += 1;
        let live = Arc::new(Live::new(generation, &established));
        shared.connected(&live, &established);
        if let Some(old) = session.replace(Session::new(live, established)) {
            retired.spawn(async move {
                sleep(LINGER).await;
                old.finish().await;
            });
        }
        while retired.try_join_next().is_some() {}
        let Some(current) = session.as_mut() else { continue };
        plan.avoid = Some(current.address);
        match current.serve(shared).await {
            End::Lost(error) => {
                *session = None;
                shared.disconnected(error);
            }
            End::Reset(target) => plan.first = reset(shared, target).await,
            End::Unlisted => info!("the server left the list"),
        }
        if let Some(current) = session {
            current.leave();
            sleep(RESET_PAUSE).await;
        }
    }
}

/// Makes a connection. The one that there may be goes on meanwhile.
async fn replace(shared: &Shared, session: &mut Option<Session>, plan: Plan) -> Established {
    let mut connecting = pin!(connect(shared, plan));
    loop {
        tokio::select! {
            established = &mut connecting => return established,
            end = serve(shared, session) => if let End::Lost(error) = end {
                *session = None;
                shared.disconnected(error);
            },
        }
    }
}

async fn serve(shared: &Shared, session: &mut Option<Session>) -> End {
    match session {
        Some(session) => session.serve(shared).await,
        None => std::future::pending().await,
    }
}

/// The server that a reset recommends, if it is one of the list.
async fn reset(shared: &Shared, target: Option<(String, String)>) -> Option<Candidate> {
    info!(?target, "the server sends the client to another one");
    let text = target.as_ref().map(|(host, port)| format!("{host}:{port}"));
    shared.tell(Event::Reset { target: text });
    let (host, port) = target?;
    timeout(FIND_LIMIT, shared.servers.find(&host, &port, FIND_LIMIT)).await.ok().flatten()
}

/// Tries servers until one is connected.
async fn connect(shared: &Shared, plan: Plan) -> Established {
    if let Some(candidate) = plan.first {
        match handshake::establish(shared, &candidate, None).await {
            Ok(established) => return established,
            Err(error) => {
                debug!(%error, server = %candidate.server, "cannot use the recommended server");
                shared.attempt_failed(error);
            }
        }
    }
    let mut backoff = Backoff::new();
    let mut list = shared.servers.subscribe();
    let mut tried = 0;
    loop {
        let count = list.borrow_and_update().len();
        let Some(server) = shared.servers.next() else {
            // An address server will fill the list. The sender lives in `shared`.
            let _ = list.changed().await;
            continue;
        };
        let candidate = Candidate { server, address: None };
        match handshake::establish(shared, &candidate, plan.avoid).await {
            Ok(established) => return established,
            Err(error) => {
                debug!(%error, server = %candidate.server, "cannot connect");
                tried += 1;
                let pause = (tried % count.max(1) == 0).then(|| backoff.next(&error));
                shared.attempt_failed(error);
                if let Some(pause) = pause {
                    tokio::select! {
                        () = sleep(pause) => {}
                        _ = list.changed() => {}
                    }
                }
            }
        }
    }
}
