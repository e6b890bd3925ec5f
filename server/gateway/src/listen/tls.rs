//! TLS: certificates from files, read anew when the files change, and the handshake of a connection.

mod files;
mod settings;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use self::files::Stamp;
pub use self::settings::{Mode, Secret, Settings};

/// The first byte of every TLS connection. No request of HTTP begins with it.
pub(super) const HANDSHAKE: u8 = 0x16;

/// What the handshakes of new connections use.
pub(crate) struct Tls {
    settings: Settings,
    config: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Reads the files; `None` when TLS is off on all ports.
    ///
    /// # Errors
    /// When a file is not named, cannot be read, or does not fit to the others.
    pub(crate) fn start(settings: Settings) -> io::Result<Option<Arc<Self>>> {
        if settings.is_off() {
            return Ok(None);
        }
        let config = ArcSwap::new(files::read(&settings)?);
        Ok(Some(Arc::new(Self { settings, config })))
    }

    /// Whether connections of the main port, or of the gRPC port, are encrypted.
    pub(super) fn mode(&self, is_main: bool) -> Mode {
        if is_main { self.settings.main_mode() } else { self.settings.mode }
    }

    /// The handshake of a connection.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let limit = Duration::from_millis(self.settings.handshake_timeout_ms);
        let handshake = TlsAcceptor::from(self.config.load_full()).accept(stream);
        tokio::time::timeout(limit, handshake).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// Looks for renewed files again and again. What cannot be used is logged once, and the
    /// certificate in use stays.
    pub(super) async fn watch(self: Arc<Self>) {
        if self.settings.reload_seconds == 0 {
            return std::future::pending().await;
        }
        let pause = Duration::from_secs(self.settings.reload_seconds);
        let mut seen = self.seen().await;
        loop {
            tokio::time::sleep(pause).await;
            self.look(&mut seen).await;
        }
    }

    /// Reads the files if they are not as they were `seen` last.
    async fn look(&self, seen: &mut Option<Stamp>) {
        let now = self.seen().await;
        if now == *seen {
            return;
        }
        let settings = self.settings.clone();
        let config = tokio::task::spawn_blocking(move || files::read(&settings)).await;
        match config.map_err(io::Error::other).flatten() {
            Ok(config) => {
                self.config.store(config);
                tracing::info!("renewed certificate in use");
            }
            Err(error) => tracing::error!(%error, "renewed certificate cannot be used; the one before stays"),
        }
        *seen = now;
    }

    async fn seen(&self) -> Option<Stamp> {
        let settings = self.settings.clone();
        tokio::task::spawn_blocking(move || files::stamp(&settings)).await.ok()
    }
}

#[cfg(test)]
mod tests;
