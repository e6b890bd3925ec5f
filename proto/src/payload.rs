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
const HEADERS_KEY: u8 = 7 << 3 | 2;
const ENTRY_NAME_KEY: u8 = 1 << 3 | 2;
const ENTRY_VALUE_KEY: u8 = 2 << 3 | 2;
const CLIENT_IP_KEY: u8 = 8 << 3 | 2;
const VALUE_KEY: u8 = 2 << 3 | 2;
const NO_HEADERS: &[(&str, &str)] = &[];

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
    let body_length = parts.iter().map(|part| part.len()).sum();
    let mut out = head(kind, client_ip, NO_HEADERS, body_length, body_length);
    for part in parts {
        out.put_slice(part);
    }
    out.freeze()
}

/// What stands before the JSON body in a gRPC message: the body of `body_length` bytes must follow.
///
/// `room` is how much of it will be appended to the buffer; a long body is cheaper sent by itself.
#[must_use]
pub fn head(kind: &str, client_ip: &str, headers: &[(&str, &str)], body_length: usize, room: usize) -> BytesMut {
    let field = |length: usize| if length == 0 { 0 } else { nested(length) };
    let entry = |(name, value): &(&str, &str)| nested(name.len()) + nested(value.len());
    let headers_length: usize = headers.iter().map(|header| nested(entry(header))).sum();
    let metadata_length = field(kind.len()) + headers_length + field(client_ip.len());
    let any_length = field(body_length);
    let message_length = nested(metadata_length) + nested(any_length);

    let mut out = BytesMut::with_capacity(PREFIX_LENGTH + message_length - body_length + room);
    out.put_u8(0);
    out.put_u32(u32::try_from(message_length).expect("bodies are limited far below 4 GiB"));
    put_length(&mut out, METADATA_KEY, metadata_length);
    if !kind.is_empty() {
        put_text(&mut out, TYPE_KEY, kind);
    }
    for header in headers {
        put_length(&mut out, HEADERS_KEY, entry(header));
        put_text(&mut out, ENTRY_NAME_KEY, header.0);
        put_text(&mut out, ENTRY_VALUE_KEY, header.1);
    }
    if !client_ip.is_empty() {
        put_text(&mut out, CLIENT_IP_KEY, client_ip);
    }
    put_length(&mut out, BODY_KEY, any_length);
    if body_length > 0 {
        put_length(&mut out, VALUE_KEY, body_length);
    }
    out
}

/// Length of a field with its key, for keys below 16.
fn nested(length: usize) -> usize {
    1 + encoded_len_varint(length as u64) + length
}

fn put_text(out: &mut BytesMut, key: u8, text: &str) {
    put_length(out, key, text.len());
    out.put_slice(text.as_bytes());
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
    fn head_and_body_are_what_protobuf_encodes() {
        for value in ["", "v", &"long".repeat(100)] {
            let mut payload = Payload::new("Q", Bytes::from_static(b"{}"));
            let metadata = payload.metadata.as_mut().expect("set by new");
            metadata.headers.insert("name".to_owned(), value.to_owned());
            let mut framed = head("Q", "", &[("name", value)], 2, 2);
            framed.put_slice(b"{}");
            // An empty value may be left out or not; what counts is what is read.
            assert_eq!(Payload::decode(framed.freeze().slice(PREFIX_LENGTH..)).expect("own encoding"), payload);
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
