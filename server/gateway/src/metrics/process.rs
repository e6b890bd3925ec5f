//! How busy the machine and this process are, as Linux tells it below `/proc`. Elsewhere, and where
//! a file cannot be read, the figures stay zero.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use tokio::time::Instant;

/// Bytes per page in `/proc/self/statm` on every machine that the server is built for.
const PAGE_BYTES: u64 = 4096;

/// Figures at one moment. Shares are between 0 and 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Share of all processors in use since the last look.
    pub system_cpu: f64,
    /// Share of all processors that this process used since the last look.
    pub process_cpu: f64,
    /// Number of processors.
    pub processors: u64,
    /// Load average over one minute.
    pub load: f64,
    /// Share of the machine's memory in use.
    pub memory: f64,
    /// Resident memory of the process.
    pub resident_bytes: u64,
    /// Open files of the process.
    pub open_files: u64,
    /// Files that the process may open.
    pub max_files: u64,
    /// Start of the process in seconds since the epoch.
    pub start_seconds: f64,
    /// Seconds since the start.
    pub uptime_seconds: f64,
}

/// Remembers the last look, since use is a difference.
#[derive(Debug)]
pub struct Process {
    started: Instant,
    start_seconds: f64,
    last: Mutex<Ticks>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Ticks {
    busy: f64,
    all: f64,
    own: f64,
}

impl Default for Process {
    fn default() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), start_seconds: since_epoch.as_secs_f64(), last: Mutex::default() }
    }
}

impl Process {
    /// Figures as of now.
    pub fn usage(&self) -> Usage {
        let ticks = read_ticks();
        let before = std::mem::replace(&mut *self.last.lock(), ticks);
        let all = ticks.all - before.all;
        let share = |part: f64| if all > 0.0 { (part / all).clamp(0.0, 1.0) } else { 0.0 };
        let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
        Usage {
            system_cpu: share(ticks.busy - before.busy),
            process_cpu: share(ticks.own - before.own),
            processors: u64::try_from(processors).unwrap_or(1),
            load: first_number(&read("/proc/loadavg")),
            memory: memory_share(&read("/proc/meminfo")),
            resident_bytes: resident_pages(&read("/proc/self/statm")) * PAGE_BYTES,
            open_files: fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64),
            max_files: max_files(&read("/proc/self/limits")),
            start_seconds: self.start_seconds,
            uptime_seconds: self.started.elapsed().as_secs_f64(),
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn read_ticks() -> Ticks {
    let (busy, all) = machine_ticks(&read("/proc/stat"));
    Ticks { busy, all, own: own_ticks(&read("/proc/self/stat")) }
}

/// Busy and all ticks of all processors: the first line counts user, nice, system, idle, waiting...
fn machine_ticks(stat: &str) -> (f64, f64) {
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = line.split_whitespace().skip(1).take(8).filter_map(|word| word.parse().ok()).collect();
    let all: f64 = ticks.iter().sum();
    let idle: f64 = ticks.iter().skip(3).take(2).sum();
    (all - idle, all)
}

/// Ticks of this process; its name, in brackets, may hold blanks.
fn own_ticks(stat: &str) -> f64 {
    let Some((_, fields)) = stat.rsplit_once(')') else { return 0.0 };
    fields.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<f64>().ok()).sum()
}

fn memory_share(meminfo: &str) -> f64 {
    let field = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0.0, first_number)
    };
    let total = field("MemTotal:");
    if total > 0.0 { (1.0 - field("MemAvailable:") / total).clamp(0.0, 1.0) } else { 0.0 }
}

fn resident_pages(statm: &str) -> u64 {
    statm.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// The soft limit; there is no number where there is no limit.
fn max_files(limits: &str) -> u64 {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn first_number(text: &str) -> f64 {
    text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_the_kernel_writes_them() {
        assert_eq!(machine_ticks("cpu  10 1 5 100 4 0 1 0 0 0\ncpu0 1"), (17.0, 121.0));
        assert_eq!(own_ticks("7 (a) b) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20"), 42.0);
        assert_eq!(memory_share("MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 250 kB\n"), 0.75);
        assert_eq!(resident_pages("100 42 3"), 42);
        assert_eq!(max_files("Limit  Soft Limit\nMax open files   1024    4096    files\n"), 1024);
        assert_eq!((machine_ticks("").1, own_ticks(""), memory_share("")), (0.0, 0.0, 0.0));
    }

    #[test]
    fn a_second_look_counts_from_the_first() {
        let process = Process::default();
        process.usage();
        let usage = process.usage();
        assert!((0.0..=1.0).contains(&usage.system_cpu));
        assert!(usage.processors > 0);
    }
}
