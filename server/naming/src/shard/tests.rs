use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use nacre_consensus::{Applied, Change, Command, NodeId, StateBatch, StateMachine};
use parking_lot::Mutex;

use super::*;
use crate::{
    model::{
        Address, ClusterMetadata, HealthChecker, Instance, InstanceKey, InstanceOverride, OverrideChange, Selector,
        ServiceKey, ServiceKind, ServiceMetadata,
    },
    shard::state::State,
};

mod model;

pub(super) fn key(name: &str) -> ServiceKey {
    ServiceKey::new("public", "DEFAULT_GROUP", name)
}

pub(super) fn instance(port: i32, version: &str) -> Arc<Instance> {
    Arc::new(Instance {
        instance_id: Some(format!("h#{port}")),
        ip: Some("h".into()),
        port,
        weight: 1.0,
        healthy: true,
        enabled: true,
        cluster: "DEFAULT".into(),
        metadata: BTreeMap::from([("v".to_owned(), version.to_owned())]),
    })
}

pub(super) fn start(epoch: u64) -> Incarnation {
    Incarnation { node: NodeId(1), epoch }
}

pub(super) fn connection(epoch: u64, id: &str) -> Owner {
    Owner::Connection { incarnation: start(epoch), id: id.into() }
}

pub(super) fn publish(owner: &Owner, service: &str, instances: &[Arc<Instance>]) -> Operation {
    let holder = match owner {
        Owner::Connection { incarnation, .. } => *incarnation,
        _ => start(1),
    };
    Operation::Publish { service: key(service), owner: owner.clone(), holder, instances: instances.into() }
}

#[derive(Default)]
struct Told(Mutex<BTreeSet<ServiceKey>>);

impl ChangeSink for Told {
    fn changed(&self, service: &ServiceKey) {
        self.0.lock().insert(service.clone());
    }
}

/// A machine with a store beside it that only knows what batches wrote.
pub(super) struct Bench {
    machine: ShardMachine,
    told: Arc<Told>,
    stored: BTreeMap<Vec<u8>, Vec<u8>>,
    index: u64,
    pub(super) stamp: u64,
    epoch: u64,
    batch: u64,
}

impl Bench {
    pub(super) fn new() -> Self {
        let (machine, told) = (ShardMachine::new(), Arc::new(Told::default()));
        machine.attach(told.clone());
        Self { machine, told, stored: BTreeMap::new(), index: 0, stamp: 1_000, epoch: 1, batch: 0 }
    }

    fn restart(&mut self) {
        self.epoch += 1;
        self.batch = 0;
        self.one(Operation::BeginEpoch).expect("a start is never refused");
    }

    fn apply(&mut self, command: &ShardCommand) -> Arc<[Answer]> {
        self.index += 1;
        let mut batch = StateBatch::default();
        let decoded = ShardCommand::decode(&command.encode()).expect("what was encoded can be read");
        assert_eq!(&decoded, command);
        let answers = self.machine.apply(Applied { index: self.index, stamp: self.stamp }, &decoded, &mut batch);
        for change in batch.into_changes() {
            match change {
                Change::Put { key, value, .. } => self.stored.insert(key.to_vec(), value.to_vec()),
                Change::Delete { key, .. } => self.stored.remove(&key.to_vec()),
                Change::DeleteRange { .. } => unreachable!("shards remove single rows"),
            };
        }
        answers
    }

    pub(super) fn batch(&mut self, operations: Vec<Operation>) -> Vec<Answer> {
        self.batch += 1;
        let command = ShardCommand { origin: start(self.epoch), batch: self.batch, operations: operations.into() };
        self.apply(&command).to_vec()
    }

    pub(super) fn one(&mut self, operation: Operation) -> Answer {
        self.batch(vec![operation])[0]
    }

