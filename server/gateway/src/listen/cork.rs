//! Gathers what a connection writes, so that answers which are ready together leave in one system call.
//!
//! HTTP/2 hands over every frame with content by itself, and the answers of one connection are made by tasks of
//! their own. While there are calls without an answer, what is written waits until the other tasks that are ready
//! had their turn, never for a timer.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Most bytes that are gathered: what a client that reads nothing costs beyond the buffers of its socket.
const MOST: usize = 32 << 10;

/// The side of the connection's task.
pub(super) struct Cork<S> {
    shared: Arc<Shared<S>>,
}

/// The side that HTTP reads from and writes to.
pub(super) struct Corked<S> {
    shared: Arc<Shared<S>>,
}

/// See [`Cork::drive`].
pub(super) struct Drive<'a, S, F> {
    cork: &'a Cork<S>,
    connection: Pin<&'a mut F>,
}

/// A call that has no answer yet.
pub(super) struct Call<S> {
    shared: Arc<Shared<S>>,
}

struct Shared<S> {
    calls: AtomicUsize,
    line: Mutex<Line<S>>,
}

struct Line<S> {
    stream: S,
    gathered: Vec<u8>,
    /// How much of it was sent.
    sent: usize,
    /// The stream took less than it was given: nothing more is gathered before it has taken the rest.
    is_blocked: bool,
    /// The other tasks had their turn since something was gathered.
    has_waited: bool,
}

/// Both sides of a cork on `stream`.
pub(super) fn cork<S>(stream: S) -> (Cork<S>, Corked<S>) {
    let line = Line { stream, gathered: Vec::new(), sent: 0, is_blocked: false, has_waited: false };
    let shared = Arc::new(Shared { calls: AtomicUsize::new(0), line: Mutex::new(line) });
    (Cork { shared: Arc::clone(&shared) }, Corked { shared })
}

impl<S: AsyncWrite + Unpin> Cork<S> {
    /// Notes a call until what this returns is dropped.
    pub(super) fn call(&self) -> Call<S> {
        self.shared.calls.fetch_add(1, Ordering::Relaxed);
        Call { shared: Arc::clone(&self.shared) }
    }

    /// Runs `connection`, which writes to the other side, and sends what it wrote.
    pub(super) fn drive<'a, F: Future>(&'a self, connection: Pin<&'a mut F>) -> Drive<'a, S, F> {
        Drive { cork: self, connection }
    }

    fn send(&self, context: &mut Context<'_>) {
        let mut line = self.shared.line.lock();
        if line.gathered.is_empty() {
            return;
        }
        if !line.has_waited && self.shared.calls.load(Ordering::Relaxed) > 0 {
            line.has_waited = true;
            // Behind the tasks that are ready already.
            context.waker().wake_by_ref();
            return;
        }
        line.has_waited = false;
        if let Poll::Ready(Err(_)) = line.poll_send(context) {
            // The stream tells the connection when that reads or writes next.
            context.waker().wake_by_ref();
        }
    }
}

impl<S: AsyncWrite + Unpin, F: Future> Future for Drive<'_, S, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let ended = self.connection.as_mut().poll(context);
        if ended.is_pending() {
            self.cork.send(context);
        }
        ended
    }
}

