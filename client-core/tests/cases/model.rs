//! A case file as types. The schema has been checked before, so what is missing here is a mistake of the runner.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    #[serde(rename = "$schema")]
    _schema: Option<String>,
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "about")]
    _about: Option<String>,
    #[serde(default, rename = "requires")]
    _requires: Vec<String>,
    pub(crate) limit_ms: u64,
    #[serde(default)]
    pub(crate) server: Server,
    #[serde(default)]
    pub(crate) before: Vec<Step>,
    #[serde(default)]
    pub(crate) clients: BTreeMap<String, Value>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Server {
    #[default]
    Shared,
    None,
    Own(Value),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    #[serde(rename = "say")]
    _say: Option<String>,
    pub(crate) op: String,
    pub(crate) on: String,
    #[serde(default)]
    pub(crate) args: Value,
    pub(crate) expect: Option<Expect>,
    pub(crate) save: Option<String>,
    #[serde(rename = "as")]
    pub(crate) watch: Option<String>,
    pub(crate) background: Option<String>,
    pub(crate) times: Option<usize>,
    pub(crate) within_ms: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Errand {
    #[serde(rename = "say")]
    _say: Option<String>,
    #[serde(rename = "do")]
    pub(crate) operation: String,
    #[serde(default)]
    pub(crate) args: Value,
    pub(crate) expect: Option<Expect>,
    pub(crate) save: Option<String>,
    pub(crate) limit_ms: Option<u64>,
    pub(crate) background: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Step {
    Call(Call),
    Errand(Errand),
    Await {
        #[serde(rename = "say")]
        _say: Option<String>,
        #[serde(rename = "await")]
        background: String,
        expect: Option<Expect>,
    },
    Race {
        #[serde(rename = "say")]
        _say: Option<String>,
        race: Vec<Call>,
        expect: Winners,
    },
    Events {
        #[serde(rename = "say")]
        _say: Option<String>,
        events: String,
        expect: ExpectEvents,
    },
    Stop {
        #[serde(rename = "say")]
        _say: Option<String>,
        stop: String,
    },
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Winners {
    pub(crate) succeed: usize,
    pub(crate) error: Option<ErrorMatcher>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorMatcher {
    pub(crate) kind: String,
    pub(crate) code: Option<i32>,
    pub(crate) retryable: Option<bool>,
}

/// Of a call. Matchers are not deserialized further: `null` is one of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Expect {
    Error {
        error: ErrorMatcher,
    },
    EventuallyError {
        eventually_error: ErrorMatcher,
        within_ms: u64,
    },
    Any {
        #[serde(rename = "any")]
        _any: bool,
    },
    Eventually {
        eventually: Value,
        within_ms: u64,
    },
    Value {
        value: Value,
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum ExpectEvents {
    Last { last: Value, within_ms: u64 },
    Eventually { eventually: Value, within_ms: u64 },
    Never { never: Value, for_ms: u64 },
    Order { order: Vec<Value>, within_ms: u64 },
}

impl ExpectEvents {
    /// Replaces the matchers within.
    pub(crate) fn expand(&mut self, expand: impl Fn(&Value) -> Result<Value, String>) -> Result<(), String> {
        match self {
            Self::Last { last: matcher, .. }
            | Self::Eventually { eventually: matcher, .. }
            | Self::Never { never: matcher, .. } => *matcher = expand(matcher)?,
            Self::Order { order, .. } => {
                for matcher in order {
                    *matcher = expand(matcher)?;
                }
            }
        }
        Ok(())
    }
}
