//! The requests that are sent.

use bytes::Bytes;
use nacre_proto::config::{
    ConfigBatchListenRequest, ConfigListenContext, ConfigPublishRequest, ConfigQueryRequest, ConfigQueryResponse,
    ConfigRemoveRequest,
};
use nacre_proto::naming::{
    BATCH_REGISTER, BatchInstanceRequest, Instance, InstanceRequest, REGISTER, ServiceQueryRequest,
    SubscribeServiceRequest,
};
use nacre_proto::{Message, Payload, Request, Response as _, code, payload};

use crate::error::{Error, Result};

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

/// Publishes 256 bytes that end with the version.
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

/// Removes a config.
pub(crate) fn remove(data_id: &str) -> ConfigRemoveRequest {
    ConfigRemoveRequest {
        data_id: text(data_id),
        group: text(GROUP),
        tenant: text(""),
        tag: text(""),
        ..ConfigRemoveRequest::default()
    }
}

/// Reads a config.
pub(crate) fn read(data_id: &str) -> ConfigQueryRequest {
    ConfigQueryRequest { data_id: text(data_id), group: text(GROUP), tenant: text(""), ..ConfigQueryRequest::default() }
}

/// The version in the content that an answer carries.
pub(crate) fn version(answer: &Payload) -> Option<u64> {
    let answer = ConfigQueryResponse::from_json(answer.json()).ok()??;
    answer.content?.parse().ok()
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

/// The bytes of a message from a client.
pub(crate) fn frame<M: Message>(message: &M) -> Bytes {
    payload::frame(M::TYPE, ADDRESS, &[&message.to_json()])
}

/// Whether an answer, whatever its type, tells of success.
pub(crate) fn is_success(payload: &Payload) -> bool {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Outcome {
        result_code: i32,
    }
    serde_json::from_slice::<Outcome>(payload.json()).is_ok_and(|outcome| outcome.result_code == code::SUCCESS)
}

/// The answer to a request, which must be one of success.
pub(crate) fn read_answer<R: Request>(payload: &Payload) -> Result<R::Response> {
    let shown =
        || format!("{} was answered by {} {}", R::TYPE, payload.kind(), String::from_utf8_lossy(payload.json()));
    if payload.kind() != <R::Response as Message>::TYPE {
        return Err(Error::refused(shown()));
    }
    let answer = R::Response::from_json(payload.json()).ok().flatten().ok_or_else(|| Error::internal(shown()))?;
    let (result, _, _) = answer.outcome();
    if result == code::SUCCESS { Ok(answer) } else { Err(Error::refused(shown())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_have_one_size_and_tell_their_version() {
        let (first, second) = (publish("a", 1).content.unwrap(), publish("a", 12_345).content.unwrap());
        assert_eq!((first.len(), second.len()), (CONTENT_BYTES, CONTENT_BYTES));
        assert_ne!(first, second);
        let body = format!(r#"{{"resultCode":200,"content":"{}"}}"#, &*second);
        assert_eq!(version(&Payload::new(ConfigQueryResponse::TYPE, body.into())), Some(12_345));
    }

    #[test]
    fn only_success_of_the_right_type_is_an_answer() {
        let answer = |kind: &str, body: &'static str| {
            read_answer::<ConfigQueryRequest>(&Payload::new(kind, Bytes::from_static(body.as_bytes())))
        };
        assert!(answer("ConfigQueryResponse", r#"{"resultCode":200,"content":"a"}"#).is_ok());
        for refused in [
            answer("ConfigQueryResponse", r#"{"resultCode":500,"errorCode":300}"#),
            answer("ErrorResponse", r#"{"resultCode":500}"#),
        ] {
            assert_eq!(refused.unwrap_err().kind(), crate::ErrorKind::Refused);
        }
    }
}
