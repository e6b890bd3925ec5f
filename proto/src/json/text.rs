//! Text members: numbers and booleans are taken as their text; bytes travel in base64.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{
    de::{Deserializer, Error, Visitor},
    ser::Serializer,
};
use std::{fmt, sync::Arc};

use super::{Value, java_double};

struct Text;

impl Visitor<'_> for Text {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(java_double(value)))
    }
}

impl Value for String {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        from.deserialize_any(Text)
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }
}

/// Text that many replies share.
impl Value for Arc<str> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        Ok(String::read(from)?.map(Into::into))
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }
}

/// Bytes that stand in JSON as base64 with padding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

impl Value for Base64 {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        let Some(text) = String::read(from)? else { return Ok(None) };
        STANDARD.decode(text).map(|bytes| Some(Self(bytes))).map_err(D::Error::custom)
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{from_slice, to_vec};

    #[test]
    fn scalars_are_taken_as_text() {
        let text = |json: &str| from_slice::<String>(json.as_bytes()).ok();
        assert_eq!(text("\"a\\nb\""), Some(Some("a\nb".to_owned())));
        assert_eq!(text("1234"), Some(Some("1234".to_owned())));
        assert_eq!(text("-7"), Some(Some("-7".to_owned())));
        assert_eq!(text("1.5"), Some(Some("1.5".to_owned())));
        assert_eq!(text("true"), Some(Some("true".to_owned())));
        assert_eq!(text("null"), Some(None));
        assert_eq!(text("{}"), None);
        assert_eq!(text("[\"a\"]"), None);
    }

    #[test]
    fn bytes_travel_as_base64() {
        let bytes = Base64(b"{\"a\":1}".to_vec());
        assert_eq!(to_vec(&bytes), b"\"eyJhIjoxfQ==\"");
        assert_eq!(from_slice::<Base64>(&to_vec(&bytes)).expect("own text"), Some(bytes));
        assert!(from_slice::<Base64>(b"\"%\"").is_err());
    }
}
