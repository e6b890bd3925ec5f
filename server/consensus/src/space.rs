//! Watches the free space of the disk, so that writes are refused before the disk is full.

use std::{
    fmt,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use tokio::time::{Duration, Instant};

/// Bytes written after which free space is looked up again.
const RECHECK_BYTES: u64 = 1 << 20;
/// Age from which a known figure is looked up again before it decides.
const RECHECK_AGE: Duration = Duration::from_millis(200);

/// Free space is below the reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shortage {
    pub(crate) free: u64,
    pub(crate) reserve: u64,
}

/// See the module.
pub(crate) struct SpaceGuard {
    path: Option<PathBuf>,
    reserve: u64,
    free: AtomicU64,
    unchecked: AtomicU64,
    checked: Mutex<Option<Instant>>,
}

impl fmt::Debug for SpaceGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpaceGuard").field("path", &self.path).field("reserve", &self.reserve).finish_non_exhaustive()
    }
}

impl SpaceGuard {
    /// Keeps `reserve` bytes free on the file system of `path`.
    pub(crate) fn new(path: PathBuf, reserve: u64) -> Self {
        Self {
            path: Some(path),
            reserve,
            free: AtomicU64::new(u64::MAX),
            unchecked: AtomicU64::new(0),
            checked: Mutex::new(None),
        }
    }

    /// For stores that are not on a disk.
    pub(crate) fn unlimited() -> Self {
        Self { path: None, ..Self::new(PathBuf::new(), 0) }
    }

    /// Notes bytes that went to the disk.
    pub(crate) fn wrote(&self, bytes: u64) {
        if self.unchecked.fetch_add(bytes, Ordering::Relaxed) + bytes >= RECHECK_BYTES {
            self.look();
        }
    }

    /// The free bytes as last seen, and the reserve.
    pub(crate) fn figures(&self) -> (u64, u64) {
        (self.free.load(Ordering::Relaxed), self.reserve)
    }

    /// Refuses when free space is below the reserve.
    pub(crate) fn check(&self) -> Result<(), Shortage> {
        if self.path.is_none() {
            return Ok(());
        }
        let stale = {
            let mut checked = self.checked.lock();
            let stale = checked.is_none_or(|at| at.elapsed() >= RECHECK_AGE);
            if stale {
                *checked = Some(Instant::now());
            }
            stale
        };
        if stale {
            self.look();
        }
        let free = self.free.load(Ordering::Relaxed);
        if free < self.reserve { Err(Shortage { free, reserve: self.reserve }) } else { Ok(()) }
    }

    fn look(&self) {
        let Some(path) = &self.path else { return };
        self.unchecked.store(0, Ordering::Relaxed);
        match fs4::available_space(path) {
            Ok(free) => self.free.store(free, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, path = %path.display(), "cannot read free disk space"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_below_the_reserve_only() {
        let path = std::env::temp_dir();
        assert!(SpaceGuard::new(path.clone(), 0).check().is_ok());
        let shortage = SpaceGuard::new(path, u64::MAX).check().unwrap_err();
        assert_eq!(shortage.reserve, u64::MAX);
        assert!(shortage.free > 0);
        assert!(SpaceGuard::unlimited().check().is_ok());
    }
}
