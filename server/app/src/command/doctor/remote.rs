//! A server as its clients see it: which ports let them in, and what they feel where one does not.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use nacre_client::{Client, options::Tls};
use tokio::{net::TcpStream, time::timeout};

use super::{Check, Status, ports::GRPC_OFFSET};
use crate::command::{
    Failure,
    api::{Api, Request},
    tls::TlsArgs,
};

const HTTP: &str = "http port";
const GRPC: &str = "grpc port";
const DEFAULT_PORT: u16 = 8848;
/// A difference that tokens and time stamps tolerate.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);

pub(super) async fn look(server: &str, tls: &TlsArgs, limit: Duration) -> Result<Vec<Check>, Failure> {
    let (host, port) = address(server)?;
    let engine = tls.engine()?;
    let mut checks = Vec::new();
    let addresses: Vec<SocketAddr> = match timeout(limit, tokio::net::lookup_host((host.as_str(), port))).await {
        Ok(Ok(found)) => found.collect(),
        Ok(Err(error)) => return Ok(vec![Check::fail("name", format!("{host}: {error}"), "check the name and DNS")]),
        Err(_) => return Ok(vec![Check::fail("name", format!("{host}: no answer"), "check DNS")]),
    };
    let shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    checks.push(Check::ok("name", format!("{host} is {}", shown.join(", "))));
    let grpc_port = port.saturating_add(GRPC_OFFSET);
    let http = door(&addresses, port, limit).await;
    let grpc = door(&addresses, grpc_port, limit).await;
    checks.push(judged(HTTP, port, &http, "the API, scripts, logins and 1.x clients do not work"));
    let without = if http.is_ok() {
        "2.x clients of Nacos stay in the state STARTING and fail with 'Client not connected'; \
         HTTP and clients of Nacre that are given gRPC on the HTTP port work"
    } else {
        "2.x clients of Nacos stay in the state STARTING and fail with 'Client not connected'"
    };
    checks.push(judged(GRPC, grpc_port, &grpc, without));
    let name = format!("{}:{port}", if host.contains(':') { format!("[{host}]") } else { host.clone() });
    if http.is_ok() {
        checks.extend(answers(&name, tls, limit).await);
    }
    if http.is_ok() && grpc.is_ok() {
        checks.push(client(&name, engine, limit).await);
    }
    Ok(checks)
}

fn address(server: &str) -> Result<(String, u16), Failure> {
    let odd = || Failure::usage(format!("{server}: not of the form HOST or HOST:PORT"));
    if server.contains('/') || server.is_empty() {
        return Err(odd());
    }
    if let Some(rest) = server.strip_prefix('[') {
        let (host, end) = rest.split_once(']').ok_or_else(odd)?;
        let port = match end.strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| odd())?,
            None if end.is_empty() => DEFAULT_PORT,
            None => return Err(odd()),
        };
        return Ok((host.to_owned(), port));
    }
    match server.rsplit_once(':') {
        // More than one colon: an address of IPv6 without a port.
        Some((host, _)) if host.contains(':') => Ok((server.to_owned(), DEFAULT_PORT)),
        Some((host, port)) => Ok((host.to_owned(), port.parse().map_err(|_| odd())?)),
        None => Ok((server.to_owned(), DEFAULT_PORT)),
    }
}

/// Why a port lets nobody in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shut {
    /// The machine says that nobody listens.
    Refused,
    /// Nothing comes back.
    Silent,
    Other(String),
}

/// Tries the addresses of a server one after the other.
async fn door(addresses: &[SocketAddr], port: u16, limit: Duration) -> Result<Duration, Shut> {
    let mut shut = Shut::Other("no address".to_owned());
    for address in addresses {
        let begun = tokio::time::Instant::now();
        shut = match timeout(limit, TcpStream::connect(SocketAddr::new(address.ip(), port))).await {
            Ok(Ok(_)) => return Ok(begun.elapsed()),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Shut::Refused,
            Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut => Shut::Silent,
            Ok(Err(error)) => Shut::Other(error.to_string()),
            Err(_) => Shut::Silent,
        };
    }
    Err(shut)
}

fn judged(name: &'static str, port: u16, door: &Result<Duration, Shut>, without: &str) -> Check {
    match door {
        Ok(took) => Check::ok(name, format!("{port} is open, {:.1} ms away", took.as_secs_f64() * 1e3)),
        Err(Shut::Refused) => {
            let advice = format!("start the server, or forward {port} too: {without}");
            Check::fail(name, format!("{port} is closed: nobody listens"), advice)
        }
        Err(Shut::Silent) => {
            let advice = format!("open {port} in the firewall or security group: {without}");
            Check::fail(name, format!("{port} is blocked: nothing comes back"), advice)
        }
        Err(Shut::Other(error)) => {
            Check::fail(name, format!("{port} cannot be reached: {error}"), format!("check the network: {without}"))
        }
    }
}

