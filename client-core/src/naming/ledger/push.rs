//! Lists that the server pushes.

use bytes::Bytes;
use nacre_proto::{
    Message, Payload, Request, Response, code,
    internal::{ErrorResponse, HealthCheckRequest},
    naming::{
        NotifySubscriberRequest, NotifySubscriberResponse, ServiceInfo,
        fuzzy::{
            DELETE_SERVICE, NamingFuzzyWatchChangeNotifyRequest, NamingFuzzyWatchChangeNotifyResponse,
            NamingFuzzyWatchSyncRequest,
        },
    },
};
use tracing::warn;

use super::{
    Book, Pattern, Services,
    link::{Link, position},
    watched::{Watched, service_of},
};
use crate::{connection::PushHandler, names::ServiceKey};

impl<L: Link> Book<L> {
    /// Takes a push and makes the answer; None if it is of another kind.
    pub(crate) fn take_push(&self, push: &Payload) -> Option<Bytes> {
        match push.kind() {
            NotifySubscriberRequest::TYPE => answer(push, |request: NotifySubscriberRequest| {
                self.take_list(request.service_info);
                NotifySubscriberResponse { request_id: request.request_id, ..NotifySubscriberResponse::default() }
            }),
            NamingFuzzyWatchSyncRequest::TYPE => answer(push, |request: NamingFuzzyWatchSyncRequest| {
                self.take_sync(&request);
                known(request.request_id)
            }),
            NamingFuzzyWatchChangeNotifyRequest::TYPE => {
                answer(push, |request: NamingFuzzyWatchChangeNotifyRequest| {
                    self.take_change(&request);
                    known(request.request_id)
                })
            }
            _ => None,
        }
    }

    fn take_list(&self, info: Option<ServiceInfo>) {
        let Some(info) = info else { return };
        let (group, name) = (info.group_name.as_deref(), info.name.as_deref());
        match ServiceKey::new(group.unwrap_or_default(), name.unwrap_or_default()) {
            Ok(service) => self.accept(&service, info, position(&self.link.watch().borrow()).0),
            Err(error) => warn!(%error, "push of a service with an impossible name"),
        }
    }

    fn take_sync(&self, request: &NamingFuzzyWatchSyncRequest) {
        let wanted = request.group_key_pattern.as_deref().unwrap_or_default();
        let kind = request.sync_type.as_deref().unwrap_or_default();
        let contexts = request.contexts.as_deref().unwrap_or_default();
        self.tell(|pattern, watched| {
            (pattern.to_string() == wanted).then(|| watched.sync(&pattern.namespace, kind, contexts)).flatten()
        });
    }

    fn take_change(&self, request: &NamingFuzzyWatchChangeNotifyRequest) {
        let removed = request.changed_type.as_deref() == Some(DELETE_SERVICE);
        let key = request.service_key.as_deref().unwrap_or_default();
        self.tell(|pattern, watched| {
            let service = service_of(key, &pattern.namespace).filter(|service| pattern.fits(service))?;
            watched.change(service, removed)
        });
    }

    /// Lets each pattern look at a push, and tells those who watch the ones that changed.
    fn tell(&self, mut look: impl FnMut(&Pattern, &mut Watched) -> Option<Services>) {
        let mut told = Vec::new();
        for (pattern, watched) in &mut self.state.lock().patterns {
            if let Some(services) = look(pattern, watched) {
                told.push((services, watched.sinks()));
            }
        }
        for (services, sinks) in told {
            sinks.iter().for_each(|sink| sink.take(&services));
        }
    }
}

fn known(request_id: Option<String>) -> NamingFuzzyWatchChangeNotifyResponse {
    NamingFuzzyWatchChangeNotifyResponse { request_id, ..NamingFuzzyWatchChangeNotifyResponse::default() }
}

/// Reads a push and makes the frame that answers it.
fn answer<Q: Request, A: Message>(push: &Payload, take: impl FnOnce(Q) -> A) -> Option<Bytes> {
    match Q::from_json(push.json()) {
        Ok(Some(request)) => Some(take(request).to_frame()),
        Ok(None) => None,
        Err(error) => {
            warn!(kind = push.kind(), %error, "cannot read a push");
            // Without its id the push cannot be answered.
            let id = HealthCheckRequest::from_json(push.json()).ok().flatten()?.request_id;
            let refusal = ErrorResponse { request_id: id, ..ErrorResponse::default() };
            let message = Some("cannot read the push".to_owned());
            Some(refusal.failed(code::FAILURE, code::PUSH_FAILED, message).to_frame())
        }
    }
}

impl<L: Link> PushHandler for Book<L> {
    fn push(&self, push: &Payload) -> Option<Bytes> {
        self.take_push(push)
    }
}
