//! Figures of the engine, on a machine that does nothing else: `NACRE_SERVER=PATH cargo bench -p nacre-client`.
//!
//! `PATH` is a release build of the server. It holds no goals and fails only when a call does.

use std::{future::Future, time::Duration};

use anyhow::{Context, Result};
use futures::{StreamExt as _, stream};
use nacre_client::{Client, Error, naming::Instance};
use nacre_harness::Options;
use tokio::time::Instant;

const IN_FLIGHT: usize = 256;
const CALLS: u32 = 200_000;
const READS: u32 = 1_000_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let server = Options::new().start().await?;
    let client = Client::builder().server(server.http_address().to_string()).connect().await?;
    let (config, naming) = (client.config(), client.naming());

    let key = config.key("G", "read")?;
    config.publish(&key, "x".repeat(200)).await?;
    let mut watch = config.watch(&key)?;
    watch.next().await.context("the present value")?;
    memory("config watch.current()", || watch.current().map_or(0, |value| value.content().len()));

    let orders = nacre_client::ServiceKey::new("G", "orders")?;
    let hosts = (0..10).map(|number| Instance::new("10.0.0.1", 8000 + number)).collect::<Vec<_>>();
    naming.register_batch(&orders, hosts).await?;
    let _subscription = naming.subscribe(&orders).await?;
    let (begin, mut seen) = (Instant::now(), 0);
    for _ in 0..READS {
        seen += naming.instances(&orders).await?.len();
    }
    anyhow::ensure!(seen == 10 * READS as usize, "a list without its instances");
    println!("naming instances() of a subscribed service: {:.0} per second", per_second(READS, begin.elapsed()));

    calls("config get", || async { config.get(&key).await.map(drop) }).await
}

fn memory(name: &str, read: impl Fn() -> usize) {
    let begin = Instant::now();
    let read: usize = (0..READS).map(|_| read()).sum();
    println!("{name}: {:.0} per second ({read} bytes seen)", per_second(READS, begin.elapsed()));
}

async fn calls<F: Future<Output = Result<(), Error>>>(name: &str, call: impl Fn() -> F) -> Result<()> {
    let (begin, used) = (Instant::now(), processor_time()?);
    let mut answers = stream::iter(0..CALLS).map(|_| call()).buffer_unordered(IN_FLIGHT);
    while let Some(answer) = answers.next().await {
        answer?;
    }
    let (elapsed, used) = (begin.elapsed(), processor_time()? - used);
    let each = used.as_secs_f64() * 1e6 / f64::from(CALLS);
    println!(
        "{name}, {IN_FLIGHT} in flight: {:.0} per second, {each:.1} us of processor each",
        per_second(CALLS, elapsed)
    );
    Ok(())
}

fn per_second(count: u32, elapsed: Duration) -> f64 {
    f64::from(count) / elapsed.as_secs_f64()
}

/// Processor time of this process so far, which the kernel counts in steps of 10 ms.
fn processor_time() -> Result<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| -> Result<u64> { Ok(fields.get(place).context("a short line")?.parse()?) };
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
}
