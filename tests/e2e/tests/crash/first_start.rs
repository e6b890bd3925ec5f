//! A first start that dies at any of its steps is finished by the next one.

use std::time::Duration;

use nacre_e2e::long;
use nacre_e2e::nacos::{self, open_within};
use nacre_harness::{Options, Server};
use tokio::time::sleep;

const LIMIT: Duration = Duration::from_secs(10);
const MOST_STEPS: u32 = 40;
const KNOWN_STEPS: usize = 8;

async fn write_and_read_back(server: &mut Server, round: &str) {
    let client = open_within(server.grpc_address(), LIMIT).await.unwrap();
    nacos::publish(&client, "first", round).await.unwrap();
    nacos::must(&client, &nacos::register_message("first", "10.2.0.1", 80, true)).await.unwrap();
    server.kill().await.unwrap();
    server.start().await.unwrap();
    let client = open_within(server.grpc_address(), LIMIT).await.unwrap();
    assert_eq!(nacos::content(&client, "first").await.unwrap().as_deref(), Some(round));
    assert_eq!(nacos::hosts(&client, "first").await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_step_is_healed_by_the_next_start() {
    let mut died = Vec::new();
    for step in 1..=MOST_STEPS {
        let mut server = Options::new().env("NACRE_FAILPOINT", &format!("first-start:{step}")).prepare().unwrap();
        server.spawn().unwrap();
        if server.wait_ready().await.is_ok() {
            continue;
        }
        assert!(!server.is_running(), "step {step}: neither ready nor ended\n{}", server.log());
        died.push(step);
        server.reconfigure(|options| options.env("NACRE_FAILPOINT", "none:0"));
        server.start().await.unwrap_or_else(|error| panic!("the start after a death at step {step}: {error:#}"));
        write_and_read_back(&mut server, &format!("step {step}")).await;
        if step as usize > died.len() + KNOWN_STEPS {
            break;
        }
    }
    assert!(died.len() >= KNOWN_STEPS, "the first start died only at steps {died:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_time_is_healed_by_the_next_start() {
    let step = if long() { 2 } else { 15 };
    for delay in (0..120).step_by(step) {
        let mut server = Options::new().prepare().unwrap();
        server.spawn().unwrap();
        sleep(Duration::from_millis(delay)).await;
        server.kill().await.unwrap();
        server.start().await.unwrap_or_else(|error| panic!("the start after a kill at {delay} ms: {error:#}"));
        write_and_read_back(&mut server, &format!("after {delay} ms")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publish_right_after_a_first_start_stays() {
    let starts = if long() { 100 } else { 12 };
    for number in 0..starts {
        let mut server = Options::new().start().await.unwrap();
        let content = format!("start {number}");
        let form = [("dataId", "early"), ("group", "DEFAULT_GROUP"), ("content", content.as_str())];
        let reply = server.http().post("/nacos/v1/cs/configs", &form).await.unwrap();
        assert_eq!((reply.status, reply.text().as_str()), (200, "true"));
        if number % 2 == 0 {
            server.crash_and_start().await.unwrap();
        } else {
            server.restart().await.unwrap();
        }
        let query = [("dataId", "early"), ("group", "DEFAULT_GROUP")];
        let reply = server.http().get("/nacos/v1/cs/configs", &query).await.unwrap();
        assert_eq!((reply.status, reply.text()), (200, content));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_in_use_is_refused_with_the_pid_of_its_user() {
    let first = Options::new().start().await.unwrap();
    let mut second = Options::new().data_dir(first.data_dir()).prepare().unwrap();
    second.spawn().unwrap();
    let status = second.wait_exit(LIMIT).await.unwrap();
    assert!(!status.success());
    let (log, pid) = (second.log(), first.pid().unwrap().to_string());
    assert!(log.contains(&pid), "no pid {pid} in: {log}");
}
