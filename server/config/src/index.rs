//! What the memory keeps of every config: all but content and description.
//!
//! There may be hundreds of thousands of entries, so what most configs lack is boxed.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use nacre_consensus::DecodeError;

use crate::{
    capacity::Scope,
    key::ConfigKey,
    kind::ConfigType,
    md5::Md5,
    rule::{GrayRule, Labels},
    stored::VersionRecord,
};

/// One version of a config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) id: u64,
    /// Where the content stands: the id of the history row that its publish wrote.
    pub(crate) revision: u64,
    pub(crate) md5: Md5,
    pub(crate) created: u64,
    pub(crate) modified: u64,
    pub(crate) size: u32,
    pub(crate) config_type: ConfigType,
    pub(crate) extra: Option<Box<Extra>>,
}

/// What most versions lack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extra {
    pub(crate) app_name: Option<Box<str>>,
    pub(crate) encrypted_data_key: Option<Arc<str>>,
    pub(crate) tags: Option<Box<str>>,
}

impl Extra {
    pub(crate) fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

impl Version {
    pub(crate) fn app_name(&self) -> Option<&str> {
        self.extra.as_ref()?.app_name.as_deref()
    }

    pub(crate) fn tags(&self) -> Option<&str> {
        self.extra.as_ref()?.tags.as_deref()
    }

    pub(crate) fn encrypted_data_key(&self) -> Option<Arc<str>> {
        self.extra.as_ref()?.encrypted_data_key.clone()
    }

    pub(crate) fn record(&self, rule: Option<&GrayRule>) -> VersionRecord {
        let (md5_high, md5_low) = self.md5.halves();
        VersionRecord {
            id: self.id,
            revision: self.revision,
            md5_high,
            md5_low,
            size: self.size.into(),
            config_type: self.config_type.number(),
            created: self.created,
            modified: self.modified,
            app_name: self.app_name().map(str::to_owned),
            encrypted_data_key: self.encrypted_data_key().map(|key| key.to_string()),
            tags: self.tags().map(str::to_owned),
            rule: rule.map(Into::into),
        }
    }

    fn from_record(record: VersionRecord) -> Self {
        Self {
            id: record.id,
            revision: record.revision,
            md5: record.md5(),
            created: record.created,
            modified: record.modified,
            size: u32::try_from(record.size).unwrap_or(u32::MAX),
            config_type: record.config_type(),
            extra: Extra {
                app_name: record.app_name.map(Into::into),
                encrypted_data_key: record.encrypted_data_key.map(Into::into),
                tags: record.tags.map(Into::into),
            }
            .boxed(),
        }
    }
}

/// A version for the callers that a rule chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gray {
    pub(crate) name: Arc<str>,
    pub(crate) rule: GrayRule,
    pub(crate) version: Version,
}

/// All versions of one config; at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) formal: Option<Version>,
    /// In the order in which their rules are asked.
    grays: Vec<Gray>,
}

impl Entry {
    pub(crate) fn grays(&self) -> &[Gray] {
        &self.grays
    }

    pub(crate) fn gray(&self, name: &str) -> Option<&Gray> {
        self.grays().iter().find(|gray| *gray.name == *name)
    }

    /// Sets the gray version of that name; the order stays right.
    pub(crate) fn put_gray(&mut self, gray: Gray) {
        self.remove_gray(&gray.name);
        self.grays.push(gray);
        self.grays.sort_by(|a, b| (Reverse(a.rule.priority), &a.name).cmp(&(Reverse(b.rule.priority), &b.name)));
    }

    pub(crate) fn remove_gray(&mut self, name: &str) {
        self.grays.retain(|gray| *gray.name != *name);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.formal.is_none() && self.grays.is_empty()
    }

    /// The gray version that this caller is served, if any.
    pub(crate) fn chosen(&self, labels: &Labels) -> Option<&Gray> {
        self.grays().iter().find(|gray| gray.rule.matches(labels))
    }

    /// The md5 of what this caller is served.
    pub(crate) fn served_md5(&self, labels: &Labels) -> Option<Md5> {
        self.chosen(labels).map(|gray| &gray.version).or(self.formal.as_ref()).map(|version| version.md5)
    }

    pub(crate) fn has_revision(&self, revision: u64) -> bool {
        let grays = self.grays().iter().map(|gray| &gray.version);
        self.formal.iter().chain(grays).any(|version| version.revision == revision)
    }

