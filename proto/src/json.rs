//! The JSON dialect of the protocol, as Java clients write and read it.
//!
//! Reading is tolerant: numbers and booleans may be text and the other way round, unknown members
//! and what follows the value are ignored, an explicit null sets a primitive to zero. Writing omits
//! what is null and keeps Java's order of members.

mod map;
mod number;
mod text;

use serde::{
    Serialize,
    de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor},
    ser::{SerializeMap, Serializer},
};
use std::{fmt, marker::PhantomData};

pub use map::{AbilityMap, StringMap, hash_order};
pub use number::java_double;
pub use text::Base64;

/// A body that is not JSON, or whose members have the wrong shape.
#[derive(Debug, thiserror::Error)]
#[error("cannot read body: {0}")]
pub struct BodyError(#[from] serde_json::Error);

/// Reads a JSON text; `None` for the literal `null`.
///
/// # Errors
/// When the text is not JSON or does not fit the type.
pub fn from_slice<T: Value>(text: &[u8]) -> Result<Option<T>, BodyError> {
    Ok(T::read(&mut serde_json::Deserializer::from_slice(text))?)
}

/// Writes a value as JSON.
#[must_use]
pub fn to_vec<T: Value>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    serde_json::to_writer(&mut out, &Out(value)).expect("writing to memory, and all keys are text");
    out
}

/// What can stand in a member. Null is the caller's matter: it reads as `None`.
pub trait Value: Sized {
    /// Reads a value, or `None` from null.
    ///
    /// # Errors
    /// When the JSON has another shape.
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error>;

    /// Writes the value.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error>;
}

/// A member of an object: how it reads, and whether it is written.
pub trait Field: Sized {
    /// Reads the member.
    ///
    /// # Errors
    /// When the JSON has another shape.
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;

    /// Writes the member, unless it is null.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<M: SerializeMap>(&self, key: &'static str, to: &mut M) -> Result<(), M::Error>;
}

impl<T: Value> Field for Option<T> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::read(from)
    }

    fn write<M: SerializeMap>(&self, key: &'static str, to: &mut M) -> Result<(), M::Error> {
        match self {
            Some(value) => to.serialize_entry(key, &Out(value)),
            None => Ok(()),
        }
    }
}

impl<T: Value> Field for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(<Self as Value>::read(from)?.unwrap_or_default())
    }

    fn write<M: SerializeMap>(&self, key: &'static str, to: &mut M) -> Result<(), M::Error> {
        to.serialize_entry(key, &Out(self))
    }
}

impl<T: Value> Value for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        struct List<T>(PhantomData<T>);

        impl<'de, T: Value> Visitor<'de> for List<T> {
            type Value = Option<Vec<T>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element_seed(Seed::<T>(PhantomData))? {
                    list.push(item.ok_or_else(|| A::Error::custom("null in a list"))?);
                }
                Ok(Some(list))
            }
        }

        from.deserialize_any(List(PhantomData))
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter().map(Out))
    }
}

/// Lets serde write a [`Value`].
pub(crate) struct Out<'a, T>(pub(crate) &'a T);

impl<T: Value> Serialize for Out<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.write(to)
    }
}

/// Lets serde read a [`Value`] that may be null.
pub(crate) struct Seed<T>(pub(crate) PhantomData<T>);

impl<'de, T: Value> DeserializeSeed<'de> for Seed<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        T::read(from)
    }
}

/// Lets serde read a [`Field`].
pub(crate) struct FieldSeed<T>(pub(crate) PhantomData<T>);

impl<'de, T: Field> DeserializeSeed<'de> for FieldSeed<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        T::read(from)
    }
}
