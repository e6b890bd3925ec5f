//! Sockets: where the server listens, and what TCP does about peers that vanish.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream};

use super::Settings;

/// All addresses of this machine: one socket for both families where IPv6 exists.
#[must_use]
pub fn any_address() -> Vec<IpAddr> {
    let has_ipv6 = bind(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0)).is_ok();
    vec![if has_ipv6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }]
}

/// Sockets that have their addresses, but do not take connections yet.
#[derive(Debug)]
pub(crate) struct Bound {
    sockets: Vec<Socket>,
}

impl Bound {
    /// Takes `port` on each of `hosts`; with port 0 the system picks one for all.
    pub(crate) fn new(hosts: &[IpAddr], mut port: u16) -> io::Result<Self> {
        let mut sockets = Vec::with_capacity(hosts.len());
        for host in hosts {
            let address = SocketAddr::new(*host, port);
            let socket = bind(address).map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?;
            port = local_address(&socket)?.port();
            sockets.push(socket);
        }
        if sockets.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no address to listen on"));
        }
        Ok(Self { sockets })
    }

    /// The first address.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        local_address(&self.sockets[0])
    }

    /// Begins to take connections.
    pub(crate) fn listen(self, backlog: i32) -> io::Result<Vec<TcpListener>> {
        let open = |socket: Socket| {
            socket.listen(backlog)?;
            TcpListener::from_std(socket.into())
        };
        self.sockets.into_iter().map(open).collect()
    }
}

fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // `::` takes both families; any other IPv6 address leaves IPv4 to a socket of its own.
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn local_address(socket: &Socket) -> io::Result<SocketAddr> {
    let address = socket.local_addr()?;
    address.as_socket().ok_or_else(|| io::Error::other("socket without an IP address"))
}

/// Lets TCP notice within seconds that the other side vanished, and send small frames at once.
pub(super) fn prepare(stream: &TcpStream, settings: &Settings) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let keep_alive = TcpKeepalive::new()
        .with_time(Duration::from_secs(settings.keep_alive_idle_seconds.max(1)))
        .with_interval(Duration::from_secs(settings.keep_alive_interval_seconds.max(1)));
    socket.set_tcp_keepalive(&keep_alive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(Duration::from_millis(settings.tcp_user_timeout_ms)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_families_reach_one_port_and_tcp_watches_peers() {
        let hosts = any_address();
        let bound = Bound::new(&hosts, 0).expect("a free port");
        let port = bound.address().expect("bound").port();
        let listeners = bound.listen(16).expect("listens");
        let mut families: Vec<IpAddr> = vec![Ipv4Addr::LOCALHOST.into()];
        if hosts[0].is_ipv6() {
            families.push(Ipv6Addr::LOCALHOST.into());
        }
        for family in families {
            let (client, accepted) = tokio::join!(TcpStream::connect((family, port)), listeners[0].accept());
            let (stream, peer) = accepted.expect("a connection");
            assert_eq!(peer.ip().to_canonical(), family);
            prepare(&stream, &Settings::default()).expect("options");
            let socket = SockRef::from(&stream);
            assert!(stream.nodelay().expect("readable") && socket.keepalive().expect("readable"));
            assert_eq!(socket.tcp_keepalive_time().expect("readable"), Duration::from_secs(2));
            #[cfg(target_os = "linux")]
            assert_eq!(socket.tcp_user_timeout().expect("readable"), Some(Duration::from_secs(3)));
            drop(client);
        }
    }

    #[tokio::test]
    async fn an_address_in_use_is_named() {
        let host = [Ipv4Addr::LOCALHOST.into()];
        let first = Bound::new(&host, 0).expect("a free port");
        let port = first.address().expect("bound").port();
        let _listeners = first.listen(1).expect("listens");
        let error = Bound::new(&host, port).expect_err("in use");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
    }
}
