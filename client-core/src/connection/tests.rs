//! The connection against scripted servers, with time that stands still until all wait.

use std::sync::atomic::{AtomicUsize, Ordering};

use nacre_proto::naming::ServiceListRequest;
use serde_json::json;
use tokio::time::sleep;

use super::{
    state::Abilities,
    testing::{Answer, Fake, Network, Received, refused},
    *,
};
use crate::ErrorKind;

mod calls;
mod liveness;

impl Connection {
    async fn call<Q: Request>(&self, request: &Q, resource: Resource<'_>) -> Result<Q::Response, Error> {
        self.call_with(request, Call { resource, ..Call::default() }).await
    }
}

const MINUTE: Duration = Duration::from_secs(60);

fn options(servers: &[&str]) -> Options {
    Options {
        servers: ServerSource::Fixed(servers.iter().map(|server| (*server).to_owned()).collect()),
        random_start: false,
        ..Options::default()
    }
}

fn connect(network: &Network, options: Options) -> Connection {
    Connection::open_with(Arc::new(options), Dialer::Memory(network.clone())).unwrap()
}

/// One server at 10.0.0.1, and a connection to it.
async fn connected() -> (Network, Fake, Connection) {
    let (network, server) = (Network::default(), Fake::new());
    network.put("10.0.0.1:9848", &server);
    let connection = connect(&network, options(&["10.0.0.1"]));
    connection.ready(MINUTE).await.unwrap();
    (network, server, connection)
}

async fn generation(connection: &Connection, generation: u64) -> Status {
    let mut status = connection.status();
    let reached = status.wait_for(|status| status.generation >= generation && status.state == State::Connected);
    timeout(10 * MINUTE, reached).await.expect("connected in time").unwrap().clone()
}

fn list() -> ServiceListRequest {
    ServiceListRequest { namespace: Some("public".into()), page_no: 1, page_size: 10, ..ServiceListRequest::default() }
}

fn ok_list() -> Answer {
    Answer::Json("ServiceListResponse", json!({"resultCode": 200, "count": 7}))
}

/// Answers requests of one kind one after the other, then as usual.
fn in_turn(server: &Fake, kind: &'static str, answers: Vec<Answer>) {
    let next = AtomicUsize::new(0);
    server.script(move |received: &Received| {
        (received.kind == kind).then(|| answers.get(next.fetch_add(1, Ordering::SeqCst)).cloned()).flatten()
    });
}

#[tokio::test(start_paused = true)]
async fn a_client_introduces_itself_and_learns_what_the_server_can() {
    let (network, server) = (Network::default(), Fake::new());
    network.put("10.0.0.1:9848", &server);
    let mut options = options(&["10.0.0.1"]);
    options.app_name = "orders".into();
    options.app_labels = vec![("zone".into(), "a".into())];
    options.labels = vec![("taskId".into(), "0".into())];
    let connection = connect(&network, options);
    assert_eq!(connection.status().borrow().state, State::Connecting);
    connection.ready(MINUTE).await.unwrap();

    let status = connection.status().borrow().clone();
    assert_eq!((status.state, status.generation), (State::Connected, 1));
    assert_eq!(status.server.as_deref(), Some("10.0.0.1:8848"));
    assert_eq!(status.local_address, "127.0.0.1:50000".parse().ok());
    assert_eq!(status.server_generation, ServerGeneration::Three);
    assert_eq!(status.abilities, Abilities { persistent_instances: true, fuzzy_watch: true, lock: true });

    let setup = server.received("ConnectionSetupRequest").remove(0);
    let labels = json!({
        "source": "sdk", "module": "naming", "AppName": "orders", "tls.enable": "false", "app_zone": "a", "taskId": "0",
    });
    assert_eq!(setup.body["labels"], labels);
    assert_eq!(setup.body["abilityTable"], json!({"fuzzyWatch": true, "lock": true}));
    assert_eq!(setup.body["clientVersion"], json!(concat!("Nacre-Client:v", env!("CARGO_PKG_VERSION"))));
    assert_eq!(setup.client_ip, "127.0.0.1");
}

#[tokio::test(start_paused = true)]
async fn a_server_without_abilities_gets_a_tenth_of_a_second() {
    let (network, server) = (Network::default(), Fake::new().abilities(None));
    network.put("10.0.0.1:9848", &server);
    let begin = Instant::now();
    let connection = connect(&network, options(&["10.0.0.1"]));
    connection.ready(MINUTE).await.unwrap();
    assert_eq!(begin.elapsed().as_millis(), 100);
    let status = connection.status().borrow().clone();
    assert_eq!((status.server_generation, status.abilities), (ServerGeneration::Old, Abilities::default()));

    let (network, server) = (Network::default(), Fake::new().abilities(Some(json!({}))));
    network.put("10.0.0.1:9848", &server);
    let connection = connect(&network, options(&["10.0.0.1"]));
    connection.ready(MINUTE).await.unwrap();
    assert_eq!(connection.status().borrow().server_generation, ServerGeneration::Two);
}

