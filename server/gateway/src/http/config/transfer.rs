//! Configs that go out as an archive, come in from one, or are copied to another namespace.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use nacre_config::{Attributes, Config, ConfigKey, Error, Origin, Publish, normal_namespace};
use serde::Serialize;
use serde_json::Value;

use super::archive::{ArchiveError, Item, pack, unpack};
use super::search::Wanted;
use super::write::ids;
use super::{namespace, refuse};
use crate::http::answer::{Answer, respond};
use crate::http::call::Call;
use crate::http::clock;
use crate::http::code::Code;
use crate::http::failure::Failure;

const ZIP: &str = "application/octet-stream;charset=UTF-8";

/// What happens to a config that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    /// It and all that follow are left out.
    Abort,
    /// It is left out.
    Skip,
    /// It is replaced.
    Overwrite,
}

impl Policy {
    fn of(call: &Call) -> Result<Self, Failure> {
        Ok(match call.filled("policy").as_deref() {
            None | Some("ABORT") => Self::Abort,
            Some("SKIP") => Self::Skip,
            Some("OVERWRITE") => Self::Overwrite,
            Some(other) => {
                return Err(Failure::Conversion { text: format!("the policy '{other}' is not known") });
            }
        })
    }
}

/// A config that was left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Left {
    data_id: String,
    group: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Unrecognized {
    item_name: String,
}

/// What became of the configs. Lists appear only where there is something in them.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    succ_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    unrecognized_count: Option<usize>,
    skip_count: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fail_data: Vec<Left>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skip_data: Vec<Left>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unrecognized_data: Vec<Unrecognized>,
}

/// Why nothing was taken: the codes and texts that consoles know.
#[derive(Clone, Copy)]
struct Refusal(u32, &'static str);

const NO_NAMESPACE: Refusal = Refusal(100_001, "目标 namespace 不存在");
const BAD_METADATA: Refusal = Refusal(100_002, "导入的元数据非法");
const NO_DATA: Refusal = Refusal(100_005, "导入的文件数据为空");
const NOTHING_CHOSEN: Refusal = Refusal(100_006, "没有选择任何配置");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Nothing {
    #[serde(skip_serializing_if = "Option::is_none")]
    succ_count: Option<usize>,
}

impl Refusal {
    fn answer(self) -> Answer {
        Answer::result(self.0, Some(self.1), Nothing { succ_count: Some(0) })
    }
}

/// The configs that are asked for by their ids, or by their names, as an archive.
pub(super) async fn export(call: &Call, is_second: bool) -> Result<Answer, Failure> {
    let ids = ids(&call.present("ids")?)?;
    let config = &call.state.config;
    let keys: Vec<ConfigKey> = if ids.is_empty() {
        let wanted = Wanted::of_export(call);
        config.find(&namespace(call), |row| wanted.takes(row), 0..usize::MAX).await.keys
    } else {
        config.keys_of_ids(&ids).into_iter().map(|(_, key)| key).collect()
    };
    let mut details = Vec::with_capacity(keys.len());
    for key in &keys {
        // One that went away meanwhile is left out.
        details.extend(config.detail(key).await.map_err(|error| refuse(&error))?);
    }
    let packed = tokio::task::spawn_blocking(move || pack(&details, is_second)).await;
    let packed = packed.map_err(|error| Failure::internal(error.to_string()))?;
    let packed = packed.map_err(|error| Failure::refused(413, Code::SERVER, error.to_string()))?;
    let name = format!("attachment;filename=nacos_config_export_{}.zip", clock::compact(clock::now()));
    let mut response = respond(StatusCode::OK, Some(ZIP), packed);
    if let Ok(value) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(Answer::Whole(Box::new(response)))
}

/// Takes the configs of an archive into a namespace.
pub(super) async fn import(call: &Call) -> Result<Answer, Failure> {
    let policy = Policy::of(call)?;
    let target = call.filled("namespace").unwrap_or_default();
    let config = &call.state.config;
    if !is_namespace(config, &target) {
        return Ok(NO_NAMESPACE.answer());
    }
    let Some(file) = file(call).await else {
        return Ok(Answer::result(NO_DATA.0, Some(NO_DATA.1), Nothing { succ_count: None }));
    };
    let longest = config.settings().max_content;
    let unpacked = tokio::task::spawn_blocking(move || unpack(&file, longest)).await;
    let contents = match unpacked.map_err(|error| Failure::internal(error.to_string()))? {
        Ok(contents) => contents,
        Err(ArchiveError::Unreadable) => return Ok(NO_DATA.answer()),
        Err(ArchiveError::Metadata) => return Ok(BAD_METADATA.answer()),
        Err(error @ ArchiveError::TooLarge(_)) => return Err(Failure::invalid(error.to_string())),
    };
    if contents.items.is_empty() && contents.unrecognized.is_empty() {
        return Ok(NO_DATA.answer());
    }
    let publishes = contents.items.into_iter().map(|item| publish_of(call, &target, item)).collect();
    let mut outcome = take(config, publishes, policy).await?;
    if !contents.unrecognized.is_empty() {
        outcome.unrecognized_count = Some(contents.unrecognized.len());
        outcome.unrecognized_data =
            contents.unrecognized.into_iter().map(|item_name| Unrecognized { item_name }).collect();
    }
    Ok(Answer::result(200, Some("import success"), outcome))
}

fn is_namespace(config: &Config, id: &str) -> bool {
    normal_namespace(id).is_empty() || config.has_namespace(id.trim())
}

fn origin(call: &Call) -> Origin {
    Origin { ip: call.client_ip(), user: call.filled("src_user").map(Cow::into_owned) }
}

fn publish_of(call: &Call, namespace: &str, item: Item) -> Publish {
    let mut publish = Publish::new(ConfigKey::new(namespace, &item.group, &item.data_id), item.content);
    publish.attributes = Attributes {
        config_type: item.kind,
        app_name: item.app_name,
        description: item.description,
        ..Attributes::default()
    };
    publish.origin = origin(call);
    publish
}

/// The content of the uploaded file.
async fn file(call: &Call) -> Option<Bytes> {
    let boundary = multer::parse_boundary(call.header("content-type")?).ok()?;
    let body = call.body.clone();
    let stream = futures::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut parts = multer::Multipart::new(stream, boundary);
    while let Some(part) = parts.next_field().await.ok()? {
        if part.name() == Some("file") {
            return part.bytes().await.ok();
        }
    }
    None
}

/// Publishes one after the other; a refused one counts as failed.
async fn take(config: &Config, publishes: Vec<Publish>, policy: Policy) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let mut is_aborted = false;
    for publish in publishes {
        let left = Left { data_id: publish.key.data_id().to_owned(), group: publish.key.group().to_owned() };
        if is_aborted {
            outcome.skip_data.push(left);
            continue;
        }
        let publish = if policy == Policy::Overwrite { publish } else { publish.if_absent() };
        match config.publish(publish).await {
            Ok(()) => outcome.succ_count += 1,
            Err(Error::CasMismatch) if policy == Policy::Skip => outcome.skip_data.push(left),
            Err(Error::CasMismatch) => {
                is_aborted = true;
                outcome.fail_data.push(left);
            }
            Err(Error::InvalidParameter { .. } | Error::OverCapacity(_)) => outcome.fail_data.push(left),
            Err(error) => return Err(refuse(&error)),
        }
    }
    outcome.skip_count = outcome.skip_data.len();
    Ok(outcome)
}

