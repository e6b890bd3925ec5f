use std::collections::{BTreeMap, BTreeSet};

use nacre_consensus::{Change, Command};
use proptest::prelude::*;

use super::*;
use crate::{
    capacity::Limits,
    md5::Md5,
    request::{Attributes, Origin, Publish, Target},
    rule::Labels,
    stored::VersionRecord,
};

const LIMIT: u32 = 2;

/// What a store holds after the batches of all commands.
#[derive(Default)]
struct Store(BTreeMap<(&'static str, Vec<u8>), Vec<u8>>);

impl Store {
    fn write(&mut self, batch: StateBatch) {
        for change in batch.into_changes() {
            match change {
                Change::Put { family, key, value } => {
                    self.0.insert((family.0, key.to_vec()), value.to_vec());
                }
                Change::Delete { family, key } => {
                    self.0.remove(&(family.0, key.to_vec()));
                }
                Change::DeleteRange { .. } => panic!("configs delete no ranges"),
            }
        }
    }

    fn rows(&self, family: Family) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().filter(move |((of, _), _)| *of == family.0).map(|((_, key), value)| (&key[..], &value[..]))
    }

    fn keys(&self, family: Family) -> BTreeSet<Vec<u8>> {
        self.rows(family).map(|(key, _)| key.to_vec()).collect()
    }

    fn history(&self) -> Vec<(u64, HistoryRecord)> {
        let rows = self.rows(HISTORY).filter(|(key, _)| key[0] == b'r');
        rows.map(|(key, value)| (stored::trailing_id(key).unwrap(), stored::read(value).unwrap())).collect()
    }

    /// The rows that hold a pointer to content: versions in the index, and history.
    fn pointed(&self) -> BTreeSet<Vec<u8>> {
        let index = self.rows(INDEX).map(|(key, value)| {
            let (key, _) = ConfigKey::from_stored(key).unwrap();
            stored::content_key(&key, stored::read::<VersionRecord>(value).unwrap().revision)
        });
        let history = self.history().into_iter().map(|(_, record)| {
            let (key, _) = ConfigKey::from_stored(&record.key).unwrap();
            stored::content_key(&key, record.version.unwrap().revision)
        });
        index.chain(history).collect()
    }

    /// As the leader's clean-up does, with everything up to an id being too old.
    fn prune(&self, up_to: u64) -> ConfigCommand {
        let rows = self.history().into_iter().filter(|(id, _)| *id <= up_to).map(|(id, record)| {
            let is_last_pointer = record.operation != Operation::Insert.number();
            let (key, _) = ConfigKey::from_stored(&record.key).unwrap();
            PrunedRow { id, key, revision: is_last_pointer.then(|| record.version.unwrap().revision) }
        });
        ConfigCommand::Prune(rows.collect())
    }
}

struct Machine {
    machine: ConfigMachine,
    store: Store,
    index: u64,
}

impl Machine {
    fn new() -> Self {
        Self { machine: ConfigMachine::new(&Settings::default()), store: Store::default(), index: 0 }
    }

    fn run(&mut self, command: &ConfigCommand) -> ConfigReply {
        self.index += 1;
        let mut batch = StateBatch::default();
        let reply = self.machine.apply(Applied { index: self.index, stamp: 1000 + self.index }, command, &mut batch);
        if !matches!(reply, ConfigReply::Done) {
            assert!(batch.is_empty(), "a refused command writes nothing");
        }
        self.store.write(batch);
        reply
    }

    fn publish(&mut self, change: impl FnOnce(&mut Publish)) -> ConfigReply {
        let mut request = Publish::new(key(), "content");
        change(&mut request);
        self.run(&ConfigCommand::Publish(Box::new(PublishCommand::new(request, LIMIT))))
    }

    fn remove(&mut self, gray: Option<&str>) -> ConfigReply {
        let gray = gray.map(str::to_owned);
        self.run(&ConfigCommand::Remove(RemoveCommand { key: key(), gray, origin: Origin::default() }))
    }

    fn formal(&self) -> Version {
        self.machine.entry(&key()).unwrap().formal.clone().unwrap()
    }
}

fn key() -> ConfigKey {
    ConfigKey::new("", "G", "app.yaml")
}

#[test]
fn compare_and_set_inserts_what_is_missing_and_compares_what_exists() {
    let mut machine = Machine::new();
    let cas = |text: &str| Some(text.to_owned());
    for target in [Target::Formal, Target::requested(None, Some("t1"))] {
        let wrong = "0".repeat(32);
        let target = || target.clone();
        let mut put = |content: &str, condition: Option<String>| {
            machine.publish(|request| {
                request.content = content.into();
                request.cas_md5 = condition;
                request.target = target();
            })
        };
        assert_eq!(put("one", cas(&wrong)), ConfigReply::Done);
        assert_eq!(put("two", cas(&wrong)), ConfigReply::CasMismatch);
        assert_eq!(put("two", cas(&Md5::of("one").to_string())), ConfigReply::Done);
        assert_eq!(put("three", cas(&Md5::of("one").to_string())), ConfigReply::CasMismatch);
        assert_eq!(put("three", cas(" ")), ConfigReply::Done);
        assert_eq!(put("four", cas(&Md5::of("three").to_string().to_uppercase())), ConfigReply::CasMismatch);
        assert_eq!(put("three", cas(&Md5::of("three").to_string())), ConfigReply::Done);
    }
}

#[test]
fn a_later_publish_keeps_application_and_tags_and_sets_the_rest_anew() {
    let mut machine = Machine::new();
    machine.publish(|request| {
        request.attributes = Attributes {
            config_type: Some("yaml".into()),
            app_name: Some("app".into()),
            encrypted_data_key: Some("KEY".into()),
            tags: Some("a,b".into()),
            ..Attributes::default()
        };
    });
    let first = machine.formal();
    assert_eq!((first.app_name(), first.tags(), first.created), (Some("app"), Some("a,b"), 1001));
    assert_eq!(first.encrypted_data_key().as_deref(), Some("KEY"));
    machine.publish(|_| {});
    let second = machine.formal();
    assert_eq!((second.app_name(), second.tags()), (Some("app"), Some("a,b")));
    assert_eq!((second.id, second.created, second.modified), (first.id, 1001, 1002));
    assert_eq!((second.encrypted_data_key(), second.config_type.name()), (None, "text"));
    machine.publish(|request| request.attributes.tags = Some(String::new()));
    assert_eq!(machine.formal().tags(), None);
}

#[test]
fn gray_versions_have_a_limit_and_are_stopped_by_name_or_bare_tag() {
    let mut machine = Machine::new();
    let mut gray = |tag: &str| machine.publish(|request| request.target = Target::requested(None, Some(tag)));
    assert_eq!(gray("t1"), ConfigReply::Done);
    assert_eq!(gray("t2"), ConfigReply::Done);
    assert_eq!(gray("t3"), ConfigReply::TooManyGray);
    assert_eq!(gray("t1"), ConfigReply::Done, "an existing one may change");
    assert_eq!(machine.publish(|_| {}), ConfigReply::Done, "the formal one does not count");
    assert_eq!(machine.remove(Some("beta")), ConfigReply::Missing);
    assert_eq!(machine.remove(Some("tag_t1")), ConfigReply::Done);
    assert_eq!(machine.remove(Some("t2")), ConfigReply::Done);
    assert_eq!(machine.remove(Some("t2")), ConfigReply::Missing);
    assert!(machine.machine.entry(&key()).unwrap().grays().is_empty());
}

#[test]
fn capacities_are_judged_where_the_command_is_applied() {
    let mut machine = Machine::new();
    let limits = Limits { cluster: 3, quota: 2, max_size: 4, expansion_percent: 0 };
    let mut put = |namespace: &str, data_id: &str, content: &str, target: Target| {
        let mut request = Publish::new(ConfigKey::new(namespace, "G", data_id), content);
        request.target = target;
        let mut command = PublishCommand::new(request, LIMIT);
        command.limits = Some(limits);
        let command = ConfigCommand::Publish(Box::new(command));
        assert_eq!(ConfigCommand::decode(&command.encode()).unwrap(), command);
        machine.run(&command)
    };
    let beta = || Target::requested(Some("1.1.1.1"), None);
    let over = ConfigReply::OverCapacity;
    assert_eq!(put("", "a", "12345", Target::Formal), over(Excess::Size(4)));
    assert_eq!(put("", "a", "1234", Target::Formal), ConfigReply::Done);
    assert_eq!(put("", "b", "1234", Target::Formal), ConfigReply::Done);
    assert_eq!(put("", "c", "1234", Target::Formal), over(Excess::Group(2)));
    assert_eq!(put("", "c", "1234", beta()), ConfigReply::Done, "gray versions take no place");
    assert_eq!(put("", "c", "12345", beta()), over(Excess::Size(4)));
    assert_eq!(put("", "b", "4321", Target::Formal), ConfigReply::Done, "neither do changes");
    assert_eq!(put("dev", "a", "1", Target::Formal), ConfigReply::Done);
    assert_eq!(put("dev", "b", "1", Target::Formal), over(Excess::Cluster(3)));
}

#[test]
fn removing_the_formal_version_leaves_gray_ones_to_those_they_choose() {
    let mut machine = Machine::new();
    machine.publish(|_| {});
    machine.publish(|request| request.target = Target::requested(Some("10.0.0.9"), None));
    assert_eq!(machine.remove(None), ConfigReply::Done);
    let entry = machine.machine.entry(&key()).unwrap();
    assert!(entry.served_md5(&Labels::new("10.0.0.9")).is_some());
    assert!(entry.served_md5(&Labels::new("10.0.0.8")).is_none());
    assert_eq!(machine.remove(None), ConfigReply::Missing);
    assert_eq!(machine.remove(Some("beta")), ConfigReply::Done);
    assert!(machine.machine.entry(&key()).is_none());
}

#[test]
fn history_tells_the_new_version_of_an_insert_and_the_old_one_otherwise() {
    let mut machine = Machine::new();
    machine.publish(|request| {
        request.content = "one".into();
        request.origin = Origin { ip: "10.0.0.1".into(), user: Some("bob".into()) };
    });
    machine.publish(|request| {
        request.content = "two".into();
        request.origin.ip = "10.0.0.2".into();
    });
    machine.remove(None);
    let rows = machine.store.history();
    let told: Vec<_> = rows
        .iter()
        .map(|(id, row)| (*id, row.operation, row.source_ip.as_str(), row.version.as_ref().unwrap().md5()))
        .collect();
    let (one, two) = (Md5::of("one"), Md5::of("two"));
    assert_eq!(told, [(1, 1, "10.0.0.1", one), (2, 2, "10.0.0.2", one), (3, 3, "", two)]);
}

#[test]
fn content_goes_with_its_last_pointer() {
    let mut machine = Machine::new();
    machine.publish(|_| {});
    machine.publish(|_| {});
    let all = |machine: &Machine| machine.store.keys(CONTENT).len();
    assert_eq!(all(&machine), 2);
    machine.run(&machine.store.prune(1));
    assert_eq!(all(&machine), 2, "the update still points to the first");
    machine.run(&machine.store.prune(2));
    assert_eq!(all(&machine), 1, "the second is served");
    machine.remove(None);
    assert_eq!(all(&machine), 1, "the removal points to the second");
    machine.run(&machine.store.prune(3));
    assert_eq!((all(&machine), machine.store.keys(DETAIL).len()), (0, 0));
    assert_eq!(machine.store.keys(HISTORY).len(), 0);
}

#[test]
fn a_prune_never_takes_content_that_is_served() {
    let mut machine = Machine::new();
    machine.publish(|_| {});
    let revision = machine.formal().revision;
    machine.run(&ConfigCommand::Prune(vec![PrunedRow { id: 1, key: key(), revision: Some(revision) }]));
    assert_eq!(machine.store.keys(CONTENT).len(), 1);
}

#[test]
fn ids_are_never_used_again() {
    let mut machine = Machine::new();
    machine.publish(|_| {});
    let first = machine.formal().id;
    machine.remove(None);
    machine.publish(|_| {});
    assert_ne!(machine.formal().id, first);
}

/// The plainest statement of what the machine does.
#[derive(Default)]
struct Model {
    versions: BTreeMap<(ConfigKey, String), (String, GrayRule)>,
}

impl Model {
    fn publish(&mut self, command: &PublishCommand) -> ConfigReply {
        let (name, rule) = match &command.gray {
            Some(gray) => (gray.name.to_string(), gray.rule.clone()),
            None => (String::new(), GrayRule::label("", 0)),
        };
        let place = (command.key.clone(), name);
        let grays = self.versions.keys().filter(|(key, name)| *key == command.key && !name.is_empty()).count();
        match self.versions.get(&place) {
            Some((content, _))
                if command.condition.is_some_and(|condition| condition != Condition::Md5(Md5::of(content))) =>
            {
                return ConfigReply::CasMismatch;
            }
            None if command.gray.is_some() && grays >= LIMIT as usize => return ConfigReply::TooManyGray,
            _ => {}
        }
        self.versions.insert(place, (command.content.to_string(), rule));
        ConfigReply::Done
    }

    fn remove(&mut self, command: &RemoveCommand) -> ConfigReply {
        let names = match &command.gray {
            None => vec![String::new()],
            Some(name) => vec![name.clone(), format!("tag_{name}")],
        };
        let gone = names.into_iter().find(|name| self.versions.remove(&(command.key.clone(), name.clone())).is_some());
        if gone.is_some() { ConfigReply::Done } else { ConfigReply::Missing }
    }

    fn served(&self, key: &ConfigKey, labels: &Labels) -> Option<Md5> {
        let mine = self.versions.iter().filter(|((of, _), _)| of == key);
        let mut grays: Vec<_> =
            mine.filter(|((_, name), (_, rule))| !name.is_empty() && rule.matches(labels)).collect();
        grays.sort_by_key(|((_, name), (_, rule))| (-i64::from(rule.priority), name.clone()));
        let formal = self.versions.get(&(key.clone(), String::new()));
        grays.first().map(|(_, version)| *version).or(formal).map(|(content, _)| Md5::of(content))
    }
}

fn any_key() -> impl Strategy<Value = ConfigKey> {
    ("|public|dev", "a|ab", "x|bx").prop_map(|(namespace, group, data_id)| ConfigKey::new(&namespace, &group, &data_id))
}

fn any_command() -> impl Strategy<Value = Result<ConfigCommand, u64>> {
    let target = prop_oneof![
        4 => Just(Target::Formal),
        1 => Just(Target::requested(Some("1.1.1.1"), None)),
        2 => "t[1-3]".prop_map(|tag| Target::requested(None, Some(&tag))),
    ];
    let publish = (any_key(), target, "[a-c]", proptest::option::of("[a-c]|no md5"));
    let publish = publish.prop_map(|(key, target, content, cas)| {
        let mut request = Publish::new(key, content);
        request.target = target;
        request.cas_md5 = cas.map(|text| if text.len() == 1 { Md5::of(&text).to_string() } else { text });
        request.attributes.tags = request.cas_md5.clone();
        Ok(ConfigCommand::Publish(Box::new(PublishCommand::new(request, LIMIT))))
    });
    let gray = proptest::option::of("beta|tag_t1|t2|none");
    let remove = (any_key(), gray)
        .prop_map(|(key, gray)| Ok(ConfigCommand::Remove(RemoveCommand { key, gray, origin: Origin::default() })));
    prop_oneof![6 => publish, 2 => remove, 1 => (0..40u64).prop_map(Err)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_machine_does_what_the_model_says(commands in proptest::collection::vec(any_command(), 1..60)) {
        let (mut machine, mut model, mut twin) = (Machine::new(), Model::default(), Machine::new());
        for command in commands {
            let command = command.unwrap_or_else(|up_to| machine.store.prune(up_to));
            let expected = match &command {
                ConfigCommand::Publish(command) => model.publish(command),
                ConfigCommand::Remove(command) => model.remove(command),
                _ => ConfigReply::Done,
            };
            prop_assert_eq!(machine.run(&command), expected.clone());
            // Another node reads the command from its log.
            let copy = ConfigCommand::decode(&command.encode()).unwrap();
            prop_assert_eq!(twin.run(&copy), expected);
            prop_assert_eq!(machine.store.keys(CONTENT), machine.store.pointed());
            prop_assert_eq!(machine.store.keys(DETAIL), machine.store.pointed());
        }
        for namespace in ["", "dev"] {
            let mut count = 0;
            for (group, data_id) in [("a", "x"), ("a", "bx"), ("ab", "x"), ("ab", "bx")] {
                let key = ConfigKey::new(namespace, group, data_id);
                let entry = machine.machine.entry(&key);
                count += u64::from(entry.as_ref().is_some_and(|entry| entry.formal.is_some()));
                for labels in [Labels::new("x"), Labels::new("1.1.1.1"), Labels::new("x").with_tag(Some("t2"))] {
                    let served = entry.as_ref().and_then(|entry| entry.served_md5(&labels));
                    prop_assert_eq!(served, model.served(&key, &labels));
                }
            }
            prop_assert_eq!(machine.machine.index().read().count_of(namespace), count);
        }
        prop_assert_eq!(machine.machine.dump(), twin.machine.dump());
        prop_assert_eq!(machine.store.0, twin.store.0);
    }
}
