//! Figures of the client engine, and of nacos-sdk beside it, in one run against one server.
//!
//! It holds no goals and fails only when a call does. `NACRE_SERVER` names a release build of the server.

use std::{
    collections::HashMap,
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, stream};
use hdrhistogram::Histogram;
use nacos_sdk::api::{
    config::{ConfigChangeListener, ConfigResponse, ConfigService, ConfigServiceBuilder},
    naming::{NamingChangeEvent, NamingEventListener, NamingService, NamingServiceBuilder},
    props::ClientProps,
};
use nacre_client::{
    Client, ServiceKey,
    naming::{Instance, Query, Selector},
};
use nacre_harness::{Options, Server};
use tokio::{sync::mpsc, time::sleep};

const GROUP: &str = "DEFAULT_GROUP";
const IN_FLIGHT: usize = 256;
const CALLS: u32 = 100_000;
const READS: u32 = 1_000_000;
const CHANGES: usize = 500;
const CLIENTS: usize = 10;
const SERVICES: usize = 100;
const INSTANCES: u16 = 10;
const RESTARTS: usize = 10;
const LIMIT: Duration = Duration::from_secs(20);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let mut server = Options::new().start().await?;
    println!("figure                                            nacre-client        nacos-sdk");
    memory(&server).await?;
    from_memory(&server).await?;
    calls(&server).await?;
    changes(&server).await?;
    reconnect(&mut server).await
}

async fn ours(server: &Server) -> Result<Client> {
    Ok(Client::builder().server(server.http_address().to_string()).connect().await?)
}

fn properties(server: &Server) -> ClientProps {
    ClientProps::new().server_addr(server.http_address().to_string()).naming_load_cache_at_start(false)
}

async fn their_naming(server: &Server) -> Result<NamingService> {
    Ok(NamingServiceBuilder::new(properties(server)).build().await?)
}

async fn their_config(server: &Server) -> Result<ConfigService> {
    Ok(ConfigServiceBuilder::new(properties(server)).build().await?)
}

fn row(name: &str, ours: String, theirs: &str) {
    println!("{name:<46} {ours:>15} {theirs:>16}");
}

fn service(number: usize) -> ServiceKey {
    ServiceKey::new(GROUP, &format!("service-{number}")).expect("legal names")
}

fn hosts() -> Vec<Instance> {
    (0..INSTANCES).map(|number| Instance::new("10.0.0.1", 8000 + number).with_metadata("zone", "east")).collect()
}

/// What a client with subscriptions holds. All clients stay open, so nobody gets memory that another gave back.
async fn memory(server: &Server) -> Result<()> {
    let provider = ours(server).await?;
    for number in 0..SERVICES {
        provider.naming().register_batch(&service(number), hosts()).await?;
    }
    // What every first client of a process needs is not counted.
    let _first = (ours(server).await?, their_naming(server).await?);

    let before = resident()?;
    let mut held = Vec::new();
    for _ in 0..CLIENTS {
        let client = ours(server).await?;
        for number in 0..SERVICES {
            let subscription = client.naming().subscribe(&service(number)).await?;
            ensure!(subscription.instances().len() == usize::from(INSTANCES), "a list without its instances");
            held.push((client.clone(), subscription));
        }
    }
    let our_bytes = resident()?.saturating_sub(before) / CLIENTS as u64;

    let before = resident()?;
    let mut also_held = Vec::new();
    let ignore: Arc<dyn NamingEventListener> = Arc::new(Ignore);
    for _ in 0..CLIENTS {
        let naming = their_naming(server).await?;
        for number in 0..SERVICES {
            let (name, group) = (format!("service-{number}"), Some(GROUP.to_owned()));
            naming.subscribe(name.clone(), group.clone(), Vec::new(), Arc::clone(&ignore)).await?;
            let list = naming.get_all_instances(name, group, Vec::new(), true).await?;
            ensure!(list.len() == usize::from(INSTANCES), "a list without its instances");
        }
        also_held.push(naming);
    }
    let their_bytes = resident()?.saturating_sub(before) / CLIENTS as u64;
    let shown = |bytes: u64| format!("{} KiB", bytes / 1024);
    row("memory of 100 subscriptions of 10 instances", shown(our_bytes), &shown(their_bytes));
    provider.close().await;
    Ok(())
}

struct Ignore;

impl NamingEventListener for Ignore {
    fn event(&self, _: Arc<NamingChangeEvent>) {}
}

