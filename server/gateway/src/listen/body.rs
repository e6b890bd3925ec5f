//! The bodies of all responses.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};

use crate::grpc::StreamBody;

/// Why a body broke off.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a response of either door.
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// One gRPC message and the call's status.
    Unary { message: Option<Bytes>, trailers: Option<HeaderMap> },
    /// Pushes.
    Stream(Box<StreamBody>),
    /// Of the HTTP door.
    Http(axum::body::Body),
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Unary { message, trailers } => {
                let data = message.take().map(Frame::data);
                Poll::Ready(data.or_else(|| trailers.take().map(Frame::trailers)).map(Ok))
            }
            Self::Stream(body) => body.poll_frame(context).map(|frame| frame.map(Ok)),
            Self::Http(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Unary { message, trailers } => message.is_none() && trailers.is_none(),
            Self::Stream(_) => false,
            Self::Http(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Unary { .. } | Self::Stream(_) => SizeHint::default(),
            Self::Http(body) => body.size_hint(),
        }
    }
}
