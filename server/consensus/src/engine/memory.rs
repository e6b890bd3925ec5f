//! An engine that lives in memory and, when it crashes, forgets what was not synced.

use std::{collections::BTreeMap, io, ops::Bound, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;

use super::{Engine, Op, Read};
use crate::state::{Family, Visit};

type Tables = BTreeMap<Family, BTreeMap<Bytes, Bytes>>;

#[derive(Debug, Default)]
struct Inner {
    current: Tables,
    durable: Tables,
    /// The writes since the last sync. Each is whole, as [`Engine::write`] promises.
    unsynced: Vec<Vec<Op>>,
    writes: u64,
    crash_at: Option<u64>,
    crashed: bool,
}

/// See the module. Clones share one store.
#[derive(Clone, Debug, Default)]
pub struct MemoryEngine {
    inner: Arc<Mutex<Inner>>,
}

impl MemoryEngine {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the write with this number (counted from 1) and all later ones fail, unwritten.
    pub fn crash_at(&self, write: u64) {
        self.inner.lock().crash_at = Some(write);
    }

    /// Writes so far.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.inner.lock().writes
    }

    /// Whether the write given to [`Self::crash_at`] was reached.
    #[must_use]
    pub fn crashed(&self) -> bool {
        self.inner.lock().crashed
    }

    /// What a restart finds on disk: the synced writes, and the first `keep` of those after the last
    /// sync.
    #[must_use]
    pub fn after_crash(&self, keep: usize) -> Self {
        let inner = self.inner.lock();
        let mut tables = inner.durable.clone();
        for op in inner.unsynced.iter().take(keep).flatten() {
            apply(&mut tables, op);
        }
        let fresh = Inner { current: tables.clone(), durable: tables, ..Inner::default() };
        Self { inner: Arc::new(Mutex::new(fresh)) }
    }
}

fn apply(tables: &mut Tables, op: &Op) {
    match op {
        Op::Put(family, key, value) => {
            tables.entry(*family).or_default().insert(key.clone(), value.clone());
        }
        Op::Delete(family, key) => {
            tables.entry(*family).or_default().remove(key);
        }
        Op::DeleteRange(family, from, to) if from < to => {
            let table = tables.entry(*family).or_default();
            let doomed: Vec<Bytes> = table.range(from.clone()..to.clone()).map(|(key, _)| key.clone()).collect();
            for key in doomed {
                table.remove(&key);
            }
        }
        Op::DeleteRange(..) => {}
    }
}

impl Read for Tables {
    fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Bytes>> {
        Ok(BTreeMap::get(self, &family).and_then(|table| table.get(key)).cloned())
    }

    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> io::Result<()> {
        let Some(table) = BTreeMap::get(self, &family) else { return Ok(()) };
        let rows = table.range::<[u8], _>((from, to));
        let rows: Box<dyn Iterator<Item = (&Bytes, &Bytes)>> =
            if reverse { Box::new(rows.rev()) } else { Box::new(rows) };
        for (key, value) in rows {
            if !visit(key, value) {
                break;
            }
        }
        Ok(())
    }
}

impl Read for MemoryEngine {
    fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Bytes>> {
        Read::get(&self.inner.lock().current, family, key)
    }

    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> io::Result<()> {
        self.inner.lock().current.scan(family, from, to, reverse, visit)
    }
}

impl Engine for MemoryEngine {
    fn write(&self, ops: &[Op], sync: bool) -> io::Result<()> {
        let mut inner = self.inner.lock();
        inner.writes += 1;
        if inner.crash_at.is_some_and(|at| inner.writes >= at) {
            inner.crashed = true;
            return Err(io::Error::other("the store has crashed"));
        }
        for op in ops {
            apply(&mut inner.current, op);
        }
        inner.unsynced.push(ops.to_vec());
        if sync {
            let unsynced = std::mem::take(&mut inner.unsynced);
            for op in unsynced.iter().flatten() {
                apply(&mut inner.durable, op);
            }
        }
        Ok(())
    }

    fn frozen(&self, read: &mut dyn FnMut(&dyn Read) -> io::Result<()>) -> io::Result<()> {
        let tables = self.inner.lock().current.clone();
        read(&tables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: Family = Family("test");

    fn put(key: &'static str) -> Op {
        Op::Put(FAMILY, Bytes::from_static(key.as_bytes()), Bytes::from_static(b"1"))
    }

    #[test]
    fn crash_forgets_unsynced_writes_and_no_part_of_one() {
        let engine = MemoryEngine::new();
        engine.write(&[put("a")], true).unwrap();
        engine.write(&[put("b"), put("c")], false).unwrap();
        engine.write(&[put("d")], false).unwrap();
        assert!(engine.get(FAMILY, b"d").unwrap().is_some());

        let restarted = engine.after_crash(1);
        assert!(restarted.get(FAMILY, b"a").unwrap().is_some());
        assert!(restarted.get(FAMILY, b"b").unwrap().is_some());
        assert!(restarted.get(FAMILY, b"c").unwrap().is_some());
        assert!(restarted.get(FAMILY, b"d").unwrap().is_none());
    }

    #[test]
    fn a_later_sync_covers_earlier_writes() {
        let engine = MemoryEngine::new();
        engine.write(&[put("a")], false).unwrap();
        engine.write(&[put("b")], true).unwrap();
        assert!(engine.after_crash(0).get(FAMILY, b"a").unwrap().is_some());
    }

    #[test]
    fn nothing_is_written_from_the_crash_on() {
        let engine = MemoryEngine::new();
        engine.crash_at(2);
        engine.write(&[put("a")], true).unwrap();
        assert!(engine.write(&[put("b")], true).is_err());
        assert!(engine.write(&[put("c")], true).is_err());
        assert!(engine.crashed());
        assert!(engine.after_crash(usize::MAX).get(FAMILY, b"b").unwrap().is_none());
    }
}
