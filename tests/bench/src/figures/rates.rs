//! Requests per second, 64 in flight.

use anyhow::Result;
use nacre_harness::grpc::Client;

use crate::load::{IN_FLIGHT, Load, Rate};
use crate::report::{Row, Unit};
use crate::subject::Bench;
use crate::wire;

const CONFIGS_EACH: u64 = 16;
const INSTANCES: u16 = 10;
const FIRST_PORT: u16 = 1000;
const PORTS: u64 = 60_000;

/// Each slot changes its own 16 configs in turn.
pub(super) async fn publish(bench: &Bench) -> Result<Vec<Row>> {
    let subject = bench.subject().await?;
    let load = Load::connect(subject.grpc).await?;
    let prefix = bench.name("publish");
    let frame = move |slot: usize, step: u64| {
        wire::frame(&wire::publish(&format!("{prefix}-{slot}-{}", step % CONFIGS_EACH), step))
    };
    let rate = load.rate(&subject, bench.scale.rate_time, frame).await?;
    drop(load);
    subject.finish().await?;
    Ok(rows("publish", "publish, fsynced", &rate, 15_000.0))
}

/// Each slot changes the one instance of its own service.
pub(super) async fn register(bench: &Bench) -> Result<Vec<Row>> {
    let subject = bench.subject().await?;
    let load = Load::connect(subject.grpc).await?;
    let services: Vec<String> = (0..IN_FLIGHT).map(|slot| bench.name(&format!("register-{slot}"))).collect();
    let frame = move |slot: usize, step: u64| {
        let port = FIRST_PORT + u16::try_from(step % PORTS).expect("the remainder is below 60000");
        wire::frame(&wire::register(&services[slot], port))
    };
    let rate = load.rate(&subject, bench.scale.rate_time, frame).await?;
    drop(load);
    subject.finish().await?;
    Ok(rows("register", "register", &rate, 33_000.0))
}

/// All slots read one service of 10 instances.
pub(super) async fn query(bench: &Bench) -> Result<Vec<Row>> {
    let subject = bench.subject().await?;
    let service = bench.name("query");
    let provider = Client::open(subject.grpc).await?;
    wire::ask(&provider, &wire::register_all(&service, FIRST_PORT..FIRST_PORT + INSTANCES)).await?;
    let load = Load::connect(subject.grpc).await?;
    let body = wire::frame(&wire::query(&service));
    let rate = load.rate(&subject, bench.scale.rate_time, move |_, _| body.clone()).await?;
    drop((load, provider));
    subject.finish().await?;
    Ok(rows("query", "service query", &rate, 45_000.0))
}

/// Each slot reads its own config.
pub(super) async fn read(bench: &Bench) -> Result<Vec<Row>> {
    let subject = bench.subject().await?;
    let load = Load::connect(subject.grpc).await?;
    let mut bodies = Vec::with_capacity(IN_FLIGHT);
    for slot in 0..IN_FLIGHT {
        let data_id = bench.name(&format!("read-{slot}"));
        wire::ask(load.client(slot), &wire::publish(&data_id, 0)).await?;
        bodies.push(wire::frame(&wire::read(&data_id)));
    }
    let rate = load.rate(&subject, bench.scale.rate_time, move |slot, _| bodies[slot].clone()).await?;
    drop(load);
    subject.finish().await?;
    Ok(rows("read", "config read", &rate, 45_000.0))
}

fn rows(key: &str, label: &str, rate: &Rate, goal: f64) -> Vec<Row> {
    let label = format!("{label}, {IN_FLIGHT} in flight");
    let mut rows = vec![
        Row::new(format!("{key}_rate"), label.clone(), rate.per_second, Unit::PerSecond).at_least(goal),
        Row::new(format!("{key}_p99"), format!("{label}, p99"), rate.latency.milliseconds(0.99), Unit::Milliseconds),
    ];
    let cost =
        |value| Row::new(format!("{key}_cpu"), format!("{label}, server CPU for each"), value, Unit::Microseconds);
    rows.extend(rate.processor_microseconds.map(cost));
    rows
}
