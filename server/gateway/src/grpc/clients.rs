//! All connected clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;

use super::transport::Transport;

/// All transports whose client introduced itself.
#[derive(Default)]
pub(super) struct Clients {
    by_id: DashMap<Arc<str>, Arc<Transport>>,
    count: AtomicUsize,
}

impl Clients {
    pub(super) fn insert(&self, transport: &Arc<Transport>) {
        if self.by_id.insert(Arc::clone(transport.id()), Arc::clone(transport)).is_none() {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Answers whether it was there.
    pub(super) fn remove(&self, id: &str) -> bool {
        let was_there = self.by_id.remove(id).is_some();
        if was_there {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        was_there
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Transport>> {
        self.by_id.get(id).map(|found| Arc::clone(&found))
    }

    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Those that `pick` chooses. What is done with them happens without any lock.
    pub(super) fn select(&self, pick: impl Fn(&Transport) -> bool) -> Vec<Arc<Transport>> {
        self.by_id.iter().filter(|transport| pick(transport)).map(|transport| Arc::clone(&transport)).collect()
    }
}
