//! Handlers of config requests.

use std::collections::BTreeMap;

use nacre_config::{Attributes, ConfigKey, Error, Labels, Listen, Origin, Publish, Served, Target, Variant, rule};
use nacre_proto::code;
use nacre_proto::config::{
    ConfigBatchListenRequest, ConfigChangeBatchListenResponse, ConfigContext, ConfigListenContext,
    ConfigPublishRequest, ConfigPublishResponse, ConfigQueryRequest, ConfigQueryResponse, ConfigRemoveRequest,
    ConfigRemoveResponse,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::Instant;

use super::answer::{Answer, Refusal};
use super::call::{Call, Checkable};
use crate::check::{self, Checked, Parameters};
use crate::metrics::{ConfigOperation, Limit};

/// Refusals of a remove carry no code.
const NO_CODE: i32 = 0;
/// What stays as it is in a form; a blank becomes `+` afterwards.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b' ');

type Outcome = Result<Answer, Refusal>;

pub(super) async fn publish(call: Call<'_>, request: ConfigPublishRequest) -> Outcome {
    let started = Instant::now();
    let failed =
        |error: Error| Ok(Answer::failed(ConfigPublishResponse::default(), error.code(), Some(error.to_string())));
    let (data_id, group) = (request.data_id.as_deref(), request.group.as_deref());
    let named = nacre_config::check::names(data_id, group);
    let key = ConfigKey::new(
        request.tenant.as_deref().unwrap_or_default(),
        group.unwrap_or_default(),
        data_id.unwrap_or_default(),
    );
    let content = match (named, request.content) {
        (Ok(()), Some(content)) => content,
        (Ok(()), None) => {
            return failed(Error::InvalidParameter {
                code: code::INVALID_PARAMETER,
                message: "content is blank : null".to_owned(),
            });
        }
        (Err(error), _) => return failed(error),
    };
    let mut addition = request.addition_map.unwrap_or_default();
    let publish = Publish {
        key,
        target: Target::requested(addition.get("betaIps").map(String::as_str), addition.get("tag").map(String::as_str)),
        content,
        cas_md5: request.cas_md5,
        origin: origin(call, addition.remove("src_user")),
        attributes: attributes(addition),
    };
    let published = call.door.config.publish(publish).await;
    call.door.metrics().config_operation(ConfigOperation::Write, started.elapsed());
    match published {
        Ok(()) => Ok(Answer::good(&ConfigPublishResponse::default())),
        Err(error) => failed(error),
    }
}

fn attributes(mut addition: BTreeMap<String, String>) -> Attributes {
    Attributes {
        config_type: addition.remove("type"),
        app_name: addition.remove("appName"),
        encrypted_data_key: addition.remove("encryptedDataKey"),
        tags: addition.remove("config_tags"),
        description: addition.remove("desc"),
        usage: addition.remove("use"),
        effect: addition.remove("effect"),
        schema: addition.remove("schema"),
    }
}

fn origin(call: Call<'_>, user: Option<String>) -> Origin {
    Origin { ip: call.client.introduction().ip.clone(), user }
}

pub(super) async fn query(call: Call<'_>, request: ConfigQueryRequest) -> Outcome {
    let started = Instant::now();
    let (Some(data_id), Some(group)) = (&request.data_id, &request.group) else {
        return Ok(Answer::failed(ConfigQueryResponse::default(), code::FAILURE, None));
    };
    let key = ConfigKey::new(request.tenant.as_deref().unwrap_or_default(), group, data_id);
    let found = call.door.config.query(&key, request.tag.as_deref(), call.client.labels()).await;
    call.door.metrics().config_operation(ConfigOperation::Read, started.elapsed());
    match found {
        Ok(Some(served)) => Ok(Answer::good(&found_config(served))),
        Ok(None) => {
            let tag = request.tag.filter(|tag| !check::is_blank(tag));
            let response = ConfigQueryResponse { tag, ..ConfigQueryResponse::default() };
            Ok(Answer::failed(response, code::CONFIG_NOT_FOUND, Some("config data not exist".to_owned())))
        }
        Err(error) => Ok(Answer::failed(ConfigQueryResponse::default(), error.code(), Some(error.to_string()))),
    }
}

fn found_config(served: Served) -> ConfigQueryResponse {
    let key = || served.encrypted_data_key.as_deref().unwrap_or_default().to_owned();
    ConfigQueryResponse {
        encrypted_data_key: (served.variant == Variant::Formal).then(key),
        content_type: served.config_type.map(|kind| kind.name().to_owned()),
        md5: Some(served.md5.to_string()),
        last_modified: i64::try_from(served.modified).unwrap_or(i64::MAX),
        tag: match &served.variant {
            Variant::Tag(tag) => Some(utf8_percent_encode(tag, FORM).to_string().replace(' ', "+")),
            _ => None,
        },
        beta: served.variant == Variant::Beta,
        content: Some(served.content),
        ..ConfigQueryResponse::default()
    }
}

pub(super) async fn remove(call: Call<'_>, request: ConfigRemoveRequest) -> Outcome {
    let started = Instant::now();
    let failed = |message: String| Ok(Answer::failed(ConfigRemoveResponse::default(), NO_CODE, Some(message)));
    let (data_id, group) = (request.data_id.as_deref(), request.group.as_deref());
    let tenant = request.tenant.as_deref().unwrap_or_default();
    let checked = nacre_config::check::names(data_id, group)
        .and_then(|()| nacre_config::check::tag(request.tag.as_deref()))
        .and_then(|()| nacre_config::check::tenant(tenant));
    if let Err(error) = checked {
        return failed(error.to_string());
    }
    let key = ConfigKey::new(tenant, group.unwrap_or_default(), data_id.unwrap_or_default());
    let origin = origin(call, None);
    let config = &call.door.config;
    let removed = match request.tag.as_deref().filter(|tag| !check::is_blank(tag)) {
        Some(gray) => config.remove_gray(&key, gray, origin).await,
        None => config.remove(&key, origin).await.map(drop),
    };
    call.door.metrics().config_operation(ConfigOperation::Write, started.elapsed());
    match removed {
        Ok(()) => Ok(Answer::good(&ConfigRemoveResponse::default())),
        Err(error) => failed(error.to_string()),
    }
}

pub(super) fn listen(call: Call<'_>, request: &ConfigBatchListenRequest) -> Outcome {
    let tag = call.payload.header(rule::TAG);
    nacre_config::check::tag(tag).map_err(|error| Refusal::new(code::FAILURE, error.to_string()))?;
    let contexts = request.config_listen_contexts.as_ref().ok_or_else(Refusal::silent)?;
    let keys: Option<Vec<ConfigKey>> = contexts.iter().map(key_of).collect();
    let keys = keys.ok_or_else(Refusal::silent)?;
    let listen = |(key, context): (_, &'_ ConfigListenContext)| (key, context.tenant.clone(), context.md5.clone());
    let named: Vec<_> = keys.iter().zip(contexts).map(listen).collect();
    let listens: Vec<Listen<'_>> =
        named.iter().map(|(key, tenant, md5)| Listen { key, tenant: tenant.as_deref(), md5: md5.as_deref() }).collect();
    if !request.listen {
        call.client.listener().unlisten(&listens);
        return Ok(Answer::good(&ConfigChangeBatchListenResponse::default()));
    }
    match call.client.listener().listen(&listens, &labels(call, tag)) {
        Ok(changed) => Ok(Answer::good(&ConfigChangeBatchListenResponse {
            changed_configs: changed.into_iter().filter_map(|position| contexts.get(position)).map(echo).collect(),
            ..ConfigChangeBatchListenResponse::default()
        })),
        Err(error) => {
            if matches!(error, Error::TooManyListens { .. }) {
                call.door.metrics().struck(Limit::Listens);
            }
            let response = ConfigChangeBatchListenResponse::default();
            Ok(Answer::failed(response, error.code(), Some(error.to_string())))
        }
    }
}

/// The labels of the connection; the header names another tag.
fn labels(call: Call<'_>, tag: Option<&str>) -> Labels {
    let labels = call.client.labels().clone();
    if tag.is_some() { labels.with_tag(tag) } else { labels }
}

fn key_of(context: &ConfigListenContext) -> Option<ConfigKey> {
    let tenant = context.tenant.as_deref().unwrap_or_default();
    Some(ConfigKey::new(tenant, context.group.as_deref()?, context.data_id.as_deref()?))
}

/// Names a config exactly as the client did; clients fail on a spelling that they did not send.
fn echo(context: &ConfigListenContext) -> ConfigContext {
    ConfigContext { group: context.group.clone(), data_id: context.data_id.clone(), tenant: context.tenant.clone() }
}

fn parameters<'a>(
    tenant: &'a Option<String>,
    group: &'a Option<String>,
    data_id: &'a Option<String>,
) -> Parameters<'a> {
    Parameters {
        namespace: tenant.as_deref(),
        group: group.as_deref(),
        data_id: data_id.as_deref(),
        ..Parameters::default()
    }
}

impl Checkable for ConfigPublishRequest {
    fn check(&self, _: usize) -> Checked {
        parameters(&self.tenant, &self.group, &self.data_id).check()
    }
}

impl Checkable for ConfigQueryRequest {
    fn check(&self, _: usize) -> Checked {
        parameters(&self.tenant, &self.group, &self.data_id).check()
    }
}

impl Checkable for ConfigRemoveRequest {
    fn check(&self, _: usize) -> Checked {
        parameters(&self.tenant, &self.group, &self.data_id).check()
    }
}

impl Checkable for ConfigBatchListenRequest {
    fn check(&self, _: usize) -> Checked {
        for context in self.config_listen_contexts.iter().flatten() {
            parameters(&context.tenant, &context.group, &context.data_id).check()?;
        }
        Ok(())
    }
}
