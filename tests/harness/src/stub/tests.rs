use super::*;
use crate::grpc::Client;
use crate::http::Http;

const SOON: Duration = Duration::from_secs(5);

fn scripts(text: Value) -> Vec<Script> {
    serde_json::from_value(text).unwrap()
}

#[tokio::test]
async fn answers_in_turn_and_pushes() {
    let stub = Stub::start(true).await.unwrap();
    stub.abilities(Map::from_iter([("lock".to_owned(), json!(true))]));
    let grpc = SocketAddr::from(([127, 0, 0, 1], stub.address().port() + 1000));
    let client = Client::open(grpc).await.unwrap();
    assert!(client.connection_id.starts_with("1735689600000_127.0.0.1_"));
    let refused = json!([{"body": {"resultCode": 500, "errorCode": 403}}, {"body": {"content": "x"}}]);
    stub.reply("ConfigQueryRequest", scripts(refused));
    let query = Message::new("ConfigQueryRequest", &json!({"dataId": "d"}));
    let first = client.call(&query).await.unwrap();
    assert_eq!((first.kind.as_str(), first.json()["errorCode"].as_i64()), ("ConfigQueryResponse", Some(403)));
    for _ in 0..2 {
        let later = client.call(&query).await.unwrap().json();
        assert_eq!((&later["content"], &later["success"]), (&json!("x"), &json!(true)));
    }
    assert_eq!(stub.received(Some("ConfigQueryRequest")).len(), 3);
    assert_eq!(stub.push("ClientDetectionRequest", &json!({"requestId": "7"})).unwrap(), 1);
    let ack = stub.wait_received(|received| received.message.kind == "ClientDetectionResponse", SOON).await.unwrap();
    assert_eq!((ack.connection, &ack.message.json()["requestId"]), (1, &json!("7")));
    stub.disconnect().await;
    assert!(client.ended(SOON).await);
}

#[tokio::test]
async fn answers_http_and_grpc_on_the_main_port() {
    let stub = Stub::start(false).await.unwrap();
    let login: Vec<HttpScript> = serde_json::from_value(json!([{"body": {"accessToken": "t"}}])).unwrap();
    stub.http("POST /nacos/v1/auth/login", login);
    let http = Http::new(stub.address());
    let reply = http.post("/nacos/v1/auth/login", &[("username", "u")]).await.unwrap();
    assert_eq!((reply.status, &reply.json()["accessToken"]), (200, &json!("t")));
    assert_eq!(http.get("/other", &[]).await.unwrap().status, 404);
    assert_eq!(stub.http_received()[0]["body"], json!("username=u"));
    let client = Client::open(stub.address()).await.unwrap();
    stub.reply("HealthCheckRequest", scripts(json!([{"grpc_status": 14}])));
    let health = Message::new("HealthCheckRequest", &json!({}));
    assert_eq!(client.call(&health).await.unwrap_err().name(), "UNAVAILABLE");
    assert_eq!(stub.connections(), 3);
}
