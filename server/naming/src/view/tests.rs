use std::sync::atomic::AtomicUsize;

use super::*;
use crate::model::NewInstance;

#[derive(Default)]
struct Counting {
    infos: AtomicUsize,
}

impl Encoder for Counting {
    fn info(&self, listing: &Listing<'_>) -> Bytes {
        self.infos.fetch_add(1, Ordering::Relaxed);
        let ports: Vec<String> = listing.hosts.iter().map(|host| host.port.to_string()).collect();
        format!("{:?}:{}", listing.clusters, ports.join(",")).into()
    }

    fn push(&self, request_id: u64, info: &Bytes) -> Bytes {
        [request_id.to_string().as_bytes(), b"|", info].concat().into()
    }
}

fn press() -> (Arc<Counting>, Press) {
    let counting = Arc::new(Counting::default());
    let press = Press { encoder: counting.clone(), request_ids: Arc::default(), cache_millis: Arc::new(10_000.into()) };
    (counting, press)
}

fn instance(port: i32, cluster: &str, healthy: bool) -> Arc<Instance> {
    let given = NewInstance { cluster: Some(cluster.into()), healthy, ..NewInstance::at("h", port) };
    let service = ServiceKey::new("n", "g", "s");
    crate::instance_id::IdGenerator::new(1)
        .complete(&service, given, crate::IdPolicy::Generate)
        .expect("simple ids always work")
}

fn view(threshold: Option<f32>, instances: Vec<Arc<Instance>>) -> View {
    let metadata = threshold
        .map(|protect_threshold| Arc::new(ServiceMetadata { protect_threshold, ..ServiceMetadata::default() }));
    View::new(ServiceKey::new("n", "g", "s"), ServiceKind::Ephemeral, 7, 70, metadata, instances.into_iter())
}

fn shown(view: &View, filter: &Filter) -> (Vec<(i32, bool)>, bool) {
    let list = view.list(filter, 10_000);
    (list.hosts.iter().map(|host| (host.port, host.healthy)).collect(), list.reach_protection_threshold)
}

#[test]
fn clusters_are_exact_and_empty_parts_ignored() {
    let view = view(None, vec![instance(1, "c1", true), instance(2, "c2", true), instance(3, "DEFAULT", true)]);
    let ports = |text: Option<&str>| -> Vec<i32> {
        shown(&view, &Filter::clusters_of(text)).0.into_iter().map(|(port, _)| port).collect()
    };
    assert_eq!(ports(None), [1, 2, 3]);
    assert_eq!(ports(Some("")), [1, 2, 3]);
    assert_eq!(ports(Some(",,")), [1, 2, 3]);
    assert_eq!(ports(Some("c2,c1,")), [1, 2]);
    assert_eq!(ports(Some("C1")), [] as [i32; 0]);
    assert_eq!(view.list(&Filter::clusters_of(Some(",c1")), 1).clusters.as_deref(), Some(",c1"));
}

#[test]
fn equal_instances_show_once_and_disabled_never() {
    let disabled = Arc::new(Instance { enabled: false, ..Instance::clone(&instance(4, "c", true)) });
    let view = view(None, vec![instance(1, "c", true), instance(1, "c", true), instance(1, "c", false), disabled]);
    assert_eq!(shown(&view, &Filter::all()).0.len(), 2);
    assert_eq!(view.instances().len(), 3);
    assert_eq!(shown(&view, &Filter::all().healthy_only(true)).0, [(1, true)]);
}

#[test]
fn protection_follows_the_share_of_what_is_left() {
    let instances = || vec![instance(1, "c", false), instance(2, "c", false), instance(3, "c", true)];
    let all = Filter::all();
    assert!(!shown(&view(None, instances()), &all).1);
    assert!(!shown(&view(Some(0.3), instances()), &all).1);
    let protected = view(Some(0.34), instances());
    assert_eq!(shown(&protected, &all), (vec![(1, true), (2, true), (3, true)], true));
    assert_eq!(shown(&protected, &all.clone().healthy_only(true)), (vec![(3, true)], false));
    let zero = view(Some(0.0), vec![instance(1, "c", false)]);
    assert_eq!(shown(&zero, &all), (vec![(1, true)], true));
    let negative = view(Some(-1.0), vec![instance(1, "c", false)]);
    assert!(shown(&negative, &all).1);
    assert!(!shown(&view(Some(1.0), vec![]), &all).1);
    assert!(shown(&view(Some(1.0), vec![instance(1, "c", true)]), &all).1);
}

#[test]
fn encoded_once_and_at_most_eight_filters_are_kept() {
    let view = view(None, vec![instance(1, "c", true)]);
    let (counting, press) = press();
    for _ in 0..3 {
        view.info(&Filter::all(), &press);
        view.frame(&Filter::all(), &press);
    }
    assert_eq!(counting.infos.load(Ordering::Relaxed), 1);
    let first = view.frame(&Filter::all(), &press);
    assert_eq!(first.request_id, view.frame(&Filter::all(), &press).request_id);
    assert_ne!(first.request_id, view.frame_anew(&Filter::all(), &press).request_id);
    assert_eq!(counting.infos.load(Ordering::Relaxed), 1);
    for round in 0..2 {
        for number in 0..9 {
            view.info(&Filter::clusters_of(Some(&format!("c{number}"))), &press);
        }
        assert_eq!(counting.infos.load(Ordering::Relaxed), 10 + round);
    }
}

#[test]
fn absent_and_empty_echo_are_encoded_apart() {
    let view = view(None, vec![instance(1, "c", true)]);
    let (_, press) = press();
    assert_eq!(view.info(&Filter::default(), &press), "None:1");
    assert_eq!(view.info(&Filter::all(), &press), "Some(\"\"):1");
}
