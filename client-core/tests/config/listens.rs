//! Listeners.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::StreamExt as _;
use nacre_client::{
    Client, ConfigKey, ErrorKind, Pool,
    config::{RawWatch, Watch, md5_hex},
};
use nacre_harness::Server;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::support::{LIMIT, builder, client, next, next_raw, quiet, raw_text, server, text, until};

/// How many listens the server has.
async fn listens(server: &Server) -> u64 {
    server.metric("nacre_config_listens").await.unwrap() as u64
}

async fn wait_until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !is_so().await {
        assert!(Instant::now() < end, "{what}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_watch_tells_absence_then_every_state() {
    let server = server().await;
    let (config, other) = (client(&server).await.config(), client(&server).await.config());
    let key = config.key("G", "app.yaml").unwrap();
    let mut watch = config.watch(&key).unwrap();
    assert_eq!(next(&mut watch).await, "absent");
    assert!(watch.current().is_none() && watch.raw().is_known() && watch.error().is_none());
    other.publish(&key, "v1").await.unwrap();
    assert_eq!(next(&mut watch).await, "v1");
    assert_eq!(watch.current().unwrap().md5(), md5_hex("v1"));
    other.publish(&key, "v1").await.unwrap();
    quiet(&mut watch).await;
    other.remove(&key).await.unwrap();
    assert_eq!(next(&mut watch).await, "absent");
    other.publish(&key, "名: 值").await.unwrap();
    assert_eq!(next(&mut watch).await, "名: 值");
    // A second one finds the present value in memory.
    let mut second = config.watch(&key).unwrap();
    assert!(second.raw().is_ready());
    assert_eq!(next(&mut second).await, "名: 值");
}

#[tokio::test]
async fn a_baseline_is_told_what_differs_only() {
    let server = server().await;
    let config = client(&server).await.config();
    let key = config.key("G", "baseline").unwrap();
    config.publish(&key, "v1").await.unwrap();
    let mut same = config.listen(&key, &md5_hex("v1")).unwrap();
    let mut older = config.listen(&key, &md5_hex("v0")).unwrap();
    let mut nothing = config.listen(&key, "").unwrap();
    assert_eq!(next_raw(&mut older).await, "v1");
    assert_eq!(next_raw(&mut nothing).await, "v1");
    assert!(timeout(Duration::from_millis(300), same.changed()).await.is_err());
    config.publish(&key, "v2").await.unwrap();
    for watch in [&mut same, &mut older, &mut nothing] {
        assert_eq!(next_raw(watch).await, "v2");
    }
    config.remove(&key).await.unwrap();
    assert_eq!(next_raw(&mut same).await, "absent");
}

#[tokio::test]
async fn nothing_is_lost_between_reading_and_listening() {
    let server = server().await;
    let (config, writer) = (client(&server).await.config(), client(&server).await.config());
    let key = config.key("G", "race").unwrap();
    let (done, published) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let task = tokio::spawn({
        let (key, done, published) = (key.clone(), done.clone(), published.clone());
        async move {
            while !done.load(Ordering::SeqCst) {
                let number = published.fetch_add(1, Ordering::SeqCst) + 1;
                writer.publish(&key, number.to_string()).await.unwrap();
            }
            writer.publish(&key, "end").await.unwrap();
        }
    });
    let mut watches = Vec::new();
    // On a busy machine one side may be much faster than the other.
    while watches.len() < 300 || (published.load(Ordering::SeqCst) <= 20 && watches.len() < 10_000) {
        let (value, watch) = config.get_and_listen(&key).await.unwrap();
        watches.push((text(value), watch));
    }
    done.store(true, Ordering::SeqCst);
    task.await.unwrap();
    assert!(published.load(Ordering::SeqCst) > 20, "{published:?}");
    for (first, mut watch) in watches {
        let mut last = first.parse().unwrap_or(0);
        for value in until(&mut watch, "end").await {
            let Ok(number) = value.parse::<u64>() else { continue };
            assert!(number > last, "{number} after {last}");
            last = number;
        }
        assert_eq!(watch.current().unwrap().content(), "end");
    }
}

#[tokio::test]
async fn listeners_of_one_config_each_get_the_newest_in_order() {
    let server = server().await;
    let (config, writer) = (client(&server).await.config(), client(&server).await.config());
    let key = config.key("G", "order").unwrap();
    let mut watches: Vec<Watch> = (0..5).map(|_| config.watch(&key).unwrap()).collect();
    for watch in &mut watches {
        assert_eq!(next(watch).await, "absent");
    }
    assert_eq!(listens(&server).await, 1, "one listen serves all");
    let mut slow = watches.pop().unwrap();
    let readers: Vec<_> =
        watches.into_iter().map(|mut watch| tokio::spawn(async move { until(&mut watch, "200").await })).collect();
    for number in 1..=200 {
        writer.publish(&key, number.to_string()).await.unwrap();
    }
    for reader in readers {
        let seen: Vec<u32> = reader.await.unwrap().iter().map(|text| text.parse().unwrap()).collect();
        assert!(seen.is_sorted() && seen.last() == Some(&200), "{seen:?}");
    }
    wait_until("the newest value arrives", async || slow.current().is_some_and(|value| value.content() == "200")).await;
    assert_eq!(next(&mut slow).await, "200", "a slow listener gets the newest one only");
    quiet(&mut slow).await;
}

#[tokio::test]
async fn the_last_listener_that_leaves_stops_the_listen() {
    let server = server().await;
    let client = client(&server).await;
    let config = client.config();
    let key = config.key("G", "leave").unwrap();
    let (mut first, second) = (config.watch(&key).unwrap(), config.watch(&key).unwrap());
    assert_eq!(next(&mut first).await, "absent");
    assert_eq!((listens(&server).await, client.metrics().listened_configs), (1, 1));
    drop(second);
    config.publish(&key, "v1").await.unwrap();
    assert_eq!(next(&mut first).await, "v1");
    drop(first);
    assert_eq!(client.metrics().listened_configs, 0);
    wait_until("the listen is gone", async || listens(&server).await == 0).await;
    // And it comes back.
    let mut again = config.watch(&key).unwrap();
    assert_eq!(next(&mut again).await, "v1");
    assert_eq!(listens(&server).await, 1);
}

#[tokio::test]
async fn thousands_of_configs_in_one_client() {
    const COUNT: usize = 3500;
    let server = server().await;
    let (config, writer) = (client(&server).await.config(), client(&server).await.config());
    let keys: Vec<ConfigKey> = (0..COUNT).map(|number| config.key("G", &format!("k{number}")).unwrap()).collect();
    let mut watches: Vec<Watch> = keys.iter().map(|key| config.watch(key).unwrap()).collect();
    for watch in &mut watches {
        assert_eq!(next(watch).await, "absent");
    }
    let changed: Vec<usize> = (0..COUNT).step_by(7).collect();
    let mut tasks = JoinSet::new();
    for number in changed.clone() {
        let (writer, key) = (writer.clone(), keys[number].clone());
        tasks.spawn(async move { writer.publish(&key, format!("content of {number}")).await.unwrap() });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    for number in changed {
        assert_eq!(next(&mut watches[number]).await, format!("content of {number}"));
    }
    assert!(!watches[1].raw().is_ready());
}

#[tokio::test]
async fn listeners_live_on_when_the_server_is_killed_and_starts_again() {
    let mut server = server().await;
    let (watching, writing) = (client(&server).await, client(&server).await);
    let (config, writer) = (watching.config(), writing.config());
    let keys: Vec<ConfigKey> = (0..20).map(|number| config.key("G", &format!("k{number}")).unwrap()).collect();
    let mut watches: Vec<Watch> = keys.iter().map(|key| config.watch(key).unwrap()).collect();
    for watch in &mut watches {
        assert_eq!(next(watch).await, "absent");
    }
    for round in 0..2 {
        server.crash_and_start().await.unwrap();
        let ready = Instant::now();
        writing.ready(LIMIT).await.unwrap();
        for key in &keys {
            writer.publish(key, format!("{key} {round}")).await.unwrap();
        }
        for (key, watch) in keys.iter().zip(&mut watches) {
            assert_eq!(next(watch).await, format!("{key} {round}"));
        }
        println!("listeners live {:?} after the port answers", ready.elapsed());
    }
}

#[tokio::test]
async fn a_change_reaches_its_listener_at_once() {
    let server = server().await;
    let (config, writer) = (client(&server).await.config(), client(&server).await.config());
    let key = config.key("G", "latency").unwrap();
    let mut watch = config.watch(&key).unwrap();
    assert_eq!(next(&mut watch).await, "absent");
    let mut times = Vec::new();
    for number in 0..100 {
        let begin = Instant::now();
        writer.publish(&key, number.to_string()).await.unwrap();
        assert_eq!(next(&mut watch).await, number.to_string());
        times.push(begin.elapsed());
    }
    times.sort();
    println!("publish to listener: p50 {:?}, p99 {:?}", times[50], times[99]);
    assert!(times[50] < Duration::from_secs(1), "{:?}", times[50]);
}

#[tokio::test]
async fn what_a_listener_failed_with_comes_again() {
    let server = server().await;
    let config = client(&server).await.config();
    let key = config.key("G", "failing").unwrap();
    config.publish(&key, "v1").await.unwrap();
    let mut watch = config.watch_raw(&key).unwrap();
    assert_eq!(next_raw(&mut watch).await, "v1");
    watch.failed();
    let begin = Instant::now();
    assert_eq!(next_raw(&mut watch).await, "v1");
    assert!(begin.elapsed() >= Duration::from_millis(900), "{:?}", begin.elapsed());
    watch.failed();
    config.publish(&key, "v2").await.unwrap();
    let begin = Instant::now();
    assert_eq!(next_raw(&mut watch).await, "v2");
    assert!(begin.elapsed() < Duration::from_millis(1900), "the next change comes at once: {:?}", begin.elapsed());
}

#[tokio::test]
async fn a_callback_wakes_who_takes_without_a_stream() {
    let server = server().await;
    let config = client(&server).await.config();
    let key = config.key("G", "callback").unwrap();
    let (send, mut woken) = tokio::sync::mpsc::unbounded_channel();
    let watch: RawWatch = config.watch_raw(&key).unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    watch.on_ready(Arc::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        send.send(()).unwrap();
    }));
    for wanted in ["absent", "v1", "v2"] {
        if wanted != "absent" {
            config.publish(&key, wanted).await.unwrap();
        }
        timeout(LIMIT, woken.recv()).await.unwrap().unwrap();
        let taken = watch.take_newest().expect("something is there");
        assert_eq!(raw_text(taken), wanted);
        assert!(watch.take_newest().is_none());
    }
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn clients_of_a_pool_share_the_connection_and_nothing_else() {
    let server = server().await;
    let pool = Pool::new();
    let connect = || builder(&server).pool(&pool).connect();
    let (first, second) = (connect().await.unwrap(), connect().await.unwrap());
    let key = first.config().key("G", "shared").unwrap();
    let mut one = first.config().watch(&key).unwrap();
    let mut two = second.config().watch(&key).unwrap();
    assert_eq!((next(&mut one).await, next(&mut two).await), ("absent".into(), "absent".into()));
    assert_eq!(listens(&server).await, 1);
    first.close().await;
    assert!(timeout(LIMIT, one.next()).await.unwrap().is_none(), "its own listeners end");
    second.config().publish(&key, "v1").await.unwrap();
    assert_eq!(next(&mut two).await, "v1");
    assert_eq!(first.config().get(&key).await.unwrap_err().kind(), ErrorKind::Closed);
    drop(two);
    wait_until("the listen is gone", async || listens(&server).await == 0).await;
}

async fn work(client: Client, number: usize) -> Vec<ErrorKind> {
    let config = client.config();
    let mut failures = Vec::new();
    for round in 0.. {
        let key = config.key("G", &format!("busy{}", (number + round) % 7)).unwrap();
        let result = match round % 4 {
            0 => config.publish(&key, format!("{number} {round}")).await,
            1 => config.get(&key).await.map(|_| ()),
            2 => config.remove(&key).await,
            _ => config.watch(&key).map(|_| ()),
        };
        if let Err(error) = result {
            failures.push(error.kind());
            if error.kind() == ErrorKind::Closed {
                return failures;
            }
        }
    }
    failures
}

#[tokio::test]
async fn closing_while_busy_ends_everything_within_a_second() {
    let server = server().await;
    let client = client(&server).await;
    let config = client.config();
    let mut watches: Vec<Watch> =
        (0..50).map(|number| config.watch(&config.key("G", &format!("busy{number}")).unwrap()).unwrap()).collect();
    let mut tasks = JoinSet::new();
    for number in 0..16 {
        tasks.spawn(work(client.clone(), number));
    }
    assert_eq!(watches.len(), 50);
    next(&mut watches[20]).await;
    sleep(Duration::from_millis(200)).await;
    let begin = Instant::now();
    client.close().await;
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    while let Some(done) = timeout(LIMIT, tasks.join_next()).await.expect("calls end") {
        assert_eq!(done.unwrap().last(), Some(&ErrorKind::Closed));
    }
    for mut watch in watches {
        assert!(timeout(LIMIT, watch.next()).await.unwrap().is_none());
    }
    assert_eq!(config.watch(&config.key("G", "a").unwrap()).unwrap_err().kind(), ErrorKind::Closed);
    wait_until("the listens are gone", async || listens(&server).await == 0).await;
    // The client opens again; old handles stay closed.
    client.reopen().unwrap();
    let key = client.config().key("G", "busy30").unwrap();
    client.config().publish(&key, "again").await.unwrap();
    assert_eq!(next(&mut client.config().watch(&key).unwrap()).await, "again");
    assert_eq!(config.get(&key).await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn the_server_shows_what_its_clients_hold() {
    let server = server().await;
    let client = builder(&server).options(|options| options.client_ip = Some("203.0.113.77".into()));
    let config = client.connect().await.unwrap().config();
    let key = config.key("G", "shown").unwrap();
    config.publish(&key, "v1").await.unwrap();
    let mut watch = config.watch(&key).unwrap();
    assert_eq!(next(&mut watch).await, "v1");
    let query = [("ip", "203.0.113.77"), ("dataId", "shown"), ("group", "G"), ("tenant", "")];
    let reply = server.http().get("/nacos/v1/cs/metrics/current", &query).await.unwrap();
    assert!(reply.text().contains("v1:6654c734ccab8f440ff0825eb443dc7f"), "{}", reply.text());
}

#[tokio::test]
async fn a_dropped_stream_ends_and_the_others_go_on() {
    let server = server().await;
    let config = client(&server).await.config();
    let key = config.key("G", "streams").unwrap();
    let (first, second) = (config.watch(&key).unwrap(), config.watch(&key).unwrap());
    let count = first.take(1).count().await;
    assert_eq!(count, 1);
    let values = tokio::spawn(second.map(text).take(2).collect::<Vec<String>>());
    config.publish(&key, "v1").await.unwrap();
    let values: Vec<String> = values.await.unwrap();
    assert_eq!(values.last().map(String::as_str), Some("v1"));
}
