//! Namespaces that were given a name. Configs and services may use any id without one.

use std::collections::BTreeMap;

use nacre_consensus::StateBatch;

use crate::{
    command::{ConfigReply, PutNamespace},
    error::Error,
    key::normal_namespace,
    stored::{self, META, NamespaceRecord},
};

/// Name of the default namespace.
const PUBLIC_NAME: &str = "public";
const PUBLIC_DESCRIPTION: &str = "Default Namespace";
/// How many configs a namespace is said to hold at most; its capacity says how many it may.
const QUOTA: u32 = 200;
const ID_LENGTH: usize = 128;
const NAME_LENGTH: usize = 256;
const DESCRIPTION_LENGTH: usize = 256;

/// A namespace as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceInfo {
    /// Its id; empty for the default namespace.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// How many configs it is said to hold at most.
    pub quota: u32,
    /// How many configs it holds.
    pub config_count: u64,
    /// 0 for the default namespace, 2 for the others.
    pub kind: u8,
}

/// The named namespaces, without the default one.
#[derive(Debug, Default)]
pub(crate) struct Namespaces {
    by_id: BTreeMap<String, NamespaceRecord>,
}

impl Namespaces {
    pub(crate) fn insert(&mut self, id: String, record: NamespaceRecord) {
        self.by_id.insert(id, record);
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    pub(crate) fn get(&self, id: &str, count: impl Fn(&str) -> u64) -> Option<NamespaceInfo> {
        if normal_namespace(id).is_empty() {
            return Some(public(count("")));
        }
        self.by_id.get_key_value(id).map(|(id, record)| shown(id, record, count(id)))
    }

    pub(crate) fn list(&self, count: impl Fn(&str) -> u64) -> Vec<NamespaceInfo> {
        let named = self.by_id.iter().map(|(id, record)| shown(id, record, count(id)));
        std::iter::once(public(count(""))).chain(named).collect()
    }

    pub(crate) fn put(&mut self, stamp: u64, command: &PutNamespace, batch: &mut StateBatch) -> ConfigReply {
        let created = match self.by_id.get(&command.id) {
            Some(_) if command.create => return ConfigReply::Exists,
            None if !command.create => return ConfigReply::Missing,
            Some(known) => known.created,
            None => stamp,
        };
        let record = NamespaceRecord {
            name: command.name.clone(),
            description: command.description.clone(),
            created,
            modified: stamp,
        };
        batch.put(META, stored::namespace_key(&command.id), stored::write(&record));
        self.by_id.insert(command.id.clone(), record);
        ConfigReply::Done
    }

    pub(crate) fn delete(&mut self, id: &str, batch: &mut StateBatch) -> ConfigReply {
        if self.by_id.remove(id).is_none() {
            return ConfigReply::Missing;
        }
        batch.delete(META, stored::namespace_key(id));
        ConfigReply::Done
    }

    #[cfg(test)]
    pub(crate) fn records(&self) -> &BTreeMap<String, NamespaceRecord> {
        &self.by_id
    }
}

fn public(config_count: u64) -> NamespaceInfo {
    NamespaceInfo {
        id: String::new(),
        name: PUBLIC_NAME.to_owned(),
        description: Some(PUBLIC_DESCRIPTION.to_owned()),
        quota: QUOTA,
        config_count,
        kind: 0,
    }
}

fn shown(id: &str, record: &NamespaceRecord, config_count: u64) -> NamespaceInfo {
    NamespaceInfo {
        id: id.to_owned(),
        name: record.name.clone(),
        description: record.description.clone(),
        quota: QUOTA,
        config_count,
        kind: 2,
    }
}

/// Checks what a namespace is created or renamed with.
pub(crate) fn check(id: &str, name: &str, description: Option<&str>) -> Result<(), Error> {
    let is_word = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if normal_namespace(id).is_empty() || !id.chars().all(is_word) {
        return Err(Error::name(format!("namespaceId [{id}] mismatch the pattern")));
    }
    if id.len() > ID_LENGTH {
        return Err(Error::name(format!("too long namespaceId, over {ID_LENGTH}")));
    }
    if name.is_empty() || name.chars().any(|character| "@#$%^&*".contains(character)) {
        return Err(Error::name(format!("namespaceName [{name}] contains illegal char")));
    }
    for (what, text, limit) in
        [("namespaceName", name, NAME_LENGTH), ("namespaceDesc", description.unwrap_or_default(), DESCRIPTION_LENGTH)]
    {
        if text.encode_utf16().count() > limit {
            return Err(Error::name(format!("too long {what}, over {limit}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(id: &str, name: &str, create: bool) -> PutNamespace {
        PutNamespace { id: id.into(), name: name.into(), description: None, create }
    }

    #[test]
    fn create_update_delete() {
        let mut all = Namespaces::default();
        let mut batch = StateBatch::default();
        assert_eq!(all.put(1, &put("dev", "one", true), &mut batch), ConfigReply::Done);
        assert_eq!(all.put(2, &put("dev", "again", true), &mut batch), ConfigReply::Exists);
        assert_eq!(all.put(3, &put("dev", "two", false), &mut batch), ConfigReply::Done);
        assert_eq!(all.put(4, &put("none", "two", false), &mut batch), ConfigReply::Missing);
        let shown = all.get("dev", |_| 5).unwrap();
        assert_eq!((shown.name.as_str(), shown.config_count, shown.quota, shown.kind), ("two", 5, 200, 2));
        let record = &all.records()["dev"];
        assert_eq!((record.created, record.modified), (1, 3));
        assert_eq!(batch.changes().len(), 2, "refusals write nothing");
        assert_eq!(all.delete("dev", &mut batch), ConfigReply::Done);
        assert_eq!(all.delete("dev", &mut batch), ConfigReply::Missing);
        assert_eq!(all.get("dev", |_| 0), None);
    }

    #[test]
    fn the_default_namespace_is_always_there_and_first() {
        let mut all = Namespaces::default();
        all.put(1, &put("a", "x", true), &mut StateBatch::default());
        let list = all.list(|id| u64::from(id.is_empty()));
        assert_eq!(
            (list[0].id.as_str(), list[0].name.as_str(), list[0].kind, list[0].config_count),
            ("", "public", 0, 1)
        );
        assert_eq!(list[1].id, "a");
        assert_eq!(all.get("public", |_| 0).unwrap().kind, 0);
        assert!(!all.contains("public"));
    }

    #[test]
    fn ids_and_names_have_rules() {
        assert_eq!(check("dev-1_2", "name", None), Ok(()));
        for id in ["", "public", "NULL", "a b", "a.b", "ä", &"x".repeat(129)] {
            assert!(check(id, "name", None).is_err(), "{id}");
        }
        for name in ["", "a@b", "50%", &"x".repeat(257)] {
            assert!(check("dev", name, None).is_err(), "{name}");
        }
        assert!(check("dev", "name", Some(&"x".repeat(257))).is_err());
    }
}
