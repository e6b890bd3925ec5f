//! What changed between two lists of a service.

use std::{collections::HashMap, sync::Arc};

use super::model::{Identity, Instance};

/// Instances by what happened to their address.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Diff {
    pub(crate) added: Vec<Arc<Instance>>,
    pub(crate) removed: Vec<Arc<Instance>>,
    pub(crate) modified: Vec<Arc<Instance>>,
}

impl Diff {
    pub(crate) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.modified.is_empty()
    }
}

/// Compares by address. Where several instances share one, they count together, in any order, and
/// the last of them stands for the address: servers list instances in no fixed order.
pub(crate) fn diff(old: &[Arc<Instance>], new: &[Arc<Instance>]) -> Diff {
    if same(old, new) {
        return Diff::default();
    }
    let before = by_address(old);
    let after = by_address(new);
    let mut diff = Diff::default();
    // The lists are walked, not the maps, so that equal input gives equal output.
    for (position, instance) in new.iter().enumerate() {
        let now = &after[&instance.identity()];
        if now.last() != Some(&position) {
            continue;
        }
        match before.get(&instance.identity()) {
            None => diff.added.push(Arc::clone(instance)),
            Some(then) if !same_set(old, then, new, now) => diff.modified.push(Arc::clone(instance)),
            Some(_) => {}
        }
    }
    for (position, instance) in old.iter().enumerate() {
        if before[&instance.identity()].last() == Some(&position) && !after.contains_key(&instance.identity()) {
            diff.removed.push(Arc::clone(instance));
        }
    }
    diff
}

/// Whether two lists are equal in contents and order.
pub(crate) fn same(old: &[Arc<Instance>], new: &[Arc<Instance>]) -> bool {
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| equal(old, new))
}

fn equal(old: &Arc<Instance>, new: &Arc<Instance>) -> bool {
    Arc::ptr_eq(old, new) || old == new
}

fn by_address(list: &[Arc<Instance>]) -> HashMap<Identity<'_>, Vec<usize>> {
    let mut map: HashMap<_, Vec<usize>> = HashMap::with_capacity(list.len());
    for (position, instance) in list.iter().enumerate() {
        map.entry(instance.identity()).or_default().push(position);
    }
    map
}

fn same_set(old: &[Arc<Instance>], then: &[usize], new: &[Arc<Instance>], now: &[usize]) -> bool {
    if then.len() != now.len() {
        return false;
    }
    let mut open: Vec<&Arc<Instance>> = now.iter().map(|position| &new[*position]).collect();
    then.iter().all(|position| {
        let found = open.iter().position(|candidate| equal(&old[*position], candidate));
        found.map(|found| open.swap_remove(found)).is_some()
    })
}

#[cfg(test)]
mod tests;
