//! What the system grants: open files, connections that wait, memory, processors.

use std::fs;

use super::Check;

/// Each client is an open file; so many serve most.
const FILES: u64 = 65_536;
const FEWEST_FILES: u64 = 4_096;
/// Connections that may wait to be accepted.
const BACKLOG: u64 = 1_024;
const MEMORY_MB: u64 = 512;
const LEAST_MEMORY_MB: u64 = 128;

pub(super) fn look() -> Vec<Check> {
    let mut checks = Vec::new();
    if let Ok((_, hard)) = rlimit::getrlimit(rlimit::Resource::NOFILE) {
        checks.push(files(hard));
    }
    if let Some(backlog) = number("/proc/sys/net/core/somaxconn") {
        checks.push(somaxconn(backlog));
    }
    if let Some((found, megabytes)) = usable_memory() {
        checks.push(memory(&found, megabytes));
    }
    checks.push(processors(std::thread::available_parallelism().map_or(1, usize::from)));
    checks
}

fn number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn files(hard: u64) -> Check {
    const NAME: &str = "open files";
    let advice =
        "raise the hard limit (LimitNOFILE= of systemd, --ulimit nofile of Docker): each client takes one file";
    let found = format!("at most {hard}");
    if hard < FEWEST_FILES {
        Check::fail(NAME, found, advice)
    } else if hard < FILES {
        Check::warn(NAME, found, advice)
    } else if hard > 1 << 30 {
        Check::ok(NAME, "not limited")
    } else {
        Check::ok(NAME, found)
    }
}

fn somaxconn(backlog: u64) -> Check {
    const NAME: &str = "waiting connections";
    let found = format!("net.core.somaxconn is {backlog}");
    if backlog < BACKLOG {
        let advice = format!("set it to {BACKLOG} or more: when many clients come at once some are turned away");
        return Check::warn(NAME, found, advice);
    }
    Check::ok(NAME, found)
}

/// The smaller one of the machine's available memory and the limit of the control group, in megabytes.
fn usable_memory() -> Option<(String, u64)> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let available = line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? >> 10;
    match group_limit().filter(|limit| *limit < available) {
        Some(limit) => Some((format!("{limit} MB by the control group"), limit)),
        None => Some((format!("{available} MB available"), available)),
    }
}

/// The tightest limit from the process's own control group up to the root, in megabytes.
fn group_limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mut limits = Vec::new();
    for group in groups.lines() {
        let mut parts = group.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        for above in std::path::Path::new(path).ancestors() {
            limits.extend(number(&format!("{root}{}/{file}", above.display()).replace("//", "/")));
        }
    }
    limits.into_iter().min().map(|bytes| bytes >> 20)
}

fn memory(found: &str, megabytes: u64) -> Check {
    const NAME: &str = "memory";
    let advice = format!("give the server {MEMORY_MB} MB or more: configs' index and all instances are kept in memory");
    if megabytes < LEAST_MEMORY_MB {
        Check::fail(NAME, found, advice)
    } else if megabytes < MEMORY_MB {
        Check::warn(NAME, found, advice)
    } else {
        Check::ok(NAME, found)
    }
}

fn processors(count: usize) -> Check {
    const NAME: &str = "processors";
    if count < 2 {
        return Check::warn(NAME, "1", "give the server 2: with one, a burst of changes delays everything else");
    }
    Check::ok(NAME, count.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::Status;

    #[test]
    fn limits_are_judged() {
        assert_eq!(files(u64::MAX), Check::ok("open files", "not limited"));
        assert_eq!((files(4_096).status, files(1_024).status), (Status::Warn, Status::Fail));
        assert_eq!((somaxconn(4_096).status, somaxconn(128).status), (Status::Ok, Status::Warn));
        assert_eq!((memory("", 600).status, memory("", 64).status), (Status::Ok, Status::Fail));
        assert_eq!((processors(1).status, processors(2).status), (Status::Warn, Status::Ok));
    }
}
