//! Tells what happens to a connection: `cargo run -p nacre-client --example outage -- 127.0.0.1:8848,127.0.0.1:8858`
//!
//! Stop and start the servers meanwhile. Ends with Ctrl-C.

use nacre_client::{Client, Event};

#[tokio::main]
async fn main() -> Result<(), nacre_client::Error> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8848".to_owned());
    let client = Client::builder().server(servers).build()?;
    let mut events = client.events();
    while let Some(event) = events.next().await {
        match event {
            Event::Connected { server, local_address, .. } => println!("connected to {server} from {local_address}"),
            Event::Disconnected { error } => println!("disconnected: {error}"),
            Event::Reset { target: Some(target) } => println!("the server sends us to {target}"),
            other => println!("{other:?}"),
        }
    }
    Ok(())
}
