//! Configs as callers are shown them.

use std::sync::Arc;

use crate::{index::Version, key::ConfigKey, kind::ConfigType, md5::Md5, request::Origin, rule::GrayRule};

/// Which version of a config a caller was served.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variant {
    /// The one for everybody.
    Formal,
    /// The one chosen by address.
    Beta,
    /// The one chosen by this tag.
    Tag(Arc<str>),
    /// The gray version of this name, chosen by labels.
    Label(Arc<str>),
}

/// A config as a caller is served it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The content.
    pub content: Arc<str>,
    /// Its md5.
    pub md5: Md5,
    /// The type of the formal version, whichever was served; `None` if there is no formal one.
    pub config_type: Option<ConfigType>,
    /// Time of the publish, in milliseconds since the epoch.
    pub modified: u64,
    /// Key of encrypted content; `None` when it is not encrypted. Nacos tells it for the formal
    /// version only.
    pub encrypted_data_key: Option<Arc<str>>,
    /// Which version it is.
    pub variant: Variant,
}

/// All that is known of one version of a config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Id of the config, or of the gray version.
    pub id: u64,
    /// Which config.
    pub key: ConfigKey,
    /// Name and rule; `None` for the formal version.
    pub gray: Option<(Arc<str>, GrayRule)>,
    /// The content.
    pub content: Arc<str>,
    /// Its md5.
    pub md5: Md5,
    /// Its type.
    pub config_type: ConfigType,
    /// Key of encrypted content.
    pub encrypted_data_key: Option<Arc<str>>,
    /// Application name.
    pub app_name: Option<String>,
    /// Labels, separated by commas.
    pub tags: Option<String>,
    /// Time of the first publish, in milliseconds since the epoch.
    pub created: u64,
    /// Time of the last publish, in milliseconds since the epoch.
    pub modified: u64,
    /// Who published last.
    pub origin: Origin,
    /// Description.
    pub description: Option<String>,
    /// What it is used for.
    pub usage: Option<String>,
    /// What a change affects.
    pub effect: Option<String>,
    /// Schema of the content.
    pub schema: Option<String>,
}

/// A config that a search looks at.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    pub(crate) key: &'a ConfigKey,
    pub(crate) version: &'a Version,
}

impl<'a> Listed<'a> {
    /// Which config.
    #[must_use]
    pub fn key(self) -> &'a ConfigKey {
        self.key
    }

    /// Its type.
    #[must_use]
    pub fn config_type(self) -> ConfigType {
        self.version.config_type
    }

    /// Application name.
    #[must_use]
    pub fn app_name(self) -> Option<&'a str> {
        self.version.app_name()
    }

    /// Labels, separated by commas.
    #[must_use]
    pub fn tags(self) -> Option<&'a str> {
        self.version.tags()
    }

    pub(crate) fn summary(self) -> Summary {
        let Self { key, version } = self;
        Summary {
            key: key.clone(),
            id: version.id,
            md5: version.md5,
            size: version.size,
            config_type: version.config_type,
            app_name: version.app_name().map(str::to_owned),
            tags: version.tags().map(str::to_owned),
            modified: version.modified,
        }
    }
}

/// A page of what a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many there are on all pages.
    pub total: usize,
    /// Those of the page.
    pub keys: Vec<ConfigKey>,
}

/// A config of a namespace, as lists name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Which config.
    pub key: ConfigKey,
    /// Its id.
    pub id: u64,
    /// md5 of its content.
    pub md5: Md5,
    /// Bytes of content.
    pub size: u32,
    /// Its type.
    pub config_type: ConfigType,
    /// Application name.
    pub app_name: Option<String>,
    /// Labels, separated by commas.
    pub tags: Option<String>,
    /// Time of the last publish, in milliseconds since the epoch.
    pub modified: u64,
}
