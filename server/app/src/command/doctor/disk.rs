//! The data directory and its disk.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::{statfs, statvfs};
use tokio::time::Instant;

use super::Check;
use crate::settings::Storage;

const DIRECTORY: &str = "data directory";
const FILE_SYSTEM: &str = "file system";
const SPACE: &str = "free space";
const SPEED: &str = "disk speed";

/// Writes of the test of speed, each as long as a page.
const WRITES: usize = 200;
const WRITE_BYTES: usize = 4096;
/// A disk that is slower than that is known to be slow.
const LONGEST_TEST: Duration = Duration::from_secs(10);

pub(super) fn look(storage: &Storage) -> Vec<Check> {
    let path = &storage.data_dir;
    let Some(place) = existing(path) else {
        return vec![Check::fail(DIRECTORY, format!("{} cannot be reached", path.display()), "check the path")];
    };
    let mut checks = vec![directory(path, &place)];
    checks.push(file_system(&place));
    checks.push(space(&place, storage.reserve_mb));
    if checks[0].status != super::Status::Fail {
        checks.push(match measure(&place) {
            Ok(times) => speed(&times),
            Err(error) => Check::fail(SPEED, format!("cannot write: {error}"), "see whether the disk is healthy"),
        });
    }
    checks
}

/// The directory or, before the first start, the nearest one above it.
fn existing(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    absolute.ancestors().find(|place| place.is_dir()).map(Path::to_owned)
}

fn directory(path: &Path, place: &Path) -> Check {
    let shown = path.display();
    if path.exists() && !path.is_dir() {
        return Check::fail(DIRECTORY, format!("{shown} is no directory"), "name another one with --data-dir");
    }
    if let Err(error) = tempfile::tempfile_in(place) {
        let owner = fs::metadata(place).map(|found| found.uid().to_string()).unwrap_or_else(|_| "?".to_owned());
        let me = rustix::process::geteuid().as_raw();
        let advice = format!("let user {me}, who runs this, write there; it belongs to user {owner}");
        return Check::fail(DIRECTORY, format!("{} cannot be written: {error}", place.display()), advice);
    }
    if !path.exists() {
        return Check::ok(DIRECTORY, format!("{shown} can be created"));
    }
    let foreign = ["db", "identity", "lock"].iter().find_map(|name| {
        let found = fs::metadata(path.join(name)).ok()?;
        (found.uid() != rustix::process::geteuid().as_raw()).then(|| (*name, found.uid()))
    });
    match foreign {
        Some((name, owner)) => Check::warn(
            DIRECTORY,
            format!(
                "{shown}/{name} belongs to user {owner}, and user {} runs this",
                rustix::process::geteuid().as_raw()
            ),
            "run the server as the owner of its data",
        ),
        None => Check::ok(DIRECTORY, format!("{shown} can be written")),
    }
}

fn file_system(place: &Path) -> Check {
    match statfs(place) {
        Ok(found) => kind(u64::try_from(found.f_type).unwrap_or_default() & 0xffff_ffff),
        Err(error) => Check::warn(FILE_SYSTEM, format!("cannot be found out: {error}"), "check the mount"),
    }
}

/// By the magic numbers that statfs(2) lists.
fn kind(magic: u64) -> Check {
    let local = |name: &str| Check::ok(FILE_SYSTEM, name);
    let remote = |name: &str| {
        let advice = "keep the data on a local disk: locks and syncs over a network are slow and not always kept";
        Check::warn(FILE_SYSTEM, name, advice)
    };
    match magic {
        0xef53 => local("ext4"),
        0x5846_5342 => local("xfs"),
        0x9123_683e => local("btrfs"),
        0x2fc1_2fc1 => local("zfs"),
        0xf2f5_2010 => local("f2fs"),
        0x0102_1994 => Check::warn(FILE_SYSTEM, "tmpfs", "keep the data on a disk: this is gone after a reboot"),
        0x794c_7630 => {
            Check::warn(FILE_SYSTEM, "overlay", "mount a volume for the data: this is gone with the container")
        }
        0x6969 => remote("nfs"),
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => remote("smb"),
        0x0102_1997 => remote("9p"),
        0x6573_5546 => remote("fuse"),
        other => Check::ok(FILE_SYSTEM, format!("type {other:#x}")),
    }
}

fn space(place: &Path, reserve_mb: u64) -> Check {
    match statvfs(place) {
        Ok(found) => enough((found.f_bavail * found.f_frsize) >> 20, reserve_mb),
        Err(error) => Check::warn(SPACE, format!("cannot be found out: {error}"), "check the mount"),
    }
}

fn enough(free_mb: u64, reserve_mb: u64) -> Check {
    let found = format!("{free_mb} MB, of which {reserve_mb} MB are kept in reserve");
    if free_mb < reserve_mb {
        Check::fail(SPACE, found, "free space or enlarge the disk: below the reserve new writes are refused")
    } else if free_mb < 4 * reserve_mb {
        Check::warn(SPACE, found, "free space or enlarge the disk before the reserve is reached")
    } else {
        Check::ok(SPACE, found)
    }
}

/// Times of appended and synced pages, rising.
fn measure(place: &Path) -> io::Result<Vec<Duration>> {
    let mut file: File = tempfile::tempfile_in(place)?;
    let page = [0x5a; WRITE_BYTES];
    let begun = Instant::now();
    let mut times = Vec::with_capacity(WRITES);
    while times.len() < WRITES && begun.elapsed() < LONGEST_TEST {
        let started = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

fn speed(times: &[Duration]) -> Check {
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    let (Some(&median), Some(&slow)) = (at(50), at(99)) else {
        return Check::fail(SPEED, "nothing was written", "see whether the disk is healthy");
    };
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let found = format!("a synced write of 4 KB takes {:.2} ms, p99 {:.2} ms", millis(median), millis(slow));
    let advice = "use a faster disk, or one with less to do: each write waits for a sync";
    if median >= Duration::from_millis(100) || slow >= Duration::from_secs(1) {
        Check::fail(SPEED, found, advice)
    } else if median >= Duration::from_millis(10) || slow >= Duration::from_millis(100) {
        Check::warn(SPEED, found, advice)
    } else {
        Check::ok(SPEED, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::Status;

    #[test]
    fn a_slow_disk_is_told_by_its_median_and_its_worst() {
        let with = |median, slow| {
            let mut times = vec![Duration::from_millis(median); 197];
            times.extend([Duration::from_millis(slow); 3]);
            speed(&times).status
        };
        assert_eq!(with(1, 5), Status::Ok);
        assert_eq!(with(12, 12), Status::Warn);
        assert_eq!(with(1, 200), Status::Warn);
        assert_eq!(with(1, 2000), Status::Fail);
        assert_eq!(with(150, 150), Status::Fail);
        assert_eq!(speed(&[]).status, Status::Fail);
    }

    #[test]
    fn space_is_measured_by_the_reserve() {
        assert_eq!(enough(10_000, 256).status, Status::Ok);
        assert_eq!(enough(1_000, 256).status, Status::Warn);
        assert_eq!(enough(255, 256).status, Status::Fail);
    }

    #[test]
    fn a_file_where_the_directory_should_be_is_seen() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let checks = look(&Storage { data_dir: file, ..Storage::default() });
        assert_eq!(checks[0].status, Status::Fail);
        assert_eq!(checks.len(), 3, "the disk is not measured then");
    }

    #[test]
    fn file_systems_that_lose_data_are_told() {
        assert_eq!(kind(0xef53).status, Status::Ok);
        assert_eq!((kind(0x0102_1994).status, kind(0x6969).status), (Status::Warn, Status::Warn));
    }
}
