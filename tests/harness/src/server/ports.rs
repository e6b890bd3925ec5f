//! Pairs of free ports: one for HTTP and that plus 1000 for gRPC, kept apart between test processes.

use std::net::{TcpListener, UdpSocket};

use anyhow::{Result, bail};

/// Below the range from which Linux takes the ports of outgoing connections.
const RANGE: std::ops::Range<u16> = 12_000..30_000;
pub(crate) const GRPC_OFFSET: u16 = 1000;
const ATTEMPTS: usize = 500;

/// A reserved pair. The UDP socket marks the pair as taken for as long as the value lives: servers use TCP only, so
/// another test process that tries the same pair fails on the mark while the server can bind its ports.
#[derive(Debug)]
pub(crate) struct Ports {
    http: u16,
    _mark: UdpSocket,
    listeners: Vec<TcpListener>,
}

impl Ports {
    pub(crate) fn reserve() -> Result<Self> {
        for _ in 0..ATTEMPTS {
            let http = rand::random_range(RANGE);
            let Ok(mark) = UdpSocket::bind(("127.0.0.1", http)) else { continue };
            let listeners: Vec<TcpListener> = [http, http + GRPC_OFFSET]
                .iter()
                .filter_map(|port| TcpListener::bind(("127.0.0.1", *port)).ok())
                .collect();
            if listeners.len() == 2 {
                return Ok(Self { http, _mark: mark, listeners });
            }
        }
        bail!("no free pair of ports in {ATTEMPTS} attempts")
    }

    /// Frees the TCP ports for the server; the mark stays.
    pub(crate) fn release(&mut self) {
        self.listeners.clear();
    }

    pub(crate) fn http(&self) -> u16 {
        self.http
    }

    pub(crate) fn grpc(&self) -> u16 {
        self.http + GRPC_OFFSET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_do_not_overlap() {
        let pairs: Vec<Ports> = (0..20).map(|_| Ports::reserve().unwrap()).collect();
        let mut numbers: Vec<u16> = pairs.iter().flat_map(|pair| [pair.http(), pair.grpc()]).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 40);
    }
}
