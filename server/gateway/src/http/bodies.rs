//! Form bodies: read up to a limit each, and up to another limit all together.

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::code::Code;
use super::failure::Failure;

/// Bodies up to this size are read without a share of the budget.
const SMALL: usize = 64 << 10;
/// Bytes that one permit stands for.
const UNIT: usize = 1 << 10;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It has more bytes than it may.
    TooLarge(usize),
    /// It did not come in time.
    Late,
    /// The client went away.
    Broken,
}

impl From<Unread> for Failure {
    fn from(unread: Unread) -> Self {
        let (status, text) = match unread {
            Unread::TooLarge(limit) => (413, format!("the request's body is larger than {limit} bytes")),
            Unread::Late => (408, "the request's body did not arrive in time".to_owned()),
            Unread::Broken => (400, "the request's body broke off".to_owned()),
        };
        Self::refused(status, Code::PARAMETER_VALIDATE, text)
    }
}

/// How much of all bodies may be in memory.
#[derive(Debug)]
pub(super) struct Budget {
    largest: usize,
    units: Semaphore,
}

/// A body's share of the budget, to be kept while the request is worked on.
pub(super) type Share<'a> = Option<SemaphorePermit<'a>>;

impl Budget {
    /// Bodies of `largest` bytes each, `all` bytes together.
    pub(super) fn new(largest: usize, all: usize) -> Self {
        Self { largest, units: Semaphore::new((all.max(largest) / UNIT + 1).min(Semaphore::MAX_PERMITS)) }
    }

    /// The bytes of a form body; with `any` those of every other body, too.
    pub(super) async fn read(&self, head: &Parts, body: Body, any: bool) -> Result<(Bytes, Share<'_>), Unread> {
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        if !any && !is_form(head) {
            return Ok((Bytes::new(), None));
        }
        let length = header(CONTENT_LENGTH).map_or(Some(self.largest), |length| length.parse().ok());
        let Some(length) = length.filter(|length| *length <= self.largest) else { return Err(self.too_large()) };
        let share = if length <= SMALL { None } else { self.share(length).await };
        match Limited::new(body, length.max(SMALL).min(self.largest)).collect().await {
            Ok(collected) => Ok((collected.to_bytes(), share)),
            Err(error) if error.is::<LengthLimitError>() => Err(self.too_large()),
            Err(_) => Err(Unread::Broken),
        }
    }

    async fn share(&self, length: usize) -> Share<'_> {
        let units = u32::try_from(length / UNIT).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        self.units.acquire_many(units).await.ok()
    }

    fn too_large(&self) -> Unread {
        Unread::TooLarge(self.largest)
    }
}

/// Whether a request's body is a form.
pub(super) fn is_form(head: &Parts) -> bool {
    let kind = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn form(length: usize, is_chunked: bool) -> (Parts, Body) {
        let mut request = Request::post("/").header(CONTENT_TYPE, "Application/X-WWW-Form-Urlencoded; charset=UTF-8");
        if !is_chunked {
            request = request.header(CONTENT_LENGTH, length);
        }
        let (head, ()) = request.body(()).expect("well formed").into_parts();
        (head, Body::from("x".repeat(length)))
    }

    async fn read(budget: &Budget, length: usize, is_chunked: bool) -> Result<usize, Unread> {
        let (head, body) = form(length, is_chunked);
        budget.read(&head, body, false).await.map(|(bytes, _)| bytes.len())
    }

    #[tokio::test]
    async fn each_body_has_a_limit() {
        let budget = Budget::new(200_000, 200_000);
        assert_eq!(read(&budget, 200_000, false).await, Ok(200_000));
        assert_eq!(read(&budget, 200_000, true).await, Ok(200_000));
        assert!(read(&budget, 200_001, false).await.is_err());
        assert!(read(&budget, 200_001, true).await.is_err());
        let (mut head, body) = form(10, false);
        head.headers.remove(CONTENT_TYPE);
        assert_eq!(budget.read(&head, body, false).await.expect("not read").0, Bytes::new());
    }

    #[tokio::test(start_paused = true)]
    async fn large_bodies_wait_for_each_other() {
        let budget = Budget::new(200_000, 300_000);
        let (head, body) = form(200_000, false);
        let first = budget.read(&head, body, false).await.expect("read");
        let second = read(&budget, 200_000, false);
        tokio::pin!(second);
        assert!(tokio::time::timeout(std::time::Duration::from_secs(1), &mut second).await.is_err());
        assert_eq!(read(&budget, 1000, false).await, Ok(1000), "small ones do not wait");
        drop(first);
        assert_eq!(second.await, Ok(200_000));
    }
}