    /// Ports and versions as shown.
    pub(super) fn shown(&self, service: &str) -> Vec<String> {
        let view = self.machine.view(&key(service));
        view.instances().iter().map(|instance| format!("{}{}", instance.port, instance.metadata["v"])).collect()
    }

    fn stand(&self, service: &str) -> (u64, u64) {
        let view = self.machine.view(&key(service));
        (view.revision(), view.ref_time())
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.0.lock()).iter().map(|key| key.name().to_owned()).collect()
    }

    /// The store holds exactly what memory would write, and reads back to the same.
    pub(super) fn check_store(&self) {
        assert_eq!(self.stored, self.machine.read().rows());
        let restored = ShardMachine::new();
        restored.replace(State::from_rows(self.stored.clone()).expect("rows can be read"));
        assert_eq!(restored.digest(), self.machine.digest());
        let (one, other) = (self.machine.read(), restored.read());
        assert_eq!(one.instances, other.instances);
        assert_eq!(one.names, other.names);
        for (key, service) in &one.services {
            assert_eq!(service.in_grace, other.services[key].in_grace, "{key:?}");
        }
        let places = |state: &State| -> BTreeMap<Owner, BTreeSet<ServiceKey>> {
            state.connections.iter().map(|(owner, keys)| (owner.clone(), keys.iter().cloned().collect())).collect()
        };
        assert_eq!(places(&one), places(&other));
    }
}

#[test]
fn register_replaces_and_deregister_removes_all() {
    let mut bench = Bench::new();
    let (a, b) = (connection(1, "a"), connection(1, "b"));
    bench.one(publish(&a, "s", &[instance(1, "x"), instance(2, "x")])).expect("accepted");
    bench.one(publish(&b, "s", &[instance(1, "x")])).expect("accepted");
    assert_eq!(bench.shown("s"), ["1x", "2x"]);
    bench.one(publish(&a, "s", &[instance(3, "x")])).expect("accepted");
    assert_eq!(bench.shown("s"), ["1x", "3x"]);
    bench.one(publish(&a, "s", &[instance(1, "y")])).expect("accepted");
    assert_eq!(bench.shown("s"), ["1x", "1y"]);
    let foreign = Some(Address::new("h", 1));
    bench.one(Operation::Withdraw { service: key("s"), owner: a, address: foreign }).expect("accepted");
    assert_eq!(bench.shown("s"), ["1x"]);
    bench.one(Operation::Leave { owner: b }).expect("accepted");
    assert!(bench.shown("s").is_empty());
    assert!(bench.machine.kind(&key("s")).is_some(), "the service stays");
    bench.check_store();
}

#[test]
fn revisions_and_times_rise_only_with_visible_changes() {
    let mut bench = Bench::new();
    let a = connection(1, "a");
    bench.one(publish(&a, "s", &[instance(1, "x")])).expect("accepted");
    let first = bench.stand("s");
    assert_eq!(first.1, 1_000);
    assert_eq!(bench.told(), ["s"]);
    bench.stamp = 5_000;
    bench.one(publish(&a, "s", &[instance(1, "x"), instance(1, "x")])).expect("accepted");
    assert_eq!(bench.stand("s"), first);
    assert!(bench.told().is_empty());
    bench.one(publish(&a, "s", &[instance(1, "y")])).expect("accepted");
    let second = bench.stand("s");
    assert!(second.0 > first.0);
    assert_eq!(second.1, 5_000);
    bench.one(publish(&a, "s", &[instance(1, "z")])).expect("accepted");
    assert_eq!(bench.stand("s").1, 5_001, "strictly rising within one millisecond");
    bench.one(Operation::Leave { owner: a.clone() }).expect("accepted");
    bench.one(Operation::Delete { service: key("s") }).expect("empty");
    let gone = bench.stand("s");
    assert_eq!(gone, (0, 5_002), "an unknown service answers with the shard's time");
    bench.one(publish(&a, "s", &[instance(1, "x")])).expect("accepted");
    let again = bench.stand("s");
    assert!(again.0 > second.0 && again.1 >= gone.1);
    bench.check_store();
}