    /// Adds a row of the index family.
    pub(crate) fn add_row(&mut self, gray: &str, mut record: VersionRecord) -> Result<(), DecodeError> {
        if gray.is_empty() {
            self.formal = Some(Version::from_record(record));
            return Ok(());
        }
        let rule = record.rule.take().ok_or_else(|| DecodeError("gray version without a rule".to_owned()))?;
        self.put_gray(Gray { name: gray.into(), rule: rule.try_into()?, version: Version::from_record(record) });
        Ok(())
    }
}

/// Counts by name; no zero stands in it.
#[derive(Debug, Default)]
struct Counts(HashMap<Box<str>, u64>);

impl Counts {
    fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    fn add(&mut self, name: &str) {
        match self.0.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(self.0.insert(name.into(), 1)),
        }
    }

    fn subtract(&mut self, name: &str) {
        let Some(count) = self.0.get_mut(name) else { return };
        *count -= 1;
        if *count == 0 {
            self.0.remove(name);
        }
    }
}

/// All configs.
#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: HashMap<ConfigKey, Arc<Entry>>,
    /// Those with a formal version, in the order of lists.
    listed: BTreeSet<ConfigKey>,
    /// Formal versions by namespace id.
    namespaces: Counts,
    /// Formal versions of the default namespace by group.
    groups: Counts,
    formal: u64,
}

impl Index {
    pub(crate) fn get(&self, key: &ConfigKey) -> Option<&Arc<Entry>> {
        self.entries.get(key)
    }

    /// Sets what is known of a key; an empty entry goes away.
    pub(crate) fn set(&mut self, key: &ConfigKey, entry: Entry) {
        let is_formal = entry.formal.is_some();
        let old = if entry.is_empty() {
            self.entries.remove(key)
        } else if let Some(slot) = self.entries.get_mut(key) {
            Some(std::mem::replace(slot, Arc::new(entry)))
        } else {
            self.entries.insert(key.clone(), Arc::new(entry))
        };
        match (old.is_some_and(|old| old.formal.is_some()), is_formal) {
            (false, true) => {
                self.formal += 1;
                self.listed.insert(key.clone());
                self.namespaces.add(key.namespace());
                if key.namespace().is_empty() {
                    self.groups.add(key.group());
                }
            }
            (true, false) => {
                self.formal -= 1;
                self.listed.remove(key);
                self.namespaces.subtract(key.namespace());
                if key.namespace().is_empty() {
                    self.groups.subtract(key.group());
                }
            }
            _ => {}
        }
    }

    pub(crate) fn count_of(&self, namespace: &str) -> u64 {
        self.namespaces.get(namespace)
    }

    /// Formal versions that count to a capacity.
    pub(crate) fn usage(&self, scope: &Scope) -> u64 {
        match scope {
            Scope::Namespace(id) => self.namespaces.get(id),
            Scope::Group(name) if name.is_empty() => self.formal,
            Scope::Group(name) => self.groups.get(name),
        }
    }

    /// Configs with a formal version.
    pub(crate) fn count(&self) -> u64 {
        self.formal
    }

