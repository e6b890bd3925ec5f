//! Registers an instance and follows its service: `cargo run -p nacre-client --example service -- 127.0.0.1:8848`
//!
//! Start it twice with different ports as second argument to see each find the other. Ends with Ctrl-C.

use nacre_client::{Client, ServiceKey, naming::Instance};

#[tokio::main]
async fn main() -> Result<(), nacre_client::Error> {
    let mut arguments = std::env::args().skip(1);
    let server = arguments.next().unwrap_or_else(|| "127.0.0.1:8848".to_owned());
    let port = arguments.next().and_then(|port| port.parse().ok()).unwrap_or(8080);
    let client = Client::builder().server(server).app_name("example").connect().await?;
    let naming = client.naming();
    let service = ServiceKey::new("DEFAULT_GROUP", "example")?;
    naming.register(&service, Instance::new("127.0.0.1", port)).await?;

    let changes = naming.subscribe(&service).await?;
    while changes.changed().await {
        let Some(change) = changes.take_newest() else { continue };
        println!("{} instances, {} new, {} gone", change.instances.len(), change.added.len(), change.removed.len());
    }
    Ok(())
}
