//! Keys in place of pointers: what a host holds of the engine's things.

use parking_lot::RwLock;

/// Values by keys that are never given twice, so that an old key finds nothing instead of something else.
#[derive(Debug)]
pub struct Table<T> {
    slots: RwLock<Slots<T>>,
}

#[derive(Debug)]
struct Slots<T> {
    all: Vec<Slot<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    /// Of the present value, or of the next one.
    generation: u32,
    value: Option<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { slots: RwLock::new(Slots { all: Vec::new(), free: Vec::new() }) }
    }
}

impl<T: Clone> Table<T> {
    /// Takes a value in and gives its key, which is never 0.
    pub fn insert(&self, value: T) -> u64 {
        let mut slots = self.slots.write();
        let index = slots.free.pop().unwrap_or_else(|| {
            slots.all.push(Slot { generation: 1, value: None });
            u32::try_from(slots.all.len() - 1).expect("memory ends before four billion handles")
        });
        let slot = &mut slots.all[index as usize];
        slot.value = Some(value);
        u64::from(slot.generation) << 32 | u64::from(index)
    }

    /// The value of a key, until it is removed.
    pub fn get(&self, key: u64) -> Option<T> {
        let slots = self.slots.read();
        let slot = slots.all.get(place(key))?;
        if slot.generation == generation(key) { slot.value.clone() } else { None }
    }

    /// Takes a value out; its key finds nothing from then on.
    pub fn remove(&self, key: u64) -> Option<T> {
        let mut slots = self.slots.write();
        let slot = slots.all.get_mut(place(key))?;
        if slot.generation != generation(key) {
            return None;
        }
        let value = slot.value.take()?;
        // A slot whose generations are used up is left alone, for ever.
        if let Some(next) = slot.generation.checked_add(1) {
            slot.generation = next;
            slots.free.push(key as u32);
        }
        Some(value)
    }

    /// All values with their keys.
    pub fn entries(&self) -> Vec<(u64, T)> {
        let slots = self.slots.read();
        let all = slots.all.iter().enumerate();
        all.filter_map(|(index, slot)| Some((u64::from(slot.generation) << 32 | index as u64, slot.value.clone()?)))
            .collect()
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.slots.read().all.iter().filter(|slot| slot.value.is_some()).count()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn place(key: u64) -> usize {
    key as u32 as usize
}

fn generation(key: u64) -> u32 {
    (key >> 32) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_old_key_finds_nothing() {
        let table = Table::default();
        let first = table.insert("a");
        assert_eq!((table.get(first), table.remove(first)), (Some("a"), Some("a")));
        let second = table.insert("b");
        assert_ne!(first, second, "the place is the same, the key is not");
        assert_eq!((table.get(first), table.remove(first)), (None, None));
        assert_eq!((table.get(second), table.len()), (Some("b"), 1));
        assert_eq!(table.get(0), None);
        assert_eq!(table.get(u64::MAX), None);
    }

    proptest! {
        #[test]
        fn keys_are_never_given_twice(steps in proptest::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 1..200)) {
            let table = Table::default();
            let mut model = HashMap::new();
            let mut given = Vec::new();
            for (number, (add, index)) in steps.into_iter().enumerate() {
                if add || given.is_empty() {
                    let key = table.insert(number);
                    prop_assert!(!given.contains(&key));
                    given.push(key);
                    model.insert(key, number);
                } else {
                    let key = *index.get(&given);
                    prop_assert_eq!(table.remove(key), model.remove(&key));
                }
                for key in &given {
                    prop_assert_eq!(table.get(*key), model.get(key).copied());
                }
                prop_assert_eq!(table.len(), model.len());
                let entries: HashMap<_, _> = table.entries().into_iter().collect();
                prop_assert_eq!(&entries, &model);
            }
        }
    }
}