#[tokio::test(start_paused = true)]
async fn the_main_port_serves_when_the_other_refuses_and_is_remembered() {
    let (network, server) = (Network::default(), Fake::new());
    network.put("10.0.0.1:8848", &server);
    let connection = connect(&network, options(&["10.0.0.1"]));
    connection.ready(MINUTE).await.unwrap();
    let ports = |network: &Network| network.dialled().iter().map(|(address, _)| address.port()).collect::<Vec<_>>();
    assert_eq!(ports(&network), [9848, 8848]);
    assert_eq!(connection.status().borrow().server.as_deref(), Some("10.0.0.1:8848"));

    server.cut();
    generation(&connection, 2).await;
    assert_eq!(ports(&network), [9848, 8848, 8848], "what answered is tried first");
    network.remove("10.0.0.1:8848");
    network.put("10.0.0.1:9848", &server);
    server.cut();
    generation(&connection, 3).await;
    assert_eq!(ports(&network)[3..], [8848, 9848]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_port_is_given_one_second_before_the_main_port_is_tried() {
    let (network, server) = (Network::default(), Fake::new());
    network.silence("10.0.0.1:9848");
    network.put("10.0.0.1:8848", &server);
    let begin = Instant::now();
    let connection = connect(&network, options(&["10.0.0.1"]));
    connection.ready(MINUTE).await.unwrap();
    let dialled = network.dialled();
    let times: Vec<_> = dialled.iter().map(|(address, time)| (address.port(), (*time - begin).as_millis())).collect();
    assert_eq!(times, [(9848, 0), (8848, 1000)]);

    // A port that answers late, but answers, wins against a main port that speaks no gRPC.
    let (network, server) = (Network::default(), Fake::new());
    in_turn(
        &server,
        "ServerCheckRequest",
        vec![Answer::After(
            Duration::from_millis(1500),
            Box::new(Answer::Json(
                "ServerCheckResponse",
                json!({"resultCode": 200, "supportAbilityNegotiation": true}),
            )),
        )],
    );
    network.put("10.0.0.1:9848", &server);
    let begin = Instant::now();
    let connection = connect(&network, options(&["10.0.0.1"]));
    connection.ready(MINUTE).await.unwrap();
    assert_eq!(begin.elapsed().as_millis(), 1500);
    assert_eq!(connection.shared.servers.port(&connection.shared.servers.all()[0]), Some(crate::servers::Port::Offset));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_starts_is_asked_again_on_the_same_port() {
    let (network, server) = (Network::default(), Fake::new());
    in_turn(&server, "ServerCheckRequest", vec![refused(300), refused(300)]);
    network.put("10.0.0.1:9848", &server);
    network.put("10.0.0.1:8848", &server);
    let connection = connect(&network, options(&["10.0.0.1"]));
    let status = connection.status();
    connection.ready(MINUTE).await.unwrap();
    assert!(network.dialled().iter().all(|(address, _)| address.port() == 9848), "{:?}", network.dialled());
    assert_eq!(server.received("ServerCheckRequest").len(), 3);
    assert!(status.borrow().last_error.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_missing_confirmation_of_the_setup_ends_the_attempt() {
    let (network, mute, good) = (Network::default(), Fake::new().abilities(None), Fake::new());
    // It says that it negotiates, and never does.
    mute.script(|received| {
        let body = json!({"resultCode": 200, "supportAbilityNegotiation": true});
        (received.kind == "ServerCheckRequest").then_some(Answer::Json("ServerCheckResponse", body))
    });
    network.put("10.0.0.1:9848", &mute);
    network.put("10.0.0.2:9848", &good);
    let begin = Instant::now();
    let connection = connect(&network, options(&["10.0.0.1,10.0.0.2"]));
    connection.ready(MINUTE).await.unwrap();
    assert_eq!(begin.elapsed().as_secs(), 5);
    assert_eq!(connection.status().borrow().server.as_deref(), Some("10.0.0.2:8848"));
    assert_eq!(connection.counters().failed_connections.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn ready_says_why_there_is_no_connection() {
    let network = Network::default();
    let connection = connect(&network, options(&["10.0.0.1"]));
    let begin = Instant::now();
    let error = connection.ready(Duration::from_secs(2)).await.unwrap_err();
    assert_eq!(begin.elapsed().as_secs(), 2);
    assert_eq!((error.kind(), error.code(), error.is_retryable()), (ErrorKind::Unreachable, -401, true));
    assert!(error.reason().contains("10.0.0.1:9848 cannot be reached"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test(start_paused = true)]
async fn pauses_of_an_outage_follow_the_plan() {
    let network = Network::default();
    let mut options = options(&["10.0.0.1"]);
    options.grpc_port_offset = 0;
    let connection = connect(&network, options);
    sleep(Duration::from_secs(50)).await;
    let gaps = |network: &Network| -> Vec<u128> {
        let times: Vec<Instant> = network.dialled().iter().map(|(_, time)| *time).collect();
        times.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect()
    };
    let first = gaps(&network);
    assert!((80..=121).contains(&first[0]), "{first:?}");
    assert!(first[4..].iter().all(|gap| (200..=301).contains(gap)), "{first:?}");
    sleep(Duration::from_secs(120)).await;
    let last = *gaps(&network).last().unwrap();
    assert!((4000..=6001).contains(&last), "{last}");

    // A server that comes back is noticed, and the next outage begins with short pauses.
    let server = Fake::new();
    network.put("10.0.0.1:8848", &server);
    generation(&connection, 1).await;
    network.remove("10.0.0.1:8848");
    let before = network.dialled().len();
    server.cut();
    sleep(Duration::from_millis(600)).await;
    let again = network.dialled().len() - before;
    assert!((4..=5).contains(&again), "{again}");
    assert_eq!(connection.status().borrow().state, State::Reconnecting);
}

#[tokio::test(start_paused = true)]
async fn outside_a_runtime_a_client_says_so() {
    let error = std::thread::spawn(|| Connection::open(Arc::new(Options::default())).unwrap_err()).join().unwrap();
    assert_eq!(error.kind(), ErrorKind::Internal);
}
