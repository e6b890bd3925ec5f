//! Publishes a config and follows it: `cargo run -p nacre-client --example config -- 127.0.0.1:8848`
//!
//! Change `example.yaml` meanwhile, e.g. with `nacre config set example.yaml --content 'a: 2'`. Ends with Ctrl-C.

use nacre_client::Client;

#[tokio::main]
async fn main() -> Result<(), nacre_client::Error> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8848".to_owned());
    let client = Client::builder().server(server).connect().await?;
    let config = client.config();
    let key = config.key("DEFAULT_GROUP", "example.yaml")?;
    config.publish(&key, "a: 1").await?;

    let mut watch = config.watch(&key)?;
    while let Some(value) = watch.next().await {
        match value {
            Some(value) => println!("{} (md5 {})", value.content(), value.md5()),
            None => println!("it is not there"),
        }
    }
    Ok(())
}
