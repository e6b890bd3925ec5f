//! What a handler answers, and the refusals that have no response type of their own.

use bytes::Bytes;
use nacre_proto::internal::ErrorResponse;
use nacre_proto::{Message, Response, code, payload};

/// An answer, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) frame: Bytes,
    /// 0 when it is good; for the metrics.
    pub(super) error_code: i32,
}

impl Answer {
    /// A good answer.
    pub(super) fn good<R: Message>(response: &R) -> Self {
        Self { frame: response.to_frame(), error_code: 0 }
    }

    /// A good answer whose body is put together from text that is shared.
    pub(super) fn assembled<R: Response>(parts: &[&[u8]]) -> Self {
        Self { frame: payload::frame(R::TYPE, "", parts), error_code: 0 }
    }

    /// A refusal in the request's own response type.
    pub(super) fn failed<R: Response>(response: R, error_code: i32, message: Option<String>) -> Self {
        let response = response.failed(code::FAILURE, error_code, message);
        // 0 is a code of refusals, too; metrics must tell them from good answers.
        let counted = if error_code == 0 { code::FAILURE } else { error_code };
        Self { frame: response.to_frame(), error_code: counted }
    }

    /// A refusal before the handler, in a response type of its own.
    pub(super) fn error(error_code: i32, message: &str) -> Self {
        Refusal { result_code: code::FAILURE, error_code, message: Some(message.to_owned()) }.into()
    }
}

/// What Nacos raises as an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    result_code: i32,
    error_code: i32,
    message: Option<String>,
}

impl Refusal {
    /// Both codes are the same, as in exceptions of handlers.
    pub(super) fn new(code: i32, message: impl Into<String>) -> Self {
        Self { result_code: code, error_code: code, message: Some(message.into()) }
    }

    /// An exception without a text.
    pub(super) fn silent() -> Self {
        Self { result_code: code::FAILURE, error_code: code::FAILURE, message: None }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let Refusal { result_code, error_code, message } = refusal;
        let response = ErrorResponse::default().failed(result_code, error_code, message);
        Self { frame: response.to_frame(), error_code }
    }
}
