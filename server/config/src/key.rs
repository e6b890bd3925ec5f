//! Names of configs: the namespace, the group and the data id that together identify one.
//!
//! The default namespace has several spellings in requests; here it has one, so that reads,
//! listeners and notifications of all of them meet.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// The one spelling of a namespace id: blank, `public` and `null` in any letter case mean the
/// default namespace and become the empty text; anything else is trimmed.
#[must_use]
pub fn normal_namespace(id: &str) -> &str {
    let id = id.trim();
    if id.eq_ignore_ascii_case("public") || id.eq_ignore_ascii_case("null") { "" } else { id }
}

/// Identifies one config. Cheap to clone: one shared text.
#[derive(Clone)]
pub struct ConfigKey {
    /// Namespace, group and data id without separators.
    text: Arc<str>,
    group_at: u32,
    data_id_at: u32,
}

impl ConfigKey {
    /// The key of a config; `namespace` is any spelling that a client uses, see
    /// [`normal_namespace`].
    #[must_use]
    pub fn new(namespace: &str, group: &str, data_id: &str) -> Self {
        Self::exact(normal_namespace(namespace), group, data_id)
    }

    fn exact(namespace: &str, group: &str, data_id: &str) -> Self {
        let mut text = String::with_capacity(namespace.len() + group.len() + data_id.len());
        text.push_str(namespace);
        text.push_str(group);
        text.push_str(data_id);
        // Requests are limited to far less than 4 GB; a longer text would only shift the parts.
        let offset = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Self {
            group_at: offset(namespace.len()),
            data_id_at: offset(namespace.len() + group.len()),
            text: Arc::from(text),
        }
    }

    /// The namespace id; empty for the default namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.text[..self.group_at as usize]
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.text[self.group_at as usize..self.data_id_at as usize]
    }

    /// The data id.
    #[must_use]
    pub fn data_id(&self) -> &str {
        &self.text[self.data_id_at as usize..]
    }

    fn parts(&self) -> (&str, &str, &str) {
        (self.namespace(), self.group(), self.data_id())
    }

    /// Bytes that name this key in the store. No key's bytes are the beginning of another's.
    pub(crate) fn stored(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.text.len() + 6 + 8);
        for part in [self.namespace(), self.group(), self.data_id()] {
            // Names are checked before they are proposed, see `check`.
            let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&part.as_bytes()[..usize::from(length)]);
        }
        bytes
    }

    /// Reads what [`ConfigKey::stored`] wrote; also answers the bytes behind it.
    pub(crate) fn from_stored(mut bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut parts = [""; 3];
        for part in &mut parts {
            let (length, rest) = bytes.split_first_chunk::<2>()?;
            let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            *part = std::str::from_utf8(text).ok()?;
            bytes = rest;
        }
        Some((Self::exact(parts[0], parts[1], parts[2]), bytes))
    }
}

impl PartialEq for ConfigKey {
    fn eq(&self, other: &Self) -> bool {
        self.group_at == other.group_at && self.data_id_at == other.data_id_at && self.text == other.text
    }
}

impl Eq for ConfigKey {}

impl Hash for ConfigKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
        state.write_u32(self.data_id_at);
    }
}

impl Ord for ConfigKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl PartialOrd for ConfigKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for ConfigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ConfigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@@{}@@{}", self.namespace(), self.group(), self.data_id())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_spellings_of_the_default_namespace_are_one() {
        let key = ConfigKey::new("", "g", "d");
        for spelling in ["public", "PUBLIC", "null", "Null", " ", " public "] {
            assert_eq!(ConfigKey::new(spelling, "g", "d"), key);
        }
        assert_ne!(ConfigKey::new("public2", "g", "d"), key);
        assert_eq!(ConfigKey::new(" dev ", "g", "d").namespace(), "dev");
    }

    #[test]
    fn the_border_between_parts_counts() {
        assert_ne!(ConfigKey::new("a", "b", "c"), ConfigKey::new("a", "", "bc"));
        assert_ne!(ConfigKey::new("ab", "", "c"), ConfigKey::new("a", "b", "c"));
    }

    proptest! {
        #[test]
        fn stored_keys_are_read_back(namespace in "[a-z]{0,4}", group in "\\PC{0,8}", data_id in "\\PC{0,8}", tail in "[a-z]{0,3}") {
            let key = ConfigKey::new(&namespace, &group, &data_id);
            let mut bytes = key.stored();
            bytes.extend_from_slice(tail.as_bytes());
            let (read, rest) = ConfigKey::from_stored(&bytes).expect("own bytes");
            prop_assert_eq!(&read, &key);
            prop_assert_eq!((read.namespace(), read.group(), read.data_id()), (key.namespace(), group.as_str(), data_id.as_str()));
            prop_assert_eq!(rest, tail.as_bytes());
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = ConfigKey::from_stored(&bytes);
        }
    }
}