#[test]
fn kinds_do_not_mix() {
    let mut bench = Bench::new();
    let persistent = Owner::Persistent(Address::new("h", 1));
    bench.one(publish(&connection(1, "a"), "e", &[])).expect("accepted");
    assert_eq!(
        bench.one(publish(&persistent, "e", &[instance(1, "x")])),
        Err(Refusal::KindMismatch(ServiceKind::Ephemeral))
    );
    bench.one(publish(&persistent, "p", &[instance(1, "x")])).expect("accepted");
    assert_eq!(
        bench.one(publish(&Owner::Beaten(Address::new("h", 1)), "p", &[])),
        Err(Refusal::KindMismatch(ServiceKind::Persistent))
    );
    let withdraw = Operation::Withdraw { service: key("p"), owner: connection(1, "a"), address: None };
    bench.one(withdraw).expect("nothing to remove is no error");
    assert_eq!(bench.shown("p"), ["1x"]);
    bench.check_store();
}

#[test]
fn a_refused_operation_does_not_stop_the_others() {
    let mut bench = Bench::new();
    let answers = bench.batch(vec![
        publish(&connection(1, "a"), "s", &[instance(1, "x")]),
        Operation::Delete { service: key("unknown") },
        Operation::Delete { service: key("s") },
        publish(&connection(1, "b"), "s", &[instance(2, "x")]),
    ]);
    assert_eq!(answers, [Ok(()), Err(Refusal::ServiceNotFound), Err(Refusal::ServiceNotEmpty), Ok(())]);
    assert_eq!(bench.shown("s"), ["1x", "2x"]);
}

#[test]
fn a_batch_counts_once() {
    let mut bench = Bench::new();
    let create = Operation::Create { service: key("s"), kind: ServiceKind::Persistent, metadata: <_>::default() };
    let command = ShardCommand { origin: start(1), batch: 1, operations: [create.clone(), create].into() };
    let first = bench.apply(&command);
    assert_eq!(*first, [Ok(()), Err(Refusal::ServiceExists)]);
    let digest = bench.machine.digest();
    assert_eq!(bench.apply(&command), first);
    assert_eq!(bench.machine.digest(), digest);
    bench.check_store();
    bench.batch = 1;
    bench.one(Operation::Mark).expect("the next number");
    assert_eq!(*bench.apply(&command), [Err(Refusal::Stale), Err(Refusal::Stale)]);
    bench.restart();
    assert_eq!(*bench.apply(&command), [Err(Refusal::Stale), Err(Refusal::Stale)]);
}

#[test]
fn after_a_restart_equal_instances_change_owner_unseen() {
    let mut bench = Bench::new();
    let old = connection(1, "old");
    bench.one(publish(&old, "s", &[instance(1, "x"), instance(2, "x")])).expect("accepted");
    let before = bench.stand("s");
    bench.told();
    bench.stamp = 9_000;
    bench.restart();
    bench.check_store();
    assert_eq!(bench.shown("s"), ["1x", "2x"]);
    let new = connection(2, "new");
    bench.one(publish(&new, "s", &[instance(1, "x")])).expect("accepted");
    assert_eq!((bench.stand("s"), bench.told().len()), (before, 0));
    bench.one(publish(&connection(2, "other"), "s", &[instance(2, "y")])).expect("accepted");
    assert_eq!(bench.shown("s"), ["1x", "2y"], "what is claimed with other fields is replaced");
    bench.one(Operation::Leave { owner: old }).expect("nothing is left of it");
    assert_eq!(bench.shown("s"), ["1x", "2y"]);
    bench.check_store();
}

