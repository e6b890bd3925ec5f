//! A small file system that fills up: reads and pushes go on, writes are refused, and come back.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nacre_e2e::nacos::{self, CONFIG_PUSH, Outcome, SERVICE_PUSH, open_within};
use nacre_harness::Options;
use nacre_harness::grpc::Client;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tokio::time::{Instant, sleep};

const SIZE_MB: u64 = 420;
const LIMIT: Duration = Duration::from_secs(30);
const BLOCK: usize = 1 << 20;

/// A mounted tmpfs, unmounted when dropped.
struct SmallDisk {
    path: tempfile::TempDir,
}

impl SmallDisk {
    /// `None`, with a printed reason, where mounting is not allowed.
    fn mount() -> Option<Self> {
        let path = tempfile::tempdir().unwrap();
        let options = std::ffi::CString::new(format!("size={SIZE_MB}m")).unwrap();
        match mount("tmpfs", path.path(), "tmpfs", MountFlags::empty(), options.as_c_str()) {
            Ok(()) => Some(Self { path }),
            Err(error) => {
                println!("skipped: a tmpfs cannot be mounted here ({error})");
                None
            }
        }
    }

    fn data(&self) -> PathBuf {
        self.path.path().join("data")
    }

    /// Writes a file of ballast until at most `free_mb` are left, and to the last byte for zero.
    fn fill(&self, free_mb: u64) -> PathBuf {
        let path = self.path.path().join("ballast");
        let mut file = File::options().create(true).append(true).open(&path).unwrap();
        let block = vec![0_u8; BLOCK];
        while free_bytes(self.path.path()) > free_mb * BLOCK as u64 {
            if file.write_all(&block).is_err() {
                break;
            }
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = unmount(self.path.path(), UnmountFlags::DETACH);
    }
}

fn free_bytes(path: &Path) -> u64 {
    let found = rustix::fs::statvfs(path).unwrap();
    found.f_bavail * found.f_frsize
}

async fn refused(client: &Client) -> String {
    let deadline = Instant::now() + LIMIT;
    loop {
        match nacos::write(client, &nacos::publish_message("poll", "text")).await {
            Outcome::Refused(answer) => return answer,
            Outcome::Acknowledged => assert!(Instant::now() < deadline, "writes are still taken"),
            Outcome::Unknown(error) => panic!("no answer to a write below the reserve: {error}"),
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn below_the_reserve_reads_go_on_and_writes_come_back() {
    let Some(disk) = SmallDisk::mount() else { return };
    let mut server = Options::new().data_dir(disk.data()).start().await.unwrap();
    let address = server.grpc_address();
    let client = Client::open(address).await.unwrap();
    let provider = Client::open(address).await.unwrap();
    let subscriber = Client::open(address).await.unwrap();
    nacos::publish(&client, "kept", "before").await.unwrap();
    nacos::register(&client, "kept", "10.4.0.1", 80).await.unwrap();
    nacos::register(&provider, "kept", "10.4.0.2", 80).await.unwrap();
    assert_eq!(nacos::subscribe(&subscriber, "kept").await.unwrap().len(), 2);

    let ballast = disk.fill(100);
    let answer = refused(&client).await;
    assert!(answer.contains("disk"), "the refusal does not say why: {answer}");
    let form = [("dataId", "more"), ("group", "DEFAULT_GROUP"), ("content", "x")];
    let reply = server.http().post("/nacos/v1/cs/configs", &form).await.unwrap();
    assert!(reply.status >= 500, "an HTTP publish was answered {} {}", reply.status, reply.text());
    let register = nacos::register_message("other", "10.4.0.3", 80, false);
    assert!(matches!(nacos::write(&client, &register).await, Outcome::Refused(_)));

    // Reads go on, and a closed connection still takes its instances along: subscribers are told.
    assert_eq!(nacos::content(&client, "kept").await.unwrap().as_deref(), Some("before"));
    assert_eq!(nacos::hosts(&client, "kept").await.unwrap().len(), 2);
    provider.close().await;
    let deadline = Instant::now() + LIMIT;
    loop {
        let push = subscriber.next_push(Some(SERVICE_PUSH), LIMIT).await.expect("a push below the reserve");
        if nacos::pushed(&push).len() == 1 {
            break;
        }
        assert!(Instant::now() < deadline, "the closed provider is still listed");
    }

    nacos::listen(&subscriber, "kept").await.unwrap();
    fs::remove_file(ballast).unwrap();
    let deadline = Instant::now() + LIMIT;
    while !matches!(nacos::write(&client, &nacos::publish_message("kept", "after")).await, Outcome::Acknowledged) {
        assert!(Instant::now() < deadline, "writes did not come back");
        sleep(Duration::from_millis(50)).await;
    }
    assert!(subscriber.next_push(Some(CONFIG_PUSH), LIMIT).await.is_some(), "a listener is told after the recovery");
    nacos::register(&client, "other", "10.4.0.3", 80).await.unwrap();
    server.restart().await.unwrap();
    let client = open_within(address, LIMIT).await.unwrap();
    assert_eq!(nacos::content(&client, "kept").await.unwrap().as_deref(), Some("after"));
    assert_eq!(nacos::content(&client, "more").await.unwrap(), None, "a refused write must not appear");
}

/// Another program takes even the reserve: the server may end, but what it acknowledged is there afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_without_a_byte_loses_nothing_acknowledged() {
    let Some(disk) = SmallDisk::mount() else { return };
    let mut server = Options::new().data_dir(disk.data()).start().await.unwrap();
    let address = server.grpc_address();
    let client = Client::open(address).await.unwrap();
    let content = "x".repeat(20_000);
    let writer = tokio::spawn(async move {
        let mut acknowledged = Vec::new();
        for number in 0.. {
            let id = format!("late-{number}");
            match nacos::write(&client, &nacos::publish_message(&id, &content)).await {
                Outcome::Acknowledged => acknowledged.push(id),
                Outcome::Refused(_) | Outcome::Unknown(_) => break,
            }
        }
        // The closed connection is one more thing that the server wants to write.
        let _ = nacos::register(&client, "late", "10.4.1.1", 80).await;
        client.close().await;
        acknowledged
    });
    sleep(Duration::from_millis(300)).await;
    let ballast = disk.fill(0);
    let acknowledged = writer.await.unwrap();
    sleep(Duration::from_secs(1)).await;
    if server.is_running() {
        let reader = Client::open(address).await.unwrap();
        assert!(nacos::content(&reader, &acknowledged[0]).await.unwrap().is_some());
        fs::remove_file(ballast).unwrap();
        server.kill().await.unwrap();
    } else {
        let status = server.wait_exit(LIMIT).await.unwrap();
        assert!(!status.success(), "the server ended with {status} on a full disk");
        fs::remove_file(ballast).unwrap();
    }
    server.start().await.unwrap();
    let client = open_within(address, LIMIT).await.unwrap();
    for id in acknowledged {
        assert!(nacos::content(&client, &id).await.unwrap().is_some(), "{id} was acknowledged and is lost");
    }
    nacos::publish(&client, "again", "works").await.unwrap();
    server.terminate().await.unwrap();
}
