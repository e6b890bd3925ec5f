//! Sockets: TCP, with TLS around it when asked. Tests put memory in their place.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::tls;
use crate::{error::Error, options::Tls};

/// A host that is gone is noticed by TCP itself after about this silence: 5 s plus three probes.
const TCP_IDLE: Duration = Duration::from_secs(5);
const TCP_PROBE: Duration = Duration::from_secs(1);
const TCP_PROBES: u32 = 3;

/// A byte stream to a server.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A byte stream, and the own end of it.
pub(crate) struct Socket {
    pub(crate) io: Box<dyn Io>,
    pub(crate) local: SocketAddr,
}

/// Makes sockets.
#[derive(Clone, Debug, Default)]
pub(crate) enum Dialer {
    #[default]
    Tcp,
    #[cfg(test)]
    Memory(super::testing::Network),
}

impl Dialer {
    /// Connects; `tls` is the settings and the host that the certificate shall name. The caller sets the deadline.
    pub(crate) async fn dial(
        &self,
        address: SocketAddr,
        tls: Option<(&Tls, &str)>,
        protocol: &'static [u8],
    ) -> Result<Socket, Error> {
        let stream = match self {
            Self::Tcp => connect(address).await.map_err(|error| refused(address, error))?,
            #[cfg(test)]
            Self::Memory(network) => return network.connect(address).await.map_err(|error| refused(address, error)),
        };
        let local = stream.local_addr().map_err(|error| refused(address, error))?;
        let Some((tls, host)) = tls else { return Ok(Socket { io: Box::new(stream), local }) };
        let config = tls::load(tls, protocol).await?;
        let name = tls::server_name(tls, host)?;
        let stream = TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(|error| Error::unreachable(format!("TLS with {address} failed: {error}")).with_source(error))?;
        Ok(Socket { io: Box::new(stream), local })
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let socket = socket2::SockRef::from(&stream);
    let alive = socket2::TcpKeepalive::new().with_time(TCP_IDLE).with_interval(TCP_PROBE);
    #[cfg(not(windows))]
    let alive = alive.with_retries(TCP_PROBES);
    socket.set_tcp_keepalive(&alive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(TCP_IDLE + TCP_PROBE * TCP_PROBES))?;
    Ok(stream)
}

fn refused(address: SocketAddr, error: io::Error) -> Error {
    Error::unreachable(format!("{address} cannot be reached: {error}")).with_source(error)
}
