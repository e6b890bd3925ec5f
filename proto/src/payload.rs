//! The protobuf envelope, and gRPC frames built around bodies that are shared.

use bytes::{BufMut, Bytes, BytesMut};
use prost::encoding::{encode_varint, encoded_len_varint};

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/_.rs"));
}

pub use generated::{Metadata, Payload};

/// HTTP/2 path of unary calls.
pub const REQUEST_PATH: &str = "/Request/request";
/// HTTP/2 path of the stream that carries setup, pushes and acknowledgements.
pub const STREAM_PATH: &str = "/BiRequestStream/requestBiStream";
/// Bytes before each message of a gRPC body: one flag and the length.
pub const PREFIX_LENGTH: usize = 5;

const METADATA_KEY: u8 = 2 << 3 | 2;
const BODY_KEY: u8 = 3 << 3 | 2;
const TYPE_KEY: u8 = 3 << 3 | 2;
const CLIENT_IP_KEY: u8 = 8 << 3 | 2;
const VALUE_KEY: u8 = 2 << 3 | 2;

/// `google.protobuf.Any` with a body that shares its bytes with the message it was read from.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Any {
    /// Never set by either side, and never read.
    #[prost(string, tag = "1")]
    pub type_url: String,
    /// JSON in UTF-8.
    #[prost(bytes = "bytes", tag = "2")]
    pub value: Bytes,
}

impl Payload {
    /// A payload of this type with this body.
    #[must_use]
    pub fn new(kind: &str, body: Bytes) -> Self {
        Self {
            metadata: Some(Metadata { r#type: kind.to_owned(), ..Metadata::default() }),
            body: Some(Any { type_url: String::new(), value: body }),
        }
    }

    /// The simple class name; empty when the sender gave none.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.metadata.as_ref().map_or("", |metadata| &metadata.r#type)
    }

    /// The JSON text; empty when the sender gave none.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        self.body.as_ref().map_or(&[], |body| &body.value)
    }

    /// The request header of exactly this spelling.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.metadata.as_ref().and_then(|metadata| metadata.headers.get(name)).map(String::as_str)
    }

    /// The address that the sender gives for itself; empty when it gave none.
    #[must_use]
    pub fn client_ip(&self) -> &str {
        self.metadata.as_ref().map_or("", |metadata| &metadata.client_ip)
    }
}

/// A complete gRPC message: prefix and payload, with the concatenation of `parts` as JSON body.
///
/// `client_ip` belongs to requests; leave it empty in responses.
#[must_use]
pub fn frame(kind: &str, client_ip: &str, parts: &[&[u8]]) -> Bytes {
    let field = |length: usize| if length == 0 { 0 } else { 1 + encoded_len_varint(length as u64) + length };
    let body_length: usize = parts.iter().map(|part| part.len()).sum();
    let metadata_length = field(kind.len()) + field(client_ip.len());
    let any_length = field(body_length);
    let nested = |length: usize| 1 + encoded_len_varint(length as u64) + length;
    let message_length = nested(metadata_length) + nested(any_length);

    let mut out = BytesMut::with_capacity(PREFIX_LENGTH + message_length);
    out.put_u8(0);
    out.put_u32(u32::try_from(message_length).expect("bodies are limited far below 4 GiB"));
    put_length(&mut out, METADATA_KEY, metadata_length);
    if !kind.is_empty() {
        put_length(&mut out, TYPE_KEY, kind.len());
        out.put_slice(kind.as_bytes());
    }
    if !client_ip.is_empty() {
        put_length(&mut out, CLIENT_IP_KEY, client_ip.len());
        out.put_slice(client_ip.as_bytes());
    }
    put_length(&mut out, BODY_KEY, any_length);
    if body_length > 0 {
        put_length(&mut out, VALUE_KEY, body_length);
        for part in parts {
            out.put_slice(part);
        }
    }
    out.freeze()
}

fn put_length(out: &mut BytesMut, key: u8, length: usize) {
    out.put_u8(key);
    encode_varint(length as u64, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;

    #[test]
    fn frame_is_what_protobuf_encodes() {
        for (kind, ip, parts) in [
            ("HealthCheckResponse", "", vec![&b"{}"[..]]),
            ("ClientDetectionRequest", "10.0.0.1", vec![b"{\"a\":", b"1}"]),
            ("", "", vec![]),
            ("X", "", vec![&[b'x'; 70_000][..]]),
        ] {
            let mut payload = Payload::new(kind, Bytes::from(parts.concat()));
            payload.metadata.as_mut().expect("set by new").client_ip = ip.to_owned();
            let encoded = payload.encode_to_vec();
            let framed = frame(kind, ip, &parts);
            assert_eq!(framed[0], 0);
            assert_eq!(framed[1..5], u32::try_from(encoded.len()).expect("small").to_be_bytes());
            assert_eq!(framed[5..], encoded[..]);
        }
    }

    #[test]
    fn body_shares_the_bytes_of_the_message() {
        let message = Bytes::from(Payload::new("A", Bytes::from_static(b"{\"k\":1}")).encode_to_vec());
        let payload = Payload::decode(message.clone()).expect("own encoding");
        let range = message.as_ptr_range();
        assert!(range.contains(&payload.json().as_ptr()));
        assert_eq!((payload.kind(), payload.json()), ("A", &b"{\"k\":1}"[..]));
        assert_eq!(Payload::decode(Bytes::new()).expect("empty").kind(), "");
    }
}
