//! The requests that are sent, and the calls that are not timed.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use nacre_harness::grpc::{Client, Message};
use nacre_proto::config::{ConfigBatchListenRequest, ConfigListenContext, ConfigPublishRequest, ConfigQueryRequest};
use nacre_proto::naming::{
    BATCH_REGISTER, BatchInstanceRequest, Instance, InstanceRequest, REGISTER, ServiceQueryRequest,
    SubscribeServiceRequest,
};
use nacre_proto::{Message as Body, Request, payload};

const NAMESPACE: &str = "public";
const GROUP: &str = "DEFAULT_GROUP";
const ADDRESS: &str = "127.0.0.1";
const CONTENT_BYTES: usize = 256;

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn instance(port: u16) -> Instance {
    Instance {
        ip: text("10.0.0.1"),
        port: i32::from(port),
        cluster_name: text("DEFAULT"),
        metadata: Some([("zone".to_owned(), "a".to_owned())].into()),
        ..Instance::default()
    }
}

/// Registers one instance.
pub(crate) fn register(service: &str, port: u16) -> InstanceRequest {
    InstanceRequest {
        namespace: text(NAMESPACE),
        service_name: text(service),
        group_name: text(GROUP),
        kind: text(REGISTER),
        instance: Some(instance(port)),
        ..InstanceRequest::default()
    }
}

/// Registers several instances at once.
pub(crate) fn register_all(service: &str, ports: std::ops::Range<u16>) -> BatchInstanceRequest {
    BatchInstanceRequest {
        namespace: text(NAMESPACE),
        service_name: text(service),
        group_name: text(GROUP),
        kind: text(BATCH_REGISTER),
        instances: Some(ports.map(instance).collect()),
        ..BatchInstanceRequest::default()
    }
}

/// Reads the instances of a service.
pub(crate) fn query(service: &str) -> ServiceQueryRequest {
    ServiceQueryRequest {
        namespace: text(NAMESPACE),
        service_name: text(service),
        group_name: text(GROUP),
        cluster: text(""),
        ..ServiceQueryRequest::default()
    }
}

/// Asks for the pushes of a service.
pub(crate) fn subscribe(service: &str) -> SubscribeServiceRequest {
    SubscribeServiceRequest {
        namespace: text(NAMESPACE),
        service_name: text(service),
        group_name: text(GROUP),
        subscribe: true,
        clusters: text(""),
        ..SubscribeServiceRequest::default()
    }
}

/// Publishes 256 bytes that differ with the version.
pub(crate) fn publish(data_id: &str, version: u64) -> ConfigPublishRequest {
    ConfigPublishRequest {
        data_id: text(data_id),
        group: text(GROUP),
        tenant: text(""),
        content: Some(format!("{version:0>CONTENT_BYTES$}").into()),
        addition_map: Some([("type".to_owned(), "text".to_owned())].into()),
        ..ConfigPublishRequest::default()
    }
}

/// Reads a config.
pub(crate) fn read(data_id: &str) -> ConfigQueryRequest {
    ConfigQueryRequest { data_id: text(data_id), group: text(GROUP), tenant: text(""), ..ConfigQueryRequest::default() }
}

/// Listens to configs, given with their md5.
pub(crate) fn listen(configs: &[(String, String)]) -> ConfigBatchListenRequest {
    let context = |(data_id, md5): &(String, String)| ConfigListenContext {
        group: text(GROUP),
        md5: text(md5),
        data_id: text(data_id),
        tenant: text(""),
    };
    ConfigBatchListenRequest {
        config_listen_contexts: Some(configs.iter().map(context).collect()),
        ..ConfigBatchListenRequest::default()
    }
}

/// The bytes of a unary call.
pub(crate) fn frame<R: Request>(request: &R) -> Bytes {
    payload::frame(R::TYPE, ADDRESS, &[&request.to_json()])
}

/// Sends a request and demands success.
pub(crate) async fn ask<R: Request>(client: &Client, request: &R) -> Result<R::Response> {
    let message = Message::raw(R::TYPE, Some(request.to_json().into()));
    let reply = client.call(&message).await.context(R::TYPE)?;
    let expected = <R::Response as Body>::TYPE;
    ensure!(
        reply.kind == expected && reply.json()["resultCode"] == 200,
        "{} was answered by {} {}",
        R::TYPE,
        reply.kind,
        reply.text()
    );
    let response = R::Response::from_json(reply.body.as_deref().unwrap_or_default()).context(expected)?;
    response.with_context(|| format!("{} was answered by null", R::TYPE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_have_one_size_and_differ() {
        let (first, second) = (publish("a", 1).content.unwrap(), publish("a", 12_345).content.unwrap());
        assert_eq!((first.len(), second.len()), (CONTENT_BYTES, CONTENT_BYTES));
        assert_ne!(first, second);
    }
}
