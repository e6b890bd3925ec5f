//! gRPC messages out of the data frames of an HTTP/2 stream. A message in one frame is not copied.

use bytes::{Buf, Bytes, BytesMut};
use nacre_proto::{Payload, payload::PREFIX_LENGTH};
use prost::Message as _;

use crate::error::{Error, ErrorKind};

/// Cuts a stream of bytes into messages.
#[derive(Debug)]
pub(super) struct Frames {
    /// What a data frame brought, while no message is unfinished.
    whole: Bytes,
    /// An unfinished message.
    partial: BytesMut,
    limit: usize,
}

impl Frames {
    /// Reads messages of at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { whole: Bytes::new(), partial: BytesMut::new(), limit }
    }

    /// Adds what arrived. All messages before must have been taken.
    pub(super) fn push(&mut self, chunk: Bytes) {
        if self.partial.is_empty() && self.whole.is_empty() {
            self.whole = chunk;
        } else {
            self.partial.extend_from_slice(&self.whole);
            self.partial.extend_from_slice(&chunk);
            self.whole = Bytes::new();
        }
    }

    /// The next message, if it is complete.
    pub(super) fn next(&mut self) -> Result<Option<Payload>, Error> {
        let bytes = if self.partial.is_empty() { &self.whole[..] } else { &self.partial[..] };
        let Some(prefix) = bytes.get(..PREFIX_LENGTH) else { return Ok(None) };
        if prefix[0] != 0 {
            return Err(Error::internal("the server sent a compressed message"));
        }
        let length = (&prefix[1..]).get_u32() as usize;
        if length > self.limit {
            let reason = format!("the server sent a message of {length} bytes, the limit is {}", self.limit);
            return Err(Error::new(ErrorKind::OverLimit, -503, reason).retryable(false));
        }
        let end = PREFIX_LENGTH + length;
        if bytes.len() < end {
            if !self.partial.is_empty() {
                let missing = end - self.partial.len();
                self.partial.reserve(missing);
            }
            return Ok(None);
        }
        let mut message =
            if self.partial.is_empty() { self.whole.split_to(end) } else { self.partial.split_to(end).freeze() };
        message.advance(PREFIX_LENGTH);
        Payload::decode(message)
            .map(Some)
            .map_err(|error| Error::internal("the server sent what is no message").with_source(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nacre_proto::payload::frame;

    fn message(size: usize) -> Bytes {
        frame("T", "", &[&vec![b'x'; size]])
    }

    #[test]
    fn messages_are_found_however_they_are_cut() {
        let sizes = [0, 1, 300, 5];
        let stream: Vec<u8> = sizes.iter().flat_map(|size| message(*size)).collect();
        for step in [1, 2, 7, 100, stream.len()] {
            let mut frames = Frames::new(1000);
            let mut found = Vec::new();
            for chunk in stream.chunks(step) {
                frames.push(Bytes::copy_from_slice(chunk));
                while let Some(payload) = frames.next().unwrap() {
                    assert_eq!(payload.kind(), "T");
                    found.push(payload.json().len());
                }
            }
            assert_eq!(found, sizes, "step {step}");
        }
    }

    #[test]
    fn a_message_in_one_frame_is_not_copied() {
        let bytes = message(100);
        let mut frames = Frames::new(1000);
        frames.push(bytes.clone());
        let payload = frames.next().unwrap().unwrap();
        assert!(bytes.as_ptr_range().contains(&payload.json().as_ptr()));
    }

    #[test]
    fn what_is_too_long_or_no_message_is_refused() {
        let mut frames = Frames::new(50);
        frames.push(message(100).slice(..10));
        assert_eq!(frames.next().unwrap_err().kind(), ErrorKind::OverLimit);
        for bytes in [&[1, 0, 0, 0, 0][..], &[0, 0, 0, 0, 1, 0xff]] {
            let mut frames = Frames::new(50);
            frames.push(Bytes::copy_from_slice(bytes));
            assert_eq!(frames.next().unwrap_err().kind(), ErrorKind::Internal);
        }
    }
}
