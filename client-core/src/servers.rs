//! The list of servers: where it comes from, whose turn it is, and which port of each answered.

mod address;
mod parse;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::{
    sync::watch,
    time::{Duration, timeout},
};

pub(crate) use address::AddressServer;
pub(crate) use parse::{Server, authority};

use crate::{
    error::Error,
    options::{Options, ServerSource},
};

/// Which port of a server speaks gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// Main port plus offset.
    Offset,
    /// The main port.
    Main,
}

/// The servers. One list per connection.
#[derive(Debug)]
pub(crate) struct Servers {
    list: watch::Sender<Arc<[Server]>>,
    turn: Mutex<usize>,
    ports: Mutex<HashMap<Server, Port>>,
}

/// A server, perhaps only one of its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) server: Server,
    /// The address to use; `None` is all that the name has.
    pub(crate) address: Option<IpAddr>,
}

impl Servers {
    /// The list of the settings; empty when an address server will fill it.
    pub(crate) fn new(options: &Options) -> Result<Self, Error> {
        let list = match &options.servers {
            ServerSource::Fixed(texts) => {
                let list = parse::parse_list(texts.iter().map(String::as_str), options.default_port)?;
                if list.is_empty() {
                    return Err(Error::invalid("no server is named"));
                }
                list
            }
            ServerSource::Endpoint(_) => Vec::new(),
        };
        let start = if options.random_start { rand::random_range(0..list.len().max(1)) } else { 0 };
        let (list, _) = watch::channel(list.into());
        Ok(Self { list, turn: Mutex::new(start), ports: Mutex::default() })
    }

    pub(crate) fn all(&self) -> Arc<[Server]> {
        Arc::clone(&self.list.borrow())
    }

    /// All servers, beginning with the one whose turn is next.
    pub(crate) fn in_turn(&self) -> Vec<Server> {
        let list = self.all();
        let start = *self.turn.lock();
        (0..list.len()).map(|step| list[(start + step) % list.len()].clone()).collect()
    }

    /// The next server; `None` while the list is empty.
    pub(crate) fn next(&self) -> Option<Server> {
        let list = self.all();
        let mut turn = self.turn.lock();
        let server = list.get(*turn % list.len().max(1))?.clone();
        *turn = (*turn + 1) % list.len();
        Some(server)
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<[Server]>> {
        self.list.subscribe()
    }

    /// Takes a new list; tells whether it differs. An empty one changes nothing.
    pub(crate) fn replace(&self, mut list: Vec<Server>, random_start: bool) -> bool {
        list.sort();
        list.dedup();
        if list.is_empty() || *list == **self.list.borrow() {
            return false;
        }
        self.ports.lock().retain(|server, _| list.contains(server));
        *self.turn.lock() = if random_start { rand::random_range(0..list.len()) } else { 0 };
        self.list.send_replace(list.into());
        true
    }

    /// The server of the list that a reset recommends. Others are not trusted.
    pub(crate) async fn find(&self, host: &str, port: &str, limit: Duration) -> Option<Candidate> {
        let list = self.all();
        let port: Option<u16> = port.trim().parse().ok();
        let named = |server: &&Server| &*server.host == host;
        let exact = list.iter().filter(named).find(|server| Some(server.port) == port);
        if let Some(server) = exact.or_else(|| list.iter().find(named)) {
            return Some(Candidate { server: server.clone(), address: None });
        }
        let wanted: IpAddr = host.parse().ok()?;
        for server in list.iter().filter(|server| server.ip().is_none()) {
            let addresses = resolve(&server.host, server.port, limit).await.unwrap_or_default();
            if addresses.iter().any(|address| address.ip() == wanted) {
                return Some(Candidate { server: server.clone(), address: Some(wanted) });
            }
        }
        None
    }

    /// The port of this server that answered last.
    pub(crate) fn port(&self, server: &Server) -> Option<Port> {
        self.ports.lock().get(server).copied()
    }

    pub(crate) fn remember(&self, server: &Server, port: Port) {
        self.ports.lock().insert(server.clone(), port);
    }
}

/// The addresses of a name, in random order: each record of a name is as good as any other.
pub(crate) async fn resolve(host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let found = timeout(limit, tokio::net::lookup_host((host, port))).await;
    let found = found.map_err(|_| Error::timeout(format!("the name {host} was not resolved within {limit:?}")))?;
    let mut addresses: Vec<SocketAddr> = found
        .map_err(|error| Error::unreachable(format!("the name {host} cannot be resolved: {error}")).with_source(error))?
        .collect();
    if addresses.is_empty() {
        return Err(Error::unreachable(format!("the name {host} has no address")));
    }
    let start = rand::random_range(0..addresses.len());
    addresses.rotate_left(start);
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(texts: &[&str], random_start: bool) -> Servers {
        let source = ServerSource::Fixed(texts.iter().map(|text| (*text).to_owned()).collect());
        Servers::new(&Options { servers: source, random_start, ..Options::default() }).unwrap()
    }

    fn ports(list: &[Server]) -> Vec<u16> {
        list.iter().map(|server| server.port).collect()
    }

    #[test]
    fn servers_take_turns() {
        let servers = servers(&["a:1,a:2,a:3"], false);
        let turns: Vec<u16> = (0..4).map(|_| servers.next().unwrap().port).collect();
        assert_eq!(turns, [1, 2, 3, 1]);
        assert_eq!(ports(&servers.in_turn()), [2, 3, 1]);
    }

    #[test]
    fn the_first_server_is_drawn_by_lot() {
        let mut first: Vec<u16> = (0..200).map(|_| servers(&["a:1,a:2,a:3"], true).next().unwrap().port).collect();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first, [1, 2, 3]);
    }