impl<S> Drop for Call<S> {
    fn drop(&mut self) {
        self.shared.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<S: AsyncWrite + Unpin> Line<S> {
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.gathered.len() {
            self.is_blocked = true;
            match ready!(Pin::new(&mut self.stream).poll_write(context, &self.gathered[self.sent..])) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(length) => self.sent += length,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        self.is_blocked = false;
        self.sent = 0;
        // Idle connections keep no buffer.
        self.gathered = Vec::new();
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_gather(&mut self, context: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if self.is_blocked || self.gathered.len() >= MOST {
            ready!(self.poll_send(context))?;
        }
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if self.gathered.is_empty() && length >= MOST {
            return Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        }
        let mut room = MOST - self.gathered.len();
        self.gathered.reserve(length.min(room));
        let before = self.gathered.len();
        for part in parts {
            let taken = part.len().min(room);
            self.gathered.extend_from_slice(&part[..taken]);
            room -= taken;
        }
        Poll::Ready(Ok(self.gathered.len() - before))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Corked<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.shared.line.lock().stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Corked<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.shared.line.lock().poll_gather(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared.line.lock().poll_gather(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Does nothing: HTTP/2 asks for it after each frame. The other side sends.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut line = self.shared.line.lock();
        ready!(line.poll_send(context))?;
        Pin::new(&mut line.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    /// A task of a connection that writes `parts` one by one, and never ends.
    async fn writer(mut corked: Corked<DuplexStream>, parts: Vec<Vec<u8>>) {
        for part in parts {
            corked.write_all(&part).await.unwrap();
            corked.flush().await.unwrap();
        }
        std::future::pending::<()>().await;
    }

    fn start(parts: Vec<Vec<u8>>, room: usize) -> (Arc<Cork<DuplexStream>>, DuplexStream) {
        let (near, far) = duplex(room);
        let (cork, corked) = cork(near);
        let cork = Arc::new(cork);
        let driver = Arc::clone(&cork);
        tokio::spawn(async move { driver.drive(std::pin::pin!(writer(corked, parts))).await });
        (cork, far)
    }

    #[tokio::test]
    async fn what_is_written_in_one_turn_is_sent_at_once() {
        let (_cork, mut far) = start(vec![b"one ".to_vec(), b"two ".to_vec(), b"three".to_vec()], 1 << 10);
        let mut bytes = [0; 64];
        let length = far.read(&mut bytes).await.unwrap();
        assert_eq!(&bytes[..length], b"one two three");
    }

    #[tokio::test]
    async fn open_calls_delay_by_one_turn_only() {
        let (near, mut far) = duplex(1 << 10);
        let (cork, mut corked) = cork(near);
        let _call = cork.call();
        let mut turns = 0;
        let connection = std::future::poll_fn(|context| {
            turns += 1;
            if turns < 3 {
                let bytes = [b'0' + turns];
                assert!(matches!(Pin::new(&mut corked).poll_write(context, &bytes), Poll::Ready(Ok(1))));
                return Poll::Pending;
            }
            Poll::Ready(())
        });
        let mut connection = std::pin::pin!(connection);
        let mut driven = std::pin::pin!(cork.drive(connection.as_mut()));
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut bytes = [0; 8];
        assert!(driven.as_mut().poll(&mut context).is_pending());
        assert!(
            futures::poll!(std::pin::pin!(far.read(&mut bytes))).is_pending(),
            "sent before the others had their turn"
        );
        assert!(driven.as_mut().poll(&mut context).is_pending());
        assert_eq!(far.read(&mut bytes).await.unwrap(), 2);
        assert_eq!(&bytes[..2], b"12");
    }

    #[tokio::test]
    async fn nothing_is_lost_or_changed_when_the_other_side_reads_slowly() {
        let parts: Vec<Vec<u8>> = (0..200_usize).map(|n| vec![n as u8; n * n % 70_000]).collect();
        let expected = parts.concat();
        let (cork, mut far) = start(parts, 777);
        let mut received = vec![0; expected.len()];
        far.read_exact(&mut received).await.unwrap();
        assert_eq!(received, expected);
        assert_eq!(cork.shared.line.lock().gathered.capacity(), 0);
    }

    #[tokio::test]
    async fn a_reader_that_stopped_costs_no_more_than_the_limit() {
        let (cork, _far) = start(vec![vec![7; 1 << 20]; 4], 16);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(cork.shared.line.lock().gathered.capacity() <= MOST);
    }

    #[tokio::test]
    async fn the_end_sends_what_was_gathered() {
        let (near, mut far) = duplex(16);
        let (_cork, mut corked) = cork(near);
        corked.write_all(&[9; 100]).await.unwrap();
        let reader = tokio::spawn(async move {
            let mut all = Vec::new();
            far.read_to_end(&mut all).await.map(|_| all)
        });
        corked.shutdown().await.unwrap();
        assert_eq!(reader.await.unwrap().unwrap(), vec![9; 100]);
    }

    #[tokio::test]
    async fn a_connection_hears_that_its_stream_is_broken() {
        let (near, far) = duplex(16);
        drop(far);
        let (cork, mut corked) = cork(near);
        let connection = async {
            loop {
                if let Err(error) = corked.write_all(b"more").await {
                    return error.kind();
                }
                tokio::task::yield_now().await;
            }
        };
        assert_eq!(cork.drive(std::pin::pin!(connection)).await, io::ErrorKind::BrokenPipe);
    }
}
