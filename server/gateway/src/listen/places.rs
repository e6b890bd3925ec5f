//! Limits on open connections, in total and by address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::metrics::Limit;

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The places that connections may take.
#[derive(Clone, Debug)]
pub(super) struct Places {
    total: usize,
    per_address: usize,
    taken: Arc<Mutex<Taken>>,
}

/// One connection's place; dropping it frees it.
#[derive(Debug)]
pub(super) struct Place {
    address: IpAddr,
    places: Places,
}

impl Places {
    /// `per_address` 0 means no limit of its own.
    pub(super) fn new(total: usize, per_address: usize) -> Self {
        let per_address = if per_address == 0 { total } else { per_address };
        Self { total, per_address, taken: Arc::default() }
    }

    /// A place for a connection from `address`, or the limit that leaves none.
    pub(super) fn take(&self, address: IpAddr) -> Result<Place, Limit> {
        let mut taken = self.taken.lock();
        let here = taken.by_address.get(&address).copied().unwrap_or_default();
        if taken.total >= self.total {
            return Err(Limit::Connections);
        }
        if here >= self.per_address {
            return Err(Limit::ConnectionsPerIp);
        }
        taken.total += 1;
        taken.by_address.insert(address, here + 1);
        Ok(Place { address, places: self.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock();
        taken.total -= 1;
        if let Some(here) = taken.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        let places = Places::new(3, 2);
        let [one, other] = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse::<IpAddr>().expect("an address"));
        let first = places.take(one).expect("free");
        let _second = places.take(one).expect("free");
        assert_eq!(places.take(one).err(), Some(Limit::ConnectionsPerIp));
        let third = places.take(other).expect("free");
        assert_eq!(places.take(other).err(), Some(Limit::Connections));
        drop(third);
        assert!(places.take(one).is_err());
        drop(first);
        assert!(places.take(one).is_ok());
        drop(_second);
        assert_eq!(places.taken.lock().by_address.len(), 0);
    }
}
