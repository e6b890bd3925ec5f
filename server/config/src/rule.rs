//! Gray rules: which callers are served another version of a config than everybody else.

use std::{collections::BTreeMap, sync::Arc};

/// Label that carries the caller's address.
pub const CLIENT_IP: &str = "ClientIp";
/// Label that carries the caller's tag.
pub const TAG: &str = "Vipserver-Tag";

/// Name of the one gray version that is chosen by address.
pub const BETA: &str = "beta";
/// Beginning of the names of gray versions that are chosen by tag.
pub const TAG_PREFIX: &str = "tag_";

const RULE_VERSION: &str = "1.0.0";
const BETA_PRIORITY: i32 = i32::MAX;
const TAG_PRIORITY: i32 = i32::MAX - 1;

/// What is known of a caller when a gray version is chosen. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    client_ip: Arc<str>,
    tag: Option<Arc<str>>,
    others: Arc<BTreeMap<String, String>>,
}

impl Labels {
    /// A caller of whom only the address is known.
    #[must_use]
    pub fn new(client_ip: impl Into<Arc<str>>) -> Self {
        Self { client_ip: client_ip.into(), ..Self::default() }
    }

    /// The same caller with a tag; a blank one counts as none.
    #[must_use]
    pub fn with_tag(mut self, tag: Option<&str>) -> Self {
        self.tag = tag.filter(|tag| !tag.trim().is_empty()).map(Arc::from);
        self
    }

    /// The same caller with further labels, such as those of its connection.
    #[must_use]
    pub fn with_others(mut self, others: Arc<BTreeMap<String, String>>) -> Self {
        self.others = others;
        self
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        match name {
            CLIENT_IP => Some(&self.client_ip),
            TAG => self.tag.as_deref(),
            _ => self.others.get(name).map(String::as_str),
        }
    }
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RuleKind {
    /// The caller's address is one of a list separated by commas; blanks count.
    Beta,
    /// The caller's tag equals a text.
    Tag,
    /// Labels have given values: `name=value` or `name=value1,value2`, joined by `&`.
    Label,
}

impl RuleKind {
    /// Its name, as Nacos writes it into history.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Beta => "beta",
            Self::Tag => "tag",
            Self::Label => "label",
        }
    }
}

/// Chooses callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrayRule {
    /// What it looks at.
    pub kind: RuleKind,
    /// What it looks for; the form depends on the kind.
    pub expression: Arc<str>,
    /// The rule with the highest number is asked first.
    pub priority: i32,
}

impl GrayRule {
    /// Callers from one of these addresses, separated by commas.
    #[must_use]
    pub fn beta(ips: &str) -> Self {
        Self { kind: RuleKind::Beta, expression: ips.into(), priority: BETA_PRIORITY }
    }

    /// Callers with this tag.
    #[must_use]
    pub fn tag(tag: &str) -> Self {
        Self { kind: RuleKind::Tag, expression: tag.into(), priority: TAG_PRIORITY }
    }

    /// Callers whose labels satisfy `expression`, see [`RuleKind::Label`].
    #[must_use]
    pub fn label(expression: &str, priority: i32) -> Self {
        Self { kind: RuleKind::Label, expression: expression.into(), priority }
    }

    /// The version of the rule's language.
    #[must_use]
    pub fn version(&self) -> &'static str {
        RULE_VERSION
    }

    /// Whether it chooses this caller.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        match self.kind {
            RuleKind::Beta => {
                let ip = labels.get(CLIENT_IP).unwrap_or_default();
                !ip.is_empty() && self.expression.split(',').any(|listed| listed == ip)
            }
            RuleKind::Tag => labels.get(TAG).is_some_and(|tag| *tag == *self.expression),
            RuleKind::Label => self.expression.split('&').all(|term| {
                let Some((name, values)) = term.split_once('=') else { return false };
                labels.get(name).is_some_and(|value| values.split(',').any(|wanted| wanted == value))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beta_compares_addresses_without_trimming() {
        let rule = GrayRule::beta("10.0.0.1, 10.0.0.2,10.0.0.3");
        assert!(rule.matches(&Labels::new("10.0.0.1")));
        assert!(!rule.matches(&Labels::new("10.0.0.2")));
        assert!(rule.matches(&Labels::new("10.0.0.3")));
        assert!(!GrayRule::beta("a,,b").matches(&Labels::default()));
    }

    #[test]
    fn tag_is_compared_whole() {
        let rule = GrayRule::tag("t1");
        assert!(rule.matches(&Labels::new("x").with_tag(Some("t1"))));
        assert!(!rule.matches(&Labels::new("x").with_tag(Some("t10"))));
        assert!(!rule.matches(&Labels::new("x").with_tag(Some(" "))));
        assert!(!rule.matches(&Labels::new("x")));
    }

    #[test]
    fn label_terms_must_all_hold() {
        let others =
            Arc::new(BTreeMap::from([("zone".to_owned(), "a".to_owned()), ("app".to_owned(), "shop".to_owned())]));
        let caller = Labels::new("x").with_others(others);
        assert!(GrayRule::label("zone=a,b&app=shop", 1).matches(&caller));
        assert!(!GrayRule::label("zone=b&app=shop", 1).matches(&caller));
        assert!(!GrayRule::label("no term", 1).matches(&caller));
        assert!(!GrayRule::label("", 1).matches(&caller));
    }
}
