//! What callers ask for: the changes of configs, before they become commands.

use std::sync::Arc;

use crate::{
    key::ConfigKey,
    rule::{BETA, GrayRule, TAG_PREFIX},
};

/// Who asked for a change; goes into history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Address of the client.
    pub ip: String,
    /// Who the change is written down to, if stated.
    pub user: Option<String>,
}

/// What describes a config beside its content. `None` means that the request did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Name of the content type; unknown and missing ones become `text`.
    pub config_type: Option<String>,
    /// Application name; `None` keeps the one that is stored.
    pub app_name: Option<String>,
    /// Key of content that the client encrypted; `None` and blank mean none.
    pub encrypted_data_key: Option<String>,
    /// Labels, separated by commas; `None` keeps the stored ones, blank removes them.
    pub tags: Option<String>,
    /// Free description.
    pub description: Option<String>,
    /// What the config is used for.
    pub usage: Option<String>,
    /// What a change of it affects.
    pub effect: Option<String>,
    /// Schema of the content.
    pub schema: Option<String>,
}

/// Which version of a config a publish writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// The one for everybody that no gray rule chooses.
    #[default]
    Formal,
    /// A gray version: its name, which replaces an earlier one of that name, and its rule.
    Gray {
        /// Name of the version.
        name: Arc<str>,
        /// Who is served it.
        rule: GrayRule,
    },
}

impl Target {
    /// The target that a request names by its two ways: addresses for a beta, which win, or a tag.
    /// Blank counts as missing.
    #[must_use]
    pub fn requested(beta_ips: Option<&str>, tag: Option<&str>) -> Self {
        let stated = |value: Option<&'_ str>| value.filter(|value| !value.trim().is_empty()).map(str::to_owned);
        if let Some(ips) = stated(beta_ips) {
            Self::Gray { name: BETA.into(), rule: GrayRule::beta(&ips) }
        } else if let Some(tag) = stated(tag) {
            Self::Gray { name: format!("{TAG_PREFIX}{tag}").into(), rule: GrayRule::tag(&tag) }
        } else {
            Self::Formal
        }
    }
}

/// A publish: stores content under a key, for everybody or for some.
#[derive(Clone, Debug)]
pub struct Publish {
    /// Which config.
    pub key: ConfigKey,
    /// Which version of it.
    pub target: Target,
    /// The content; not blank.
    pub content: Arc<str>,
    /// If stated and not blank, the publish counts only when the stored version has this md5, or
    /// when there is none.
    pub cas_md5: Option<String>,
    /// What describes it.
    pub attributes: Attributes,
    /// Who asked.
    pub origin: Origin,
}

impl Publish {
    /// The same, but only if there is no such version yet: refused as a failed compare-and-set otherwise.
    #[must_use]
    pub fn if_absent(mut self) -> Self {
        // No content has this text as its md5, and the condition holds where there is no version.
        self.cas_md5 = Some("absent".to_owned());
        self
    }

    /// A publish for everybody, without condition or description.
    #[must_use]
    pub fn new(key: ConfigKey, content: impl Into<Arc<str>>) -> Self {
        Self {
            key,
            target: Target::Formal,
            content: content.into(),
            cas_md5: None,
            attributes: Attributes::default(),
            origin: Origin::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_win_over_a_tag() {
        let name = |target| match target {
            Target::Formal => None,
            Target::Gray { name, .. } => Some(name.to_string()),
        };
        assert_eq!(name(Target::requested(Some("1.1.1.1"), Some("t"))).as_deref(), Some("beta"));
        assert_eq!(name(Target::requested(Some(" "), Some("t"))).as_deref(), Some("tag_t"));
        assert_eq!(name(Target::requested(None, Some(""))), None);
    }
}
