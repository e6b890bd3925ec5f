//! Patterns of configs: a namespace, and what group and data id look like.

use std::{fmt, sync::Arc};

use crate::{
    error::Error,
    names::{ConfigKey, Namespace},
    pattern::fits,
};

/// Which configs are meant. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    namespace: Namespace,
    group: Arc<str>,
    data_id: Arc<str>,
}

impl Pattern {
    /// Checks the patterns: a name, or one with a `*` in front, behind, or both; `*` alone is any name.
    pub(crate) fn new(namespace: &Namespace, group: &str, data_id: &str) -> Result<Self, Error> {
        for (name, pattern) in [("group", group), ("dataId", data_id)] {
            let inner = pattern.strip_prefix('*').unwrap_or(pattern);
            let inner = inner.strip_suffix('*').unwrap_or(inner);
            let legal = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
            if pattern.is_empty() || !inner.chars().all(legal) {
                return Err(Error::invalid(format!(
                    "Param '{name}' is no pattern that a server understands: {pattern}"
                )));
            }
        }
        Ok(Self { namespace: namespace.clone(), group: group.into(), data_id: data_id.into() })
    }

    pub(crate) fn matches(&self, key: &ConfigKey) -> bool {
        *key.namespace() == self.namespace
            && fits(&self.group, key.group().as_str())
            && fits(&self.data_id, key.data_id())
    }
}

/// As servers write it.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}>>{}>>{}", self.namespace, self.group, self.data_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_is_written_as_servers_read_it() {
        let pattern = Pattern::new(&Namespace::default(), "G", "app-*").unwrap();
        assert_eq!(pattern.to_string(), "public>>G>>app-*");
        assert!(pattern.matches(&ConfigKey::new(&Namespace::default(), "G", "app-a").unwrap()));
        assert!(!pattern.matches(&ConfigKey::new(&Namespace::new("dev").unwrap(), "G", "app-a").unwrap()));
        for wrong in ["", "a*b", "a>>b", "a b", ".*x*y"] {
            assert_eq!(Pattern::new(&Namespace::default(), "G", wrong).unwrap_err().code(), 400, "{wrong}");
        }
    }
}
