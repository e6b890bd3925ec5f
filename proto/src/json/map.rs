//! Maps with text keys, in the order in which Java's hash map lists them.

use serde::{
    de::{Deserializer, Error, MapAccess, Visitor},
    ser::{SerializeMap, Serializer},
};
use serde_json::value::RawValue;
use std::{cmp::Reverse, collections::BTreeMap, fmt, marker::PhantomData};

use super::{Seed, Value};

/// Metadata, labels, headers.
pub type StringMap = BTreeMap<String, String>;
/// What a peer can do.
pub type AbilityMap = BTreeMap<String, bool>;

/// The entries in the order of Java's `HashMap` with a table that just holds them.
///
/// Clients do not depend on it, but it makes replies equal to recorded ones. Java keeps the order
/// of insertion within a bucket; here the higher hash goes first, so that equal maps look equal.
pub fn hash_order<'a, V>(entries: impl Iterator<Item = (&'a str, V)>) -> Vec<(&'a str, V)> {
    let mut entries: Vec<_> = entries.collect();
    if entries.len() > 1 {
        // Two maps on the way: one is filled from the received map, the other one entry by entry.
        let filled = table_size(entries.len() * 4 / 3 + 1);
        let listed = table_size((entries.len() * 4).div_ceil(3).max(entries.len() + 1));
        entries.sort_by_cached_key(|(key, _)| {
            let hash = spread_hash(key);
            (hash & (listed - 1), hash & (filled - 1), Reverse(hash))
        });
    }
    entries
}

fn table_size(capacity: usize) -> u32 {
    u32::try_from(capacity.next_power_of_two()).expect("maps are limited by the message size")
}

fn spread_hash(key: &str) -> u32 {
    let hash = key.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    hash ^ (hash >> 16)
}

/// A value of a text map. Unlike other text, a number keeps the digits that were sent.
fn map_text(raw: &RawValue) -> Result<Option<String>, serde_json::Error> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => serde_json::from_str(text).map(Some),
        Some(b'{' | b'[') => Err(serde_json::Error::custom("object or list where text is expected")),
        _ => Ok(Some(text.to_owned())),
    }
}

impl Value for StringMap {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        struct Strings;

        impl<'de> Visitor<'de> for Strings {
            type Value = Option<StringMap>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut map = StringMap::new();
                while let Some(key) = members.next_key::<String>()? {
                    let raw = members.next_value::<&RawValue>()?;
                    match map_text(raw).map_err(A::Error::custom)? {
                        Some(text) => map.insert(key, text),
                        None => map.remove(&key),
                    };
                }
                Ok(Some(map))
            }
        }

        from.deserialize_any(Strings)
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.len()))?;
        for (key, value) in hash_order(self.iter().map(|(key, value)| (key.as_str(), value))) {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Value for AbilityMap {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        struct Abilities;

        impl<'de> Visitor<'de> for Abilities {
            type Value = Option<AbilityMap>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut map = AbilityMap::new();
                while let Some(key) = members.next_key::<String>()? {
                    if let Some(value) = members.next_value_seed(Seed::<bool>(PhantomData))? {
                        map.insert(key, value);
                    }
                }
                Ok(Some(map))
            }
        }

        from.deserialize_any(Abilities)
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.len()))?;
        for (key, value) in hash_order(self.iter().map(|(key, value)| (key.as_str(), value))) {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// Any JSON object.
impl Value for serde_json::Map<String, serde_json::Value> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        serde::Deserialize::deserialize(from)
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serde::Serialize::serialize(self, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{from_slice, to_vec};

    fn order(keys: &[&str]) -> Vec<String> {
        hash_order(keys.iter().map(|key| (*key, ()))).into_iter().map(|(key, ())| key.to_owned()).collect()
    }

    #[test]
    fn entries_stand_in_the_recorded_order() {
        for recorded in [
            &["b", "n", "f"][..],
            &["preserved.heart.beat.timeout", "preserved.ip.delete.timeout", "preserved.heart.beat.interval"],
            &["a", "b", "c"],
            &["d", "a", "c"],
            &["中文", "emoji", "t", "d", "json", "nl", "n", "empty"],
            &["preserved.register.source", "version"],
        ] {
            let mut sorted = recorded.to_vec();
            sorted.sort_unstable();
            assert_eq!(order(&sorted), recorded);
        }
    }

    #[test]
    fn values_become_text_and_nulls_disappear() {
        let map =
            from_slice::<StringMap>(br#"{"n":5,"f":1.50,"b":true,"z":null,"t":"a\"b","big":123456789012345678901}"#)
                .expect("readable")
                .expect("not null");
        let pairs: Vec<_> = map.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("b", "true"), ("big", "123456789012345678901"), ("f", "1.50"), ("n", "5"), ("t", "a\"b")]);
        assert_eq!(from_slice::<StringMap>(&to_vec(&map)).expect("own text"), Some(map));
        for bad in ["[1]", "\"x\"", r#"{"a":{"b":1}}"#, r#"{"a":[]}"#] {
            assert!(from_slice::<StringMap>(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn abilities_are_read_loosely() {
        let map = from_slice::<AbilityMap>(br#"{"a":"true","b":0,"c":null}"#).expect("readable").expect("not null");
        assert_eq!(map, AbilityMap::from([("a".to_owned(), true), ("b".to_owned(), false)]));
    }
}
