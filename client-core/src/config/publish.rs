//! Writes: publish, compare-and-set, gray versions, remove.

use std::{fmt, sync::Arc};

use nacre_proto::{
    Request,
    config::{ConfigPublishRequest, ConfigRemoveRequest},
    json::StringMap,
};

use super::{Config, filter::Outgoing, key::tenant, request::resource};
use crate::{
    connection::{Call, Retry},
    error::{Error, ErrorKind},
    names::ConfigKey,
};

const TAG_LENGTH: usize = 16;
const TAGS: usize = 5;
const TAGS_EACH: usize = 64;
const DESCRIPTION_LENGTH: usize = 128;
const USAGE_LENGTH: usize = 32;
const SCHEMA_LENGTH: usize = 32_768;
/// What servers answer for an attribute that is too long.
const ATTRIBUTE_CODE: i32 = 500;

/// A content to publish, with what the server keeps beside it. A text alone is enough.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Publish {
    /// The text.
    pub content: Arc<str>,
    /// `properties`, `xml`, `json`, `text`, `html`, `yaml`, `toml`. Default: none, which the server reads as `text`.
    pub config_type: Option<String>,
    /// Name of the application it belongs to. Default: the server keeps the one it has.
    pub app_name: Option<String>,
    /// At most five labels for searches, 64 characters each. Default: none.
    pub tags: Vec<String>,
    /// At most 128 characters. Default: none.
    pub description: Option<String>,
    /// What it is used for, at most 32 characters. Default: none.
    pub usage: Option<String>,
    /// When it takes effect, at most 32 characters. Default: none.
    pub effect: Option<String>,
    /// A schema of the content, at most 32,768 characters. Default: none.
    pub schema: Option<String>,
    /// Who publishes, for the history. Default: the user who logged in.
    pub operator: Option<String>,
    /// Key of a content that the caller encrypted. Default: none.
    pub encrypted_data_key: Option<String>,
}

impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish")
            .field("length", &self.content.len())
            .field("config_type", &self.config_type)
            .finish_non_exhaustive()
    }
}

impl Publish {
    /// A content without anything beside it.
    pub fn new(content: impl Into<Arc<str>>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }

    /// Sets the type.
    pub fn config_type(mut self, config_type: impl Into<String>) -> Self {
        self.config_type = Some(config_type.into());
        self
    }

    /// Sets the application's name.
    pub fn app_name(mut self, name: impl Into<String>) -> Self {
        self.app_name = Some(name.into());
        self
    }

    /// Adds a label.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Sets the description.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Sets who publishes.
    pub fn operator(mut self, name: impl Into<String>) -> Self {
        self.operator = Some(name.into());
        self
    }

    /// Sets the key of a content that the caller encrypted.
    pub fn encrypted_data_key(mut self, key: impl Into<String>) -> Self {
        self.encrypted_data_key = Some(key.into());
        self
    }

    /// Refuses what the server would refuse, with its code.
    fn check(&self, limit: usize) -> Result<(), Error> {
        if self.content.trim().is_empty() {
            return Err(Error::invalid("content is blank"));
        }
        // A server counts UTF-16 units, but no message with more bytes reaches it.
        if self.content.len() > limit {
            return Err(Error::invalid(format!("content is too long, over {limit} bytes")));
        }
        let attribute = |reason: String| Err(Error::new(ErrorKind::InvalidParameter, ATTRIBUTE_CODE, reason));
        if self.tags.len() > TAGS {
            return attribute(format!("too many config_tags, over {TAGS}"));
        }
        for (name, text, limit) in self.tags.iter().map(|tag| ("config_tags", Some(tag), TAGS_EACH)).chain([
            ("desc", self.description.as_ref(), DESCRIPTION_LENGTH),
            ("use", self.usage.as_ref(), USAGE_LENGTH),
            ("effect", self.effect.as_ref(), USAGE_LENGTH),
            ("schema", self.schema.as_ref(), SCHEMA_LENGTH),
        ]) {
            if text.is_some_and(|text| text.encode_utf16().count() > limit) {
                return attribute(format!("too long {name}, over {limit}"));
            }
        }
        if self.tags.iter().any(|tag| tag.contains(',')) {
            return attribute("a tag must not have a comma".into());
        }
        Ok(())
    }

