//! Typed requests and responses: what they have in common, and how they are declared.

use bytes::Bytes;
use serde::{
    de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor},
    ser::{SerializeMap, Serializer},
};
use std::{fmt, marker::PhantomData};

use crate::{
    code,
    json::{self, BodyError, Field, FieldSeed, StringMap, Value},
    payload,
};

/// A JSON object with known members. Implemented by the types of this crate only.
pub trait Object: Clone + Default + fmt::Debug + PartialEq {
    /// Names of the members that are read.
    const KEYS: &'static [&'static str];

    /// Reads the member `key`, one of [`Object::KEYS`].
    ///
    /// # Errors
    /// When its value has the wrong shape.
    fn read_member<'de, A: MapAccess<'de>>(&mut self, key: &'static str, from: &mut A) -> Result<(), A::Error>;

    /// Writes all members, in Java's order.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write_members<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error>;
}

/// The body of a payload.
pub trait Message: Object + Value {
    /// The simple class name that stands in the payload's metadata.
    const TYPE: &'static str;

    /// Reads a body; `None` when it is the literal `null`.
    ///
    /// # Errors
    /// When the text is not JSON or a member has the wrong shape.
    fn from_json(text: &[u8]) -> Result<Option<Self>, BodyError> {
        json::from_slice(text)
    }

    /// Writes the body.
    fn to_json(&self) -> Vec<u8> {
        json::to_vec(self)
    }

    /// A complete gRPC message with this body.
    fn to_frame(&self) -> Bytes {
        payload::frame(Self::TYPE, "", &[&self.to_json()])
    }
}

/// What a client asks of the server, or the server of a client.
pub trait Request: Message + Send + 'static {
    /// The response type; it also carries the refusals of the checks before the handler.
    type Response: Response;
}

/// An answer.
pub trait Response: Message + Send + 'static {
    /// Sets result code, error code and message of a failure.
    #[must_use]
    fn failed(self, result_code: i32, error_code: i32, message: Option<String>) -> Self;

    /// Result code, error code and message.
    fn outcome(&self) -> (i32, i32, Option<&str>);

    /// The answer of a check before the handler: only the members that are never null.
    #[must_use]
    fn refused(error_code: i32, message: impl Into<String>) -> Self {
        Self::default().failed(code::FAILURE, error_code, Some(message.into()))
    }
}

/// The `headers` member of a request's body: always empty when written, ignored when read, because
/// headers travel in the payload's metadata. A null is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Headers;

impl Field for Headers {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match <StringMap as Value>::read(from)? {
            Some(_) => Ok(Self),
            None => Err(D::Error::custom("headers must not be null")),
        }
    }

    fn write<M: SerializeMap>(&self, key: &'static str, to: &mut M) -> Result<(), M::Error> {
        to.serialize_entry(key, &StringMap::new())
    }
}

impl<T: Object> Value for T {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Object> Visitor<'de> for Members<T> {
            type Value = Option<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut object = T::default();
                while let Some(key) = members.next_key_seed(Key(T::KEYS))? {
                    match key {
                        Some(key) => object.read_member(key, &mut members)?,
                        None => {
                            members.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(Some(object))
            }
        }

        from.deserialize_any(Members(PhantomData))
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        self.write_members(&mut map)?;
        map.end()
    }
}

/// Finds a member's name among the known ones.
struct Key(&'static [&'static str]);

impl<'de> serde::de::DeserializeSeed<'de> for Key {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().copied().find(|key| *key == name))
    }
}

/// Reads a member into its field.
pub(crate) fn read_into<'de, T: Field, A: MapAccess<'de>>(field: &mut T, from: &mut A) -> Result<(), A::Error> {
    *field = from.next_value_seed(FieldSeed::<T>(PhantomData))?;
    Ok(())
}

/// Declares a JSON object: `field: Type = "key"`, with `or value` where the default is not the
/// type's own. Members after `computed` are written and never read.
macro_rules! object {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* $field:ident : $kind:ty = $key:literal $(or $default:expr)? ),* $(,)?
        }
        $( computed($this:ident) { $( $computed_key:literal : $computed:expr ),* $(,)? } )?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $kind, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $crate::message::object!(@default $($default)?), )* }
            }
        }

        impl $crate::Object for $name {
            const KEYS: &'static [&'static str] = &[$($key),*];

            #[allow(unused_variables)]
            fn read_member<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                key: &'static str,
                from: &mut A,
            ) -> Result<(), A::Error> {
                match key {
                    $( $key => $crate::message::read_into(&mut self.$field, from), )*
                    _ => Ok(()),
                }
            }

            #[allow(unused_variables)]
            fn write_members<M: serde::ser::SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
                $( $crate::json::Field::write(&self.$field, $key, to)?; )*
                $( let $this = self; $( $crate::json::Field::write(&$computed, $computed_key, to)?; )* )?
                Ok(())
            }
        }
    };
    (@default) => { Default::default() };
    (@default $default:expr) => { $default };
}

/// Declares a request of a module, and the type of its response. `superclass` members stand first.
macro_rules! request {
    (
        $(#[$meta:meta])*
        pub struct $name:ident($module:literal) -> $response:ty {
            $( $(#[$field_meta:meta])* $field:ident : $kind:ty = $key:literal $(or $default:expr)? ),* $(,)?
        }
        $( computed($this:ident) { $( $computed_key:literal : $computed:expr ),* $(,)? } )?
    ) => {
        $crate::message::object! {
            $(#[$meta])*
            pub struct $name {
                /// Always empty in the body.
                headers: $crate::Headers = "headers",
                /// Set in pushes, which are acknowledged under this id.
                request_id: Option<String> = "requestId",
                $( $(#[$field_meta])* $field: $kind = $key $(or $default)?, )*
            }
            computed(this) {
                "module": Some($module.to_owned()),
                $( $( $computed_key: { let $this = this; $computed } ),* )?
            }
        }

        impl $crate::Message for $name {
            const TYPE: &'static str = stringify!($name);
        }

        impl $crate::Request for $name {
            type Response = $response;
        }
    };
}

/// Declares a response.
macro_rules! response {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* $field:ident : $kind:ty = $key:literal $(or $default:expr)? ),* $(,)?
        }
    ) => {
        $crate::message::object! {
            $(#[$meta])*
            pub struct $name {
                /// 200 on success; the only member that decides it.
                result_code: i32 = "resultCode" or $crate::code::SUCCESS,
                /// Detail of a failure; 0 otherwise.
                error_code: i32 = "errorCode",
                /// Text for people.
                message: Option<String> = "message",
                /// In answers to pushes: the id of the push.
                request_id: Option<String> = "requestId",
                $( $(#[$field_meta])* $field: $kind = $key $(or $default)?, )*
            }
            computed(this) { "success": this.result_code == $crate::code::SUCCESS }
        }

        impl $crate::Message for $name {
            const TYPE: &'static str = stringify!($name);
        }

        impl $crate::Response for $name {
            fn failed(mut self, result_code: i32, error_code: i32, message: Option<String>) -> Self {
                self.result_code = result_code;
                self.error_code = error_code;
                self.message = message;
                self
            }

            fn outcome(&self) -> (i32, i32, Option<&str>) {
                (self.result_code, self.error_code, self.message.as_deref())
            }
        }
    };
}

pub(crate) use {object, request, response};
