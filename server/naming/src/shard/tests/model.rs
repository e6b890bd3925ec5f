//! The machine against a naive model of what the owners hold, on random logs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use proptest::prelude::*;

use super::{Bench, connection, instance, key, publish, start};
use crate::{
    model::{Address, Instance},
    shard::{Operation, Owner},
};

#[derive(Clone, Debug)]
enum Step {
    Publish { owner: u8, service: u8, ports: Vec<i32>, version: bool },
    Withdraw { owner: u8, service: u8, port: Option<i32> },
    Leave { owner: u8 },
    Detach { owner: u8 },
    Restart,
    EndGrace,
}

fn step() -> impl Strategy<Value = Step> {
    let ports = prop::collection::vec(0..4i32, 0..3);
    prop_oneof![
        6 => (0..4u8, 0..2u8, ports, any::<bool>())
            .prop_map(|(owner, service, ports, version)| Step::Publish { owner, service, ports, version }),
        2 => (0..4u8, 0..2u8, prop::option::of(0..4i32))
            .prop_map(|(owner, service, port)| Step::Withdraw { owner, service, port }),
        1 => (0..4u8).prop_map(|owner| Step::Leave { owner }),
        1 => (0..4u8).prop_map(|owner| Step::Detach { owner }),
        1 => Just(Step::Restart),
        1 => Just(Step::EndGrace),
    ]
}

type Held = BTreeMap<(u8, Owner), (bool, Vec<Arc<Instance>>)>;

#[derive(Default)]
struct Naive {
    held: Held,
}

impl Naive {
    fn give_way(&mut self, service: u8, owner: &Owner, matches: impl Fn(&Instance) -> bool) {
        self.held.retain(|(of, other), (in_grace, instances)| {
            if *of != service || other == owner || !*in_grace {
                return true;
            }
            let before = instances.len();
            instances.retain(|instance| !matches(instance));
            instances.len() == before || !instances.is_empty()
        });
    }

    fn shown(&self, service: u8) -> BTreeSet<String> {
        let of_service = self.held.iter().filter(|((of, _), _)| *of == service);
        of_service
            .flat_map(|(_, (_, instances))| instances)
            .map(|instance| format!("{}{}", instance.port, instance.metadata["v"]))
            .collect()
    }
}

fn owner_of(epoch: u64, number: u8) -> Owner {
    match number {
        3 => Owner::Beaten(Address::new("h", 3)),
        _ => connection(epoch, &number.to_string()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shows_what_the_owners_hold(steps in prop::collection::vec(step(), 1..40)) {
        let (mut bench, mut twin, mut naive, mut epoch) = (Bench::new(), Bench::new(), Naive::default(), 1);
        for step in steps {
            let owner = |number: u8| owner_of(epoch, number);
            let operation = match step {
                Step::Publish { owner: number, service, ports, version } => {
                    let version = if version { "x" } else { "y" };
                    let instances: Vec<_> = ports.iter().map(|port| instance(*port, version)).collect();
                    naive.give_way(service, &owner(number), |one| ports.contains(&one.port));
                    naive.held.insert((service, owner(number)), (false, instances.clone()));
                    let mut operation = publish(&owner(number), &service.to_string(), &instances);
                    if let Operation::Publish { holder, .. } = &mut operation {
                        *holder = start(epoch);
                    }
                    operation
                }
                Step::Withdraw { owner: number, service, port } => {
                    naive.held.remove(&(service, owner(number)));
                    if let Some(port) = port {
                        naive.give_way(service, &owner(number), |one| one.port == port);
                    }
                    Operation::Withdraw {
                        service: key(&service.to_string()),
                        owner: owner(number),
                        address: port.map(|port| Address::new("h", port)),
                    }
                }
                Step::Leave { owner: number } => {
                    if number != 3 {
                        naive.held.retain(|(_, other), _| *other != owner(number));
                    }
                    Operation::Leave { owner: owner(number) }
                }
                Step::Detach { owner: number } => {
                    if number != 3 {
                        for ((_, other), (in_grace, _)) in &mut naive.held {
                            *in_grace |= *other == owner(number);
                        }
                    }
                    Operation::Detach { owner: owner(number) }
                }
                Step::Restart => {
                    epoch += 1;
                    naive.held.values_mut().for_each(|(in_grace, _)| *in_grace = true);
                    bench.restart();
                    twin.restart();
                    continue;
                }
                Step::EndGrace => {
                    naive.held.retain(|(_, other), _| match other {
                        Owner::Connection { incarnation, .. } => incarnation.epoch >= epoch,
                        _ => true,
                    });
                    Operation::EndGrace { incarnation: start(epoch) }
                }
            };
            let told = bench.told.0.lock().len();
            let before: Vec<_> = (0..2).map(|service: u8| bench.stand(&service.to_string())).collect();
            let shown_before: Vec<_> = (0..2).map(|service: u8| bench.shown(&service.to_string())).collect();
            bench.one(operation.clone()).expect("nothing here is refused");
            twin.one(operation).expect("nothing here is refused");
            for service in 0..2u8 {
                let name = service.to_string();
                let shown: BTreeSet<String> = bench.shown(&name).into_iter().collect();
                prop_assert_eq!(&shown, &naive.shown(service));
                let place = usize::from(service);
                if bench.shown(&name) != shown_before[place] {
                    prop_assert!(bench.stand(&name).0 > before[place].0);
                    prop_assert!(bench.stand(&name).1 >= before[place].1);
                    prop_assert!(told > 0 || !bench.told.0.lock().is_empty());
                }
            }
            bench.check_store();
        }
        prop_assert_eq!(bench.machine.digest(), twin.machine.digest());
    }
}