/// Copies configs to another namespace, under other names if so asked.
pub(super) async fn copy(call: &Call) -> Result<Answer, Failure> {
    let policy = Policy::of(call)?;
    let target = call.present("tenant")?;
    let Some(body) = call.json() else { return Err(Failure::internal("Required request body is missing")) };
    let chosen = body.as_array().map(Vec::as_slice).unwrap_or_default();
    if chosen.is_empty() {
        return Ok(NOTHING_CHOSEN.answer());
    }
    let config = &call.state.config;
    if !is_namespace(config, &target) {
        return Ok(NO_NAMESPACE.answer());
    }
    let mut publishes = Vec::new();
    for one in chosen {
        let id = one.get("cfgId").and_then(|id| id.as_u64().or_else(|| id.as_str()?.parse().ok()));
        let Some((_, source)) = id.and_then(|id| config.keys_of_ids(&[id]).pop()) else { continue };
        let Some(detail) = config.detail(&source).await.map_err(|error| refuse(&error))? else { continue };
        let name = |name: &str, default: &str| {
            let named = one.get(name).and_then(Value::as_str).filter(|name| !name.trim().is_empty());
            named.unwrap_or(default).to_owned()
        };
        let key = ConfigKey::new(&target, &name("group", source.group()), &name("dataId", source.data_id()));
        let mut publish = Publish::new(key, detail.content);
        publish.attributes = Attributes {
            config_type: Some(detail.config_type.name().to_owned()),
            app_name: detail.app_name,
            encrypted_data_key: detail.encrypted_data_key.map(|key| key.to_string()),
            tags: detail.tags,
            description: detail.description,
            usage: detail.usage,
            effect: detail.effect,
            schema: detail.schema,
        };
        publish.origin = origin(call);
        publishes.push(publish);
    }
    if publishes.is_empty() {
        return Ok(NO_DATA.answer());
    }
    let outcome = take(config, publishes, policy).await?;
    Ok(Answer::result(200, Some("Clone Completed Successfully"), outcome))
}
