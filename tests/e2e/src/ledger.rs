//! What a writer knows of its keys: what was acknowledged last, and what may have come after it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// The keys of one writer. Nobody else writes them, and the writer makes one write at a time.
#[derive(Debug)]
pub struct Ledger<K> {
    known: BTreeMap<K, Option<String>>,
    /// Keys written since the last look at all of them.
    touched: BTreeSet<K>,
    unanswered: Option<(K, Option<String>)>,
}

impl<K> Default for Ledger<K> {
    fn default() -> Self {
        Self { known: BTreeMap::new(), touched: BTreeSet::new(), unanswered: None }
    }
}

impl<K: Ord + Clone + Debug> Ledger<K> {
    /// A write begins; `state` is what the key will have, `None` when it is removed.
    pub fn begin(&mut self, key: K, state: Option<String>) {
        self.touched.insert(key.clone());
        self.unanswered = Some((key, state));
    }

    /// The write was answered with success.
    pub fn acknowledged(&mut self) {
        if let Some((key, state)) = self.unanswered.take() {
            self.known.insert(key, state);
        }
    }

    /// The write was answered with a refusal: nothing has changed.
    pub fn refused(&mut self) {
        self.unanswered = None;
    }

    /// The acknowledged state of a key; `None` when it was removed or never written.
    pub fn state(&self, key: &K) -> Option<&str> {
        self.known.get(key)?.as_deref()
    }

    /// All keys with their acknowledged states.
    pub fn states(&self) -> impl Iterator<Item = (&K, Option<&str>)> {
        self.known.iter().map(|(key, state)| (key, state.as_deref()))
    }

    /// The keys that were written since this was asked last, and all of them if `all`.
    pub fn to_look_at(&mut self, all: bool) -> Vec<K> {
        if let Some((key, _)) = &self.unanswered {
            self.known.entry(key.clone()).or_insert(None);
        }
        let touched = std::mem::take(&mut self.touched);
        self.known.keys().filter(|key| all || touched.contains(key)).cloned().collect()
    }

    /// Compares a key with what the server has of it. What is found is what counts from now on.
    ///
    /// # Panics
    /// When it is neither what was acknowledged nor what an unanswered write may have made of it.
    pub fn found(&mut self, key: &K, found: Option<String>) {
        let state = self.known.get(key).cloned().flatten();
        let possible = self.unanswered.take_if(|(late, _)| late == key).map(|(_, late)| late);
        assert!(
            found == state || Some(&found) == possible.as_ref(),
            "{key:?} was acknowledged as {state:?}, unanswered {possible:?}, found {found:?}"
        );
        self.known.insert(key.clone(), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn an_unanswered_write_may_be_there_or_not() {
        for found in [text("old"), text("new")] {
            let mut ledger = Ledger::default();
            ledger.begin("a", text("old"));
            ledger.acknowledged();
            ledger.begin("a", text("new"));
            assert_eq!(ledger.to_look_at(false), ["a"]);
            ledger.found(&"a", found.clone());
            assert_eq!(ledger.state(&"a"), found.as_deref());
        }
    }

    #[test]
    #[should_panic(expected = "was acknowledged as Some(\"new\")")]
    fn an_acknowledged_write_must_be_there() {
        let mut ledger = Ledger::default();
        for state in ["old", "new"] {
            ledger.begin("a", text(state));
            ledger.acknowledged();
        }
        ledger.found(&"a", text("old"));
    }

    #[test]
    #[should_panic(expected = "found Some(\"new\")")]
    fn a_refused_write_must_not_be_there() {
        let mut ledger = Ledger::default();
        ledger.begin("a", text("new"));
        ledger.refused();
        ledger.found(&"a", text("new"));
    }
}
