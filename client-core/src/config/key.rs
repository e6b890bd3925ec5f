//! How a config's key stands on the wire.
//!
//! The default namespace is sent as a blank tenant: 2.5 servers do not push to listeners under `public`, and 3.x
//! servers read blank as `public`. Servers may answer either spelling.

use nacre_proto::config::group_key;

use crate::names::{ConfigKey, Namespace};

/// The tenant of a request.
pub(crate) fn tenant(key: &ConfigKey) -> &str {
    if key.namespace().is_default() { "" } else { key.namespace().as_str() }
}

/// The key that a server means; `None` when no client can listen to it.
pub(crate) fn from_wire(data_id: Option<&str>, group: Option<&str>, tenant: Option<&str>) -> Option<ConfigKey> {
    let namespace = Namespace::new(tenant.unwrap_or_default()).ok()?;
    ConfigKey::new(&namespace, group?, data_id?).ok()
}

/// The key in one text, `dataId+group[+tenant]`, with this spelling of the tenant.
pub(crate) fn joined(key: &ConfigKey, tenant: &str) -> String {
    group_key(key.data_id(), key.group().as_str(), tenant)
}

/// Reads such a text.
pub(crate) fn from_joined(text: &str) -> Option<ConfigKey> {
    let mut parts = text.split('+').map(|part| part.replace("%2B", "+").replace("%25", "%"));
    let (data_id, group) = (parts.next()?, parts.next()?);
    let tenant = parts.next();
    match parts.next() {
        None => from_wire(Some(&data_id), Some(&group), tenant.as_deref()),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(namespace: &str) -> ConfigKey {
        ConfigKey::new(&Namespace::new(namespace).unwrap(), "G", "app.yaml").unwrap()
    }

    #[test]
    fn public_and_blank_are_one_key() {
        assert_eq!(tenant(&key("public")), "");
        assert_eq!(tenant(&key("dev")), "dev");
        for spelling in [None, Some(""), Some("public")] {
            assert_eq!(from_wire(Some("app.yaml"), Some("G"), spelling), Some(key("")));
        }
        assert_eq!(from_wire(Some("app.yaml"), Some("G"), Some("dev")), Some(key("dev")));
        assert_eq!(from_wire(None, Some("G"), None), None);
        assert_eq!(from_wire(Some("a b"), Some("G"), None), None);
    }

    #[test]
    fn joined_keys_are_read_back() {
        for namespace in ["", "dev"] {
            let key = key(namespace);
            assert_eq!(from_joined(&joined(&key, tenant(&key))), Some(key));
        }
        assert_eq!(joined(&key(""), "public"), "app.yaml+G+public");
        assert_eq!(from_joined("app.yaml+G+public"), Some(key("public")));
        assert_eq!(from_joined("app.yaml"), None);
        assert_eq!(from_joined("a+b+c+d"), None);
        assert_eq!(from_joined("a%2Bb+G"), None, "no legal data id has a plus sign");
    }
}
