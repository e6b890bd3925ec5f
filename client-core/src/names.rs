//! Names of namespaces, groups, services and configs. A value of these types is legal: what a server would
//! refuse cannot be made.
//!
//! Lengths count UTF-16 code units, because servers count so.

use std::{borrow::Borrow, fmt, sync::Arc};

use crate::error::Error;

/// The group that is meant when none is named.
pub const DEFAULT_GROUP: &str = "DEFAULT_GROUP";
/// The namespace that is meant when none is named.
pub const DEFAULT_NAMESPACE: &str = "public";
/// The cluster of an instance that names none.
pub const DEFAULT_CLUSTER: &str = "DEFAULT";

const NAMESPACE_LENGTH: usize = 64;
const GROUP_LENGTH: usize = 128;
const SERVICE_LENGTH: usize = 512;
const DATA_ID_LENGTH: usize = 256;
const CLUSTER_LENGTH: usize = 64;
const IP_LENGTH: usize = 128;

macro_rules! name {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{:?}", &*self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Error;

            fn try_from(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }
    };
}

name! {
    /// The id of a namespace; blank text and `public` are the default one.
    Namespace
}

name! {
    /// The group of a service or a config; blank text is `DEFAULT_GROUP`.
    Group
}

impl Namespace {
    /// Checks an id: at most 64 of `A-Z a-z 0-9 _ -`.
    ///
    /// # Errors
    /// [`InvalidParameter`](crate::ErrorKind::InvalidParameter) when it is longer or has another character.
    pub fn new(id: &str) -> Result<Self, Error> {
        let id = id.trim();
        if id.is_empty() {
            return Ok(Self::default());
        }
        check("namespaceId/tenant", id, NAMESPACE_LENGTH, is_word_or_dash)?;
        Ok(Self(id.into()))
    }

    /// Whether this is the namespace `public`.
    #[must_use]
    pub fn is_default(&self) -> bool {
        &*self.0 == DEFAULT_NAMESPACE
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self(DEFAULT_NAMESPACE.into())
    }
}

impl Group {
    /// Checks a group: at most 128 of `A-Z a-z 0-9 _ : . -`.
    ///
    /// # Errors
    /// [`InvalidParameter`](crate::ErrorKind::InvalidParameter) when it is longer or has another character.
    pub fn new(name: &str) -> Result<Self, Error> {
        let name = name.trim();
        if name.is_empty() {
            return Ok(Self::default());
        }
        check("group", name, GROUP_LENGTH, is_name_character)?;
        Ok(Self(name.into()))
    }
}

impl Default for Group {
    fn default() -> Self {
        Self(DEFAULT_GROUP.into())
    }
}

/// A service within a namespace. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceKey {
    group: Group,
    name: Arc<str>,
}

impl ServiceKey {
    /// Checks a group (see [`Group::new`]) and a service name: at most 512 characters, no leading `@`, no `@@`,
    /// no blanks. A name of the form `group@@name` must name the same group, or the group must be blank.
    ///
    /// # Errors
    /// [`InvalidParameter`](crate::ErrorKind::InvalidParameter) when one of them is not legal or the name is blank.
    pub fn new(group: &str, name: &str) -> Result<Self, Error> {
        let (group, name) = match name.split_once("@@") {
            Some((prefix, rest)) if group.trim().is_empty() || group.trim() == prefix => (prefix, rest),
            Some((prefix, _)) => {
                return Err(Error::invalid(format!("the service name is of group {prefix}, not of {group}")));
            }
            None => (group, name),
        };
        let group = Group::new(group)?;
        if name.trim().is_empty() {
            return Err(Error::invalid("Param 'serviceName' is illegal, it must not be blank."));
        }
        limit("serviceName", name, SERVICE_LENGTH)?;
        let mut characters = name.chars();
        let first = characters.next().unwrap_or('@');
        let rest = characters.as_str();
        let line_end = matches!(first, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
        if first == '@' || line_end || rest.contains("@@") || !rest.chars().all(is_plain) {
            return Err(illegal("serviceName"));
        }
        Ok(Self { group, name: name.into() })
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// The name without its group.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `group@@name`, as servers and cache files write it.
    #[must_use]
    pub fn grouped(&self) -> String {
        format!("{}@@{}", self.group, self.name)
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@@{}", self.group, self.name)
    }
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{self}\"")
    }
}

/// A config. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfigKey {
    data_id: Arc<str>,
    group: Group,
    namespace: Namespace,
}

impl ConfigKey {
    /// Checks a data id, at most 256 of `A-Z a-z 0-9 _ : . -`, and a group (see [`Group::new`]).
    ///
    /// # Errors
    /// [`InvalidParameter`](crate::ErrorKind::InvalidParameter) when one of them is not legal or the data id is blank.
    pub fn new(namespace: &Namespace, group: &str, data_id: &str) -> Result<Self, Error> {
        let group = Group::new(group)?;
        let data_id = data_id.trim();
        if data_id.is_empty() {
            return Err(Error::invalid("Param 'dataId' is illegal, it must not be blank."));
        }
        check("dataId", data_id, DATA_ID_LENGTH, is_name_character)?;
        Ok(Self { data_id: data_id.into(), group, namespace: namespace.clone() })
    }

