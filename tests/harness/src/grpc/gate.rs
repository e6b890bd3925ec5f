//! A TCP stream that a test can freeze (nothing passes any more while the socket stays open) or reset.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::task::AtomicWaker;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The switch of a gate.
#[derive(Debug, Default)]
pub(super) struct Switch {
    reads_stopped: AtomicBool,
    reset: AtomicBool,
    writes_stopped: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Switch {
    pub(super) fn stop_reads(&self, stop: bool) {
        self.reads_stopped.store(stop, Ordering::SeqCst);
        self.reader.wake();
    }

    /// Makes the next read set a linger of zero and fail: the owner then closes the socket, which sends RST.
    pub(super) fn reset(&self) {
        self.reset.store(true, Ordering::SeqCst);
        self.reader.wake();
    }

    pub(super) fn stop_writes(&self, stop: bool) {
        self.writes_stopped.store(stop, Ordering::SeqCst);
        self.writer.wake();
    }
}

/// The stream with its switch.
#[derive(Debug)]
pub(super) struct Gate {
    stream: TcpStream,
    switch: Arc<Switch>,
}

impl Gate {
    pub(super) fn new(stream: TcpStream) -> (Self, Arc<Switch>) {
        let switch = Arc::new(Switch::default());
        (Self { stream, switch: Arc::clone(&switch) }, switch)
    }

    fn read_stopped(&self, context: &Context<'_>) -> bool {
        self.switch.reader.register(context.waker());
        self.switch.reads_stopped.load(Ordering::SeqCst)
    }

    fn write_stopped(&self, context: &Context<'_>) -> bool {
        self.switch.writer.register(context.waker());
        self.switch.writes_stopped.load(Ordering::SeqCst)
    }
}

impl AsyncRead for Gate {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stopped = self.read_stopped(context);
        if self.switch.reset.load(Ordering::SeqCst) {
            SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))?;
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if stopped {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Gate {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.write_stopped(context) {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
