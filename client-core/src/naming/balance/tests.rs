use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    names::ServiceKey,
    naming::{ServiceSnapshot, select::Instances},
};

fn service() -> ServiceKey {
    ServiceKey::new("G", "orders").expect("legal names")
}

fn instances(hosts: Vec<Instance>) -> Instances {
    Instances::new(ServiceSnapshot::of(service(), hosts), &[], None)
}

fn hosts(count: u16) -> Vec<Instance> {
    (1..=count).map(|port| Instance::new("10.0.0.1", port)).collect()
}

fn counts(balancer: &dyn Balancer, from: &Instances, rounds: usize) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for round in 0..rounds {
        let chosen = balancer.choose(from, Some(&round.to_string())).expect("somebody can take it");
        *counts.entry(chosen.port).or_default() += 1;
    }
    counts
}

fn all() -> Vec<Box<dyn Balancer>> {
    vec![
        Box::new(WeightedRandom),
        Box::new(Random),
        Box::new(RoundRobin::default()),
        Box::new(LeastRecentlyUsed::default()),
        Box::new(LeastFrequentlyUsed::default()),
        Box::new(ConsistentHash::default()),
        Box::new(SameCluster::new("a")),
    ]
}

#[test]
fn none_of_them_chooses_what_takes_no_traffic() {
    let idle = vec![
        Instance::new("10.0.0.1", 1).with_healthy(false),
        Instance::new("10.0.0.1", 2).with_weight(0.0),
        Instance::new("10.0.0.1", 3).with_weight(-1.0),
    ];
    let mut one = idle.clone();
    one.push(Instance::new("10.0.0.1", 9));
    let (none, idle, one) = (instances(Vec::new()), instances(idle), instances(one));
    for balancer in all() {
        assert_eq!(balancer.choose(&none, Some("k")), None, "{balancer:?}");
        assert_eq!(balancer.choose(&idle, Some("k")), None, "{balancer:?}");
        assert_eq!(counts(&*balancer, &one, 50), BTreeMap::from([(9, 50)]), "{balancer:?}");
    }
}

#[test]
fn draws_fall_into_the_shares_of_the_weights() {
    let hosts = [0.0, 1.0, 3.0, -5.0, 4.0].iter().zip(1u16..);
    let from = instances(hosts.map(|(weight, port)| Instance::new("h", port).with_weight(*weight)).collect());
    let port = |draw: f64| from.weights().draw(draw).map(|position| from[position].port);
    // 1, 3 and 4 of 8: shares end at 0.125, 0.5 and 1. The end of a share belongs to it.
    let drawn: Vec<_> = [0.0, 0.1, 0.125, 0.13, 0.5, 0.51, 0.999_999].map(port).into();
    assert_eq!(drawn, [2, 2, 2, 3, 3, 5, 5].map(Some));
}

#[test]
fn odd_weights_are_never_chosen_and_huge_ones_do_not_overflow() {
    let weights = [f64::NAN, f64::INFINITY, f64::MAX, f64::MAX];
    let hosts = weights.iter().zip(1u16..).map(|(weight, port)| Instance::new("h", port).with_weight(*weight));
    let counts = counts(&WeightedRandom, &instances(hosts.collect()), 400);
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [3, 4]);
    assert!(counts.values().all(|count| *count > 100), "{counts:?}");
}

#[test]
fn weighted_choice_follows_the_weights() {
    let from = instances(vec![Instance::new("h", 1).with_weight(1.0), Instance::new("h", 2).with_weight(9.0)]);
    let counts = counts(&WeightedRandom, &from, 10_000);
    // Expected 1,000 with a standard deviation of 30.
    assert!((800..1_200).contains(&counts[&1]), "{counts:?}");
}

#[test]
fn random_reaches_everybody() {
    let counts = counts(&Random, &instances(hosts(4)), 4_000);
    assert!(counts.len() == 4 && counts.values().all(|count| (800..1_200).contains(count)), "{counts:?}");
}

#[test]
fn round_robin_takes_turns_and_counts_each_service_for_itself() {
    let balancer = RoundRobin::default();
    let from = instances(hosts(3));
    let other = ServiceSnapshot::of(ServiceKey::new("G", "pay").expect("legal names"), hosts(2));
    let other = Instances::new(other, &[], None);
    let port = |from: &Instances| balancer.choose(from, None).expect("somebody").port;
    let turns: Vec<_> = (0..5).map(|_| (port(&from), port(&other))).collect();
    assert_eq!(turns, [(1, 1), (2, 2), (3, 1), (1, 2), (2, 1)]);
}

