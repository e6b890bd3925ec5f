//! Addresses as users write them.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use crate::error::Error;

/// One server of the list. Its name may have several addresses.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Server {
    /// Name or address, without brackets.
    pub(crate) host: Arc<str>,
    /// The main port.
    pub(crate) port: u16,
    /// Whether HTTP requests use TLS; `None` when the address has no scheme.
    pub(crate) https: Option<bool>,
    /// Context path that the address names, without slashes around.
    pub(crate) context_path: Option<Arc<str>>,
}

impl Server {
    /// Reads `host`, `host:port`, `[::1]:port`, `::1`, or one of them after a scheme and before a path.
    pub(crate) fn parse(text: &str, default_port: u16) -> Result<Self, Error> {
        let (https, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(false), rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(true), rest),
            Some((scheme, _)) => return Err(bad(text, format_args!("unknown scheme {scheme}"))),
            None => (None, text),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = split_port(authority).ok_or_else(|| bad(text, "it has no host"))?;
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or_else(|| bad(text, "its port is no port"))?,
            None => default_port,
        };
        if !host.contains(':')
            && !host.chars().all(|character| character.is_alphanumeric() || "-_.".contains(character))
        {
            return Err(bad(text, "its host is no name"));
        }
        let path = path.trim_matches('/');
        let context_path = (!path.is_empty()).then(|| path.into());
        Ok(Self { host: host.into(), port, https, context_path })
    }

    /// `host:port`, with brackets where they are needed.
    pub(crate) fn authority(&self) -> String {
        authority(&self.host, self.port)
    }

    /// The address, when the host is one.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

pub(crate) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.authority())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.https {
            Some(https) => write!(formatter, "{}://{self}", if https { "https" } else { "http" })?,
            None => write!(formatter, "{self}")?,
        }
        self.context_path.as_ref().map_or(Ok(()), |path| write!(formatter, "/{path}"))
    }
}

/// Reads a list: commas, semicolons and white space separate, what is said twice counts once.
pub(crate) fn parse_list<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    default_port: u16,
) -> Result<Vec<Server>, Error> {
    let mut servers = Vec::new();
    for text in texts {
        for item in text.split(|character: char| matches!(character, ',' | ';') || character.is_whitespace()) {
            if item.is_empty() {
                continue;
            }
            let server = Server::parse(item, default_port)?;
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
    }
    Ok(servers)
}

/// Host and port of `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        match after {
            "" => (host, None),
            after => (host, Some(after.strip_prefix(':')?)),
        }
    } else if authority.parse::<Ipv6Addr>().is_ok() {
        (authority, None)
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    (!host.is_empty()).then_some((host, port))
}

fn bad(text: &str, why: impl fmt::Display) -> Error {
    Error::invalid(format!("server address {text:?} cannot be used: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, u16, Option<bool>, Option<String>) {
        let server = Server::parse(text, 8848).unwrap();
        (server.host.to_string(), server.port, server.https, server.context_path.map(|path| path.to_string()))
    }

    #[test]
    fn addresses_with_and_without_scheme_port_and_path() {
        let host = |host: &str, port| (host.to_owned(), port, None, None);
        assert_eq!(parsed("1.2.3.4:8849"), host("1.2.3.4", 8849));
        assert_eq!(parsed("nacos.example"), host("nacos.example", 8848));
        assert_eq!(parsed("[::1]:90"), host("::1", 90));
        assert_eq!(parsed("[::1]"), host("::1", 8848));
        assert_eq!(parsed("fe80::2"), host("fe80::2", 8848));
        assert_eq!(parsed("http://h:80"), ("h".into(), 80, Some(false), None));
        assert_eq!(parsed("HTTPS://h"), ("h".into(), 8848, Some(true), None));
        assert_eq!(parsed("h:80/nacos/"), ("h".into(), 80, None, Some("nacos".into())));
        assert_eq!(parsed("http://h/a/b"), ("h".into(), 8848, Some(false), Some("a/b".into())));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["h::80", "h:0", "h:70000", "h:x", "ftp://h", ":80", "[::1", "[h]:1", "[::1]80", "a b", "user@h"] {
            let error = Server::parse(text, 8848).unwrap_err();
            assert_eq!(error.code(), 400, "{text}");
            assert!(error.reason().contains(text), "{error}");
        }
    }

    #[test]
    fn lists_have_many_separators_and_no_doubles() {
        let servers = parse_list(["a:1, b:2;c", " ", "a:1\nd"], 8848).unwrap();
        let texts: Vec<String> = servers.iter().map(Server::authority).collect();
        assert_eq!(texts, ["a:1", "b:2", "c:8848", "d:8848"]);
        assert!(parse_list(["a,b:c"], 8848).is_err());
    }

    #[test]
    fn authorities_bracket_ipv6() {
        assert_eq!(Server::parse("::1", 8848).unwrap().authority(), "[::1]:8848");
        assert_eq!(format!("{:?}", Server::parse("https://h:1/x", 8848).unwrap()), "https://h:1/x");
    }
}
