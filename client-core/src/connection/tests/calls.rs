//! Requests: retries, deadlines, refusals, credentials.

use super::*;

fn kinds(server: &Fake) -> usize {
    server.received("ServiceListRequest").len()
}

#[tokio::test(start_paused = true)]
async fn a_request_carries_headers_and_gets_its_answer() {
    let (_network, server, connection) = connected().await;
    let headers = [("notify", "true".to_owned())];
    let call = Call { headers: &headers, ..Call::default() };
    let answer = connection.call_with(&list(), call).await.unwrap();
    assert_eq!(answer.count, 7);
    let request = server.received("ServiceListRequest").remove(0);
    assert_eq!(request.headers, [("notify".to_owned(), "true".to_owned())].into());
    assert_eq!((request.client_ip.as_str(), &request.body["pageSize"]), ("127.0.0.1", &json!(10)));
    assert_eq!((connection.counters().calls.get(), connection.counters().failed_calls.get()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_body_of_many_frames_arrives_whole() {
    let (_network, server, connection) = connected().await;
    let mut request = list();
    request.service_name = Some("x".repeat(3_000_000));
    connection.call(&request, Resource::None).await.unwrap();
    assert_eq!(server.received("ServiceListRequest")[0].body["serviceName"].as_str().unwrap().len(), 3_000_000);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_error_with_its_code_and_is_not_repeated() {
    let (_network, server, connection) = connected().await;
    let typed =
        Answer::Json("ServiceListResponse", json!({"resultCode": 500, "errorCode": 403, "message": "no right"}));
    in_turn(&server, "ServiceListRequest", vec![typed, refused(400), refused(302), refused(503)]);
    for (kind, code) in [
        (ErrorKind::Forbidden, 403),
        (ErrorKind::InvalidParameter, 400),
        (ErrorKind::Unsupported, 302),
        (ErrorKind::OverLimit, 503),
    ] {
        let error = connection.call(&list(), Resource::None).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, code));
    }
    assert_eq!(kinds(&server), 4);
    assert_eq!(connection.counters().failed_calls.get(), 4);
}

#[tokio::test(start_paused = true)]
async fn answers_that_make_no_sense_are_internal_errors() {
    let (_network, server, connection) = connected().await;
    let answers = vec![
        Answer::Json("HealthCheckResponse", json!({"resultCode": 200})),
        Answer::Json("ServiceListResponse", json!(null)),
        Answer::Json("ServiceListResponse", json!([1])),
        Answer::Json("ErrorResponse", json!({"resultCode": 200})),
    ];
    let count = answers.len();
    in_turn(&server, "ServiceListRequest", answers);
    for _ in 0..count {
        let error = connection.call(&list(), Resource::None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
    }
    assert_eq!(kinds(&server), count);
}

#[tokio::test(start_paused = true)]
async fn what_breaks_on_the_way_is_sent_again() {
    let (_network, server, connection) = connected().await;
    in_turn(&server, "ServiceListRequest", vec![Answer::Break, Answer::Refuse, refused(300)]);
    assert_eq!(connection.call(&list(), Resource::None).await.unwrap().count, 7);
    assert_eq!((kinds(&server), server.connections()), (4, 1));
    assert_eq!(connection.counters().retries.get(), 3);

    in_turn(&server, "ServiceListRequest", vec![Answer::Break; 9]);
    let error = connection.call(&list(), Resource::None).await.unwrap_err();
    assert_eq!((error.kind(), kinds(&server)), (ErrorKind::Unreachable, 8), "three more attempts, no more");
}

#[tokio::test(start_paused = true)]
async fn what_must_not_happen_twice_is_sent_again_only_if_it_was_not_taken() {
    let (_network, server, connection) = connected().await;
    let call = Call { retry: Retry::IfNotSent, ..Call::default() };
    in_turn(&server, "ServiceListRequest", vec![Answer::Refuse, refused(300), Answer::Break]);
    assert_eq!(connection.call_with(&list(), call).await.unwrap_err().kind(), ErrorKind::Unreachable);
    assert_eq!(kinds(&server), 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_survives_the_loss_of_its_connection() {
    let (_network, server, connection) = connected().await;
    in_turn(&server, "ServiceListRequest", vec![Answer::Cut]);
    assert_eq!(connection.call(&list(), Resource::None).await.unwrap().count, 7);
    let requests = server.received("ServiceListRequest");
    assert_eq!(requests.iter().map(|request| request.connection).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(connection.status().borrow().generation, 2);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_connection_is_replaced_under_the_request() {
    let (_network, server, connection) = connected().await;
    in_turn(&server, "ServiceListRequest", vec![refused(301)]);
    let call = Call { retry: Retry::IfNotSent, ..Call::default() };
    assert_eq!(connection.call_with(&list(), call).await.unwrap().count, 7);
    assert_eq!((kinds(&server), server.connections()), (2, 2));
    assert!(server.received("HealthCheckRequest").is_empty(), "the answer says enough");
}

#[tokio::test(start_paused = true)]
async fn one_deadline_covers_waiting_and_all_attempts() {
    let network = Network::default();
    let connection = connect(&network, options(&["10.0.0.1"]));
    let begin = Instant::now();
    let error = connection.call(&list(), Resource::None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unreachable, -401));
    assert_eq!(begin.elapsed().as_millis(), 3000);

    // A server that comes in time gets the request.
    let server = Fake::new();
    let late = network.clone();
    let coming = server.clone();
    let arrival = tokio::spawn(async move {
        sleep(Duration::from_millis(1500)).await;
        late.put("10.0.0.1:9848", &coming);
    });
    assert_eq!(connection.call(&list(), Resource::None).await.unwrap().count, 7);
    arrival.await.unwrap();

    server.script(|received| (received.kind == "ServiceListRequest").then_some(Answer::Silence));
    let begin = Instant::now();
    let call = Call { timeout: Some(Duration::from_millis(700)), ..Call::default() };
    let error = connection.call_with(&list(), call).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Timeout, true));
    assert_eq!(begin.elapsed().as_millis(), 700);
    server.wait("HealthCheckRequest", 1).await;
    assert_eq!(server.connections(), 1, "a slow answer alone does not cost the connection");
}

#[tokio::test(start_paused = true)]
async fn one_attempt_on_one_generation() {
    let (_network, server, connection) = connected().await;
    assert_eq!(connection.call_on(1, &list(), Call::default()).await.unwrap().count, 7);
    in_turn(&server, "ServiceListRequest", vec![Answer::Break, Answer::Cut]);
    assert!(connection.call_on(1, &list(), Call::default()).await.is_err());
    assert!(connection.call_on(1, &list(), Call::default()).await.is_err());
    assert_eq!(kinds(&server), 3);
    generation(&connection, 2).await;
    let error = connection.call_on(1, &list(), Call::default()).await.unwrap_err();
    assert_eq!((error.kind(), kinds(&server)), (ErrorKind::Unreachable, 3), "it was not sent");
    assert!(connection.call_on(2, &list(), Call::default()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_large_is_refused_and_the_connection_goes_on() {
    let (network, server) = (Network::default(), Fake::new());
    network.put("10.0.0.1:9848", &server);
    let mut options = options(&["10.0.0.1"]);
    options.max_message_size = 1000;
    let connection = connect(&network, options);
    let long = json!({"resultCode": 200, "serviceNames": ["x".repeat(2000)]});
    in_turn(&server, "ServiceListRequest", vec![Answer::Json("ServiceListResponse", long)]);
    let error = connection.call(&list(), Resource::None).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::OverLimit, false));
    assert!(connection.call(&list(), Resource::None).await.is_ok());
    assert_eq!((kinds(&server), server.connections()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn keys_sign_requests() {
    let (network, server) = (Network::default(), Fake::new());
    network.put("10.0.0.1:9848", &server);
    let mut options = options(&["10.0.0.1"]);
    options.credentials.keys = Some(crate::options::Keys::new("ak", "sk"));
    let connection = connect(&network, options);
    let resource = Resource::Naming { namespace: "public", group: "g", service: "" };
    connection.call(&list(), resource).await.unwrap();
    let headers = server.received("ServiceListRequest").remove(0).headers;
    assert_eq!(headers["ak"], "ak");
    assert!(headers["data"].ends_with("@@g@@"), "{headers:?}");
    assert!(headers.contains_key("signature"));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_request_frees_its_place() {
    let (_network, server, connection) = connected().await;
    server.script(|received| (received.kind == "ServiceListRequest").then_some(Answer::Silence));
    for _ in 0..300 {
        let request = list();
        let call = connection.call(&request, Resource::None);
        assert!(timeout(Duration::from_millis(1), call).await.is_err());
    }
    // More than a server lets run at once: each of them was given up there too.
    server.script(|_| None);
    assert_eq!(connection.call(&list(), Resource::None).await.unwrap().count, 7);
}

#[tokio::test(start_paused = true)]
async fn closing_ends_waiting_and_later_requests() {
    let (_network, server, connection) = connected().await;
    server.script(|received| (received.kind == "ServiceListRequest").then_some(Answer::Silence));
    let waiting = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call(&list(), Resource::None).await }
    });
    server.wait("ServiceListRequest", 1).await;
    let begin = Instant::now();
    connection.close(Duration::from_secs(1)).await;
    assert!(begin.elapsed() <= Duration::from_millis(300), "{:?}", begin.elapsed());
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(connection.call(&list(), Resource::None).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(connection.call_on(1, &list(), Call::default()).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(connection.ready(MINUTE).await.unwrap_err().kind(), ErrorKind::Closed);
    connection.close(Duration::from_secs(1)).await;

    let network = Network::default();
    let unconnected = connect(&network, options(&["10.0.0.1"]));
    unconnected.close(Duration::from_secs(1)).await;
    assert_eq!(unconnected.status().borrow().state, State::Closed);
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_takes_the_tasks_with_it() {
    let (network, server, connection) = connected().await;
    let mut status = connection.status();
    let other = connection.clone();
    drop(connection);
    assert_eq!(other.call(&list(), Resource::None).await.unwrap().count, 7);
    drop(other);
    assert_eq!(status.wait_for(|status| status.state == State::Closed).await.unwrap().generation, 1);
    server.cut();
    let dialled = network.dialled().len();
    sleep(MINUTE).await;
    assert_eq!(network.dialled().len(), dialled, "nobody connects any more");
}

#[tokio::test(start_paused = true)]
async fn the_answer_of_a_request_is_kept_when_the_server_moves_the_client() {
    let (network, first, connection) = connected().await;
    let second = Fake::new();
    in_turn(&first, "ServiceListRequest", vec![Answer::After(Duration::from_millis(500), Box::new(ok_list()))]);
    let waiting = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call(&list(), Resource::None).await }
    });
    first.wait("ServiceListRequest", 1).await;
    network.put("10.0.0.1:9848", &second);
    first.push(1, "ConnectResetRequest", &json!({"requestId": "1"}));
    generation(&connection, 2).await;
    assert_eq!(waiting.await.unwrap().unwrap().count, 7);
    assert_eq!((kinds(&first), kinds(&second)), (1, 0));
}
