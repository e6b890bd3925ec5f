//! Whatever bytes arrive, reading them ends with a value or an error. `make fuzz` runs these for longer.

use bytes::Bytes;
use nacre_proto::{
    Message, Payload, RequestType, cluster::*, config::*, internal::*, naming::*, payload::PREFIX_LENGTH,
};
use prost::Message as _;

/// What was read can be written, and is then read as the same.
fn round_trip<M: Message>(json: &[u8]) {
    if let Ok(Some(message)) = M::from_json(json) {
        let written = message.to_json();
        let again = M::from_json(&written).expect("own JSON is readable").expect("a value");
        assert_eq!(again.to_json(), written);
    }
}

fn read(kind: RequestType, json: &[u8]) {
    match kind {
        RequestType::ServerCheck => round_trip::<ServerCheckRequest>(json),
        RequestType::ConnectionSetup => round_trip::<ConnectionSetupRequest>(json),
        RequestType::HealthCheck => round_trip::<HealthCheckRequest>(json),
        RequestType::Instance => round_trip::<InstanceRequest>(json),
        RequestType::BatchInstance => round_trip::<BatchInstanceRequest>(json),
        RequestType::PersistentInstance => round_trip::<PersistentInstanceRequest>(json),
        RequestType::ServiceQuery => round_trip::<ServiceQueryRequest>(json),
        RequestType::ServiceList => round_trip::<ServiceListRequest>(json),
        RequestType::SubscribeService => round_trip::<SubscribeServiceRequest>(json),
        RequestType::ConfigPublish => round_trip::<ConfigPublishRequest>(json),
        RequestType::ConfigQuery => round_trip::<ConfigQueryRequest>(json),
        RequestType::ConfigRemove => round_trip::<ConfigRemoveRequest>(json),
        RequestType::ConfigBatchListen => round_trip::<ConfigBatchListenRequest>(json),
        RequestType::ServerLoaderInfo => round_trip::<ServerLoaderInfoRequest>(json),
        RequestType::ServerReload => round_trip::<ServerReloadRequest>(json),
        RequestType::MemberReport => round_trip::<MemberReportRequest>(json),
        RequestType::DistroData => round_trip::<DistroDataRequest>(json),
        RequestType::ConfigChangeClusterSync => round_trip::<ConfigChangeClusterSyncRequest>(json),
        other => panic!("{other:?} is not read here"),
    }
}

#[test]
fn fuzz_request_json() {
    for kind in RequestType::ALL {
        read(*kind, b"{}");
    }
    bolero::check!().for_each(|input: &[u8]| {
        let Some((first, json)) = input.split_first() else { return };
        read(RequestType::ALL[usize::from(*first) % RequestType::ALL.len()], json);
    });
}

#[test]
fn fuzz_payload() {
    bolero::check!().for_each(|input: &[u8]| {
        let Ok(payload) = Payload::decode(input) else { return };
        let frame = nacre_proto::payload::frame(payload.kind(), payload.client_ip(), &[payload.json()]);
        let again = Payload::decode(Bytes::slice(&frame, PREFIX_LENGTH..)).expect("own bytes are readable");
        assert_eq!((again.kind(), again.json()), (payload.kind(), payload.json()));
        if let Some(kind) = RequestType::from_name(payload.kind()) {
            read(kind, payload.json());
        }
    });
}
