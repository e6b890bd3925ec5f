//! One check: a connection, and what comes back on it, within half a second.

use std::{io, net::IpAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::mysql::{self, Login};
use crate::model::HealthChecker;

/// A check that takes longer has failed.
const LIMIT: Duration = Duration::from_millis(500);
/// Bytes of an answer that are looked at.
const HEAD: usize = 1024;

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// It serves.
    Good,
    /// It does not serve; it may be a moment's failure.
    Bad,
    /// Nobody serves there.
    Dead,
}

/// A check to be made.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    host: String,
    port: i32,
    checker: HealthChecker,
}

impl Probe {
    pub(super) fn new(host: &str, port: i32, checker: HealthChecker) -> Self {
        Self { host: host.to_owned(), port, checker }
    }

    pub(super) async fn run(&self) -> Finding {
        let Ok(port) = u16::try_from(self.port) else { return Finding::Bad };
        if !is_host(&self.host) {
            return Finding::Bad;
        }
        match timeout(LIMIT, self.ask(port)).await {
            Ok(Ok(finding)) => finding,
            Ok(Err(error)) if is_nobody(&error) => Finding::Dead,
            Ok(Err(_)) | Err(_) => Finding::Bad,
        }
    }

    async fn ask(&self, port: u16) -> io::Result<Finding> {
        let mut stream = TcpStream::connect((self.host.as_str(), port)).await?;
        match &self.checker {
            HealthChecker::Http { path, headers, expected_response_code } => {
                stream.write_all(self.request(port, path, headers).as_bytes()).await?;
                let status = status(&read_head(&mut stream).await?);
                Ok(match status {
                    Some(status) if status == *expected_response_code => Finding::Good,
                    // It answers, and says that it does not serve now.
                    Some(302 | 503) | None => Finding::Bad,
                    Some(_) => Finding::Dead,
                })
            }
            HealthChecker::Mysql { user, password, command } => {
                let login = user.as_deref().filter(|user| !user.is_empty()).map(|user| Login {
                    user,
                    password: password.as_deref().unwrap_or_default(),
                    statement: command.as_deref().filter(|command| !command.is_empty()).unwrap_or("select 1"),
                });
                let is_serving = mysql::is_serving(&mut stream, login).await?;
                Ok(if is_serving { Finding::Good } else { Finding::Bad })
            }
            _ => Ok(Finding::Good),
        }
    }

    fn request(&self, port: u16, path: &str, headers: &str) -> String {
        let path = if path.is_empty() { "/" } else { path };
        let mut text = format!("GET {path} HTTP/1.1\r\nHost: {}:{port}\r\n", self.host);
        text.push_str("User-Agent: VIPServer\r\nConnection: close\r\n");
        for (name, value) in headers.split('|').filter_map(|pair| pair.split_once(':')) {
            let is_plain = |text: &str| !text.chars().any(char::is_control);
            if !name.trim().is_empty() && is_plain(name) && is_plain(value) {
                text.push_str(&format!("{}: {}\r\n", name.trim(), value.trim()));
            }
        }
        text.push_str("\r\n");
        text
    }
}

/// Whether a text is one address or one host name, and nothing that leads elsewhere.
fn is_host(text: &str) -> bool {
    let is_name = |text: &str| {
        text.len() <= 253 && text.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-_".contains(letter))
    };
    text.parse::<IpAddr>().is_ok() || (!text.is_empty() && is_name(text))
}

fn is_nobody(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
    matches!(error.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable)
}

async fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut piece = [0; HEAD];
    while head.len() < HEAD && !head.contains(&b'\n') {
        match stream.read(&mut piece).await? {
            0 => break,
            count => head.extend_from_slice(&piece[..count]),
        }
    }
    Ok(head)
}

/// The status in the first line of an answer.
fn status(head: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(head.split(|byte| *byte == b'\n').next()?).ok()?;
    let mut words = text.split_ascii_whitespace();
    words.next().filter(|version| version.starts_with("HTTP/"))?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Answers every connection with the same bytes; tells the port and what was asked.
    async fn server(answer: &'static [u8]) -> (i32, tokio::sync::mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, questions) = tokio::sync::mpsc::channel(8);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = vec![0; 4096];
                // MySQL servers speak first, HTTP servers second.
                if answer.starts_with(b"HTTP") {
                    let count = stream.read(&mut bytes).await.unwrap_or(0);
                    let _ = asked.send(String::from_utf8_lossy(&bytes[..count]).into_owned()).await;
                }
                let _ = stream.write_all(answer).await;
            }
        });
        (i32::from(port), questions)
    }

    fn http(code: i32) -> HealthChecker {
        HealthChecker::Http { path: "/h".into(), headers: "a:b|c: d".into(), expected_response_code: code }
    }

    async fn found(port: i32, checker: HealthChecker) -> Finding {
        Probe::new("127.0.0.1", port, checker).run().await
    }

    #[tokio::test]
    async fn http_answers_are_told_apart() {
        let (good, mut questions) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(found(good, http(200)).await, Finding::Good);
        let question = questions.recv().await.unwrap();
        assert!(question.starts_with("GET /h HTTP/1.1\r\nHost: 127.0.0.1:"), "{question}");
        assert!(question.contains("\r\na: b\r\nc: d\r\n\r\n"), "{question}");
        assert_eq!(found(good, http(204)).await, Finding::Dead, "another status than the expected one");
        let (busy, _questions) = server(b"HTTP/1.1 503 x\r\n\r\n").await;
        assert_eq!(found(busy, http(200)).await, Finding::Bad);
        let (odd, _questions) = server(b"HTTP\r\n").await;
        assert_eq!(found(odd, http(200)).await, Finding::Bad);
    }

    #[tokio::test]
    async fn ports_are_open_or_not() {
        let (open, _questions) = server(b"").await;
        assert_eq!(found(open, HealthChecker::Tcp).await, Finding::Good);
        let closed = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            i32::from(listener.local_addr().unwrap().port())
        };
        assert_eq!(found(closed, HealthChecker::Tcp).await, Finding::Dead);
        assert_eq!(found(0x1_0000, HealthChecker::Tcp).await, Finding::Bad);
        let mysql = HealthChecker::Mysql { user: None, password: None, command: None };
        let (greets, _questions) = server(b"\x04\x00\x00\x00\x0a8.0").await;
        assert_eq!(found(greets, mysql.clone()).await, Finding::Good);
        let (other, _questions) = server(b"\x04\x00\x00\x00\xff8.0").await;
        assert_eq!(found(other, mysql).await, Finding::Bad);
    }

    #[test]
    fn only_one_host_is_asked() {
        for host in ["10.0.0.1", "::1", "db-1.example.org", "my_host"] {
            assert!(is_host(host), "{host}");
        }
        for host in ["", "127.0.0.1,127.0.0.1", "a/b", "a:80", "user@host", "a b"] {
            assert!(!is_host(host), "{host}");
        }
    }
}