/// Reads that ask no server.
async fn from_memory(server: &Server) -> Result<()> {
    let client = ours(server).await?;
    let key = client.config().key(GROUP, "memory")?;
    client.config().publish(&key, "x".repeat(200)).await?;
    let mut watch = client.config().watch(&key)?;
    watch.next().await.context("the present value")?;
    let (begin, mut seen) = (Instant::now(), 0);
    for _ in 0..READS {
        seen += watch.current().map_or(0, |value| value.content().len());
    }
    ensure!(seen == 200 * READS as usize, "another value");
    row("watch.current() of a config, per second", per_second(READS, begin.elapsed()), "none");

    let (naming, orders) = (client.naming(), service(1000));
    naming.register_batch(&orders, hosts()).await?;
    let _subscription = naming.subscribe(&orders).await?;
    let (begin, mut seen) = (Instant::now(), 0);
    for _ in 0..READS {
        seen += naming.instances(&orders).await?.len();
    }
    ensure!(seen == usize::from(INSTANCES) * READS as usize, "another list");
    let our_speed = per_second(READS, begin.elapsed());

    let theirs = their_naming(server).await?;
    let group = Some(GROUP.to_owned());
    theirs.subscribe("service-1000".into(), group.clone(), Vec::new(), Arc::new(Ignore)).await?;
    let reads = READS / 10;
    let (begin, mut seen) = (Instant::now(), 0);
    for _ in 0..reads {
        seen += theirs.get_all_instances("service-1000".into(), group.clone(), Vec::new(), true).await?.len();
    }
    ensure!(seen == usize::from(INSTANCES) * reads as usize, "another list");
    row("instances() of a subscribed service, per second", our_speed, &per_second(reads, begin.elapsed()));
    client.close().await;
    Ok(())
}

/// Calls that ask the server, many at a time over one connection.
async fn calls(server: &Server) -> Result<()> {
    let client = ours(server).await?;
    let (naming, config, orders) = (client.naming(), client.config(), service(1001));
    naming.register_batch(&orders, hosts()).await?;
    let key = config.key(GROUP, "calls")?;
    config.publish(&key, "x".repeat(200)).await?;
    let (their_naming, their_config) = (their_naming(server).await?, their_config(server).await?);
    let group = || Some(GROUP.to_owned());

    let ours = many(|| async { Ok(naming.instances(Query::new(&orders).direct()).await.map(drop)?) }).await?;
    let theirs = many(|| async {
        Ok(their_naming.get_all_instances("service-1001".into(), group(), Vec::new(), false).await.map(drop)?)
    });
    compare("query", ours, theirs.await?);
    let ours = many(|| async { Ok(config.get(&key).await.map(drop)?) }).await?;
    let theirs = many(|| async { Ok(their_config.get_config("calls".into(), GROUP.into()).await.map(drop)?) });
    compare("config get", ours, theirs.await?);
    client.close().await;
    Ok(())
}

/// Calls per second, and processor time of each.
async fn many<F: Future<Output = Result<()>>>(call: impl Fn() -> F) -> Result<(f64, Duration)> {
    let (begin, used) = (Instant::now(), processor_time()?);
    let mut answers = stream::iter(0..CALLS).map(|_| call()).buffer_unordered(IN_FLIGHT);
    while let Some(answer) = answers.next().await {
        answer?;
    }
    Ok((f64::from(CALLS) / begin.elapsed().as_secs_f64(), (processor_time()? - used) / CALLS))
}

fn compare(name: &str, ours: (f64, Duration), theirs: (f64, Duration)) {
    let speed = |(speed, _): (f64, Duration)| format!("{speed:.0}");
    let cost = |(_, cost): (f64, Duration)| format!("{:.1} us", cost.as_secs_f64() * 1e6);
    row(&format!("{name}, {IN_FLIGHT} in flight, per second"), speed(ours), &speed(theirs));
    row(&format!("{name}, processor time of a call"), cost(ours), &cost(theirs));
}

