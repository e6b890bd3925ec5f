//! Progress of long work, on a terminal only.

use std::{
    io::{self, Read},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that counts to `total`; nothing is drawn where nobody looks.
pub(crate) fn steps(what: &'static str, total: u64) -> ProgressBar {
    styled(ProgressBar::new(total), "{msg} [{bar:30}] {pos} of {len}").with_message(what)
}

/// A bar that counts bytes.
pub(crate) fn bytes(what: &'static str, total: Option<u64>) -> ProgressBar {
    let bar = match total {
        Some(total) => styled(ProgressBar::new(total), "{msg} [{bar:30}] {bytes} of {total_bytes}"),
        None => styled(ProgressBar::new_spinner(), "{spinner} {msg} {bytes}"),
    };
    bar.with_message(what)
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    bar.enable_steady_tick(Duration::from_millis(200));
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Counts what is read through it.
pub(crate) struct Counted<R> {
    pub(crate) inner: R,
    pub(crate) bar: ProgressBar,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bar.inc(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_read_are_counted() {
        let bar = bytes("reading", Some(5));
        let mut counted = Counted { inner: &b"12345"[..], bar: bar.clone() };
        let mut text = String::new();
        counted.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), bar.position()), ("12345", 5));
    }
}
