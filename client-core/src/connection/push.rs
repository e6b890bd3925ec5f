//! Hands pushes to those who registered for them.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
};

use bytes::Bytes;
use nacre_proto::{Message, Payload, internal::ClientDetectionRequest};
use parking_lot::RwLock;
use tracing::{debug, error};

use super::{PushHandler, session};

/// Asks the handlers in turn. A handler that panics is answered as failed: it must not take the connection with it.
pub(super) fn hand_over(handlers: &RwLock<Vec<Weak<dyn PushHandler>>>, push: &Payload) -> Option<Bytes> {
    let present: Vec<Arc<dyn PushHandler>> = handlers.read().iter().filter_map(Weak::upgrade).collect();
    for handler in &present {
        match catch_unwind(AssertUnwindSafe(|| handler.push(push))) {
            Ok(Some(answer)) => return Some(answer),
            Ok(None) => {}
            Err(_) => {
                error!(kind = push.kind(), "a listener failed while it took a push");
                // Any request will do to read the id, which all have in common.
                let request = ClientDetectionRequest::from_json(push.json()).ok().flatten();
                let id = request.and_then(|request| request.request_id);
                return Some(session::failure(id, "the client failed to handle the push"));
            }
        }
    }
    debug!(kind = push.kind(), "nobody takes this push");
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use nacre_proto::internal::ErrorResponse;

    #[derive(Debug)]
    struct Takes(&'static str);

    impl PushHandler for Takes {
        fn push(&self, push: &Payload) -> Option<Bytes> {
            assert_ne!(push.kind(), "Bad", "as a broken listener would");
            (push.kind() == self.0).then(|| Bytes::from_static(self.0.as_bytes()))
        }
    }

    #[test]
    fn the_first_who_takes_a_push_answers_it() {
        let (first, second): (Arc<dyn PushHandler>, Arc<dyn PushHandler>) =
            (Arc::new(Takes("A")), Arc::new(Takes("B")));
        let gone: Arc<dyn PushHandler> = Arc::new(Takes("C"));
        let handlers = RwLock::new(vec![Arc::downgrade(&gone), Arc::downgrade(&first), Arc::downgrade(&second)]);
        drop(gone);
        let push = |kind| hand_over(&handlers, &Payload::new(kind, Bytes::from_static(br#"{"requestId":"7"}"#)));
        assert_eq!(push("B").as_deref(), Some(&b"B"[..]));
        assert_eq!(push("C"), None, "its handler is gone");
        let failed = push("Bad").unwrap();
        let payload = <Payload as prost::Message>::decode(failed.slice(5..)).unwrap();
        let answer = ErrorResponse::from_json(payload.json()).unwrap().unwrap();
        assert_eq!((answer.error_code, answer.request_id.as_deref()), (-500, Some("7")));
    }
}
