//! A config's value as the server has it: below the filters, and what snapshots and failover files hold.

use std::{fmt, sync::Arc};

use md5::{Digest, Md5};

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// A file that an operator put in place of the server's value.
    Failover,
    /// The server.
    Server,
    /// The copy on disk of what the server said last; it is used while no server can be reached.
    Snapshot,
}

impl Source {
    /// The name in lower case, as bindings and the command line show it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failover => "failover",
            Self::Server => "server",
            Self::Snapshot => "snapshot",
        }
    }
}

/// A config as the server has it, still encrypted if it is encrypted.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawConfig {
    /// The text.
    pub content: Arc<str>,
    /// Lowercase hex md5 of [`RawConfig::content`]: the text to compare with, and to publish against.
    pub md5: String,
    /// `yaml`, `json`, `text`, ...; `None` when the value did not come from the server.
    pub config_type: Option<String>,
    /// Key of encrypted content, itself encrypted; `None` when the content is plain.
    pub encrypted_data_key: Option<String>,
    /// Where the value came from.
    pub source: Source,
    /// Milliseconds since the epoch: the server's time of the change, or the file's.
    pub last_modified: i64,
}

impl RawConfig {
    /// A value that is known by its text only.
    pub(crate) fn local(content: String, data_key: Option<String>, source: Source, last_modified: i64) -> Self {
        Self {
            md5: md5_hex(&content),
            content: content.into(),
            config_type: None,
            encrypted_data_key: data_key.filter(|key| !key.is_empty()),
            source,
            last_modified,
        }
    }
}

// A config may hold megabytes, and secrets: neither belongs into a log.
impl fmt::Debug for RawConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawConfig")
            .field("length", &self.content.len())
            .field("md5", &self.md5)
            .field("config_type", &self.config_type)
            .field("encrypted", &self.encrypted_data_key.is_some())
            .field("source", &self.source)
            .field("last_modified", &self.last_modified)
            .finish()
    }
}

/// A config's value, or that there is no such config.
pub(crate) type Value = Option<Arc<RawConfig>>;

/// What stands for a value in comparisons: its md5, and nothing for an absent config.
pub(crate) fn digest(value: &Value) -> &str {
    value.as_ref().map_or("", |config| &config.md5)
}

/// Lowercase hex md5 of a text in UTF-8, as the server compares contents.
#[must_use]
pub fn md5_hex(text: &str) -> String {
    use fmt::Write as _;

    Md5::digest(text.as_bytes()).iter().fold(String::with_capacity(32), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md5_is_that_of_the_server() {
        // Captured from a Nacos 2.5.1 server.
        assert_eq!(md5_hex("a: 1"), "270f9e65a80226eccd82c99cdd0dd2fb");
        assert_eq!(md5_hex("v1"), "6654c734ccab8f440ff0825eb443dc7f");
        assert_eq!(md5_hex("名: 值\n"), md5_hex("\u{540d}: \u{503c}\n"));
    }

    #[test]
    fn debug_shows_no_content() {
        let config = RawConfig::local("password: hunter2".into(), Some("key".into()), Source::Snapshot, 7);
        let text = format!("{config:?}");
        assert!(!text.contains("hunter2") && !text.contains("\"key\""), "{text}");
        assert!(text.contains("length: 17") && text.contains(&config.md5), "{text}");
    }

    #[test]
    fn absent_has_an_empty_digest() {
        assert_eq!(digest(&None), "");
        let config = RawConfig::local("v1".into(), Some(String::new()), Source::Failover, 0);
        assert_eq!((config.encrypted_data_key.as_deref(), config.config_type.as_deref()), (None, None));
        assert_eq!(digest(&Some(Arc::new(config))), "6654c734ccab8f440ff0825eb443dc7f");
    }
}