    fn attributes(self) -> StringMap {
        let tags = (!self.tags.is_empty()).then(|| self.tags.join(","));
        let all = [
            ("type", self.config_type),
            ("appName", self.app_name),
            ("config_tags", tags),
            ("desc", self.description),
            ("use", self.usage),
            ("effect", self.effect),
            ("schema", self.schema),
            ("src_user", self.operator),
            ("encryptedDataKey", Some(self.encrypted_data_key.unwrap_or_default())),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

impl From<&str> for Publish {
    fn from(content: &str) -> Self {
        Self::new(content)
    }
}

impl From<String> for Publish {
    fn from(content: String) -> Self {
        Self::new(content)
    }
}

impl From<Arc<str>> for Publish {
    fn from(content: Arc<str>) -> Self {
        Self::new(content)
    }
}

/// A version of a config for some clients only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Gray {
    /// For clients with one of these addresses; there is one such version of a config. To remove it, the addresses
    /// are not looked at.
    Beta(Vec<String>),
    /// For clients with this tag: letters, digits and `_ - . :`, at most 16. A client has it by the label
    /// `Vipserver-Tag`, see [`Builder::app_label`](crate::options::Builder::app_label).
    Tag(String),
}

impl Gray {
    /// The name under which the server has it.
    fn name(&self) -> String {
        match self {
            Self::Beta(_) => "beta".into(),
            Self::Tag(tag) => format!("tag_{tag}"),
        }
    }

    fn check(&self, publish: bool) -> Result<(), Error> {
        let invalid = |reason: String| Err(Error::new(ErrorKind::InvalidParameter, ATTRIBUTE_CODE, reason));
        match self {
            // Without an address the server would take it for the config itself.
            Self::Beta(ips) if publish && ips.is_empty() => Err(Error::invalid("no address for the beta version")),
            Self::Beta(ips) => match ips.iter().find(|ip| ip.trim().is_empty() || ip.contains(',')) {
                Some(ip) if publish => Err(Error::invalid(format!("not an address: {ip}"))),
                _ => Ok(()),
            },
            Self::Tag(tag) if tag.is_empty() => Err(Error::invalid("the tag is blank")),
            Self::Tag(tag) if !tag.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:".contains(c)) => {
                invalid(format!("invalid tag : {tag}"))
            }
            Self::Tag(tag) if tag.len() > TAG_LENGTH => invalid(format!("too long tag, over {TAG_LENGTH}")),
            Self::Tag(_) => Ok(()),
        }
    }

    fn attribute(&self) -> (String, String) {
        match self {
            Self::Beta(ips) => {
                let ips: Vec<&str> = ips.iter().map(|ip| ip.trim()).collect();
                ("betaIps".into(), ips.join(","))
            }
            Self::Tag(tag) => ("tag".into(), tag.clone()),
        }
    }
}

impl Config {
    /// Creates a config or replaces its content.
    ///
    /// # Errors
    /// [`InvalidParameter`](crate::ErrorKind::InvalidParameter), before anything is sent, when the content is blank
    /// or too long; [`Forbidden`](crate::ErrorKind::Forbidden) when the user may not write it; a failure of a filter,
    /// of the server or on the way. After a failure on the way it is unknown whether the server took it.
    pub async fn publish(&self, key: &ConfigKey, publish: impl Into<Publish>) -> Result<(), Error> {
        self.send_publish(key, publish.into(), None, None).await
    }

    /// Replaces the content if its md5, as the server has it, is `md5` ([`ConfigValue::md5`](super::ConfigValue::md5)).
    /// A config that is not there is created, as Nacos does it.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) when the server has another content; otherwise as
    /// [`Config::publish`].
    pub async fn publish_cas(&self, key: &ConfigKey, publish: impl Into<Publish>, md5: &str) -> Result<(), Error> {
        if md5.trim().is_empty() {
            // The server would publish without any comparison.
            return Err(Error::invalid("the md5 to compare with is blank"));
        }
        self.send_publish(key, publish.into(), Some(md5), None).await
    }

