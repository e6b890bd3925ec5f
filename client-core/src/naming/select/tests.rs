use super::*;
use crate::names::ServiceKey;

fn snapshot() -> Arc<ServiceSnapshot> {
    let hosts = vec![
        Instance::new("h", 1).with_cluster("a"),
        Instance::new("h", 2).with_cluster("b").with_healthy(false),
        Instance::new("h", 3).with_cluster("b").with_weight(0.0),
        Instance { enabled: false, ..Instance::new("h", 4).with_cluster("c") },
        Instance::new("h", 5).with_cluster("c").with_metadata("zone", "x").with_metadata("v", "2"),
    ];
    ServiceSnapshot::of(ServiceKey::new("G", "orders").expect("legal names"), hosts)
}

fn ports(hosts: &[Arc<Instance>]) -> Vec<u16> {
    hosts.iter().map(|host| host.port).collect()
}

#[test]
fn queries_choose_by_cluster_and_health() {
    let list = snapshot();
    let query = |clusters: &[&str], healthy| {
        ports(&Instances::new(Arc::clone(&list), Clusters::new(clusters).names(), healthy))
    };
    assert_eq!(query(&[], None), [1, 2, 3, 4, 5]);
    assert_eq!(query(&["b"], None), [2, 3]);
    assert_eq!(query(&["c", "a"], None), [1, 4, 5]);
    assert_eq!(query(&["none"], None), [0u16; 0]);
    assert_eq!(query(&[], Some(true)), [1, 5], "no disabled one, and none without weight");
    assert_eq!(query(&[], Some(false)), [2]);
    assert_eq!(query(&["b", "c"], Some(true)), [5]);
    assert_eq!(ports(list.instances()), [1, 2, 3, 4, 5], "choosing leaves the list alone");
}

#[test]
fn a_choice_is_made_once_and_shared() {
    let list = snapshot();
    let clusters = Clusters::new(["b"]);
    let first = Instances::new(Arc::clone(&list), clusters.names(), Some(false));
    let second = Instances::new(Arc::clone(&list), clusters.names(), Some(false));
    assert!(Arc::ptr_eq(&first.to_shared(), &second.to_shared()));
    let all = Instances::new(Arc::clone(&list), &[], None).to_shared();
    assert!(Arc::ptr_eq(&all, &Instances::new(Arc::clone(&list), &[], None).to_shared()));
    for number in 0..100 {
        let odd = Clusters::new([format!("c{number}")]);
        assert!(Instances::new(Arc::clone(&list), odd.names(), None).is_empty());
    }
    assert!(list.view(&[], Some(true)).hosts.len() == 2, "more choices than are kept still work");
}

#[test]
fn clusters_are_sorted_and_unique() {
    let clusters = Clusters::new(["b,a", " c ", "a", "", ","]);
    assert_eq!(clusters.joined(), "a,b,c");
    assert_eq!(clusters, Clusters::new(["c", "b", "a"]));
    assert_eq!(Clusters::default().joined(), "");
}

#[test]
fn selectors_need_all_conditions() {
    let list = snapshot();
    let accepted = |selector: Selector| ports(&selector.apply(&list));
    assert_eq!(accepted(Selector::new()), [1, 2, 3, 4, 5]);
    assert_eq!(accepted(Selector::new().clusters(["a", "c"])), [1, 4, 5]);
    assert_eq!(accepted(Clusters::new(["b"]).into()), [2, 3]);
    assert_eq!(accepted(Selector::new().healthy(false)), [2]);
    assert_eq!(accepted(Selector::new().takes_traffic()), [1, 2, 5]);
    assert_eq!(accepted(Selector::new().metadata("zone", "x").metadata("v", "2")), [5]);
    assert_eq!(accepted(Selector::new().metadata("zone", "x").metadata("v", "3")), [0u16; 0]);
    assert_eq!(accepted(Selector::new().any_metadata([("zone", "y"), ("v", "2")])), [5]);
    assert_eq!(accepted(Selector::new().any_metadata([("zone", "y")])), [0u16; 0], "having metadata is not enough");
    assert_eq!(accepted(Selector::new().matching(|host| host.port > 2).clusters(["b"])), [3]);
    assert!(format!("{:?}", Selector::new().matching(|_| true)).contains("predicates: 1"));
}

#[test]
fn a_selector_that_accepts_all_shares_the_list() {
    let list = snapshot();
    assert!(Arc::ptr_eq(&Selector::new().apply(&list), &list.view(&[], None).hosts));
}