#[test]
fn end_of_grace_removes_what_connections_left() {
    let mut bench = Bench::new();
    bench.one(publish(&connection(1, "a"), "s", &[instance(1, "x")])).expect("accepted");
    bench.one(publish(&Owner::Beaten(Address::new("h", 2)), "s", &[instance(2, "x")])).expect("accepted");
    bench.one(publish(&Owner::Persistent(Address::new("h", 3)), "p", &[instance(3, "x")])).expect("accepted");
    bench.restart();
    bench.one(publish(&connection(2, "b"), "s", &[instance(4, "x")])).expect("accepted");
    assert!(bench.machine.has_left_over(start(2)));
    assert!(bench.machine.has_in_grace(&key("s"), &Address::new("h", 1)));
    bench.one(Operation::EndGrace { incarnation: start(2) }).expect("accepted");
    assert_eq!(bench.shown("s"), ["2x", "4x"], "beats have timers of their own");
    assert_eq!(bench.shown("p"), ["3x"]);
    assert!(!bench.machine.has_left_over(start(2)));
    bench.check_store();
}

#[test]
fn a_deregister_reaches_owners_in_grace() {
    let mut bench = Bench::new();
    bench.one(publish(&connection(1, "a"), "s", &[instance(1, "x"), instance(2, "x")])).expect("accepted");
    bench.restart();
    let address = Some(Address::new("h", 1));
    bench.one(Operation::Withdraw { service: key("s"), owner: connection(2, "b"), address }).expect("accepted");
    assert_eq!(bench.shown("s"), ["2x"]);
    bench.check_store();
}

#[test]
fn a_detached_connection_gives_way_until_it_leaves() {
    let mut bench = Bench::new();
    let old = connection(1, "old");
    bench.one(publish(&old, "s", &[instance(1, "x"), instance(2, "x")])).expect("accepted");
    bench.one(Operation::Detach { owner: old.clone() }).expect("accepted");
    bench.check_store();
    let before = bench.stand("s");
    bench.one(publish(&connection(1, "new"), "s", &[instance(1, "x")])).expect("accepted");
    assert_eq!(bench.stand("s"), before);
    assert!(bench.machine.holds_anything(&old));
    bench.one(Operation::Leave { owner: old.clone() }).expect("accepted");
    assert_eq!(bench.shown("s"), ["1x"]);
    assert!(!bench.machine.holds_anything(&old));
    bench.check_store();
}

#[test]
fn a_beat_claims_an_address_after_a_restart() {
    let mut bench = Bench::new();
    let address = Address::new("h", 1);
    bench.one(publish(&Owner::Beaten(address.clone()), "s", &[instance(1, "x")])).expect("accepted");
    bench.restart();
    let before = bench.stand("s");
    let claim = |address: &Address, service: &str| Operation::Claim {
        service: key(service),
        address: address.clone(),
        holder: start(2),
    };
    bench.one(claim(&address, "s")).expect("known");
    assert_eq!(bench.stand("s"), before);
    assert!(!bench.machine.has_in_grace(&key("s"), &address));
    assert_eq!(bench.machine.beaten(&key("s"), &address).expect("known").holder, start(2));
    assert_eq!(bench.one(claim(&Address::new("h", 9), "s")), Err(Refusal::InstanceNotFound));
    assert_eq!(bench.one(claim(&address, "unknown")), Err(Refusal::InstanceNotFound));
    bench.check_store();
}

#[test]
fn health_flips_only_when_it_differs() {
    let mut bench = Bench::new();
    let owner = Owner::Beaten(Address::new("h", 1));
    bench.one(publish(&owner, "s", &[instance(1, "x")])).expect("accepted");
    let before = bench.stand("s");
    let set = |healthy| Operation::SetHealth { service: key("s"), owner: owner.clone(), healthy };
    bench.one(set(true)).expect("accepted");
    assert_eq!(bench.stand("s"), before);
    bench.one(set(false)).expect("accepted");
    assert!(bench.stand("s").0 > before.0);
    assert!(!bench.machine.view(&key("s")).instances()[0].healthy);
    bench.check_store();
}

