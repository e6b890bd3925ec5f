//! The envelope of every message, written out here by hand so that a fault in the server's own codec shows.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use anyhow::{Context, Result, ensure};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::Compression;
use prost::Message as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

const PREFIX_BYTES: usize = 5;

#[derive(Clone, PartialEq, prost::Message)]
struct Payload {
    #[prost(message, optional, tag = "2")]
    metadata: Option<Metadata>,
    #[prost(message, optional, tag = "3")]
    body: Option<Any>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Metadata {
    #[prost(string, tag = "3")]
    kind: String,
    #[prost(btree_map = "string, string", tag = "7")]
    headers: BTreeMap<String, String>,
    #[prost(string, tag = "8")]
    client_ip: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

/// One request, reply or push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The simple class name in the metadata.
    pub kind: String,
    /// Headers in the metadata.
    pub headers: BTreeMap<String, String>,
    /// The sender's address in the metadata.
    pub client_ip: String,
    /// The JSON text; `None` sends no body at all.
    pub body: Option<Bytes>,
    /// The type URL of the body, empty with all known clients.
    pub type_url: String,
    /// Leaves the metadata out when it is sent.
    pub without_metadata: bool,
    /// Compresses with gzip when it is sent.
    pub gzip: bool,
}

impl Message {
    /// A message with a JSON body.
    pub fn new(kind: &str, body: &impl Serialize) -> Self {
        let text = serde_json::to_vec(body).expect("a test's body can be written as JSON");
        Self::raw(kind, Some(text.into()))
    }

    /// A message with the given bytes, or none, as its body.
    pub fn raw(kind: &str, body: Option<Bytes>) -> Self {
        Self {
            kind: kind.into(),
            headers: BTreeMap::new(),
            client_ip: "127.0.0.1".into(),
            body,
            type_url: String::new(),
            without_metadata: false,
            gzip: false,
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Sets the sender's address.
    pub fn client_ip(mut self, address: &str) -> Self {
        self.client_ip = address.into();
        self
    }

    /// The body's text, empty when there is none.
    pub fn text(&self) -> String {
        self.body.as_deref().map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default()
    }

    /// The body as JSON; null when it is not JSON.
    pub fn json(&self) -> serde_json::Value {
        self.read().unwrap_or(serde_json::Value::Null)
    }

    /// Reads the body into a type of the caller's; `None` when it does not fit.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body.as_deref()?).ok()
    }

    /// The length-prefixed gRPC frame.
    pub(crate) fn frame(&self) -> Bytes {
        let metadata = (!self.without_metadata).then(|| Metadata {
            kind: self.kind.clone(),
            headers: self.headers.clone(),
            client_ip: self.client_ip.clone(),
        });
        let body = (self.body.is_some() || !self.type_url.is_empty())
            .then(|| Any { type_url: self.type_url.clone(), value: self.body.clone().unwrap_or_default() });
        let mut payload = Payload { metadata, body }.encode_to_vec();
        if self.gzip {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
            payload =
                encoder.write_all(&payload).and_then(|()| encoder.finish()).expect("writing to memory does not fail");
        }
        let mut frame = BytesMut::with_capacity(PREFIX_BYTES + payload.len());
        frame.put_u8(u8::from(self.gzip));
        frame.put_u32(u32::try_from(payload.len()).expect("a test's message is below 4 GiB"));
        frame.extend_from_slice(&payload);
        frame.freeze()
    }

    /// Takes one whole frame off the front of `buffer`, if there is one.
    pub(crate) fn take(buffer: &mut BytesMut) -> Result<Option<Self>> {
        if buffer.len() < PREFIX_BYTES {
            return Ok(None);
        }
        let length = (&buffer[1..PREFIX_BYTES]).get_u32() as usize;
        if buffer.len() < PREFIX_BYTES + length {
            return Ok(None);
        }
        let compressed = buffer[0];
        ensure!(compressed <= 1, "odd compression flag {compressed}");
        buffer.advance(PREFIX_BYTES);
        let mut payload = buffer.split_to(length).freeze();
        if compressed == 1 {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(payload.reader()).read_to_end(&mut plain).context("gzip")?;
            payload = plain.into();
        }
        let payload = Payload::decode(payload).context("payload")?;
        let metadata = payload.metadata.unwrap_or_default();
        let any = payload.body.unwrap_or_default();
        Ok(Some(Self {
            kind: metadata.kind,
            headers: metadata.headers,
            client_ip: metadata.client_ip,
            body: Some(any.value),
            type_url: any.type_url,
            without_metadata: false,
            gzip: compressed == 1,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_round_trip_and_wait_for_their_last_byte() {
        for gzip in [false, true] {
            let mut message = Message::new("InstanceRequest", &serde_json::json!({"a": 1})).header("k", "v");
            message.gzip = gzip;
            let frame = message.frame();
            let mut buffer = BytesMut::from(&frame[..frame.len() - 1]);
            assert!(Message::take(&mut buffer).unwrap().is_none());
            buffer.extend_from_slice(&frame[frame.len() - 1..]);
            buffer.extend_from_slice(&frame);
            assert_eq!(Message::take(&mut buffer).unwrap().as_ref(), Some(&message));
            assert_eq!(Message::take(&mut buffer).unwrap(), Some(message));
            assert!(buffer.is_empty());
        }
    }

    #[test]
    fn field_numbers_are_those_of_the_protocol() {
        let frame = Message::raw("T", Some(Bytes::from_static(b"{}"))).client_ip("i").header("k", "v").frame();
        let expected = [
            0x12, 14, 0x1a, 1, b'T', 0x3a, 6, 0x0a, 1, b'k', 0x12, 1, b'v', 0x42, 1, b'i', 0x1a, 4, 0x12, 2, b'{', b'}',
        ];
        assert_eq!(&frame[PREFIX_BYTES..], expected);
    }
}