    /// The data id.
    #[must_use]
    pub fn data_id(&self) -> &str {
        &self.data_id
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }
}

impl fmt::Display for ConfigKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.namespace, self.group, self.data_id)
    }
}

impl fmt::Debug for ConfigKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{self}\"")
    }
}

/// Checks a cluster name: at most 64 of `A-Z a-z 0-9 -`. Blank is legal.
///
/// # Errors
/// When it is longer or has another character. (Queries also accept `_`, registrations do not.)
pub(crate) fn check_cluster(name: &str) -> Result<(), Error> {
    limit("cluster", name, CLUSTER_LENGTH)?;
    let legal = name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
    if legal { Ok(()) } else { Err(illegal("cluster")) }
}

/// Checks the address of an instance: at most 128 characters, no blanks. Host names are welcome.
///
/// # Errors
/// When it is blank, longer, or has a blank.
pub(crate) fn check_ip(ip: &str) -> Result<(), Error> {
    if ip.trim().is_empty() {
        return Err(Error::invalid("Param 'ip' is illegal, it must not be blank."));
    }
    check("ip", ip, IP_LENGTH, is_plain)
}

fn check(parameter: &str, value: &str, length: usize, legal: fn(char) -> bool) -> Result<(), Error> {
    limit(parameter, value, length)?;
    if value.chars().all(legal) { Ok(()) } else { Err(illegal(parameter)) }
}

fn limit(parameter: &str, value: &str, length: usize) -> Result<(), Error> {
    // UTF-16 needs at most one unit per byte of UTF-8.
    if value.len() <= length || value.encode_utf16().count() <= length {
        return Ok(());
    }
    Err(Error::invalid(format!("Param '{parameter}' is illegal, the param length should not exceed {length}.")))
}

fn illegal(parameter: &str) -> Error {
    Error::invalid(format!("Param '{parameter}' is illegal, illegal characters should not appear in the param."))
}

fn is_word_or_dash(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | ':')
}

/// No ASCII blank and no character of U+4E00 to U+9FA5, which servers refuse.
fn is_plain(character: char) -> bool {
    !matches!(character, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{4e00}'..='\u{9fa5}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn blank_names_have_defaults() {
        assert_eq!(Namespace::new(" ").unwrap(), Namespace::default());
        assert!(Namespace::new("public").unwrap().is_default());
        assert_eq!(Group::new("").unwrap().as_str(), "DEFAULT_GROUP");
        assert!(!Namespace::new("dev").unwrap().is_default());
    }

    #[test]
    fn what_a_server_refuses_cannot_be_made() {
        for id in ["a b", "a.b", "\u{e9}", &"n".repeat(65)] {
            let error = Namespace::new(id).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidParameter, 400), "{id}");
        }
        assert!(Namespace::new(&"n".repeat(64)).is_ok());
        for (group, name) in [("g", ""), ("g", " "), ("g", "@a"), ("g", "a b"), ("g", "a\u{4e00}"), ("g h", "a")] {
            assert_eq!(ServiceKey::new(group, name).unwrap_err().code(), 400, "{group} {name}");
        }
        assert!(ServiceKey::new("g", &"s".repeat(513)).is_err());
        assert!(ServiceKey::new("g", "\u{4e00}a").is_ok(), "only what follows the first character counts");
        for data_id in ["", "a/b", "a b", &"d".repeat(257)] {
            assert_eq!(ConfigKey::new(&Namespace::default(), "g", data_id).unwrap_err().code(), 400, "{data_id}");
        }
        assert!(check_cluster("a_b").is_err() && check_cluster("").is_ok() && check_cluster("a-B9").is_ok());
        assert!(check_ip("").is_err() && check_ip("a b").is_err() && check_ip("host.example").is_ok());
    }

    #[test]
    fn lengths_count_utf_16_units() {
        let name = "\u{1f980}".repeat(256);
        assert_eq!(name.len(), 1024);
        assert!(ServiceKey::new("g", &name).is_ok());
        assert!(ServiceKey::new("g", &format!("{name}x")).is_err());
    }

    #[test]
    fn a_grouped_name_brings_its_group() {
        let key = ServiceKey::new("", "orders@@api").unwrap();
        assert_eq!((key.group().as_str(), key.name()), ("orders", "api"));
        assert_eq!(key.grouped(), "orders@@api");
        assert_eq!(ServiceKey::new("orders", "orders@@api").unwrap(), key);
        assert!(ServiceKey::new("other", "orders@@api").is_err());
    }
}
