//! What operators attach to services and clusters.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{ServiceKey, ServiceKind};

/// Which instances a subscriber may see, beyond its own filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selector {
    /// All.
    #[default]
    None,
    /// Those whose labels equal the consumer's. Labels come from a CMDB; without one nothing
    /// matches, and then all are shown.
    Label {
        /// The expression as given.
        expression: String,
    },
}

/// A label expression that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Selector parses failed: parse expression failed!")]
pub struct SelectorError;

impl Selector {
    /// Reads a label expression: `CONSUMER.label.x = PROVIDER.label.x`, several joined by `&`.
    ///
    /// # Errors
    /// When the expression has another form.
    pub fn label(expression: &str) -> Result<Self, SelectorError> {
        labels(expression)?;
        Ok(Self::Label { expression: expression.to_owned() })
    }

    /// The labels that the expression compares, each once, in order.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Label { expression } => labels(expression).unwrap_or_default(),
        }
    }
}

fn labels(expression: &str) -> Result<Vec<String>, SelectorError> {
    let compact: String = expression.chars().filter(|character| !character.is_whitespace()).collect();
    let mut labels = Vec::new();
    if compact.is_empty() {
        return Ok(labels);
    }
    for term in compact.split('&') {
        let (left, right) = term.split_once('=').ok_or(SelectorError)?;
        let consumer = left.strip_prefix("CONSUMER.label.").filter(|label| !label.is_empty());
        let provider = right.strip_prefix("PROVIDER.label.");
        match (consumer, provider) {
            (Some(consumer), Some(provider)) if consumer == provider => {
                if !labels.iter().any(|label| label == consumer) {
                    labels.push(consumer.to_owned());
                }
            }
            _ => return Err(SelectorError),
        }
    }
    Ok(labels)
}

/// What an operator set for a service. That it exists at all turns protection on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceMetadata {
    /// Share of healthy instances at or below which all are shown as healthy.
    pub protect_threshold: f32,
    /// Which instances a subscriber may see.
    pub selector: Selector,
    /// The user's metadata.
    pub metadata: BTreeMap<String, String>,
}

/// How persistent instances of a cluster are checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HealthChecker {
    /// A TCP connection can be made.
    #[default]
    Tcp,
    /// An HTTP request is answered.
    Http {
        /// Path of the request.
        path: String,
        /// Headers as `name:value`, joined by `|`.
        headers: String,
        /// Status that counts as success.
        expected_response_code: i32,
    },
    /// A statement runs.
    Mysql {
        /// User name.
        user: Option<String>,
        /// Password.
        password: Option<String>,
        /// The statement.
        command: Option<String>,
    },
    /// Nothing is checked; health is set by hand.
    None,
}

/// What an operator set for a cluster of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterMetadata {
    /// Port that is checked unless the instance's own is.
    pub check_port: i32,
    /// Whether the instance's own port is checked.
    pub use_instance_port: bool,
    /// How instances are checked.
    pub health_checker: HealthChecker,
    /// The user's metadata.
    pub metadata: BTreeMap<String, String>,
}

impl Default for ClusterMetadata {
    /// Checked by TCP at the instance's port.
    fn default() -> Self {
        Self { check_port: 80, use_instance_port: true, health_checker: HealthChecker::Tcp, metadata: BTreeMap::new() }
    }
}

/// A service as operators see it.
#[derive(Clone, Debug)]
pub struct ServiceDetail {
    /// The service.
    pub key: ServiceKey,
    /// Its kind.
    pub kind: ServiceKind,
    /// What was set for it, or the defaults.
    pub metadata: Arc<ServiceMetadata>,
    /// Clusters that have instances, with what was set for them or the defaults.
    pub clusters: BTreeMap<String, ClusterMetadata>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_expressions() {
        let selector =
            Selector::label("CONSUMER.label.zone = PROVIDER.label.zone & CONSUMER.label.env=PROVIDER.label.env")
                .expect("well formed");
        assert_eq!(selector.labels(), ["zone", "env"]);
        for bad in ["nonsense", "CONSUMER.label.a=PROVIDER.label.b", "CONSUMER.label.=PROVIDER.label.", "a=b", "&"] {
            assert_eq!(Selector::label(bad), Err(SelectorError), "{bad}");
        }
    }
}
