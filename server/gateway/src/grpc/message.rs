//! gRPC messages out of a request's body: prefix, length, compression, limit.

use std::future::poll_fn;
use std::io::Read;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http::HeaderMap;
use http_body::Body;
use hyper::body::Incoming;
use nacre_proto::payload::PREFIX_LENGTH;

use super::status::Status;

const IS_COMPRESSED: u8 = 1;

/// Reads messages from a body. It holds at most one message and what came with its last bytes.
pub(crate) struct Messages<B = Incoming> {
    body: B,
    limit: usize,
    has_gzip: bool,
    received: Received,
}

/// Bytes that arrived and were not read. The common case, a message in one piece, is not copied.
enum Received {
    Whole(Bytes),
    Pieces(BytesMut),
}

impl Received {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Pieces(bytes) => bytes,
        }
    }

    fn add(&mut self, more: Bytes) {
        match self {
            Self::Whole(bytes) if bytes.is_empty() => *bytes = more,
            Self::Whole(bytes) => {
                let mut pieces = BytesMut::with_capacity(bytes.len() + more.len());
                pieces.extend_from_slice(bytes);
                pieces.extend_from_slice(&more);
                *self = Self::Pieces(pieces);
            }
            Self::Pieces(bytes) if bytes.is_empty() => *self = Self::Whole(more),
            Self::Pieces(bytes) => bytes.extend_from_slice(&more),
        }
    }

    fn take(&mut self, length: usize) -> Bytes {
        match self {
            Self::Whole(bytes) => {
                bytes.advance(PREFIX_LENGTH);
                bytes.split_to(length)
            }
            Self::Pieces(bytes) => {
                bytes.advance(PREFIX_LENGTH);
                bytes.split_to(length).freeze()
            }
        }
    }
}

impl<B> Messages<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    pub(crate) fn new(body: B, headers: &HeaderMap, limit: usize) -> Self {
        let has_gzip = headers.get("grpc-encoding").is_some_and(|encoding| encoding == "gzip");
        Self { body, limit, has_gzip, received: Received::Whole(Bytes::new()) }
    }

    /// The next message, `None` at the end of the body.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        loop {
            if let Some((flag, length)) = self.prefix()?
                && self.received.bytes().len() >= PREFIX_LENGTH + length
            {
                let message = self.received.take(length);
                return Poll::Ready(self.unpack(flag, message).map(Some));
            }
            if !ready!(self.poll_more(context))? {
                let is_empty = self.received.bytes().is_empty();
                return Poll::Ready(if is_empty { Ok(None) } else { Err(Status::Internal) });
            }
        }
    }

    /// Waits for the length of the next message, `None` at the end of the body.
    pub(crate) async fn next_length(&mut self) -> Result<Option<usize>, Status> {
        loop {
            if let Some((_, length)) = self.prefix()? {
                return Ok(Some(length));
            }
            if !poll_fn(|context| self.poll_more(context)).await? {
                return Ok(None);
            }
        }
    }

    /// The next message, `None` at the end of the body.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Reads on to the end of the body, so that the stream ends as the client expects; further
    /// messages of a unary call mean nothing.
    pub(crate) async fn finish(&mut self) -> Result<(), Status> {
        while poll_fn(|context| self.poll_more(context)).await? {
            self.received = Received::Whole(Bytes::new());
        }
        Ok(())
    }

    /// Flag and length of the next message, as soon as they are there.
    fn prefix(&self) -> Result<Option<(u8, usize)>, Status> {
        let Some((prefix, _)) = self.received.bytes().split_first_chunk::<PREFIX_LENGTH>() else { return Ok(None) };
        let [flag, length @ ..] = *prefix;
        let length = u32::from_be_bytes(length) as usize;
        if length > self.limit { Err(Status::ResourceExhausted) } else { Ok(Some((flag, length))) }
    }

    /// Waits for more bytes; answers whether there were any before the end.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, Status>> {
        loop {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => return Poll::Ready(Ok(false)),
                Some(Err(_)) => return Poll::Ready(Err(Status::Cancelled)),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        self.received.add(data);
                        return Poll::Ready(Ok(true));
                    }
                }
            }
        }
    }

    fn unpack(&self, flag: u8, message: Bytes) -> Result<Bytes, Status> {
        match flag {
            0 => Ok(message),
            IS_COMPRESSED if self.has_gzip => unzip(&message, self.limit),
            IS_COMPRESSED => Err(Status::Unimplemented),
            _ => Err(Status::Internal),
        }
    }
}

fn unzip(packed: &[u8], limit: usize) -> Result<Bytes, Status> {
    let mut unpacked = Vec::new();
    let reading = MultiGzDecoder::new(packed).take(limit as u64 + 1).read_to_end(&mut unpacked);
    match reading {
        Ok(length) if length > limit => Err(Status::ResourceExhausted),
        Ok(_) => Ok(unpacked.into()),
        Err(_) => Err(Status::Internal),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use http_body::Frame;

    use super::*;

    struct Pieces(VecDeque<Bytes>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
        }
    }

    fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).expect("small");
        [&[flag][..], &length.to_be_bytes(), message].concat()
    }

    fn messages(bytes: &[u8], piece: usize, gzip: bool, limit: usize) -> Messages<Pieces> {
        let mut headers = HeaderMap::new();
        if gzip {
            headers.insert("grpc-encoding", "gzip".parse().expect("legal"));
        }
        Messages::new(Pieces(bytes.chunks(piece).map(Bytes::copy_from_slice).collect()), &headers, limit)
    }

    fn zipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    #[tokio::test]
    async fn messages_are_found_in_any_pieces() {
        let bytes = [framed(0, b"one"), framed(0, b""), framed(0, b"three")].concat();
        for piece in 1..=bytes.len() {
            let mut messages = messages(&bytes, piece, false, 10);
            for expected in [&b"one"[..], b"", b"three"] {
                assert_eq!(messages.next().await.expect("readable").as_deref(), Some(expected), "pieces of {piece}");
            }
            assert_eq!(messages.next().await, Ok(None));
        }
    }

    #[tokio::test]
    async fn what_is_too_large_or_broken_is_refused() {
        let large = framed(0, &[0; 11]);
        assert_eq!(messages(&large, 4, false, 10).next().await, Err(Status::ResourceExhausted));
        assert_eq!(messages(&large[..8], 4, false, 20).next().await, Err(Status::Internal));
        assert_eq!(messages(&framed(2, b"x"), 9, false, 10).next().await, Err(Status::Internal));
        let packed = framed(1, &zipped(&[7; 100]));
        assert_eq!(messages(&packed, 9, false, 200).next().await, Err(Status::Unimplemented));
        assert_eq!(messages(&packed, 9, true, 99).next().await, Err(Status::ResourceExhausted));
        let unpacked = messages(&packed, 9, true, 100).next().await.expect("readable").expect("a message");
        assert_eq!(unpacked[..], [7; 100]);
        assert_eq!(messages(&framed(1, b"no gzip"), 9, true, 100).next().await, Err(Status::Internal));
    }

    #[tokio::test]
    async fn one_piece_is_not_copied() {
        let bytes = Bytes::from(framed(0, b"body"));
        let mut messages = Messages::new(Pieces([bytes.clone()].into()), &HeaderMap::new(), 10);
        assert_eq!(messages.next_length().await, Ok(Some(4)));
        let message = messages.next().await.expect("readable").expect("a message");
        assert!(bytes.as_ptr_range().contains(&message.as_ptr()));
    }
}
