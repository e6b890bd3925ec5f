//! Figures. Those that need a quiet machine and a release build run on demand:
//! `cargo test --release -p nacre-client --test config -- --ignored --nocapture figures`.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use nacre_client::Client;
use tokio::time::{Instant, sleep};

use super::support::{builder, client, next, server};

#[tokio::test]
async fn reading_from_memory_is_cheap() {
    const READS: u32 = 200_000;
    let server = server().await;
    let config = client(&server).await.config();
    let key = config.key("G", "read").unwrap();
    config.publish(&key, "x".repeat(10_000)).await.unwrap();
    let mut watch = config.watch(&key).unwrap();
    next(&mut watch).await;
    let mut best = Duration::MAX;
    for _ in 0..10 {
        let begin = Instant::now();
        let mut bytes = 0;
        for _ in 0..READS {
            bytes += watch.current().map_or(0, |value| value.content().len());
        }
        assert_eq!(bytes, 10_000 * READS as usize);
        best = best.min(begin.elapsed());
    }
    let rate = f64::from(READS) / best.as_secs_f64();
    println!("{rate:.0} reads from memory per second");
    assert!(rate >= 1_000_000.0, "{rate:.0} per second");
}

/// Processor time of this process so far.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn resident_kilobytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a figure: needs a release build and a quiet machine"]
async fn reads_of_the_server_per_second() {
    let server = server().await;
    for directory in [None, Some(tempfile::tempdir().unwrap())] {
        let builder = builder(&server);
        let client: Client = match &directory {
            Some(directory) => builder.directory(directory.path()).connect().await.unwrap(),
            None => builder.connect().await.unwrap(),
        };
        let config = client.config();
        let key = config.key("G", "read").unwrap();
        config.publish(&key, "x".repeat(200)).await.unwrap();
        let (begin, used) = (Instant::now(), processor_time());
        let count = 400_000_u32;
        let reads = stream::iter(0..count).map(|_| config.get(&key)).buffer_unordered(256);
        let failed = reads.filter(|read| std::future::ready(read.is_err())).count().await;
        let (elapsed, used) = (begin.elapsed(), processor_time() - used);
        assert_eq!(failed, 0);
        println!(
            "files {}: {:.0} reads per second, {:.1} us of processor each",
            directory.is_some(),
            f64::from(count) / elapsed.as_secs_f64(),
            used.as_secs_f64() * 1e6 / f64::from(count)
        );
    }
}

#[tokio::test]
#[ignore = "a figure: needs a release build and a quiet machine"]
async fn listeners_that_come_and_go_leave_no_memory() {
    let server = server().await;
    let config = client(&server).await.config();
    let keys: Vec<_> = (0..100).map(|number| config.key("G", &format!("k{number}")).unwrap()).collect();
    let mut sizes = Vec::new();
    for _ in 0..5 {
        for number in 0..10_000 {
            let mut watch = config.watch(&keys[number % 100]).unwrap();
            if number % 10 == 0 {
                next(&mut watch).await;
            }
        }
        sleep(Duration::from_millis(200)).await;
        sizes.push(resident_kilobytes());
    }
    println!("kilobytes after each 10,000: {sizes:?}");
    assert!(sizes[4] <= sizes[1] + 2000, "{sizes:?}");
    assert_eq!(server.metric("nacre_config_listens").await.unwrap() as u64, 0);
}