#[test]
fn least_recently_used_prefers_newcomers_and_then_rotates() {
    let balancer = LeastRecentlyUsed::default();
    let ports = |from: &Instances, rounds: usize| -> Vec<u16> {
        (0..rounds).map(|_| balancer.choose(from, None).expect("somebody").port).collect()
    };
    assert_eq!(ports(&instances(hosts(2)), 3), [1, 2, 1]);
    assert_eq!(ports(&instances(hosts(3)), 4), [3, 2, 1, 3]);
}

#[test]
fn least_frequently_used_does_not_flood_a_newcomer() {
    let balancer = LeastFrequentlyUsed::default();
    assert_eq!(counts(&balancer, &instances(hosts(2)), 100), BTreeMap::from([(1, 50), (2, 50)]));
    let shared = counts(&balancer, &instances(hosts(3)), 30);
    assert_eq!(shared, BTreeMap::from([(1, 10), (2, 10), (3, 10)]));
    // Who was out for a while is level again too, and takes part of what comes.
    assert_eq!(counts(&balancer, &instances(hosts(1)), 7), BTreeMap::from([(1, 7)]));
    assert_eq!(counts(&balancer, &instances(hosts(2)), 10), BTreeMap::from([(1, 5), (2, 5)]));
}

#[test]
fn consistent_hash_moves_only_the_keys_of_who_left() {
    let balancer = ConsistentHash::default();
    let choose = |from: &Instances, key: usize| balancer.choose(from, Some(&key.to_string())).expect("somebody").port;
    let ten = instances(hosts(10));
    let before: Vec<_> = (0..2_000).map(|key| choose(&ten, key)).collect();
    assert_eq!((0..2_000).map(|key| choose(&ten, key)).collect::<Vec<_>>(), before, "the same key, the same instance");
    let mut shares = BTreeMap::<u16, usize>::new();
    before.iter().for_each(|port| *shares.entry(*port).or_default() += 1);
    assert!(shares.len() == 10 && shares.values().all(|share| (100..320).contains(share)), "{shares:?}");

    let nine = instances(hosts(10).into_iter().filter(|host| host.port != 4).collect());
    for (key, old) in before.iter().enumerate() {
        let now = choose(&nine, key);
        assert!(if *old == 4 { now != 4 } else { now == *old }, "key {key}: {old} became {now}");
    }
    let keyless: BTreeSet<_> = (0..200).filter_map(|_| balancer.choose(&ten, None)).map(|host| host.port).collect();
    assert!(keyless.len() > 5, "calls without key are spread");
}

#[test]
fn the_ring_is_the_same_everywhere() {
    let chosen = |key| ConsistentHash::default().choose(&instances(hosts(5)), Some(key)).expect("somebody").port;
    let ports: Vec<_> = ["a", "b", "c", "d", "e", "f"].map(chosen).into();
    let again: Vec<_> = ["a", "b", "c", "d", "e", "f"].map(chosen).into();
    assert_eq!(ports, again);
    let mut reversed = hosts(5);
    reversed.reverse();
    let other = |key| ConsistentHash::default().choose(&instances(reversed.clone()), Some(key)).expect("one").port;
    assert_eq!(["a", "b", "c", "d", "e", "f"].map(other).to_vec(), ports, "the order of the list does not matter");
}

#[test]
fn same_cluster_comes_first_while_it_can_take_traffic() {
    let near = |healthy| Instance::new("near", 1).with_cluster("a").with_healthy(healthy);
    let far = Instance::new("far", 2).with_cluster("b");
    let balancer = SameCluster::new("a");
    assert_eq!(counts(&balancer, &instances(vec![near(true), far.clone()]), 20), BTreeMap::from([(1, 20)]));
    assert_eq!(counts(&balancer, &instances(vec![near(false), far.clone()]), 20), BTreeMap::from([(2, 20)]));
    let snapshot = ServiceSnapshot::of(service(), vec![near(true), far]);
    let only_far = Instances::new(snapshot, &["b".into()], Some(true));
    assert_eq!(counts(&balancer, &only_far, 20), BTreeMap::from([(2, 20)]), "a query's clusters are not widened");
}
