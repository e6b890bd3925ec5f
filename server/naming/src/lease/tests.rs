use std::time::Duration;

use tokio::time::sleep;

use super::*;
use crate::{
    InstanceKey, InstanceOverride, Settings,
    testing::{Rig, at, service},
};

async fn seconds(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

fn with(port: i32, metadata: &[(&str, &str)]) -> NewInstance {
    let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    NewInstance { metadata, ..at(port) }
}

async fn light_beat(rig: &Rig, name: &str, port: i32) -> BeatAnswer {
    rig.beat(&service(name), "10.0.0.1", port, None).await.expect("taken")
}

#[tokio::test(start_paused = true)]
async fn silence_turns_unhealthy_and_then_removes() {
    let rig = Rig::new().await;
    rig.register_beaten(&service("s"), at(1), IdPolicy::Generate).await.expect("accepted");
    seconds(14).await;
    assert_eq!(rig.shown("s"), "1");
    sleep(Duration::from_millis(1_200)).await;
    assert_eq!(rig.shown("s"), "1!");
    assert_eq!(light_beat(&rig, "s", 1).await.code, BeatCode::Ok);
    assert_eq!(rig.shown("s"), "1", "a beat brings it back");
    seconds(16).await;
    assert_eq!(rig.shown("s"), "1!");
    seconds(13).await;
    assert_eq!(rig.shown("s"), "1!");
    seconds(2).await;
    assert_eq!(rig.shown("s"), "");
    assert_eq!(light_beat(&rig, "s", 1).await.code, BeatCode::NotFound);
    seconds(20).await;
    assert_eq!(rig.registry_for_tests().leases.len(), 0, "nothing is remembered");
}

#[tokio::test(start_paused = true)]
async fn beats_keep_it_alive_and_write_nothing() {
    let rig = Rig::new().await;
    rig.register_beaten(&service("s"), at(1), IdPolicy::Generate).await.expect("accepted");
    let entries = rig.link.entries();
    for _ in 0..40 {
        seconds(5).await;
        assert_eq!(light_beat(&rig, "s", 1).await, BeatAnswer { code: BeatCode::Ok, interval_millis: 5_000 });
    }
    assert_eq!((rig.shown("s"), rig.link.entries()), ("1".into(), entries));
    assert_eq!(rig.stats().beats, 40);
}

#[tokio::test(start_paused = true)]
async fn metadata_sets_the_times_and_operators_win() {
    let rig = Rig::new().await;
    let times = [
        ("preserved.heart.beat.interval", "1000"),
        ("preserved.heart.beat.timeout", "2000"),
        ("preserved.ip.delete.timeout", "9000"),
    ];
    rig.register_beaten(&service("s"), with(1, &times), IdPolicy::Generate).await.expect("accepted");
    assert_eq!(light_beat(&rig, "s", 1).await.interval_millis, 1_000);
    sleep(Duration::from_millis(2_100)).await;
    assert_eq!(rig.shown("s"), "1!");
    let value = InstanceOverride {
        metadata: [("preserved.ip.delete.timeout".to_owned(), "20000".to_owned())].into(),
        ..InstanceOverride::default()
    };
    rig.set_override(&service("s"), InstanceKey::new("10.0.0.1", 1, ""), value).await.expect("accepted");
    seconds(12).await;
    assert_eq!(rig.shown("s"), "1!", "the operator's time counts");
    seconds(7).await;
    assert_eq!(rig.shown("s"), "");
}

#[tokio::test(start_paused = true)]
async fn a_full_beat_registers_and_a_light_one_does_not() {
    let rig = Rig::new().await;
    assert_eq!(light_beat(&rig, "s", 1).await, BeatAnswer { code: BeatCode::NotFound, interval_millis: 5_000 });
    assert!(!rig.contains(&service("s")));
    let body = Some(with(1, &[("preserved.heart.beat.interval", "2000")]));
    let answer = rig.beat(&service("s"), "10.0.0.1", 1, body).await.expect("taken");
    assert_eq!(answer, BeatAnswer { code: BeatCode::Ok, interval_millis: 2_000 });
    assert_eq!(rig.shown("s"), "1");
    assert_eq!(light_beat(&rig, "s", 1).await.interval_millis, 2_000);
}

#[tokio::test(start_paused = true)]
async fn persistent_instances_take_no_beats() {
    let rig = Rig::new().await;
    rig.register_persistent(&service("s"), at(1), IdPolicy::Generate).await.expect("accepted");
    assert_eq!(light_beat(&rig, "s", 1).await.code, BeatCode::NotFound);
    let refused = rig.beat(&service("s"), "10.0.0.1", 1, Some(at(1))).await.expect_err("another kind");
    assert!(refused.to_string().contains("is persistent service, can't register ephemeral instance"));
    seconds(100).await;
    assert_eq!(rig.shown("s"), "1");
}

#[tokio::test(start_paused = true)]
async fn one_instance_per_address() {
    let rig = Rig::new().await;
    rig.register_beaten(&service("s"), at(1), IdPolicy::Generate).await.expect("accepted");
    let other = NewInstance { cluster: Some("c2".into()), ..at(1) };
    rig.register_beaten(&service("s"), other, IdPolicy::Keep).await.expect("accepted");
    let view = rig.view(&service("s"));
    assert_eq!(view.instances().len(), 1);
    assert_eq!((view.instances()[0].cluster.as_str(), &view.instances()[0].instance_id), ("c2", &None));
    rig.deregister_beaten(&service("s"), "10.0.0.1", 1).await.expect("accepted");
    assert_eq!(rig.shown("s"), "");
    let entries = rig.link.entries();
    rig.deregister_beaten(&service("s"), "10.0.0.1", 1).await.expect("nothing there");
    rig.deregister_persistent(&service("s"), "10.0.0.1", 1).await.expect("nothing there");
    assert_eq!(rig.link.entries(), entries);
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_leases_count_anew_and_beats_claim_them() {
    let mut rig = Rig::new().await;
    rig.register_beaten(&service("s"), at(1), IdPolicy::Generate).await.expect("accepted");
    rig.register_beaten(&service("s"), at(2), IdPolicy::Generate).await.expect("accepted");
    seconds(13).await;
    rig.restart(true).await;
    seconds(14).await;
    assert_eq!(rig.shown("s"), "1,2", "the time before the start does not count");
    let entries = rig.link.entries();
    assert_eq!(light_beat(&rig, "s", 1).await.code, BeatCode::Ok);
    assert_eq!(rig.link.entries(), entries + 1, "a change of the holder");
    assert_eq!(light_beat(&rig, "s", 1).await.code, BeatCode::Ok);
    assert_eq!(rig.link.entries(), entries + 1);
    seconds(14).await;
    assert_eq!(rig.shown("s"), "1,2!");
    light_beat(&rig, "s", 1).await;
    seconds(3).await;
    assert_eq!(rig.shown("s"), "1");
}

#[tokio::test(start_paused = true)]
async fn removal_can_be_turned_off() {
    let rig = Rig::with(Settings { expire_instances: false, ..Settings::default() }, 1).await;
    rig.register_beaten(&service("s"), at(1), IdPolicy::Generate).await.expect("accepted");
    seconds(300).await;
    assert_eq!(rig.shown("s"), "1!");
    light_beat(&rig, "s", 1).await;
    assert_eq!(rig.shown("s"), "1");
}

#[tokio::test(start_paused = true)]
async fn metadata_can_turn_the_check_off() {
    let rig = Rig::new().await;
    rig.register_beaten(&service("s"), with(1, &[("enableClientBeat", "true")]), IdPolicy::Generate)
        .await
        .expect("accepted");
    seconds(300).await;
    assert_eq!(rig.shown("s"), "1");
}

#[tokio::test(start_paused = true)]
async fn a_beat_that_overtakes_the_verdict_wins() {
    let rig = Rig::new().await;
    rig.register_beaten(&service("s"), at(1), IdPolicy::Generate).await.expect("accepted");
    sleep(Duration::from_millis(14_900)).await;
    rig.link.shut();
    seconds(1).await;
    assert_eq!(rig.shown("s"), "1", "the verdict is under way");
    let beat = {
        let naming = (*rig).clone();
        tokio::spawn(async move { naming.beat(&service("s"), "10.0.0.1", 1, None).await })
    };
    rig.settle().await;
    rig.link.open();
    beat.await.expect("no panic").expect("taken");
    assert_eq!(rig.shown("s"), "1");
}

#[tokio::test(start_paused = true)]
async fn many_leases_end_in_time() {
    let rig = Rig::with(Settings::default(), 4).await;
    for port in 0..1_000 {
        rig.register_beaten(&service(&format!("s{}", port % 10)), at(port), IdPolicy::Keep).await.expect("accepted");
    }
    seconds(16).await;
    let unhealthy = |rig: &Rig| -> usize { (0..10).map(|n| rig.shown(&format!("s{n}")).matches('!').count()).sum() };
    assert_eq!(unhealthy(&rig), 1_000);
    seconds(16).await;
    assert_eq!(rig.counts().instances, 0);
}
