//! Failures of a call itself, as gRPC tells them. What a request is refused with is no such failure.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response};

use crate::listen::Body;

const CONTENT: HeaderValue = HeaderValue::from_static("application/grpc");
const STATUS: &str = "grpc-status";
const MESSAGE: &str = "grpc-message";

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// The client went away.
    Cancelled,
    /// The request did not arrive in time.
    DeadlineExceeded,
    /// The message is too large.
    ResourceExhausted,
    /// There is no such method, or no such compression.
    Unimplemented,
    /// The message cannot be read.
    Internal,
}

impl Status {
    fn code(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Cancelled => "1",
            Self::DeadlineExceeded => "4",
            Self::ResourceExhausted => "8",
            Self::Unimplemented => "12",
            Self::Internal => "13",
        })
    }

    fn message(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Cancelled => "request broke off",
            Self::DeadlineExceeded => "request took too long to arrive",
            Self::ResourceExhausted => "message is larger than the limit",
            Self::Unimplemented => "no such method or compression",
            Self::Internal => "message cannot be read",
        })
    }

    /// A response without message.
    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = response(Body::Empty);
        response.headers_mut().insert(STATUS, self.code());
        response.headers_mut().insert(MESSAGE, self.message());
        response
    }

    /// What ends a stream that had responses already.
    pub(crate) fn into_trailers(self) -> HeaderMap {
        let mut trailers = HeaderMap::with_capacity(2);
        trailers.insert(STATUS, self.code());
        trailers.insert(MESSAGE, self.message());
        trailers
    }
}

/// What ends a call that went well.
pub(crate) fn success() -> HeaderMap {
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert(STATUS, HeaderValue::from_static("0"));
    trailers
}

/// The head of every gRPC response.
pub(crate) fn response(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, CONTENT);
    response
}
