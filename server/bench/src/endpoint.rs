//! A port of a server, and how connections to it are made.

use std::{fmt, net::SocketAddr, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, pki_types::ServerName},
};

use crate::error::{Error, Result};

/// A port of a server.
#[derive(Clone)]
pub(crate) struct Endpoint {
    address: SocketAddr,
    /// Whose certificate is expected, if connections are encrypted.
    tls: Option<(ServerName<'static>, Arc<ClientConfig>)>,
}

impl Endpoint {
    /// A port that is spoken to without encryption.
    pub(crate) fn plain(address: SocketAddr) -> Self {
        Self { address, tls: None }
    }

    /// The same with TLS, for one protocol on top of it.
    pub(crate) fn encrypted(&self, name: ServerName<'static>, config: &ClientConfig, protocol: &[u8]) -> Self {
        let mut config = config.clone();
        config.alpn_protocols = vec![protocol.to_vec()];
        Self { tls: Some((name, Arc::new(config))), ..*self }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A new connection, not yet encrypted.
    pub(crate) async fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(self.address).await.map_err(Error::unreachable)?;
        stream.set_nodelay(true).map_err(Error::unreachable)?;
        Ok(stream)
    }

    /// Encrypts a connection, or gives it back if that is not to be.
    pub(crate) async fn encrypt(
        &self,
        stream: TcpStream,
    ) -> Result<std::result::Result<TlsStream<TcpStream>, TcpStream>> {
        let Some((name, config)) = &self.tls else { return Ok(Err(stream)) };
        let connected = TlsConnector::from(Arc::clone(config)).connect(name.clone(), stream).await;
        connected.map(Ok).map_err(Error::unreachable)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.address, if self.tls.is_some() { " with TLS" } else { "" })
    }
}
