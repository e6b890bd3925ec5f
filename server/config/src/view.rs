//! Configs as callers are shown them.

use std::sync::Arc;

use crate::{key::ConfigKey, kind::ConfigType, md5::Md5, request::Origin, rule::GrayRule};

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
