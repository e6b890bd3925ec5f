//! The configuration centre.

use std::sync::Arc;

use futures::StreamExt as _;
use nacre_client::{
    Client, ConfigKey,
    config::{ConfigValue, Gray, Publish, RawConfig},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Done, Performed, Trouble, read, unknown};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Args {
    data_id: String,
    #[serde(default)]
    group: String,
    content: Option<String>,
    #[serde(rename = "type")]
    config_type: Option<String>,
    md5: Option<String>,
    tag: Option<String>,
    beta_ips: Option<Vec<String>>,
    #[serde(default)]
    beta: bool,
    baseline: Option<String>,
}

impl Args {
    fn gray(&self) -> Result<Gray, Trouble> {
        match (&self.tag, &self.beta_ips) {
            (Some(tag), _) => Ok(Gray::Tag(tag.clone())),
            (None, Some(ips)) => Ok(Gray::Beta(ips.clone())),
            (None, None) if self.beta => Ok(Gray::Beta(Vec::new())),
            (None, None) => Err(Trouble::Mistake("no tag and no addresses".into())),
        }
    }

    fn publish(&self) -> Result<Publish, Trouble> {
        let content = self.content.clone().ok_or(Trouble::Mistake("no content".into()))?;
        let mut publish = Publish::new(content);
        publish.config_type = self.config_type.clone();
        Ok(publish)
    }
}

pub(super) async fn perform(client: &Client, verb: &str, args: &Value) -> Performed {
    let args: Args = read(args)?;
    let config = client.config();
    if verb == "watch_fuzzy" {
        return watch_set(client, &args).await;
    }
    let key = config.key(&args.group, &args.data_id)?;
    match verb {
        "get" => return Ok(shown(config.get(&key).await?.as_ref().map(ConfigValue::raw)).into()),
        "get_and_listen" => {
            let (value, watch) = config.get_and_listen(&key).await?;
            let events = watch.map(|value| event(value.as_ref().map(ConfigValue::raw)));
            return Ok(Done { value: shown(value.as_ref().map(ConfigValue::raw)), events: Some(events.boxed()) });
        }
        "watch" => {
            let watch = config.watch(&key)?;
            return Ok(Done::watch(watch.map(|value| event(value.as_ref().map(ConfigValue::raw)))));
        }
        "listen" => {
            let watch = config.listen(&key, args.baseline.as_deref().unwrap_or_default())?;
            return Ok(Done::watch(watch.map(|value| event(value.as_ref()))));
        }
        "publish" => config.publish(&key, args.publish()?).await?,
        "publish_cas" => {
            let md5 = args.md5.as_deref().ok_or(Trouble::Mistake("no md5".into()))?;
            config.publish_cas(&key, args.publish()?, md5).await?;
        }
        "publish_gray" => config.publish_gray(&key, args.publish()?, &args.gray()?).await?,
        "remove" => config.remove(&key).await?,
        "remove_gray" => config.remove_gray(&key, &args.gray()?).await?,
        _ => return Err(unknown(verb)),
    }
    Ok(Done::nothing())
}

async fn watch_set(client: &Client, args: &Args) -> Performed {
    let watch = client.config().watch_set(&args.group, &args.data_id).await?;
    Ok(Done::watch(watch.map(|change| json!({"added": keys(&change.added), "removed": keys(&change.removed)}))))
}

fn keys(keys: &[ConfigKey]) -> Value {
    keys.iter().map(|key| json!({"data_id": key.data_id(), "group": key.group().as_str()})).collect()
}

fn shown(value: Option<&Arc<RawConfig>>) -> Value {
    let Some(value) = value else { return Value::Null };
    json!({
        "content": &*value.content,
        "md5": value.md5,
        "type": value.config_type,
        "encrypted_data_key": value.encrypted_data_key,
        "source": value.source.as_str(),
        "last_modified": value.last_modified,
    })
}

fn event(value: Option<&Arc<RawConfig>>) -> Value {
    json!({"value": shown(value)})
}
