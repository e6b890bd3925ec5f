//! Connection ids, as Nacos makes them: time, address and port of the peer.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

/// `<epochMillis>_<ip>_<port>`. IPv6 addresses are written as Java does, without shortening.
pub(super) fn connection_id(epoch_millis: u64, peer: SocketAddr) -> String {
    let mut id = format!("{epoch_millis}_");
    match peer.ip().to_canonical() {
        IpAddr::V4(address) => id.push_str(&address.to_string()),
        IpAddr::V6(address) => {
            for (index, segment) in address.segments().into_iter().enumerate() {
                let separator = if index == 0 { "" } else { ":" };
                write!(id, "{separator}{segment:x}").expect("a text takes everything");
            }
        }
    }
    write!(id, "_{}", peer.port()).expect("a text takes everything");
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_java_does() {
        for (peer, id) in [
            ("10.0.0.11:51432", "1735689600123_10.0.0.11_51432"),
            ("[::1]:5", "1735689600123_0:0:0:0:0:0:0:1_5"),
            ("[fe80::a0:1]:5", "1735689600123_fe80:0:0:0:0:0:a0:1_5"),
            ("[::ffff:10.0.0.1]:65535", "1735689600123_10.0.0.1_65535"),
        ] {
            assert_eq!(connection_id(1_735_689_600_123, peer.parse().expect("an address")), id);
        }
    }
}