#[test]
fn overrides_win_and_survive_the_instance() {
    let mut bench = Bench::new();
    let (a, at) = (connection(1, "a"), InstanceKey::new("h", 1, ""));
    let value = InstanceOverride { weight: Some(7.0), enabled: Some(false), ..InstanceOverride::default() };
    let set = Operation::SetOverride { service: key("s"), instance: at.clone(), value };
    assert_eq!(bench.one(set.clone()), Err(Refusal::ServiceNotFound));
    bench.one(publish(&a, "s", &[instance(1, "x")])).expect("accepted");
    bench.one(set).expect("accepted");
    let shown = |bench: &Bench| {
        let view = bench.machine.view(&key("s"));
        (view.instances()[0].weight, view.instances()[0].enabled, view.instances()[0].metadata["v"].clone())
    };
    assert_eq!(shown(&bench), (7.0, false, "x".into()));
    bench.check_store();
    bench.one(Operation::Leave { owner: a.clone() }).expect("accepted");
    assert_eq!(bench.machine.orphaned_overrides(), [(key("s"), at.clone())]);
    bench.one(publish(&a, "s", &[instance(1, "y")])).expect("accepted");
    assert_eq!(shown(&bench), (7.0, false, "y".into()));
    let drop = Operation::DropOverrides { service: key("s"), instances: vec![at.clone()] };
    bench.one(drop.clone()).expect("accepted");
    assert_eq!(shown(&bench).0, 7.0, "it is there again, so the override stays");
    bench.one(Operation::Leave { owner: a.clone() }).expect("accepted");
    bench.one(drop).expect("accepted");
    bench.one(publish(&a, "s", &[instance(1, "y")])).expect("accepted");
    assert_eq!(shown(&bench), (1.0, true, "y".into()));
    bench.check_store();
}

#[test]
fn a_change_of_an_override_keeps_the_rest() {
    let mut bench = Bench::new();
    let change = |port: i32, change: OverrideChange| Operation::ChangeOverride {
        service: key("s"),
        instance: InstanceKey::new("h", port, "DEFAULT"),
        change,
    };
    assert_eq!(bench.one(change(1, <_>::default())), Err(Refusal::NoInstances));
    bench.one(publish(&connection(1, "a"), "s", &[instance(1, "x")])).expect("accepted");
    assert_eq!(bench.one(change(2, <_>::default())), Err(Refusal::InstanceNotFound));
    let set = OverrideChange { set: BTreeMap::from([("b".into(), "2".into())]), ..OverrideChange::default() };
    bench.one(change(1, set)).expect("accepted");
    bench.one(change(1, OverrideChange { weight: Some(5.0), ..<_>::default() })).expect("accepted");
    let shown = bench.machine.view(&key("s")).instances()[0].clone();
    assert_eq!((shown.weight, shown.metadata["b"].as_str(), shown.metadata["v"].as_str()), (5.0, "2", "x"));
    bench.one(change(1, OverrideChange { remove: vec!["b".into()], ..<_>::default() })).expect("accepted");
    let shown = bench.machine.view(&key("s")).instances()[0].clone();
    assert!(shown.weight == 5.0 && !shown.metadata.contains_key("b"));
    bench.check_store();
}

