//! Properties of the JSON rules over random values.

use nacre_proto::{
    Message, Payload,
    json::{StringMap, from_slice, hash_order, java_double, to_vec},
    naming::{BatchInstanceRequest, Instance, InstanceRequest},
    payload,
};
use proptest::prelude::*;
use prost::Message as _;

fn metadata() -> impl Strategy<Value = Option<StringMap>> {
    prop::option::of(prop::collection::btree_map("\\PC{0,12}", "\\PC{0,12}", 0..8))
}

prop_compose! {
    fn instance()(
        instance_id in prop::option::of("\\PC{0,20}"),
        ip in prop::option::of("[0-9.a-f:]{0,20}"),
        port in any::<i32>(),
        weight in prop::num::f64::NORMAL | prop::num::f64::ZERO,
        flags in any::<[bool; 3]>(),
        cluster_name in prop::option::of("[A-Za-z0-9-]{0,10}"),
        metadata in metadata(),
    ) -> Instance {
        let [healthy, enabled, ephemeral] = flags;
        Instance {
            instance_id, ip, port, weight, healthy, enabled, ephemeral, cluster_name, service_name: None, metadata,
        }
    }
}

/// Null metadata is not written, and what is not written has the default.
fn as_read(mut instance: Instance) -> Instance {
    instance.metadata.get_or_insert_default();
    instance
}

proptest! {
    #[test]
    fn instances_survive(instances in prop::collection::vec(instance(), 0..5), kind in prop::option::of("\\PC{0,9}")) {
        let request = BatchInstanceRequest { kind, instances: Some(instances), ..BatchInstanceRequest::default() };
        let read = BatchInstanceRequest::from_json(&request.to_json()).unwrap().unwrap();
        let mut expected = request;
        expected.instances = expected.instances.map(|list| list.into_iter().map(as_read).collect());
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = InstanceRequest::from_json(&bytes);
        let _ = Payload::decode(&bytes[..]);
    }

    #[test]
    fn odd_json_never_panics(text in "[\\[\\]{}\",:0-9a-z.eE+\\-\\\\ ]{0,60}") {
        let _ = InstanceRequest::from_json(text.as_bytes());
        let _ = InstanceRequest::from_json(format!("{{\"instance\":{text}}}").as_bytes());
    }

    #[test]
    fn what_follows_is_ignored(text in "\\PC{0,20}") {
        let request = InstanceRequest { kind: Some("x".to_owned()), ..InstanceRequest::default() };
        let mut json = request.to_json();
        json.extend_from_slice(text.as_bytes());
        prop_assert_eq!(InstanceRequest::from_json(&json).unwrap(), Some(request));
    }

    #[test]
    fn integers_are_read_from_text(value in any::<i32>()) {
        let text = format!("{{\"instance\":{{\"port\":\"{value}\"}}}}");
        let request = InstanceRequest::from_json(text.as_bytes()).unwrap().unwrap();
        prop_assert_eq!(request.instance.unwrap().port, value);
    }

    #[test]
    fn doubles_survive_as_text(value in any::<f64>()) {
        let written = to_vec(&value);
        let read = from_slice::<f64>(&written).unwrap().unwrap();
        prop_assert!(read == value || (read.is_nan() && value.is_nan()));
        let text = String::from_utf8(written).unwrap();
        prop_assert_eq!(text.trim_matches('"'), &java_double(value));
    }

    #[test]
    fn hash_order_loses_nothing(map in prop::collection::btree_map("\\PC{0,9}", any::<u8>(), 0..40)) {
        let ordered = hash_order(map.iter().map(|(key, value)| (key.as_str(), *value)));
        prop_assert_eq!(ordered.len(), map.len());
        let back = ordered.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        prop_assert_eq!(map, back);
    }

    #[test]
    fn frames_hold_one_payload(kind in "[A-Za-z]{0,30}", ip in "[0-9.]{0,15}", body in "\\PC{0,300}") {
        let (head, tail) = body.as_bytes().split_at(body.len() / 2);
        let frame = payload::frame(&kind, &ip, &[head, tail]);
        let message = frame.slice(payload::PREFIX_LENGTH..);
        prop_assert_eq!(u32::from_be_bytes(frame[1..5].try_into().unwrap()) as usize, message.len());
        let payload = Payload::decode(message).unwrap();
        prop_assert_eq!(payload.kind(), &kind);
        prop_assert_eq!(payload.client_ip(), &ip);
        prop_assert_eq!(payload.json(), body.as_bytes());
    }
}
