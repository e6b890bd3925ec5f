//! State that is handed over but not in the store yet.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    ops::Bound,
};

use bytes::Bytes;

use crate::{engine::Op, state::Family};

/// Rows with their new values; `None` where the row is removed.
pub(super) type Rows = VecDeque<(Bytes, Option<Bytes>)>;
/// Removed ranges, from the first key to before the second.
pub(super) type Ranges = Vec<(Bytes, Bytes)>;

/// What waits for a commit, and below it what is being committed.
#[derive(Default)]
pub(super) struct Layers {
    waiting: Layer,
    taken: Layer,
}

/// Changes of rows, each row once. Removed ranges stand before all rows.
#[derive(Default)]
struct Layer {
    rows: Vec<(Family, BTreeMap<Bytes, Option<Bytes>>)>,
    ranges: Vec<(Family, Bytes, Bytes)>,
    bytes: usize,
}

impl Layers {
    pub(super) fn add(&mut self, op: Op) {
        self.waiting.add(op);
    }

    /// Bytes that wait; 0 only when nothing does.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting.bytes
    }

    /// Takes what waits to commit it. Reads see it until [`Layers::taken_is_written`].
    pub(super) fn take(&mut self) -> Vec<Op> {
        self.taken = mem::take(&mut self.waiting);
        self.taken.ops()
    }

    pub(super) fn taken_is_written(&mut self) {
        self.taken = Layer::default();
    }

    /// `None`: ask the store. `Some(None)`: removed.
    pub(super) fn get(&self, family: Family, key: &[u8]) -> Option<Option<Bytes>> {
        self.waiting.get(family, key).or_else(|| self.taken.get(family, key))
    }

    /// The changes between two bounds.
    pub(super) fn range(&self, family: Family, from: Bound<&[u8]>, to: Bound<&[u8]>) -> (Rows, Ranges) {
        let mut merged: BTreeMap<&Bytes, &Option<Bytes>> = BTreeMap::new();
        if let Some(rows) = self.taken.rows_of(family) {
            merged.extend(rows.range::<[u8], _>((from, to)).filter(|(key, _)| !self.waiting.removes(family, key)));
        }
        if let Some(rows) = self.waiting.rows_of(family) {
            merged.extend(rows.range::<[u8], _>((from, to)));
        }
        let rows = merged.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let ranges = self.taken.ranges.iter().chain(&self.waiting.ranges);
        let removed = ranges.filter(|range| range.0 == family).map(|range| (range.1.clone(), range.2.clone()));
        (rows, removed.collect())
    }
}

impl Layer {
    fn rows_of(&self, family: Family) -> Option<&BTreeMap<Bytes, Option<Bytes>>> {
        self.rows.iter().find(|(of, _)| *of == family).map(|(_, rows)| rows)
    }

    fn rows_of_mut(&mut self, family: Family) -> &mut BTreeMap<Bytes, Option<Bytes>> {
        let place = self.rows.iter().position(|(of, _)| *of == family).unwrap_or_else(|| {
            self.rows.push((family, BTreeMap::new()));
            self.rows.len() - 1
        });
        &mut self.rows[place].1
    }

    fn add(&mut self, op: Op) {
        self.bytes += op.size();
        let replaced = match op {
            Op::Put(family, key, value) => self.rows_of_mut(family).insert(key, Some(value)),
            Op::Delete(family, key) => self.rows_of_mut(family).insert(key, None),
            Op::DeleteRange(family, from, to) => {
                if from < to {
                    let rows = self.rows_of_mut(family);
                    let covered: Vec<Bytes> =
                        rows.range(from.clone()..to.clone()).map(|(key, _)| key.clone()).collect();
                    for key in covered {
                        rows.remove(&key);
                    }
                    self.ranges.push((family, from, to));
                }
                None
            }
        };
        // Keys count for each change: the sum only decides when a commit is due.
        self.bytes -= replaced.flatten().map_or(0, |value| value.len());
    }

