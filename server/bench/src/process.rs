//! What the kernel knows about the server's process.

use std::time::Duration;

use crate::error::{Error, Result};

/// `USER_HZ`: the kernel shows processor times to programs in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);
/// Fields of `stat` between the command's name and the user time.
const FIELDS_BEFORE_TIMES: usize = 11;

/// A process on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process(u32);

impl Process {
    /// The process with this id.
    #[must_use]
    pub fn new(id: u32) -> Self {
        Self(id)
    }

    /// User and system time of all its threads so far.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn processor_time(self) -> Result<Duration> {
        times_in(&self.read("stat")?).ok_or_else(|| self.odd("stat"))
    }

    /// Its resident memory in bytes.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn resident_bytes(self) -> Result<u64> {
        resident_in(&self.read("status")?).ok_or_else(|| self.odd("status"))
    }

    fn read(self, name: &str) -> Result<String> {
        let path = format!("/proc/{}/{name}", self.0);
        std::fs::read_to_string(path).map_err(|error| Error::usage(format!("process {}: {error}", self.0)))
    }

    fn odd(self, name: &str) -> Error {
        Error::internal(format!("process {}: {name} cannot be read", self.0))
    }
}

fn times_in(stat: &str) -> Option<Duration> {
    // The command's name stands in parentheses and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(FIELDS_BEFORE_TIMES);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_times_stand_behind_the_name() {
        let stat = "42 (na) c (re) S 1 42 42 0 -1 4194560 900 0 1 0 150 25 7 7 20 0 9 0 1000 1 1";
        assert_eq!(times_in(stat), Some(Duration::from_millis(1750)));
        assert_eq!(times_in("42 (nacre) S 1"), None);
    }

    #[test]
    fn resident_memory_is_in_kilobytes() {
        assert_eq!(resident_in("Name:\tnacre\nVmRSS:\t   2048 kB\n"), Some(2 << 20));
        assert_eq!(resident_in("Name:\tnacre\n"), None);
    }

    #[test]
    fn this_process_is_there_and_another_is_not() {
        assert!(Process::new(std::process::id()).resident_bytes().unwrap() > 0);
        assert_eq!(Process::new(u32::MAX).processor_time().unwrap_err().kind(), crate::ErrorKind::Usage);
    }
}
