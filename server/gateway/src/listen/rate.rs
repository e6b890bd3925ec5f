//! Limits on requests per second, in total and by address.

use std::collections::HashMap;
use std::net::IpAddr;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Counts the requests of the running second. What is over a limit is refused, and counts too.
#[derive(Debug)]
pub(crate) struct Rate {
    total: u64,
    per_address: u64,
    start: Instant,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    second: u64,
    total: u64,
    by_address: HashMap<IpAddr, u64>,
}

impl Rate {
    /// `None` when both limits are 0, which means that there is none.
    pub(crate) fn new(total: u64, per_address: u64) -> Option<Self> {
        (total > 0 || per_address > 0).then(|| Self {
            total,
            per_address,
            start: Instant::now(),
            window: Mutex::default(),
        })
    }

    /// Whether one request more from `address` may be served.
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        let second = self.start.elapsed().as_secs();
        let mut window = self.window.lock();
        if window.second != second {
            window.second = second;
            window.total = 0;
            window.by_address.clear();
        }
        if self.per_address > 0 {
            let count = window.by_address.entry(address).or_default();
            *count += 1;
            if *count > self.per_address {
                return false;
            }
        }
        window.total += 1;
        self.total == 0 || window.total <= self.total
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_second_begins_anew() {
        let [one, other] = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse::<IpAddr>().expect("an address"));
        let rate = Rate::new(3, 2).expect("on");
        for _ in 0..2 {
            assert!(rate.allows(one) && rate.allows(one) && !rate.allows(one));
            assert!(rate.allows(other) && !rate.allows(other), "three in all");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(Rate::new(0, 0).is_none());
        let only_total = Rate::new(1, 0).expect("on");
        assert!(only_total.allows(one) && !only_total.allows(one));
        assert!(only_total.window.lock().by_address.is_empty());
    }
}
