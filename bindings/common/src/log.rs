//! Lines of the log on their way to the host.
//!
//! The engine writes them with the crate `tracing`, which sends them to the subscriber of the thread. A
//! [`Ring`] is such a subscriber. It is set on the threads of its runtime and, for the duration of a call, on the
//! host's; never for the whole process, which belongs to the host. Spans carry nothing here and are passed over.

use std::{
    collections::VecDeque,
    fmt::{self, Write as _},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use parking_lot::Mutex;
use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
    subscriber::Interest,
};

use crate::wire::Writer;

/// Lines that wait for the host; of more, the oldest are dropped and counted.
const PLACES: usize = 1024;
/// Longest text of a line, in bytes.
const LONGEST: usize = 8 * 1024;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// 1 error, 2 warning, 3 info, 4 debug, 5 trace.
    pub level: u8,
    /// Milliseconds since the epoch.
    pub millis: i64,
    /// The part that wrote it.
    pub target: &'static str,
    /// Text and fields.
    pub message: String,
}

type Ready = Box<dyn Fn() + Send + Sync>;

/// A bounded number of lines.
pub struct Ring {
    level: AtomicU8,
    waiting: AtomicBool,
    lines: Mutex<Lines>,
    ready: Mutex<Option<Arc<Ready>>>,
}

#[derive(Debug, Default)]
struct Lines {
    lines: VecDeque<Line>,
    dropped: u64,
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("level", &self.level).field("lines", &self.lines.lock().lines.len()).finish()
    }
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            level: AtomicU8::new(0),
            waiting: AtomicBool::new(false),
            lines: Mutex::default(),
            ready: Mutex::default(),
        }
    }
}

impl Ring {
    /// Keeps lines up to this level from now on: 0 none, 1 errors, ... 5 all. `dispatch` is the one of this ring.
    pub(crate) fn set_level(&self, level: u8, dispatch: &Dispatch) {
        self.level.store(level.min(5), Ordering::Relaxed);
        // Call sites remember whether they were wanted. What they ask may be the subscriber of this thread only.
        tracing::dispatcher::with_default(dispatch, tracing::callsite::rebuild_interest_cache);
    }

    /// Calls this when there are lines again, in place of what was called before.
    pub fn on_ready(&self, ready: impl Fn() + Send + Sync + 'static) {
        *self.ready.lock() = Some(Arc::new(Box::new(ready)));
    }

    /// Whether there are lines.
    pub fn has_lines(&self) -> bool {
        self.waiting.load(Ordering::Acquire)
    }

    /// Takes out at most so many of the oldest lines, and how many were dropped since the last time.
    pub fn drain(&self, most: usize) -> (u64, Vec<Line>) {
        let mut lines = self.lines.lock();
        let count = lines.lines.len().min(most);
        let drained = lines.lines.drain(..count).collect();
        self.waiting.store(!lines.lines.is_empty(), Ordering::Release);
        (std::mem::take(&mut lines.dropped), drained)
    }

    fn push(&self, line: Line) {
        let mut lines = self.lines.lock();
        if lines.lines.len() == PLACES {
            lines.lines.pop_front();
            lines.dropped += 1;
        }
        lines.lines.push_back(line);
        let first = !self.waiting.swap(true, Ordering::AcqRel);
        drop(lines);
        if first {
            let ready = self.ready.lock().clone();
            if let Some(ready) = ready {
                ready();
            }
        }
    }
}

/// Writes `dropped u64` and the lines: `level u8, millis i64, target, message`.
pub(crate) fn write(dropped: u64, lines: &[Line]) -> Vec<u8> {
    Writer::new()
        .u64(dropped)
        .list(lines.iter(), |writer, line| writer.u8(line.level).i64(line.millis).str(line.target).str(&line.message))
        .into_bytes()
}

/// A ring as the subscriber of a thread.
#[derive(Clone, Debug)]
pub(crate) struct Sink(pub(crate) Arc<Ring>);

impl Subscriber for Sink {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let level = number(*metadata.level());
        // What libraries below the engine do is only of interest when something is wrong.
        let ours = metadata.target().starts_with("nacre") || level <= 2;
        metadata.is_event() && ours && level <= self.0.level.load(Ordering::Relaxed)
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // The level may change, and threads without this subscriber ask too.
        if metadata.is_event() { Interest::sometimes() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match self.0.level.load(Ordering::Relaxed) {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        })
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        self.0.push(Line {
            level: number(*event.metadata().level()),
            millis: i64::try_from(millis).unwrap_or(i64::MAX),
            target: event.metadata().target(),
            message: text.finish(),
        });
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn number(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn finish(mut self) -> String {
        self.message.push_str(&self.fields);
        if self.message.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|end| self.message.is_char_boundary(*end)).unwrap_or_default();
            self.message.truncate(end);
            self.message.push_str("...");
        }
        self.message
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            let _ = write!(self.fields, " {}={value:?}", field.name());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn texts(ring: &Ring) -> Vec<(u8, String)> {
        ring.drain(usize::MAX).1.into_iter().map(|line| (line.level, line.message)).collect()
    }

    #[test]
    fn lines_are_kept_up_to_the_level() {
        let ring = Arc::new(Ring::default());
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        ring.on_ready(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        let dispatch = Dispatch::new(Sink(Arc::clone(&ring)));
        tracing::dispatcher::with_default(&dispatch, || {
            let write = |number: u32| {
                tracing::warn!(target: "nacre_client", server = "a:1", count = number, "lost");
                tracing::debug!(target: "nacre_client", "sent {number}");
                tracing::info!(target: "h2", "frame");
            };
            write(1);
            assert_eq!(texts(&ring), [], "nothing is wanted at first");
            ring.set_level(3, &dispatch);
            write(2);
            write(3);
            let lost = |count| (2, format!("lost server=\"a:1\" count={count}"));
            assert_eq!(texts(&ring), [lost(2), lost(3)]);
            ring.set_level(4, &dispatch);
            write(4);
            assert_eq!(texts(&ring), [lost(4), (4, "sent 4".into())]);
            ring.set_level(0, &dispatch);
            write(5);
            assert_eq!(texts(&ring), []);
        });
        assert_eq!(calls.load(Ordering::SeqCst), 2, "once per time that it was empty");
    }

    #[test]
    fn the_oldest_lines_are_dropped_and_counted() {
        let ring = Ring::default();
        for number in 0..PLACES + 5 {
            ring.push(Line { level: 3, millis: 0, target: "t", message: number.to_string() });
        }
        let (dropped, lines) = ring.drain(10);
        assert_eq!((dropped, lines.len(), lines[0].message.as_str()), (5, 10, "5"));
        assert!(ring.has_lines());
        let (dropped, lines) = ring.drain(usize::MAX);
        assert_eq!((dropped, lines.len()), (0, PLACES - 10));
        assert!(!ring.has_lines());
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let text = Text { message: "ß".repeat(LONGEST), fields: String::new() }.finish();
        assert_eq!(text.len(), LONGEST + 3);
        assert!(text.ends_with("ß..."));
    }
}
