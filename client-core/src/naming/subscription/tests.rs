use futures::{FutureExt as _, StreamExt as _};

use super::*;
use crate::naming::{
    holder::{
        Holder,
        tests::{holder, key, list},
    },
    ledger::Sink as _,
    model::Instance,
};

fn follow(holder: &Arc<Holder>, selector: Selector) -> Subscription {
    Subscription::new(holder.enter(&key("a")).expect("open"), selector)
}

fn give(holder: &Holder, ports: &[u16]) {
    holder.find(&key("a")).expect("followed").take(&list("a", ports));
}

/// Ports that are there, new, gone and changed.
fn ports(change: &ServiceChange) -> [Vec<u16>; 4] {
    let of = |hosts: &[Arc<Instance>]| hosts.iter().map(|host| host.port).collect();
    [of(&change.instances), of(&change.added), of(&change.removed), of(&change.modified)]
}

#[tokio::test]
async fn changes_are_counted_against_what_was_taken() {
    let holder = holder();
    let subscription = follow(&holder, Selector::new());
    assert!(subscription.take_newest().is_none() && subscription.current().is_none());
    give(&holder, &[]);
    let first = subscription.take_newest().expect("the present list, even if it is empty");
    assert_eq!(ports(&first), [const { Vec::<u16>::new() }; 4]);
    give(&holder, &[1, 2]);
    give(&holder, &[2, 3]);
    let change = subscription.take_newest().expect("a change");
    assert_eq!(ports(&change), [vec![2, 3], vec![2, 3], vec![], vec![]], "the list between was never seen");
    give(&holder, &[2, 4]);
    assert_eq!(ports(&subscription.take_newest().expect("a change")), [vec![2, 4], vec![4], vec![3], vec![]]);
    assert!(subscription.take_newest().is_none());
    give(&holder, &[5]);
    give(&holder, &[2, 4]);
    assert!(subscription.take_newest().is_none(), "it is as it was");
}

#[tokio::test]
async fn what_the_selector_refuses_is_no_change() {
    let holder = holder();
    let subscription = follow(&holder, Selector::new().clusters(["east"]));
    let give = |hosts: Vec<Instance>| {
        let list = crate::naming::ServiceSnapshot::of(key("a"), hosts);
        holder.find(&key("a")).expect("followed").take(&list);
    };
    let east = |port| Instance::new("h", port).with_cluster("east");
    give(vec![east(1)]);
    assert_eq!(ports(&subscription.take_newest().expect("the present list"))[0], [1]);
    give(vec![east(1), Instance::new("h", 2)]);
    assert!(subscription.take_newest().is_none());
    give(vec![east(1).with_weight(9.0)]);
    assert_eq!(ports(&subscription.take_newest().expect("a change")), [vec![1], vec![], vec![], vec![1]]);
}

#[tokio::test]
async fn a_stream_waits_for_changes_and_ends_with_the_client() {
    let holder = holder();
    let mut subscription = follow(&holder, Selector::new());
    assert!(subscription.next().now_or_never().is_none());
    give(&holder, &[1]);
    assert_eq!(ports(&subscription.next().await.expect("a list"))[1], [1]);
    assert!(subscription.changed().now_or_never().is_none());
    let waiting = tokio::spawn(async move {
        let last = subscription.next().await;
        (last.is_none(), subscription.take_newest().is_none())
    });
    tokio::task::yield_now().await;
    holder.close();
    assert_eq!(waiting.await.expect("no panic"), (true, true));
}

#[tokio::test]
async fn a_refusal_ends_it_with_its_reason() {
    let holder = holder();
    let mut subscription = follow(&holder, Selector::new());
    holder.find(&key("a")).expect("followed").refused(&crate::Error::invalid("no such name"));
    assert!(subscription.next().await.is_none());
    assert_eq!(subscription.error().map(|error| error.code()), Some(400));
}