#[test]
fn services_and_clusters() {
    let mut bench = Bench::new();
    let metadata = ServiceMetadata {
        protect_threshold: 0.3,
        selector: Selector::Label { expression: "CONSUMER.label.a=PROVIDER.label.a".into() },
        metadata: BTreeMap::from([("a".into(), "1".into())]),
    };
    let create = Operation::Create { service: key("s"), kind: ServiceKind::Ephemeral, metadata: metadata.clone() };
    bench.one(create).expect("new");
    assert_eq!(*bench.machine.detail(&key("s")).expect("created").metadata, metadata);
    let cluster = ClusterMetadata { health_checker: HealthChecker::None, ..ClusterMetadata::default() };
    let set_cluster = |service: &str| Operation::SetCluster {
        service: key(service),
        cluster: "DEFAULT".into(),
        metadata: cluster.clone(),
    };
    bench.one(set_cluster("s")).expect("known");
    assert_eq!(bench.one(set_cluster("unknown")), Err(Refusal::ServiceNotFound));
    assert!(bench.machine.detail(&key("s")).expect("known").clusters.is_empty(), "shown only with instances");
    bench.one(publish(&connection(1, "a"), "s", &[instance(1, "x")])).expect("accepted");
    assert_eq!(bench.machine.detail(&key("s")).expect("known").clusters["DEFAULT"], cluster);
    assert_eq!(bench.machine.is_unchecked(&key("s"), "DEFAULT"), Some(true));
    assert_eq!(bench.machine.is_unchecked(&key("s"), "other"), Some(false));
    bench.check_store();
    bench.one(Operation::Leave { owner: connection(1, "a") }).expect("accepted");
    let revision = bench.machine.empty_services()[0].1;
    bench.one(Operation::DeleteEmpty { service: key("s"), revision: revision - 1 }).expect("accepted");
    assert!(bench.machine.kind(&key("s")).is_some(), "it was changed since it was seen empty");
    bench.one(Operation::DeleteEmpty { service: key("s"), revision }).expect("accepted");
    assert!(bench.machine.kind(&key("s")).is_none());
    bench.check_store();
}

#[test]
fn what_operators_set_can_be_read_back() {
    let mut bench = Bench::new();
    let metadata = ServiceMetadata { protect_threshold: 0.7, ..ServiceMetadata::default() };
    let update = Operation::Update { service: key("s"), metadata: metadata.clone() };
    assert_eq!(bench.one(update.clone()), Err(Refusal::ServiceNotFound));
    bench.one(publish(&connection(1, "a"), "s", &[instance(1, "x")])).expect("accepted");
    bench.one(update.clone()).expect("known");
    let before = bench.stand("s");
    bench.one(update).expect("known");
    assert_eq!(bench.stand("s"), before, "nothing changed");
    let checkers = [
        HealthChecker::Tcp,
        HealthChecker::None,
        HealthChecker::Http { path: "/up".into(), headers: "a:b|c:d".into(), expected_response_code: 204 },
        HealthChecker::Mysql { user: Some("u".into()), password: None, command: Some("select 1".into()) },
    ];
    for health_checker in checkers {
        let cluster = ClusterMetadata {
            check_port: 8081,
            use_instance_port: false,
            health_checker,
            metadata: BTreeMap::from([("m".into(), "1".into())]),
        };
        let set = Operation::SetCluster { service: key("s"), cluster: "DEFAULT".into(), metadata: cluster.clone() };
        bench.one(set).expect("known");
        assert_eq!(bench.machine.detail(&key("s")).expect("known").clusters["DEFAULT"], cluster);
        bench.check_store();
    }
    assert_eq!(*bench.machine.detail(&key("s")).expect("known").metadata, metadata);
}

#[test]
fn unreadable_rows_are_refused() {
    let mut bench = Bench::new();
    bench.one(publish(&connection(1, "a"), "s", &[instance(1, "x")])).expect("accepted");
    for (key, value) in [(b"?".to_vec(), vec![1]), (b"S".to_vec(), vec![1]), (b"S".to_vec(), vec![9])] {
        let mut rows = bench.stored.clone();
        rows.insert(key, value);
        assert!(State::from_rows(rows).is_err());
    }
    let orphan = bench.stored.clone().into_iter().filter(|(key, _)| key[0] != b'S');
    assert!(State::from_rows(orphan).is_err());
}

#[test]
fn unreadable_commands_are_refused() {
    for bytes in [&b""[..], b"\x02", b"\x01\xff\xff", b"\x01"] {
        assert!(ShardCommand::decode(bytes).is_err());
    }
}
