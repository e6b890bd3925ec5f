//! A bar for who waits at a terminal; nothing is shown elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{Instant, interval};

const TEMPLATE: &str = "{msg:24} [{bar:40}] {pos}/{len}";
const STEP: Duration = Duration::from_millis(100);

/// How far a scenario is.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    bar: ProgressBar,
    name: String,
}

impl Progress {
    /// Nothing to do yet.
    pub(crate) fn new(name: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(TEMPLATE).expect("the template is a constant");
        bar.set_style(style.progress_chars("=> "));
        Self { bar, name: name.to_owned() }
    }

    /// A part of so many steps begins.
    pub(crate) fn begin(&self, part: &str, steps: usize) {
        self.bar.reset();
        self.bar.set_length(steps as u64);
        self.bar.set_message(format!("{}: {part}", self.name));
    }

    /// A step is done.
    pub(crate) fn step(&self) {
        self.bar.inc(1);
    }

    /// Waits for `work`, which is expected to take `time`.
    pub(crate) async fn during<T>(&self, part: &str, time: Duration, work: impl Future<Output = T>) -> T {
        let seconds = |time: Duration| usize::try_from(time.as_secs()).unwrap_or(usize::MAX);
        self.begin(part, seconds(time));
        let begun = Instant::now();
        let mut ticks = interval(STEP);
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = ticks.tick() => self.bar.set_position(begun.elapsed().as_secs()),
            }
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
