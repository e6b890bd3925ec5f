//! Keep-alive, resets, changes of the list, and pushes.

use parking_lot::Mutex;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_quiet_connection_is_checked_and_a_busy_one_is_not() {
    let (_network, server, connection) = connected().await;
    let begin = server.received("ConnectionSetupRequest")[0].time;
    server.wait("HealthCheckRequest", 2).await;
    let times: Vec<_> =
        server.received("HealthCheckRequest").iter().map(|check| (check.time - begin).as_secs()).collect();
    assert_eq!(times, [5, 10]);
    for _ in 0..20 {
        sleep(Duration::from_secs(1)).await;
        connection.call(&list(), Resource::None).await.unwrap();
    }
    assert_eq!(server.received("HealthCheckRequest").len(), 2);
    assert_eq!(connection.status().borrow().generation, 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_checks_is_left() {
    let (network, dead) = (Network::default(), Fake::new());
    let alive = Fake::new();
    dead.script(|received| (received.kind == "HealthCheckRequest").then_some(Answer::Silence));
    network.put("10.0.0.1:9848", &dead);
    network.put("10.0.0.2:9848", &alive);
    let connection = connect(&network, options(&["10.0.0.1,10.0.0.2"]));
    connection.ready(MINUTE).await.unwrap();
    let begin = Instant::now();
    let status = generation(&connection, 2).await;
    assert_eq!(status.server.as_deref(), Some("10.0.0.2:8848"));
    assert_eq!(begin.elapsed().as_secs(), 11, "5 s of silence, and two checks of 3 s");
}

#[tokio::test(start_paused = true)]
async fn a_check_that_fails_once_costs_nothing() {
    let (_network, server, connection) = connected().await;
    let healthy = Answer::Json("HealthCheckResponse", json!({"resultCode": 200}));
    in_turn(&server, "HealthCheckRequest", vec![Answer::Silence, healthy, Answer::Break]);
    server.wait("HealthCheckRequest", 5).await;
    assert_eq!((connection.status().borrow().generation, server.connections()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_forgot_the_connection_gets_a_new_one() {
    let (_network, server, connection) = connected().await;
    in_turn(&server, "HealthCheckRequest", vec![refused(301)]);
    let status = generation(&connection, 2).await;
    assert!(status.last_error.is_none());
    assert_eq!(server.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn events_tell_loss_and_return() {
    let (network, server, connection) = connected().await;
    let mut events = crate::Events::new(connection.events(), connection.status());
    network.remove("10.0.0.1:9848");
    server.cut();
    assert!(matches!(events.next().await, Some(Event::Disconnected { .. })));
    let status = connection.status().borrow().clone();
    assert_eq!((status.state, status.generation), (State::Reconnecting, 1));
    assert!(status.last_error.is_some());
    network.put("10.0.0.1:9848", &server);
    match events.next().await {
        Some(Event::Connected { server, generation, .. }) => {
            assert_eq!((server.as_str(), generation), ("10.0.0.1:8848", 2));
        }
        other => panic!("{other:?}"),
    }
    connection.close(Duration::from_secs(1)).await;
    assert!(events.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_lost_server_gives_way_to_the_next_at_once() {
    let (network, first, second) = (Network::default(), Fake::new(), Fake::new());
    network.put("10.0.0.1:9848", &first);
    network.put("10.0.0.2:9848", &second);
    let connection = connect(&network, options(&["10.0.0.1,10.0.0.2"]));
    connection.ready(MINUTE).await.unwrap();
    let begin = Instant::now();
    first.cut();
    let status = generation(&connection, 2).await;
    assert_eq!(status.server.as_deref(), Some("10.0.0.2:8848"));
    assert!(begin.elapsed() < Duration::from_millis(5), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_answered_and_moves_the_client_without_a_gap() {
    let (network, first, second, third) = (Network::default(), Fake::new(), Fake::new(), Fake::new());
    network.put("10.0.0.1:9848", &first);
    network.put("10.0.0.2:9848", &second);
    network.put("10.0.0.3:9848", &third);
    let connection = connect(&network, options(&["10.0.0.1,10.0.0.2,10.0.0.3"]));
    connection.ready(MINUTE).await.unwrap();
    let mut status = connection.status();
    let states = tokio::spawn(async move {
        let mut states = Vec::new();
        while status.borrow_and_update().generation < 3 {
            states.push(status.borrow().state);
            if status.changed().await.is_err() {
                break;
            }
        }
        states
    });

    let target = json!({"requestId": "9", "serverIp": "10.0.0.3", "serverPort": "8848", "connectionId": "x"});
    first.push(1, "ConnectResetRequest", &target);
    assert_eq!(generation(&connection, 2).await.server.as_deref(), Some("10.0.0.3:8848"));
    let answer = first.wait("ConnectResetResponse", 1).await;
    assert_eq!((&answer.body["requestId"], &answer.body["resultCode"]), (&json!("9"), &json!(200)));

    // Without a target the next of the list is taken; an unknown target counts as none.
    third.push(1, "ConnectResetRequest", &json!({"requestId": "1", "serverIp": "10.9.9.9", "serverPort": "8848"}));
    assert_eq!(generation(&connection, 3).await.server.as_deref(), Some("10.0.0.2:8848"));
    assert!(states.await.unwrap().iter().all(|state| *state == State::Connected));
}

#[tokio::test(start_paused = true)]
async fn a_reset_towards_a_dead_server_ends_elsewhere() {
    let (network, first, third) = (Network::default(), Fake::new(), Fake::new());
    network.put("10.0.0.1:9848", &first);
    network.put("10.0.0.3:9848", &third);
    let connection = connect(&network, options(&["10.0.0.1,10.0.0.2,10.0.0.3"]));
    connection.ready(MINUTE).await.unwrap();
    first.push(1, "ConnectResetRequest", &json!({"requestId": "1", "serverIp": "10.0.0.2", "serverPort": "8848"}));
    assert_eq!(generation(&connection, 2).await.server.as_deref(), Some("10.0.0.3:8848"));
}

#[tokio::test(start_paused = true)]
async fn resets_without_end_do_not_spin() {
    let (_network, server, connection) = connected().await;
    server.script({
        let server = server.clone();
        move |received| {
            if received.kind == "ServiceListRequest" {
                let connection = received.connection;
                server.push(connection, "ConnectResetRequest", &json!({"requestId": "1"}));
            }
            None
        }
    });
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(2) {
        connection.call(&list(), Resource::None).await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
    assert!((10..=20).contains(&server.connections()), "{}", server.connections());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_leaves_the_list_is_left() {
    let (network, first, second) = (Network::default(), Fake::new(), Fake::new());
    network.put("10.0.0.1:9848", &first);
    network.put("10.0.0.2:9848", &second);
    let connection = connect(&network, options(&["10.0.0.1"]));
    connection.ready(MINUTE).await.unwrap();
    let server = |text| crate::servers::Server::parse(text, 8848).unwrap();
    connection.shared.servers.replace(vec![server("10.0.0.1"), server("10.0.0.2")], false);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(connection.status().borrow().generation, 1, "it is still there");
    connection.shared.servers.replace(vec![server("10.0.0.2")], false);
    assert_eq!(generation(&connection, 2).await.server.as_deref(), Some("10.0.0.2:8848"));
    assert_eq!(connection.servers(), ["10.0.0.2:8848"]);
}

#[derive(Debug, Default)]
struct Taker {
    taken: Mutex<Vec<String>>,
}

impl PushHandler for Taker {
    fn push(&self, push: &Payload) -> Option<Bytes> {
        if push.kind() != "ConfigChangeNotifyRequest" {
            return None;
        }
        let text = String::from_utf8_lossy(push.json()).into_owned();
        assert!(!text.contains("poison"), "as a broken listener would");
        self.taken.lock().push(text);
        Some(nacre_proto::payload::frame("ConfigChangeNotifyResponse", "", &[br#"{"resultCode":200,"requestId":"5"}"#]))
    }
}

#[tokio::test(start_paused = true)]
async fn pushes_reach_their_handler_and_are_answered() {
    let (_network, server, connection) = connected().await;
    let taker = Arc::new(Taker::default());
    let weak = Arc::downgrade(&taker);
    connection.on_push(weak);
    server.push(1, "ClientDetectionRequest", &json!({"requestId": "3"}));
    server.push(1, "UnknownRequest", &json!({"requestId": "4"}));
    server.push(1, "ConfigChangeNotifyRequest", &json!({"requestId": "5", "dataId": "d"}));
    server.push(1, "ConfigChangeNotifyRequest", &json!({"requestId": "6", "dataId": "poison"}));
    assert_eq!(server.wait("ClientDetectionResponse", 1).await.body["requestId"], "3");
    assert_eq!(server.wait("ConfigChangeNotifyResponse", 1).await.body["requestId"], "5");
    let failed = server.wait("ErrorResponse", 1).await.body;
    assert_eq!((&failed["requestId"], &failed["errorCode"]), (&json!("6"), &json!(-500)));
    assert_eq!(taker.taken.lock().len(), 1);
    assert_eq!((connection.counters().pushes.get(), connection.status().borrow().generation), (4, 1));

    drop(taker);
    server.push(1, "ConfigChangeNotifyRequest", &json!({"requestId": "7"}));
    server.push(1, "ClientDetectionRequest", &json!({"requestId": "8"}));
    assert_eq!(server.wait("ClientDetectionResponse", 2).await.body["requestId"], "8");
    assert_eq!(server.received("ConfigChangeNotifyResponse").len(), 1, "nobody is there to take it");
}

#[tokio::test(start_paused = true)]
async fn pushes_count_as_signs_of_life() {
    let (_network, server, _connection) = connected().await;
    for _ in 0..10 {
        sleep(Duration::from_secs(3)).await;
        server.push(1, "ClientDetectionRequest", &json!({"requestId": "1"}));
    }
    server.wait("ClientDetectionResponse", 10).await;
    assert!(server.received("HealthCheckRequest").is_empty());
}