    /// The formal versions of a namespace in the order of their keys, behind `last` if that is given.
    pub(crate) fn listed<'a>(
        &'a self,
        namespace: &'a str,
        last: Option<&ConfigKey>,
    ) -> impl Iterator<Item = (&'a ConfigKey, &'a Version)> {
        let from = match last {
            Some(last) => Bound::Excluded(last.clone()),
            None => Bound::Included(ConfigKey::new(namespace, "", "")),
        };
        let keys = self.keys_from(namespace, from);
        keys.filter_map(|key| Some((key, self.entries.get(key)?.formal.as_ref()?)))
    }

    /// The keys of [`Self::listed`].
    pub(crate) fn listed_keys<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a ConfigKey> {
        self.keys_from(namespace, Bound::Included(ConfigKey::new(namespace, "", "")))
    }

    fn keys_from<'a>(&'a self, namespace: &'a str, from: Bound<ConfigKey>) -> impl Iterator<Item = &'a ConfigKey> {
        self.listed.range((from, Bound::Unbounded)).take_while(move |key| key.namespace() == namespace)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ConfigKey, &Arc<Entry>)> {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: u64) -> Version {
        Version {
            id,
            revision: id,
            md5: Md5::of(&id.to_string()),
            created: 1,
            modified: 2,
            size: 3,
            config_type: ConfigType::Yaml,
            extra: None,
        }
    }

    #[test]
    fn lists_are_in_the_order_of_keys() {
        let mut index = Index::default();
        for (namespace, group, data_id) in
            [("b", "g", "x"), ("", "h", "a"), ("", "g", "b"), ("a", "g", "x"), ("", "g", "a")]
        {
            let entry = Entry { formal: Some(version(1)), ..Entry::default() };
            index.set(&ConfigKey::new(namespace, group, data_id), entry);
        }
        let shown = |index: &Index, last: Option<&ConfigKey>| -> Vec<String> {
            index.listed("", last).map(|(key, _)| format!("{}/{}", key.group(), key.data_id())).collect()
        };
        assert_eq!(shown(&index, None), ["g/a", "g/b", "h/a"]);
        assert_eq!(shown(&index, Some(&ConfigKey::new("", "g", "a"))), ["g/b", "h/a"]);
        index.set(&ConfigKey::new("", "g", "b"), Entry::default());
        assert_eq!(shown(&index, None), ["g/a", "h/a"]);
        assert_eq!(index.listed_keys("a").count(), 1);
    }

    #[test]
    fn entries_are_small() {
        assert!(size_of::<Entry>() <= 88, "{}", size_of::<Entry>());
        assert!(size_of::<ConfigKey>() <= 24);
    }

    #[test]
    fn rules_are_asked_by_priority_then_name() {
        let mut entry = Entry { formal: Some(version(1)), grays: Vec::new() };
        for (id, name, rule) in [
            (2, "tag_b", GrayRule::tag("t")),
            (3, "tag_a", GrayRule::tag("t")),
            (4, "beta", GrayRule::beta("1.1.1.1")),
            (5, "zone", GrayRule::label("zone=a", 5)),
        ] {
            entry.put_gray(Gray { name: name.into(), rule, version: version(id) });
        }
        let names: Vec<_> = entry.grays().iter().map(|gray| &*gray.name).collect();
        assert_eq!(names, ["beta", "tag_a", "tag_b", "zone"]);
        let both = Labels::new("1.1.1.1").with_tag(Some("t"));
        assert_eq!(entry.served_md5(&both), Some(version(4).md5));
        assert_eq!(entry.served_md5(&Labels::new("x").with_tag(Some("t"))), Some(version(3).md5));
        assert_eq!(entry.served_md5(&Labels::new("x")), Some(version(1).md5));
        entry.formal = None;
        assert_eq!(entry.served_md5(&Labels::new("x")), None);
        for name in ["beta", "tag_a", "tag_b", "zone"] {
            entry.remove_gray(name);
        }
        assert!(entry.is_empty());
    }

    #[test]
    fn configs_are_counted_by_namespace() {
        let mut index = Index::default();
        let key = |namespace, data_id| ConfigKey::new(namespace, "g", data_id);
        let formal = || Entry { formal: Some(version(1)), grays: Vec::new() };
        index.set(&key("dev", "a"), formal());
        index.set(&key("dev", "b"), formal());
        index.set(&key("", "a"), formal());
        index.set(&key("dev", "a"), formal());
        assert_eq!((index.count_of("dev"), index.count_of(""), index.count()), (2, 1, 3));
        let usage = |index: &Index, name: &str| index.usage(&Scope::Group(name.to_owned()));
        assert_eq!((usage(&index, "g"), usage(&index, ""), usage(&index, "x")), (1, 3, 0));
        index.set(&key("dev", "a"), Entry::default());
        index.set(&key("dev", "b"), Entry::default());
        assert_eq!((index.count_of("dev"), index.count()), (0, 1));
        assert!(index.namespaces.0.len() == 1 && index.get(&key("dev", "a")).is_none());
    }

    #[test]
    fn versions_are_read_back() {
        let mut version = version(7);
        version.extra = Extra { app_name: Some("app".into()), tags: Some("a,b".into()), ..Extra::default() }.boxed();
        assert_eq!(Version::from_record(version.record(None)), version);
        let gray = Gray { name: "beta".into(), rule: GrayRule::beta("1.1.1.1"), version };
        let mut entry = Entry::default();
        entry.add_row("beta", gray.version.record(Some(&gray.rule))).unwrap();
        assert_eq!(entry.gray("beta"), Some(&gray));
        assert!(entry.add_row("tag_x", gray.version.record(None)).is_err());
    }
}
