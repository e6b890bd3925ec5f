//! Moves the bytes of one direction of one connection through the present fault.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::frames::Frames;
use super::{End, Fault, Way};

/// The most that waits for its time; the sender is held back beyond it.
const HELD_BYTES: usize = 4 << 20;
const READ_BYTES: usize = 64 << 10;
/// A throttled direction moves one slice in each of these.
const SLICE: Duration = Duration::from_millis(20);

/// Why a direction has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The sender has nothing more to say.
    Input,
    /// The whole connection shall end.
    Told(End),
}

struct Pump<R, W> {
    reader: R,
    writer: W,
    fault: watch::Receiver<Fault>,
    frames: Frames,
    held: VecDeque<(Instant, Bytes)>,
    held_bytes: usize,
    not_before: Instant,
    /// What [`Fault::CutAfter`] still lets pass.
    allowance: u64,
    dropped: bool,
    input_ended: bool,
}

/// Forwards until the input ends or the connection shall end.
pub(super) async fn run<R, W>(reader: R, writer: W, fault: watch::Receiver<Fault>, way: Way) -> Ended
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut pump = Pump {
        reader,
        writer,
        fault,
        frames: Frames::new(way == Way::Up),
        held: VecDeque::new(),
        held_bytes: 0,
        not_before: Instant::now(),
        allowance: 0,
        dropped: false,
        input_ended: false,
    };
    pump.begin();
    pump.run().await
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Pump<R, W> {
    async fn run(&mut self) -> Ended {
        let mut buffer = BytesMut::new();
        loop {
            let fault = *self.fault.borrow();
            let due = self.held.front().map(|(at, _)| (*at).max(self.not_before));
            let silent = matches!(fault, Fault::BlackHole | Fault::Drop);
            if self.input_ended && due.is_none() && !silent {
                let _ = self.writer.shutdown().await;
                return Ended::Input;
            }
            let takes = fault != Fault::BlackHole && !self.input_ended && self.held_bytes < HELD_BYTES;
            tokio::select! {
                changed = self.fault.changed() => {
                    if changed.is_err() || self.dropped {
                        return Ended::Told(End::Reset);
                    }
                    self.begin();
                }
                () = sleep_until(due.unwrap_or(self.not_before)), if due.is_some() && fault != Fault::BlackHole => {
                    if let Some(end) = self.forward(fault).await {
                        return Ended::Told(end);
                    }
                }
                read = self.reader.read_buf(reserved(&mut buffer)), if takes => match read {
                    Ok(0) => self.input_ended = true,
                    Ok(_) => self.take(buffer.split().freeze(), fault),
                    // A lost reset is told when the fault ends.
                    Err(_) if fault == Fault::Drop => (self.input_ended, self.dropped) = (true, true),
                    Err(_) => return Ended::Told(End::Reset),
                },
            }
        }
    }

    /// A fault has been set.
    fn begin(&mut self) {
        match *self.fault.borrow_and_update() {
            Fault::CutAfter(bytes, _) => self.allowance = bytes,
            Fault::Pass => self.held.iter_mut().for_each(|(at, _)| *at = Instant::now()),
            _ => {}
        }
        self.not_before = Instant::now();
    }

    fn take(&mut self, bytes: Bytes, fault: Fault) {
        let at = match fault {
            Fault::Drop => {
                self.dropped = true;
                return;
            }
            Fault::Delay(time) => Instant::now() + time,
            _ => Instant::now(),
        };
        self.held_bytes += bytes.len();
        self.held.push_back((at, bytes));
    }

    /// Writes the first held piece or a part of it; tells how the connection ends if it shall.
    async fn forward(&mut self, fault: Fault) -> Option<End> {
        let (_, piece) = self.held.front_mut()?;
        let mut end = None;
        let length = match fault {
            Fault::CutAfter(_, how) if self.allowance <= piece.len() as u64 => {
                end = Some(how);
                usize::try_from(self.allowance).unwrap_or(piece.len())
            }
            Fault::CutInFrame(how) => match self.frames.advance_to_middle(piece) {
                Some(middle) => {
                    end = Some(how);
                    middle
                }
                None => piece.len(),
            },
            Fault::Throttle(per_second) => {
                let slice = (u128::from(per_second) * SLICE.as_millis() / 1000).max(1);
                self.not_before = Instant::now() + SLICE;
                piece.len().min(usize::try_from(slice).unwrap_or(usize::MAX))
            }
            _ => piece.len(),
        };
        let bytes = piece.split_to(length);
        if !piece.has_remaining() {
            self.held.pop_front();
        }
        self.held_bytes -= bytes.len();
        self.allowance = self.allowance.saturating_sub(bytes.len() as u64);
        if !matches!(fault, Fault::CutInFrame(_)) {
            self.frames.advance(&bytes);
        }
        if self.writer.write_all(&bytes).await.is_err() {
            return Some(End::Reset);
        }
        end
    }
}

fn reserved(buffer: &mut BytesMut) -> &mut BytesMut {
    buffer.reserve(READ_BYTES);
    buffer
}
