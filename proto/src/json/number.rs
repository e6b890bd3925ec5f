//! Numbers and booleans: read from numbers and from text, written as Java writes them.

use serde::{
    de::{Deserializer, Error, Visitor},
    ser::{SerializeMap, Serializer},
};
use serde_json::value::RawValue;
use std::fmt;

use super::{Field, Value};

/// Java's default text of a double: `1.0`, `1.0E10`, `NaN`.
#[must_use]
pub fn java_double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if is_plain(value) {
        return format!("{value:?}");
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').expect("this format always has an exponent");
    let point = if digits.contains('.') { "" } else { ".0" };
    format!("{digits}{point}E{exponent}")
}

/// Whether Java writes the number without exponent.
fn is_plain(value: f64) -> bool {
    value == 0.0 || (1e-3..1e7).contains(&value.abs())
}

/// The fraction is cut off; what does not fit is an error.
#[allow(clippy::cast_possible_truncation)]
fn truncate<E: Error>(value: f64) -> Result<i64, E> {
    // Both bounds are exact in a double; the upper one is the first that does not fit.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        Ok(value as i64)
    } else {
        Err(E::custom("number out of range"))
    }
}

/// Text that Java takes for null where a number or boolean is wanted.
fn is_null_text(text: &str) -> bool {
    text.is_empty() || text == "null"
}

struct Integer;

impl Visitor<'_> for Integer {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        i64::try_from(value).map(Some).map_err(|_| E::custom("number out of range"))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        truncate(value).map(Some)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let text = text.trim();
        if is_null_text(text) {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| E::custom("text is not an integer"))
    }
}

struct Double;

impl Visitor<'_> for Double {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let text = text.trim();
        if is_null_text(text) {
            return Ok(None);
        }
        match text {
            "NaN" => Ok(Some(f64::NAN)),
            "Infinity" | "INF" | "+Infinity" | "+INF" => Ok(Some(f64::INFINITY)),
            "-Infinity" | "-INF" => Ok(Some(f64::NEG_INFINITY)),
            // Rust also reads words such as "inf", which Java does not.
            _ if text.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')) => {
                Err(E::custom("text is not a number"))
            }
            _ => text.parse().map(Some).map_err(|_| E::custom("text is not a number")),
        }
    }
}

struct Boolean;

impl Visitor<'_> for Boolean {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value != 0))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value != 0))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text.trim() {
            "true" | "True" | "TRUE" => Ok(Some(true)),
            "false" | "False" | "FALSE" => Ok(Some(false)),
            text if is_null_text(text) => Ok(None),
            _ => Err(E::custom("text is not a boolean")),
        }
    }
}

impl Value for i64 {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        from.deserialize_any(Integer)
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(*self)
    }
}

impl Value for i32 {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        let Some(value) = from.deserialize_any(Integer)? else { return Ok(None) };
        Self::try_from(value).map(Some).map_err(|_| D::Error::custom("number out of range"))
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i32(*self)
    }
}

impl Value for f64 {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        from.deserialize_any(Double)
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.is_finite() && is_plain(*self) {
            return to.serialize_f64(*self);
        }
        let text = java_double(*self);
        if !self.is_finite() {
            return to.serialize_str(&text);
        }
        let raw = RawValue::from_string(text).expect("Java's notation of a finite double is JSON");
        serde::Serialize::serialize(&raw, to)
    }
}

impl Value for bool {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        from.deserialize_any(Boolean)
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bool(*self)
    }
}

macro_rules! primitive {
    ($($kind:ty)*) => {$(
        impl Field for $kind {
            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Ok(<Self as Value>::read(from)?.unwrap_or_default())
            }

            fn write<M: SerializeMap>(&self, key: &'static str, to: &mut M) -> Result<(), M::Error> {
                to.serialize_entry(key, &super::Out(self))
            }
        }
    )*};
}

primitive!(i32 i64 f64 bool);

#[cfg(test)]
mod tests {
    use crate::json::{from_slice, to_vec};

    #[test]
    fn doubles_are_written_as_java_does() {
        for (value, text) in [
            (1.0, "1.0"),
            (0.0, "0.0"),
            (2.5, "2.5"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (1e7, "1.0E7"),
            (12_345_678.9, "1.23456789E7"),
            (9_999_999.0, "9999999.0"),
            (-1e300, "-1.0E300"),
        ] {
            assert_eq!(to_vec(&value), text.as_bytes());
            assert_eq!(from_slice::<f64>(text.as_bytes()).expect("number"), Some(value));
        }
        assert_eq!(to_vec(&f64::NAN), b"\"NaN\"");
        assert_eq!(to_vec(&f64::NEG_INFINITY), b"\"-Infinity\"");
    }

    #[test]
    fn numbers_are_read_from_text_and_cut_off() {
        let int = |text: &str| from_slice::<i32>(text.as_bytes()).ok();
        assert_eq!(int("\"8080\""), Some(Some(8080)));
        assert_eq!(int("8081.9"), Some(Some(8081)));
        assert_eq!(int("-0.5"), Some(Some(0)));
        assert_eq!(int("null"), Some(None));
        assert_eq!(int("\"\""), Some(None));
        for bad in ["99999999999999", "3e9", "1e400", "true", "{}", "[1]", "\"1.5\"", "\"http\"", ""] {
            assert_eq!(int(bad), None, "{bad}");
        }
        let double = |text: &str| from_slice::<f64>(text.as_bytes()).ok();
        assert_eq!(double("\"2.5\""), Some(Some(2.5)));
        assert_eq!(double("3"), Some(Some(3.0)));
        assert!(double("\"NaN\"").expect("read").expect("not null").is_nan());
        for bad in ["NaN", "\"inf\"", "\"nan\"", "true", "\"1,5\""] {
            assert_eq!(double(bad), None, "{bad}");
        }
    }

    #[test]
    fn booleans_are_read_from_text_and_integers() {
        let boolean = |text: &str| from_slice::<bool>(text.as_bytes()).ok();
        for (text, value) in [("\"True\"", true), ("1", true), ("0", false), ("\"FALSE\"", false), ("2", true)] {
            assert_eq!(boolean(text), Some(Some(value)), "{text}");
        }
        for bad in ["\"maybe\"", "1.0", "\"tRUE\"", "[]"] {
            assert_eq!(boolean(bad), None, "{bad}");
        }
    }
}
