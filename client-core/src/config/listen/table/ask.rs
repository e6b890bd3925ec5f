//! Requests that the table makes of what is due, and what their answers change.

use super::*;

impl Table {
    /// The next request to begin or confirm listens.
    pub(crate) fn next_listen(&mut self, limits: Limits) -> Option<Batch> {
        let queue = self.cuts.pop_front().unwrap_or_else(|| std::mem::take(&mut self.listens));
        self.batch(queue, Lane::Listen, limits)
    }

    /// The next request to stop listens.
    pub(crate) fn next_leave(&mut self, limits: Limits) -> Option<Batch> {
        let queue = std::mem::take(&mut self.leaves);
        self.batch(queue, Lane::Leave, limits)
    }

    /// Servers check the namespace of the first config only, so a batch is of one namespace.
    fn batch(&mut self, queue: VecDeque<ConfigKey>, lane: Lane, limits: Limits) -> Option<Batch> {
        self.asked += 1;
        let mut batch =
            Batch { keys: Vec::new(), request: ConfigBatchListenRequest::default(), redone: 0, asked: self.asked };
        let (mut contexts, mut bytes, mut full) = (Vec::new(), 0, false);
        for key in queue {
            let Some(slot) = self.slots.get_mut(&key).filter(|slot| slot.queued == Queued::In(lane)) else { continue };
            let first: Option<&ConfigKey> = batch.keys.first();
            let fits = first.is_none_or(|first| first.namespace() == key.namespace() && !slot.alone);
            let size = key.data_id().len() + key.group().as_str().len() + tenant(&key).len() + CONTEXT_BYTES;
            full |= batch.keys.len() >= limits.keys || !batch.keys.is_empty() && bytes + size > limits.bytes;
            if full || !fits {
                self.queue(lane).push_back(key);
                continue;
            }
            bytes += size;
            full |= slot.alone;
            batch.redone += usize::from(slot.registered.is_some_and(|at| Some(at) != self.generation));
            (slot.queued, slot.busy, slot.check) = (Queued::No, true, false);
            contexts.push(context(&key, slot.held.digest()));
            if lane == Lane::Leave {
                // From now on it may grow old, so who comes meanwhile does not get it.
                slot.held = Held::Nothing;
            }
            batch.keys.push(key);
        }
        batch.request.listen = lane == Lane::Listen;
        batch.request.config_listen_contexts = Some(contexts);
        (!batch.keys.is_empty()).then_some(batch)
    }

    /// The next question for a value.
    pub(crate) fn next_query(&mut self) -> Option<Query> {
        while let Some(key) = self.queries.pop_front() {
            let waits = |slot: &&mut Slot| slot.queued == Queued::In(Lane::Query);
            let Some(slot) = self.slots.get_mut(&key).filter(waits) else { continue };
            (slot.queued, slot.busy, slot.query) = (Queued::No, true, false);
            self.asked += 1;
            return Some(Query { key, asked: self.asked });
        }
        None
    }

    /// The server compared: these configs differ.
    pub(crate) fn listened(&mut self, batch: &Batch, changed: &HashSet<ConfigKey>) -> Vec<Notice> {
        let mut notices = Vec::new();
        for key in &batch.keys {
            let Some(slot) = self.slots.get_mut(key) else { continue };
            slot.busy = false;
            slot.registered = self.generation;
            slot.well();
            if changed.contains(key) {
                slot.query = true;
                slot.differs = Some(slot.held.digest().to_owned());
            } else {
                slot.differs = None;
                slot.doubts = 0;
                if matches!(slot.held, Held::Nothing) {
                    slot.held = Held::Value(None, batch.asked);
                    notices.extend(slot.notice());
                }
            }
            self.enqueue(key);
        }
        notices
    }

    /// The request failed. A batch that the server refuses for what is in it is cut until the culprit is found.
    pub(crate) fn not_listened(&mut self, batch: &Batch, error: &Error, now: Instant) {
        let cut = batch.keys.len() > 1 && is_refusal(error);
        for key in &batch.keys {
            let Some(slot) = self.slots.get_mut(key) else { continue };
            (slot.busy, slot.check) = (false, true);
            if cut {
                slot.queued = Queued::In(Lane::Listen);
            } else {
                slot.alone = is_refusal(error);
                slot.put_off(error.clone(), now);
                self.enqueue(key);
            }
        }
        if cut {
            let (first, second) = batch.keys.split_at(batch.keys.len() / 2);
            self.cuts.extend([first, second].map(|half| half.iter().cloned().collect()));
        }
    }

    /// The server stopped these listens.
    pub(crate) fn left(&mut self, batch: &Batch) {
        for key in &batch.keys {
            let Some(slot) = self.slots.get_mut(key) else { continue };
            slot.busy = false;
            slot.registered = None;
            slot.check = true;
            self.enqueue(key);
        }
    }

    /// The request to stop failed. What the server goes on sending is not looked at.
    pub(crate) fn not_left(&mut self, batch: &Batch, error: &Error, now: Instant) {
        for key in &batch.keys {
            let Some(slot) = self.slots.get_mut(key) else { continue };
            slot.busy = false;
            // Whether the server took it is unknown, so a new listener has to begin again.
            slot.check = true;
            if slot.attempts + 1 >= LEAVE_ATTEMPTS || !error.is_retryable() {
                slot.registered = None;
            } else {
                slot.put_off(error.clone(), now);
            }
            self.enqueue(key);
        }
    }

    /// The server's value.
    pub(crate) fn queried(&mut self, query: &Query, value: Value, now: Instant) -> Option<Notice> {
        let slot = self.slots.get_mut(&query.key)?;
        slot.busy = false;
        slot.well();
        slot.check = true;
        if slot.differs.as_deref() == Some(digest(&value)) {
            match DOUBTS.get(slot.doubts) {
                Some(pause) => slot.not_before = Some(now + *pause),
                None => slot.check = false,
            }
            slot.doubts += 1;
        }
        slot.held = Held::Value(value, query.asked);
        let notice = slot.notice();
        self.enqueue(&query.key);
        notice
    }

    /// The question failed.
    pub(crate) fn not_queried(&mut self, query: &Query, error: Error, now: Instant) {
        let Some(slot) = self.slots.get_mut(&query.key) else { return };
        slot.busy = false;
        slot.query = true;
        slot.put_off(error, now);
        self.enqueue(&query.key);
    }
}

/// Whether an error tells of the request and not of the way, the load or the rights of the user.
fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidParameter | ErrorKind::NotFound | ErrorKind::Refused)
}

fn context(key: &ConfigKey, md5: &str) -> ConfigListenContext {
    ConfigListenContext {
        group: Some(key.group().as_str().to_owned()),
        md5: Some(md5.to_owned()),
        data_id: Some(key.data_id().to_owned()),
        tenant: Some(tenant(key).to_owned()),
    }
}
