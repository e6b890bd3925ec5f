//! Many connections of one kind.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use nacre_proto::Request;

use crate::board::Board;
use crate::connection::{Connection, Watch};
use crate::endpoint::Endpoint;
use crate::error::Result;
use crate::progress::Progress;
use crate::push::Push;
use crate::wire;

/// Connections that are opened, or calls that are made, side by side.
const SIDE_BY_SIDE: usize = 64;

/// The connections. Dropping them closes all.
#[derive(Debug)]
pub(crate) struct Fleet(Vec<Connection>);

impl Fleet {
    /// Opens them, each with a watch of its own.
    pub(crate) async fn open<W: Watch>(
        endpoint: &Endpoint,
        count: usize,
        progress: &Progress,
        watch: impl Fn(usize) -> W,
    ) -> Result<Self> {
        progress.begin("connecting", count);
        let opened = (0..count).map(|number| {
            let watch = watch(number);
            async move {
                let connection = Connection::open(endpoint, watch).await;
                progress.step();
                connection.map_err(|error| error.during(format!("connection {number}")))
            }
        });
        let connections = stream::iter(opened).buffered(SIDE_BY_SIDE).try_collect().await?;
        Ok(Self(connections))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Sends requests on each connection and demands success.
    pub(crate) async fn each<R, I>(&self, requests: impl Fn(usize) -> I) -> Result<()>
    where
        R: Request,
        I: IntoIterator<Item = R>,
    {
        let calls = self.0.iter().enumerate().map(|(number, connection)| {
            let requests: Vec<R> = requests(number).into_iter().collect();
            async move {
                for request in requests {
                    connection.calls().ask(&request).await?;
                }
                Ok(())
            }
        });
        stream::iter(calls).buffer_unordered(SIDE_BY_SIDE).try_collect().await
    }

    /// Nothing is read from their sockets any more.
    pub(crate) fn freeze(&mut self) {
        self.0.iter_mut().for_each(Connection::freeze);
    }
}

/// The port of an instance before its first change; the change with number `n` has the port `n` above.
pub(crate) const FIRST_PORT: u16 = 1000;

/// Notes lists: the number of a service is its topic, the highest port in its list tells the last change.
#[derive(Debug)]
pub(crate) struct Subscriber {
    board: Board,
    seen: Vec<(usize, u64)>,
}

impl Subscriber {
    pub(crate) fn new(board: &Board) -> Self {
        Self { board: board.clone(), seen: Vec::new() }
    }
}

impl Watch for Subscriber {
    fn notice(&mut self, push: &Push) -> Option<Bytes> {
        let list = push.list()?;
        let now = u64::from(list.highest_port()?.saturating_sub(FIRST_PORT));
        let seen = entry(&mut self.seen, list.service()?);
        seen.1 = self.board.note(seen.0, seen.1, now);
        None
    }
}

/// Notes notifications: the number of a config is its topic. One tells of all changes before it.
#[derive(Debug)]
pub(crate) struct Listener {
    board: Board,
    seen: Vec<(usize, u64)>,
}

impl Listener {
    pub(crate) fn new(board: &Board) -> Self {
        Self { board: board.clone(), seen: Vec::new() }
    }
}

impl Watch for Listener {
    fn notice(&mut self, push: &Push) -> Option<Bytes> {
        let seen = entry(&mut self.seen, push.config()?);
        let now = self.board.begun(seen.0);
        seen.1 = self.board.note(seen.0, seen.1, now);
        None
    }
}

/// As [`Listener`], but reads the content again after each notification and notes what it holds.
#[derive(Debug)]
pub(crate) struct Reader {
    board: Board,
    /// The frames that read the configs, by number.
    reads: std::sync::Arc<[Bytes]>,
    reading: usize,
    seen: Vec<(usize, u64)>,
}

impl Reader {
    pub(crate) fn new(board: &Board, reads: &std::sync::Arc<[Bytes]>) -> Self {
        Self { board: board.clone(), reads: reads.clone(), reading: 0, seen: Vec::new() }
    }
}

impl Watch for Reader {
    fn notice(&mut self, push: &Push) -> Option<Bytes> {
        self.reading = push.config()?;
        self.reads.get(self.reading).cloned()
    }

    fn answered(&mut self, reply: &nacre_proto::Payload) {
        let Some(version) = wire::version(reply) else { return };
        let seen = entry(&mut self.seen, self.reading);
        seen.1 = self.board.note(seen.0, seen.1, version);
    }
}

fn entry(seen: &mut Vec<(usize, u64)>, topic: usize) -> &mut (usize, u64) {
    let at = seen.iter().position(|(known, _)| *known == topic).unwrap_or_else(|| {
        seen.push((topic, 0));
        seen.len() - 1
    });
    &mut seen[at]
}
