use super::*;
use crate::naming::model::Instance;

fn key() -> ServiceKey {
    ServiceKey::new("G", "orders").expect("legal names")
}

fn list(ports: &[u16]) -> Arc<ServiceSnapshot> {
    ServiceSnapshot::of(key(), ports.iter().map(|port| Instance::new("h", *port)).collect())
}

fn slot(protect_empty: bool) -> Arc<Slot> {
    Slot::new(key(), Arc::new(Surroundings { protect_empty, ..Surroundings::default() }))
}

fn ports(slot: &Slot) -> Option<Vec<u16>> {
    slot.shown().map(|list| list.instances().iter().map(|host| host.port).collect())
}

#[test]
fn the_newest_list_stays_whatever_the_order() {
    let slot = slot(false);
    let (first, second) = (list(&[1]), list(&[2]));
    assert_eq!(ports(&slot), None);
    slot.take(&second);
    slot.take(&first);
    assert_eq!(ports(&slot), Some(vec![2]), "a list that was overtaken is not shown");
    slot.take(&list(&[]));
    assert_eq!(ports(&slot), Some(vec![]));
}

#[test]
fn protection_keeps_the_last_list_that_takes_traffic() {
    let slot = slot(true);
    slot.take(&list(&[]));
    assert_eq!(ports(&slot), Some(vec![]), "the first list is shown, whatever it is");
    slot.take(&list(&[1]));
    slot.take(&list(&[]));
    let sick = ServiceSnapshot::of(key(), vec![Instance::new("h", 2).with_healthy(false)]);
    slot.take(&sick);
    assert_eq!(ports(&slot), Some(vec![1]));
    slot.take(&list(&[3]));
    assert_eq!(ports(&slot), Some(vec![3]));
}

#[test]
fn a_list_of_the_disk_gives_way_to_the_server_and_never_the_other_way_round() {
    let slot = slot(false);
    let cached = |port| {
        let list = list(&[port]);
        ServiceSnapshot::from_wire(key(), list.to_wire(), Source::Cache)
    };
    let (server, late) = (list(&[2]), cached(3));
    assert!(slot.fill_from_cache(&cached(1)));
    assert!(!slot.fill_from_cache(&late), "one is there");
    assert_eq!(ports(&slot), Some(vec![1]));
    // The server's list is older than the one of the disk by number; it is shown all the same.
    slot.take(&server);
    assert!(!slot.fill_from_cache(&late));
    assert_eq!(ports(&slot), Some(vec![2]));
}

#[test]
fn it_closes_with_its_last_user_unless_a_query_keeps_it() {
    let slot = slot(false);
    assert!(slot.enter() && slot.enter());
    assert!(!slot.leave());
    slot.pin();
    assert!(!slot.leave() && slot.is_used());
    assert!(slot.unpin() && slot.is_closed());
    assert!(!slot.enter() && !slot.is_used(), "closed for good");
    slot.pin();
    assert!(!slot.is_used());
    slot.take(&list(&[1]));
    assert_eq!(ports(&slot), None, "a closed slot takes nothing");
    assert!(!slot.close(), "it was closed before");
}

#[test]
fn a_refusal_is_kept() {
    let slot = slot(false);
    assert!(slot.refusal().is_none());
    slot.refused(&Error::invalid("no such name"));
    assert_eq!(slot.refusal().map(|error| error.code()), Some(400));
}