/// From the call that changes something to the function that is told.
async fn changes(server: &Server) -> Result<()> {
    let provider = ours(server).await?;
    let (told, mut tells) = mpsc::unbounded_channel();
    let theirs = their_naming(server).await?;
    let listener = Arc::new(Tell(told.clone()));
    theirs.subscribe("service-1003".into(), Some(GROUP.to_owned()), Vec::new(), listener).await?;
    let consumer = ours(server).await?;
    let _listener = consumer.naming().listen(&service(1002), Selector::new(), move |change| {
        let told = told.clone();
        async move {
            let _ = told.send(change.instances.iter().map(|host| host.metadata["round"].clone()).next());
        }
    })?;
    let mut times = [Histogram::<u64>::new(3)?, Histogram::new(3)?];
    for round in 0..CHANGES {
        // In turn, so that a busy moment of the machine meets both.
        for (times, (number, name)) in times.iter_mut().zip([(1002, "ours"), (1003, "theirs")]) {
            let host = Instance::new("10.0.0.1", 80).with_metadata("round", format!("{name}-{round}"));
            let begin = Instant::now();
            provider.naming().register(&service(number), host).await?;
            let wanted = Some(format!("{name}-{round}"));
            let told = async {
                while tells.recv().await.context("the listener is there")? != wanted {}
                Ok::<_, anyhow::Error>(())
            };
            tokio::time::timeout(LIMIT, told).await.with_context(|| format!("{wanted:?}"))??;
            times.record(u64::try_from(begin.elapsed().as_micros())?)?;
            // Changes that come close together are pushed as one.
            sleep(Duration::from_millis(20)).await;
        }
    }
    row("register -> subscriber's function, p50 / p99", quantiles(&times[0]), &quantiles(&times[1]));

    let keys = [provider.config().key(GROUP, "changes")?, provider.config().key(GROUP, "their-changes")?];
    for key in &keys {
        provider.config().publish(key, "first").await?;
    }
    let (told, mut tells) = mpsc::unbounded_channel();
    let their_config = their_config(server).await?;
    let listener = Arc::new(TellConfig(told.clone()));
    their_config.add_listener("their-changes".into(), GROUP.into(), listener).await?;
    let mut watch = consumer.config().watch(&keys[0])?;
    let follow = tokio::spawn(async move {
        while let Some(value) = watch.next().await {
            if told.send(value.map(|value| value.content().to_owned()).unwrap_or_default()).is_err() {
                break;
            }
        }
    });
    sleep(Duration::from_secs(1)).await;
    let mut times = [Histogram::<u64>::new(3)?, Histogram::new(3)?];
    for round in 0..CHANGES {
        for (times, key) in times.iter_mut().zip(&keys) {
            let text = format!("{} {round}", key.data_id());
            let begin = Instant::now();
            provider.config().publish(key, text.clone()).await?;
            let told = async {
                while tells.recv().await.context("the listener is there")? != text {}
                Ok::<_, anyhow::Error>(())
            };
            tokio::time::timeout(LIMIT, told).await.with_context(|| text.clone())??;
            times.record(u64::try_from(begin.elapsed().as_micros())?)?;
        }
    }
    row("publish -> listener's function, p50 / p99", quantiles(&times[0]), &quantiles(&times[1]));
    follow.abort();
    provider.close().await;
    consumer.close().await;
    Ok(())
}

struct Tell(mpsc::UnboundedSender<Option<String>>);

impl NamingEventListener for Tell {
    fn event(&self, event: Arc<NamingChangeEvent>) {
        let round = event.instances.iter().flatten().filter_map(|host| host.metadata.get("round").cloned()).next();
        // The end of the run ends the receiver.
        let _ = self.0.send(round);
    }
}

struct TellConfig(mpsc::UnboundedSender<String>);

impl ConfigChangeListener for TellConfig {
    fn notify(&self, config: ConfigResponse) {
        let _ = self.0.send(config.content().clone());
    }
}

/// After kill -9, from the answer of the server's port to registered and listening again.
async fn reconnect(server: &mut Server) -> Result<()> {
    let (client, other) = (ours(server).await?, ours(server).await?);
    let orders = service(2000);
    client.naming().register(&orders, Instance::new("10.0.0.1", 80)).await?;
    let key = client.config().key(GROUP, "reconnect")?;
    let mut watch = client.config().watch(&key)?;
    watch.next().await.context("the present value")?;
    let mut times = Histogram::<u64>::new(3)?;
    for round in 0..RESTARTS {
        server.crash_and_start().await?;
        let begin = Instant::now();
        let text = round.to_string();
        other.config().with_timeout(LIMIT).publish(&key, text.clone()).await?;
        while watch.next().await.flatten().context("a value")?.content() != text {}
        // The generation of the client that the server has now, not what it kept of the one before.
        while client.metrics().redone < 2 * (round as u64 + 1) && begin.elapsed() < LIMIT {
            sleep(Duration::from_millis(1)).await;
        }
        let list = other.naming().instances(Query::new(&orders).direct()).await?;
        ensure!(list.len() == 1, "the registration is gone");
        times.record(u64::try_from(begin.elapsed().as_micros())?)?;
    }
    row("port answers -> registered and listening, p50 / max", quantiles_max(&times), "none");
    client.close().await;
    Ok(())
}

fn quantiles(times: &Histogram<u64>) -> String {
    let at = |quantile| times.value_at_quantile(quantile) as f64 / 1000.0;
    format!("{:.2} / {:.2} ms", at(0.5), at(0.99))
}

fn quantiles_max(times: &Histogram<u64>) -> String {
    let millis = |value: u64| value as f64 / 1000.0;
    format!("{:.0} / {:.0} ms", millis(times.value_at_quantile(0.5)), millis(times.max()))
}

fn per_second(count: u32, elapsed: Duration) -> String {
    format!("{:.0}", f64::from(count) / elapsed.as_secs_f64())
}

/// Bytes of memory that this process holds.
fn resident() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let fields: HashMap<_, _> = text.lines().filter_map(|line| line.split_once(':')).collect();
    let kilobytes = fields.get("VmRSS").and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
    Ok(kilobytes.parse::<u64>()? * 1024)
}

/// Processor time of this process so far, which the kernel counts in steps of 10 ms.
fn processor_time() -> Result<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| -> Result<u64> { Ok(fields.get(place).context("a short line")?.parse()?) };
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
}