    fn get(&self, family: Family, key: &[u8]) -> Option<Option<Bytes>> {
        if let Some(value) = self.rows_of(family).and_then(|rows| rows.get(key)) {
            return Some(value.clone());
        }
        self.removes(family, key).then_some(None)
    }

    fn removes(&self, family: Family, key: &[u8]) -> bool {
        self.ranges.iter().any(|(of, from, to)| *of == family && &**from <= key && key < &**to)
    }

    fn ops(&self) -> Vec<Op> {
        let removed = self.ranges.iter().map(|(family, from, to)| Op::DeleteRange(*family, from.clone(), to.clone()));
        let changed = self.rows.iter().flat_map(|(family, rows)| {
            rows.iter().map(|(key, value)| match value {
                Some(value) => Op::Put(*family, key.clone(), value.clone()),
                None => Op::Delete(*family, key.clone()),
            })
        });
        removed.chain(changed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: Family = Family("test");

    fn bytes(text: &str) -> Bytes {
        Bytes::copy_from_slice(text.as_bytes())
    }

    fn put(key: &str, value: &str) -> Op {
        Op::Put(FAMILY, bytes(key), bytes(value))
    }

    fn shown(layers: &Layers) -> Vec<String> {
        let (rows, removed) = layers.range(FAMILY, Bound::Unbounded, Bound::Unbounded);
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
        let rows = rows.iter().map(|(key, value)| match value {
            Some(value) => format!("{}={}", text(key), text(value)),
            None => format!("-{}", text(key)),
        });
        rows.chain(removed.iter().map(|(from, to)| format!("-{}..{}", text(from), text(to)))).collect()
    }

    #[test]
    fn a_later_value_replaces_an_earlier_one() {
        let mut layers = Layers::default();
        layers.add(put("a", "1"));
        layers.add(put("b", "1"));
        layers.add(put("a", "2"));
        layers.add(Op::Delete(FAMILY, bytes("b")));
        assert_eq!(layers.take(), [put("a", "2"), Op::Delete(FAMILY, bytes("b"))]);
        assert_eq!(layers.waiting_bytes(), 0);
    }

    #[test]
    fn what_is_being_committed_is_seen_below_what_waits() {
        let mut layers = Layers::default();
        for key in ["a", "b", "c", "d"] {
            layers.add(put(key, "1"));
        }
        layers.take();
        layers.add(put("b", "2"));
        layers.add(Op::DeleteRange(FAMILY, bytes("c"), bytes("d")));
        assert_eq!(shown(&layers), ["a=1", "b=2", "d=1", "-c..d"]);
        assert_eq!(layers.get(FAMILY, b"a"), Some(Some(bytes("1"))));
        assert_eq!(layers.get(FAMILY, b"c"), Some(None));
        assert_eq!(layers.get(FAMILY, b"e"), None);
        layers.taken_is_written();
        assert_eq!(shown(&layers), ["b=2", "-c..d"]);
        assert_eq!(layers.get(FAMILY, b"a"), None);
    }

    #[test]
    fn a_range_removes_what_was_put_before_it_only() {
        let mut layers = Layers::default();
        layers.add(put("b", "early"));
        layers.add(Op::DeleteRange(FAMILY, bytes("a"), bytes("d")));
        layers.add(put("c", "late"));
        assert_eq!(layers.get(FAMILY, b"b"), Some(None));
        assert_eq!(
            layers.take(),
            [Op::DeleteRange(FAMILY, bytes("a"), bytes("d")), put("c", "late")],
            "the range stands before the rows"
        );
    }

    #[test]
    fn bytes_are_those_of_the_newest_values() {
        let mut layers = Layers::default();
        layers.add(put("a", "12345"));
        let one = layers.waiting_bytes();
        layers.add(put("a", "12345"));
        assert!(layers.waiting_bytes() < 2 * one);
        assert!(layers.waiting_bytes() >= one);
    }
}
