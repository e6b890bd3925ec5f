use std::io::ErrorKind;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;

const SOON: Duration = Duration::from_secs(5);
const WHILE: Duration = Duration::from_millis(150);

/// A server that sends back what it gets, on a main port; nothing listens on its port + 1000.
struct Echo {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.spawn(async move {
                    let (mut reader, mut writer) = stream.split();
                    let _ = tokio::io::copy(&mut reader, &mut writer).await;
                });
            }
        });
        Self { address, task }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Ports for `+ 1000` must exist, so a system that gives the last ones out is asked again.
async fn through() -> (Echo, Proxy, TcpStream) {
    loop {
        let echo = Echo::start().await;
        let Ok(proxy) = Proxy::start(echo.address).await else { continue };
        let stream = TcpStream::connect(proxy.address()).await.unwrap();
        return (echo, proxy, stream);
    }
}

async fn echoes(stream: &mut TcpStream, text: &[u8]) -> std::io::Result<()> {
    stream.write_all(text).await?;
    let mut back = vec![0; text.len()];
    timeout(SOON, stream.read_exact(&mut back)).await.expect("an answer in time")?;
    assert_eq!(back, text);
    Ok(())
}

async fn silent(stream: &mut TcpStream) -> bool {
    timeout(WHILE, stream.read_u8()).await.is_err()
}

async fn how_it_ends(stream: &mut TcpStream) -> Result<Vec<u8>, ErrorKind> {
    let mut rest = Vec::new();
    match timeout(SOON, stream.read_to_end(&mut rest)).await.expect("an end in time") {
        Ok(_) => Ok(rest),
        Err(error) => Err(error.kind()),
    }
}

#[tokio::test]
async fn passes_both_ways_and_ends_with_its_input() {
    let (_echo, proxy, mut stream) = through().await;
    echoes(&mut stream, b"hello").await.unwrap();
    assert_eq!((proxy.open(Door::Main), proxy.accepted(Door::Main)), (1, 1));
    stream.shutdown().await.unwrap();
    assert_eq!(how_it_ends(&mut stream).await, Ok(vec![]));
    proxy.wait_open(&[Door::Main], |open| open == 0, SOON).await.unwrap();
}

#[tokio::test]
async fn delays_in_order() {
    let (_echo, proxy, mut stream) = through().await;
    proxy.set(Door::Main, Way::Up, Fault::Delay(Duration::from_millis(120)));
    let begun = Instant::now();
    echoes(&mut stream, b"one").await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(120), "{:?}", begun.elapsed());
    proxy.set_all(Fault::Pass);
    echoes(&mut stream, b"two").await.unwrap();
}

#[tokio::test]
async fn a_black_hole_keeps_what_a_drop_loses() {
    let (_echo, proxy, mut stream) = through().await;
    proxy.set(Door::Main, Way::Down, Fault::BlackHole);
    stream.write_all(b"kept").await.unwrap();
    assert!(silent(&mut stream).await);
    proxy.set(Door::Main, Way::Down, Fault::Pass);
    let mut kept = [0; 4];
    timeout(SOON, stream.read_exact(&mut kept)).await.unwrap().unwrap();
    assert_eq!(&kept, b"kept");
    proxy.set(Door::Main, Way::Up, Fault::Drop);
    stream.write_all(b"lost").await.unwrap();
    assert!(silent(&mut stream).await);
    proxy.set(Door::Main, Way::Up, Fault::Pass);
    assert_eq!(how_it_ends(&mut stream).await, Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn cuts_after_a_number_of_bytes() {
    let (_echo, proxy, mut stream) = through().await;
    echoes(&mut stream, b"before").await.unwrap();
    proxy.set(Door::Main, Way::Down, Fault::CutAfter(3, End::Close));
    stream.write_all(b"abcdef").await.unwrap();
    assert_eq!(how_it_ends(&mut stream).await, Ok(b"abc".to_vec()));
}

#[tokio::test]
async fn cuts_in_the_middle_of_a_frame() {
    let (_echo, proxy, mut stream) = through().await;
    let headers = [0, 0, 2, 1, 0, 0, 0, 0, 1, b'h', b'h'];
    let data = [0, 0, 4, 0, 0, 0, 0, 0, 1, b'a', b'b', b'c', b'd'];
    echoes(&mut stream, &headers).await.unwrap();
    proxy.set(Door::Main, Way::Down, Fault::CutInFrame(End::Close));
    stream.write_all(&data).await.unwrap();
    assert_eq!(how_it_ends(&mut stream).await, Ok(data[..11].to_vec()));
}

#[tokio::test]
async fn throttles() {
    let (_echo, proxy, mut stream) = through().await;
    proxy.set(Door::Main, Way::Down, Fault::Throttle(10_000));
    let begun = Instant::now();
    echoes(&mut stream, &[7; 2_000]).await.unwrap();
    assert!(begun.elapsed() >= WHILE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn disconnects_refuses_and_accepts_again() {
    let (_echo, mut proxy, mut stream) = through().await;
    echoes(&mut stream, b"x").await.unwrap();
    proxy.refuse(Door::Main);
    let refused = async {
        while TcpStream::connect(proxy.address()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, refused).await.expect("refused in the end");
    echoes(&mut stream, b"open ones stay").await.unwrap();
    proxy.disconnect(Door::Main, End::Reset);
    assert_eq!(how_it_ends(&mut stream).await, Err(ErrorKind::ConnectionReset));
    proxy.accept(Door::Main).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    echoes(&mut stream, b"again").await.unwrap();
}

#[tokio::test]
async fn sends_new_connections_to_another_server() {
    let (_echo, proxy, mut stream) = through().await;
    echoes(&mut stream, b"x").await.unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    if proxy.retarget(gone).is_ok() {
        let mut other = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(how_it_ends(&mut other).await, Err(ErrorKind::ConnectionReset));
        echoes(&mut stream, b"open ones stay").await.unwrap();
    }
}

#[tokio::test]
async fn waits_for_the_connections_of_both_ports_together() {
    let (_echo, proxy, mut stream) = through().await;
    echoes(&mut stream, b"x").await.unwrap();
    let grpc = TcpListener::bind("127.0.0.1:0").await.unwrap();
    proxy.side(Door::Grpc).shared.target.send_replace(grpc.local_addr().unwrap());
    let door = SocketAddr::new(proxy.address().ip(), proxy.address().port() + GRPC_OFFSET);
    let _other = TcpStream::connect(door).await.unwrap();
    proxy.wait_open(&Door::BOTH, |open| open == 2, SOON).await.unwrap();
    // The wait is told of the end of either port's connections, whichever come last.
    let ended = proxy.wait_open(&Door::BOTH, |open| open == 0, SOON);
    let ends = async {
        proxy.disconnect(Door::Main, End::Close);
        proxy.wait_open(&[Door::Main], |open| open == 0, SOON).await.unwrap();
        proxy.disconnect(Door::Grpc, End::Close);
    };
    tokio::join!(ended, ends).0.unwrap();
}
