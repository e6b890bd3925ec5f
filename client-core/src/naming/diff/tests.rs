use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn list(instances: &[Instance]) -> Vec<Arc<Instance>> {
    instances.iter().cloned().map(Arc::new).collect()
}

fn addresses(list: &[Arc<Instance>]) -> Vec<String> {
    list.iter().map(|instance| instance.address()).collect()
}

#[test]
fn tells_added_removed_and_modified_apart() {
    let old = list(&[Instance::new("10.0.0.1", 80), Instance::new("10.0.0.2", 80), Instance::new("10.0.0.3", 80)]);
    let new = list(&[
        Instance::new("10.0.0.3", 80).with_weight(2.0),
        Instance::new("10.0.0.1", 80),
        Instance::new("10.0.0.1", 81),
    ]);
    let diff = diff(&old, &new);
    assert_eq!(addresses(&diff.added), ["10.0.0.1:81"]);
    assert_eq!(addresses(&diff.removed), ["10.0.0.2:80"]);
    assert_eq!(addresses(&diff.modified), ["10.0.0.3:80"]);
    assert_eq!(diff.modified[0].weight, 2.0, "the new one is reported");
}

#[test]
fn every_field_but_the_address_counts_as_modified() {
    let base = Instance::new("10.0.0.1", 80);
    let variants = [
        Instance { id: Some("x".to_owned()), ..base.clone() },
        Instance { weight: 0.5, ..base.clone() },
        Instance { healthy: false, ..base.clone() },
        Instance { enabled: false, ..base.clone() },
        Instance { ephemeral: false, ..base.clone() },
        Instance { cluster: "other".to_owned(), ..base.clone() },
        Instance { service: Some("G@@s".to_owned()), ..base.clone() },
        base.clone().with_metadata("a", "1"),
    ];
    for variant in variants {
        let diff = diff(&list(std::slice::from_ref(&base)), &list(std::slice::from_ref(&variant)));
        assert_eq!((diff.added.len(), diff.removed.len(), diff.modified.len()), (0, 0, 1), "{variant:?}");
    }
}

#[test]
fn first_list_is_all_added_and_an_empty_one_all_removed() {
    let some = list(&[Instance::new("a", 1), Instance::new("b", 2)]);
    assert_eq!(addresses(&diff(&[], &some).added), ["a:1", "b:2"]);
    assert_eq!(addresses(&diff(&some, &[]).removed), ["a:1", "b:2"]);
    assert!(diff(&[], &[]).is_empty());
}

#[test]
fn two_owners_of_one_address_are_compared_in_any_order() {
    let (first, second) = (Instance::new("a", 1), Instance::new("a", 1).with_metadata("owner", "2"));
    let there = list(&[first.clone(), second.clone()]);
    let swapped = list(&[second.clone(), first.clone()]);
    assert!(diff(&there, &swapped).is_empty());
    assert_eq!(diff(&there, &list(&[first.clone(), first])).modified.len(), 1);
    assert_eq!(diff(&there, &list(&[second])).modified.len(), 1, "one of the two owners left");
}

fn any_list() -> impl Strategy<Value = Vec<Arc<Instance>>> {
    let any_instance =
        (0u8..6, 0u16..3, 0u8..3, any::<bool>(), 0u8..3).prop_map(|(host, port, weight, healthy, tag)| {
            let instance = Instance::new(format!("10.0.0.{host}"), port).with_weight(f64::from(weight));
            instance.with_healthy(healthy).with_metadata("tag", tag.to_string())
        });
    proptest::collection::vec(any_instance.prop_map(Arc::new), 0..12)
}

type Table = BTreeMap<String, Vec<String>>;

fn table(list: &[Arc<Instance>]) -> Table {
    let mut table = Table::new();
    for instance in list {
        table.entry(instance.address()).or_default().push(format!("{instance:?}"));
    }
    table.values_mut().for_each(|owners| owners.sort());
    table
}

fn last_of_each(list: &[Arc<Instance>]) -> BTreeMap<String, Arc<Instance>> {
    list.iter().map(|instance| (instance.address(), Arc::clone(instance))).collect()
}

proptest! {
    #[test]
    fn applied_to_the_old_list_it_gives_the_new_one(old in any_list(), new in any_list()) {
        let found = diff(&old, &new);
        let mut state = last_of_each(&old);
        for instance in &found.removed {
            prop_assert!(state.remove(&instance.address()).is_some());
        }
        for instance in &found.added {
            prop_assert!(state.insert(instance.address(), Arc::clone(instance)).is_none());
        }
        for instance in &found.modified {
            prop_assert!(state.insert(instance.address(), Arc::clone(instance)).is_some());
        }
        let wanted = last_of_each(&new);
        prop_assert_eq!(state.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
        let (before, after) = (table(&old), table(&new));
        for (address, instance) in &state {
            // An address that was left out may show another owner than the last, never another content.
            let shown = format!("{instance:?}");
            prop_assert!(after[address].contains(&shown));
            let reported = found.added.iter().chain(&found.modified).any(|one| one.address() == *address);
            prop_assert_eq!(reported, before.get(address) != after.get(address));
        }
    }

    #[test]
    fn it_is_empty_exactly_when_nothing_changed(old in any_list(), new in any_list()) {
        prop_assert_eq!(diff(&old, &new).is_empty(), table(&old) == table(&new));
        let mut shuffled = old.clone();
        shuffled.reverse();
        prop_assert!(diff(&old, &shuffled).is_empty());
    }

    #[test]
    fn the_way_back_swaps_added_and_removed(old in any_list(), new in any_list()) {
        let (there, back) = (diff(&old, &new), diff(&new, &old));
        let mut added = addresses(&there.added);
        let mut removed = addresses(&back.removed);
        added.sort();
        removed.sort();
        prop_assert_eq!(added, removed);
        prop_assert_eq!(there.modified.len(), back.modified.len());
    }
}