    /// Publishes a version for some clients only. The others keep the config itself.
    ///
    /// # Errors
    /// As [`Config::publish`]. A server keeps at most ten such versions of a config.
    pub async fn publish_gray(&self, key: &ConfigKey, publish: impl Into<Publish>, gray: &Gray) -> Result<(), Error> {
        gray.check(true)?;
        self.send_publish(key, publish.into(), None, Some(gray)).await
    }

    /// Removes a config. Removing one that is not there succeeds.
    ///
    /// # Errors
    /// [`Forbidden`](crate::ErrorKind::Forbidden) when the user may not write it; a failure of the server or on the
    /// way.
    pub async fn remove(&self, key: &ConfigKey) -> Result<(), Error> {
        self.send_remove(key, None).await
    }

    /// Removes a version that was published with [`Config::publish_gray`].
    ///
    /// # Errors
    /// As [`Config::remove`]; a Nacos server also fails when there is no such version. Needs a server of 2.5 or later.
    pub async fn remove_gray(&self, key: &ConfigKey, gray: &Gray) -> Result<(), Error> {
        gray.check(false)?;
        self.send_remove(key, Some(gray.name())).await
    }

    async fn send_publish(
        &self,
        key: &ConfigKey,
        mut publish: Publish,
        md5: Option<&str>,
        gray: Option<&Gray>,
    ) -> Result<(), Error> {
        let limit = self.inner.lines.options().config.max_content;
        publish.check(limit)?;
        if !self.inner.filters.is_empty_for(key) {
            let mut outgoing = Outgoing {
                key: key.clone(),
                content: Arc::clone(&publish.content),
                config_type: publish.config_type.clone(),
                encrypted_data_key: publish.encrypted_data_key.clone(),
            };
            self.inner.filters.publish(&mut outgoing).await?;
            publish.content = outgoing.content;
            publish.config_type = outgoing.config_type;
            publish.encrypted_data_key = outgoing.encrypted_data_key;
            publish.check(limit)?;
        }
        let content = Arc::clone(&publish.content);
        let mut attributes = publish.attributes();
        if let Some((name, value)) = gray.map(Gray::attribute) {
            attributes.insert(name, value);
        }
        let request = ConfigPublishRequest {
            data_id: Some(key.data_id().to_owned()),
            group: Some(key.group().as_str().to_owned()),
            tenant: Some(tenant(key).to_owned()),
            content: Some(content),
            cas_md5: md5.map(str::to_owned),
            addition_map: Some(attributes),
            ..ConfigPublishRequest::default()
        };
        // A comparison must not meet its own success.
        let retry = if md5.is_some() { Retry::IfNotSent } else { Retry::Always };
        match self.write(key, &request, retry).await {
            Err(error) if md5.is_some() && is_mismatch(&error) => {
                Err(Error::new(ErrorKind::Conflict, error.code(), error.reason().to_owned()))
            }
            result => result,
        }
    }

    async fn send_remove(&self, key: &ConfigKey, gray: Option<String>) -> Result<(), Error> {
        let request = ConfigRemoveRequest {
            data_id: Some(key.data_id().to_owned()),
            group: Some(key.group().as_str().to_owned()),
            tenant: Some(tenant(key).to_owned()),
            tag: gray.clone(),
            ..ConfigRemoveRequest::default()
        };
        // A gray version that is not there is an error, so a repetition would turn success into failure.
        let retry = if gray.is_some() { Retry::IfNotSent } else { Retry::Always };
        self.write(key, &request, retry).await
    }

    async fn write<Q: Request>(&self, key: &ConfigKey, request: &Q, retry: Retry) -> Result<(), Error> {
        self.check_open()?;
        let sets = self.inner.headers.sets();
        let call = Call { resource: resource(key), headers: &sets.plain, timeout: Some(self.limit()), retry };
        self.inner.lines.main().connection().call_with(request, call).await.map(|_| ())
    }
}

/// Servers say it in words only.
fn is_mismatch(error: &Error) -> bool {
    error.kind() == ErrorKind::Refused && error.reason().contains("md5")
}

#[cfg(test)]
mod tests;
