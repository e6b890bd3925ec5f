//! Publishing and removing configs.

use std::borrow::Cow;

use nacre_config::{Attributes, ConfigKey, Error, Origin, Publish, Target};
use tokio::time::Instant;

use super::{namespace, refuse, transfer};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::failure::Failure;
use crate::metrics::ConfigOperation;

/// Stores a config, for everybody or for some.
pub(in crate::http) async fn publish(call: &Call) -> Result<Answer, Failure> {
    let is_true = |name: &str| call.get(name).as_deref() == Some("true");
    if !call.is_v2() && is_true("import") {
        return transfer::import(call).await;
    }
    if !call.is_v2() && is_true("clone") {
        return transfer::copy(call).await;
    }
    let stated = |name| if call.is_v2() { call.required(name) } else { call.present(name) };
    let (data_id, group, content) = (stated("dataId")?, stated("group")?, stated("content")?);
    let tag = call.filled("tag");
    nacre_config::check::tag(tag.as_deref()).map_err(|error| refuse(&error))?;
    let text = |name: &str| call.get(name).map(Cow::into_owned);
    let (tags, user) = if call.is_v2() { ("configTags", "srcUser") } else { ("config_tags", "src_user") };
    let publish = Publish {
        key: ConfigKey::new(&namespace(call), &group, data_id.trim()),
        target: Target::requested(call.header("betaips"), tag.as_deref()),
        content: content.into(),
        cas_md5: call.header("casmd5").map(str::to_owned),
        attributes: Attributes {
            config_type: text("type"),
            app_name: text("appName"),
            encrypted_data_key: text("encryptedDataKey"),
            tags: text(tags),
            description: text("desc"),
            usage: text("use"),
            effect: text("effect"),
            schema: text("schema"),
        },
        origin: Origin { ip: call.client_ip(), user: call.filled(user).map(Cow::into_owned) },
    };
    let started = Instant::now();
    call.state.config.publish(publish).await.map_err(|error| refuse(&error))?;
    call.state.metrics.config_operation(ConfigOperation::Write, started.elapsed());
    Ok(Answer::data(true))
}

/// Removes a config, or one of its gray versions. What is not there is removed already.
pub(in crate::http) async fn remove(call: &Call) -> Result<Answer, Failure> {
    let is_v1 = !call.is_v2();
    if is_v1 && call.get("delType").as_deref() == Some("ids") {
        return remove_ids(call).await;
    }
    let data_id = call.present("dataId")?;
    let group = call.present("group")?;
    let tag = call.filled("tag");
    let key = ConfigKey::new(&namespace(call), &group, &data_id);
    let origin = Origin { ip: call.client_ip(), user: call.filled("src_user").map(Cow::into_owned) };
    let config = &call.state.config;
    if is_v1 && call.get("beta").as_deref() == Some("true") {
        return match config.remove_gray(&key, "beta", origin).await {
            Ok(()) => Ok(Answer::result(200, Some("stop beta ok"), true)),
            Err(Error::NotFound) => Ok(Answer::result(500, Some("remove beta data error"), false)),
            Err(error) => Err(refuse(&error)),
        };
    }
    let started = Instant::now();
    let removed = match &tag {
        None => config.remove(&key, origin).await.map(drop),
        Some(tag) => match config.remove_gray(&key, tag, origin).await {
            Err(Error::NotFound) => Ok(()),
            removed => removed,
        },
    };
    removed.map_err(|error| refuse(&error))?;
    call.state.metrics.config_operation(ConfigOperation::Write, started.elapsed());
    Ok(Answer::data(true))
}

/// Removes the configs of some ids. Ids that are not there are removed already.
async fn remove_ids(call: &Call) -> Result<Answer, Failure> {
    let ids = ids(&call.present("ids")?)?;
    let config = &call.state.config;
    for (_, key) in config.keys_of_ids(&ids) {
        let origin = Origin { ip: call.client_ip(), user: call.filled("src_user").map(Cow::into_owned) };
        config.remove(&key, origin).await.map_err(|error| refuse(&error))?;
    }
    Ok(Answer::result(200, None, true))
}

/// Reads ids with commas between them.
pub(super) fn ids(text: &str) -> Result<Vec<u64>, Failure> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let id = |item: &str| {
        item.parse().map_err(|_| Failure::Conversion { text: format!("For input string: \"{item}\" (ids)") })
    };
    items.map(id).collect()
}
