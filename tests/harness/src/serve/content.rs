//! Texts and bytes as cases write them: as they are, in base64, or as one text many times.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

/// Content in one of its three forms.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Content {
    Text(String),
    Base64 { base64: String },
    Repeat { repeat: String, times: usize },
}

impl Content {
    pub(super) fn bytes(&self) -> Result<Vec<u8>> {
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Base64 { base64 } => STANDARD.decode(base64).context("base64"),
            Self::Repeat { repeat, times } => Ok(repeat.repeat(*times).into_bytes()),
        }
    }
}

/// Bytes as an answer shows them: text where they are UTF-8.
pub(super) fn shown(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => json!({"content": text}),
        Err(error) => json!({"base64": STANDARD.encode(error.into_bytes())}),
    }
}