/// What comes back over HTTP, and by which clock.
async fn answers(server: &str, tls: &TlsArgs, limit: Duration) -> Vec<Check> {
    const ANSWER: &str = "http answer";
    let advice = "look at the server's log";
    let api = match Api::at(server, tls, limit) {
        Ok(api) => api,
        Err(failure) => return vec![Check::fail(ANSWER, failure.text, advice)],
    };
    let asked = SystemTime::now();
    let reply = match api.send(Request::get("/v1/console/health/readiness")).await {
        Ok(reply) => reply,
        Err(failure) => return vec![Check::fail(ANSWER, failure.text, "see whether something else listens there")],
    };
    let mut checks = vec![match reply.status {
        200 => Check::ok(ANSWER, "the server is ready"),
        status => Check::fail(ANSWER, format!("the server answers {status}: it is not ready"), advice),
    }];
    checks.extend(reply.header("date").and_then(http_date).map(|theirs| offset(asked, SystemTime::now(), theirs)));
    checks
}

/// Seconds since the epoch of a date as HTTP writes it.
fn http_date(text: &str) -> Option<u64> {
    let mut parts = text.split_whitespace().skip(1);
    let day: u64 = parts.next()?.parse().ok()?;
    let month = parts.next()?;
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month)? as u64 + 1;
    let year: u64 = parts.next()?.parse().ok()?;
    let mut time = parts.next()?.split(':').map(str::parse::<u64>);
    let (hour, minute, second) = (time.next()?.ok()?, time.next()?.ok()?, time.next()?.ok()?);
    // Days since the epoch, years being counted from March so that the leap day is the last one.
    let (shifted, from_march) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + (153 * from_march + 2) / 5 + day;
    let days = days.checked_sub(719_469)?;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// Compares the server's clock, told in whole seconds between two moments of ours.
fn offset(asked: SystemTime, answered: SystemTime, theirs: u64) -> Check {
    const NAME: &str = "clock";
    let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let theirs = Duration::from_secs(theirs);
    let (earliest, latest) = (since(asked), since(answered));
    let behind = earliest.saturating_sub(theirs + Duration::from_secs(1));
    let ahead = theirs.saturating_sub(latest);
    let away = behind.max(ahead);
    if away <= CLOCK_TOLERANCE {
        return Check::ok(NAME, "the server's clock agrees with this one");
    }
    let direction = if behind > ahead { "behind" } else { "ahead of" };
    let found = format!("the server's clock is {} s {direction} this one", away.as_secs());
    Check::warn(NAME, found, "let NTP keep both: tokens and time stamps are off by as much")
}

/// A client as programs have it.
async fn client(server: &str, tls: Option<Tls>, limit: Duration) -> Check {
    const NAME: &str = "client";
    let advice = "see whether a proxy in between passes HTTP/2 through";
    let mut builder = Client::builder().server(server).app_name("nacre").request_timeout(limit);
    if let Some(tls) = tls {
        builder = builder.tls(tls);
    }
    let client = match builder.build() {
        Ok(client) => client,
        Err(error) => return Check::fail(NAME, error.to_string(), "check the address"),
    };
    let connected = client.ready(limit).await;
    client.close().await;
    match connected {
        Ok(()) => Check { status: Status::Ok, ..Check::ok(NAME, "a client connects over gRPC") },
        Err(error) => Check::fail(NAME, format!("no client connects over gRPC: {error}"), advice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let read = |text| address(text).unwrap();
        assert_eq!(read("h"), ("h".to_owned(), 8848));
        assert_eq!(read("10.0.0.1:80"), ("10.0.0.1".to_owned(), 80));
        assert_eq!(read("[::1]:80"), ("::1".to_owned(), 80));
        assert_eq!((read("[::1]"), read("::1")), (("::1".to_owned(), 8848), ("::1".to_owned(), 8848)));
        for odd in ["", "http://h", "h:x", "[::1", "[::1]x"] {
            assert!(address(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn dates_are_read() {
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Wed, 01 May 2024 10:45:41 GMT"), Some(1_714_560_341));
        assert_eq!(http_date("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199));
        assert_eq!(http_date("nonsense"), None);
    }

    #[test]
    fn clocks_are_compared_with_the_way_in_between() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let status = |theirs| offset(at(100), at(102), theirs).status;
        assert_eq!(
            (status(99), status(102), status(107), status(94)),
            (Status::Ok, Status::Ok, Status::Ok, Status::Ok)
        );
        assert_eq!((status(93), status(108)), (Status::Warn, Status::Warn));
        assert!(offset(at(100), at(102), 0).found.contains("99 s behind"));
    }
}