    #[test]
    fn an_empty_list_is_refused_at_the_start_and_ignored_later() {
        assert!(
            Servers::new(&Options { servers: ServerSource::Fixed(vec![" ,".into()]), ..Options::default() }).is_err()
        );
        let servers = servers(&["a:1"], false);
        assert!(!servers.replace(Vec::new(), false));
        assert_eq!(ports(&servers.all()), [1]);
    }

    #[test]
    fn the_order_of_a_new_list_does_not_matter() {
        let servers = servers(&["a:1,a:2"], false);
        let list = |texts: &str| parse::parse_list([texts], 8848).unwrap();
        assert!(!servers.replace(list("a:2,a:1"), false));
        servers.remember(&list("a:1")[0], Port::Main);
        servers.remember(&list("a:2")[0], Port::Main);
        let mut changes = servers.subscribe();
        assert!(servers.replace(list("a:3,a:2"), false));
        assert_eq!(ports(&changes.borrow_and_update()), [2, 3]);
        assert_eq!(servers.port(&list("a:1")[0]), None, "what left the list is forgotten");
        assert_eq!(servers.port(&list("a:2")[0]), Some(Port::Main));
    }

    #[tokio::test]
    async fn a_reset_may_only_name_servers_of_the_list() {
        let servers = servers(&["10.0.0.1:1,10.0.0.1:2,10.0.0.2:3,localhost:4"], false);
        let limit = Duration::from_secs(5);
        let port = async |host: &str, port: &str| servers.find(host, port, limit).await.map(|found| found.server.port);
        assert_eq!(port("10.0.0.1", "2").await, Some(2));
        assert_eq!(port("10.0.0.1", "9").await, Some(1), "the list's port wins");
        assert_eq!(port("10.0.0.2", "").await, Some(3));
        assert_eq!(port("10.0.0.9", "1").await, None);
        let found = servers.find("127.0.0.1", "4", limit).await.unwrap();
        assert_eq!((found.server.port, found.address), (4, "127.0.0.1".parse().ok()), "a record of a name");
    }

    #[tokio::test]
    async fn names_that_lead_nowhere_say_so() {
        let error = resolve("no-such-name.invalid", 1, Duration::from_secs(5)).await.unwrap_err();
        assert!(error.reason().contains("no-such-name.invalid"), "{error}");
    }
}
