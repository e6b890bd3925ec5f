//! The identity of a service.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use nacre_consensus::{SlotId, slot_of};

/// A service's identity: namespace, group and name. Cheap to clone.
///
/// The kind of its instances is not part of it. Nothing is normalised: `public` and the empty
/// namespace are two.
#[derive(Clone)]
pub struct ServiceKey {
    inner: Arc<Inner>,
}

struct Inner {
    /// `namespace@@group@@name`.
    text: Box<str>,
    namespace: usize,
    group: usize,
    slot: SlotId,
}

impl ServiceKey {
    /// The service `name` of `group` in `namespace`.
    #[must_use]
    pub fn new(namespace: &str, group: &str, name: &str) -> Self {
        let text = [namespace, group, name].join("@@").into_boxed_str();
        let slot = slot_of(text.as_bytes());
        Self { inner: Arc::new(Inner { text, namespace: namespace.len(), group: group.len(), slot }) }
    }

    /// The namespace id.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.inner.text[..self.inner.namespace]
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &str {
        let start = self.inner.namespace + 2;
        &self.inner.text[start..start + self.inner.group]
    }

    /// The name without its group.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.text[self.inner.namespace + self.inner.group + 4..]
    }

    /// `group@@name`.
    #[must_use]
    pub fn grouped_name(&self) -> &str {
        &self.inner.text[self.inner.namespace + 2..]
    }

    /// The slot of the key space that the service belongs to.
    #[must_use]
    pub fn slot(&self) -> SlotId {
        self.inner.slot
    }

    fn parts(&self) -> (&str, &str, &str) {
        (self.namespace(), self.group(), self.name())
    }
}

impl PartialEq for ServiceKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
            || (self.inner.text == other.inner.text
                && self.inner.namespace == other.inner.namespace
                && self.inner.group == other.inner.group)
    }
}

impl Eq for ServiceKey {}

impl Hash for ServiceKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.text.hash(state);
    }
}

impl PartialOrd for ServiceKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ServiceKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceKey({})", self.inner.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_whole() {
        let key = ServiceKey::new("public", "DEFAULT_GROUP", "orders");
        assert_eq!(key.parts(), ("public", "DEFAULT_GROUP", "orders"));
        assert_eq!(key.grouped_name(), "DEFAULT_GROUP@@orders");
        assert_eq!(key.slot(), slot_of(b"public@@DEFAULT_GROUP@@orders"));
    }

    #[test]
    fn equal_text_with_other_parts_is_another_service() {
        let one = ServiceKey::new("a", "b", "c@@d");
        let other = ServiceKey::new("a", "b@@c", "d");
        assert_ne!(one, other);
        assert_ne!(ServiceKey::new("", "g", "s"), ServiceKey::new("public", "g", "s"));
    }
}
