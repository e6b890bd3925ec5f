//! Services over HTTP: create, remove, update, detail, list.

use nacre_naming::{DEFAULT_GROUP, Error, Selector, ServiceKind, ServiceMetadata};
use serde_json::Value;

use super::{Subject, metadata, model, namespace, refuse, service};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::code::Code;
use crate::http::failure::Failure;
use crate::http::parameters::form_decode;

const PAGE_SIZE: i64 = 20;
const LARGEST_PAGE: usize = 500;

/// Creates an empty service; in v1 always a persistent one.
pub(in crate::http) async fn create(call: &Call) -> Result<Answer, Failure> {
    let service = service(call)?;
    let is_ephemeral = call.is_v2() && call.boolean("ephemeral")?.unwrap_or(false);
    let described = described(call)?;
    let kind = ServiceKind::from_ephemeral(is_ephemeral);
    done(call.state.naming.create_service(&service, kind, described).await)
}

/// Removes a service without instances.
pub(in crate::http) async fn remove(call: &Call) -> Result<Answer, Failure> {
    done(call.state.naming.delete_service(&service(call)?).await)
}

/// Replaces what operators set for a service.
pub(in crate::http) async fn update(call: &Call) -> Result<Answer, Failure> {
    let service = service(call)?;
    if !call.is_v2() {
        call.required("protectThreshold")?;
    }
    let described = described(call)?;
    done(call.state.naming.update_service(&service, described).await)
}

/// A service as operators see it.
pub(in crate::http) fn detail(call: &Call) -> Result<Answer, Failure> {
    let service = service(call)?;
    let detail = call.state.naming.service(&service).map_err(|error| match error {
        Error::ServiceNotFound { .. } => {
            let (namespace, name) = (service.namespace(), service.grouped_name());
            let text = format!("service not found, namespace: {namespace}, serviceName: {name}");
            Failure::refused(400, Code::SERVICE_NOT_EXIST, text)
        }
        error => refuse(&error, Subject::Service),
    })?;
    Ok(if call.is_v2() {
        Answer::data(model::Service2::new(&detail))
    } else {
        Answer::data(model::Service1::new(&detail))
    })
}

/// A page of the names of a group's services.
pub(in crate::http) fn list(call: &Call) -> Result<Answer, Failure> {
    let group = call.filled("groupName").unwrap_or(DEFAULT_GROUP.into());
    let (page, size) = if call.is_v2() {
        let size = call.number("pageSize")?.unwrap_or(PAGE_SIZE);
        (call.number("pageNo")?.unwrap_or(1), usize::try_from(size).unwrap_or(0).min(LARGEST_PAGE))
    } else {
        // A page number that is no number reads as 0, which is the first page.
        let page = call.required("pageNo")?.trim().parse().unwrap_or(0);
        (page, call.required("pageSize")?.trim().parse().unwrap_or(0))
    };
    let found = call.state.naming.services(&namespace(call), &group, page, size);
    Ok(if call.is_v2() {
        Answer::data(model::Page2 { count: found.count, services: found.names })
    } else {
        Answer::data(model::Page1 { count: found.count, doms: found.names })
    })
}

fn done(result: Result<(), Error>) -> Result<Answer, Failure> {
    result.map(|()| Answer::Done).map_err(|error| refuse(&error, Subject::Service))
}

fn described(call: &Call) -> Result<ServiceMetadata, Failure> {
    let protect_threshold: f32 = match call.number("protectThreshold") {
        Ok(threshold) => threshold.unwrap_or(0.0),
        // v1 calls this its own failure.
        Err(Failure::Conversion { text }) if !call.is_v2() => return Err(Failure::internal(text)),
        Err(failure) => return Err(failure),
    };
    if !(0.0..=1.0).contains(&protect_threshold) {
        return Err(Failure::invalid(format!("protectThreshold ranges from 0 to 1, not {protect_threshold}")));
    }
    let metadata = metadata(call)?;
    Ok(ServiceMetadata { protect_threshold, selector: selector(call)?, metadata })
}

fn selector(call: &Call) -> Result<Selector, Failure> {
    let Some(text) = call.filled("selector") else { return Ok(Selector::None) };
    let unreadable = || Failure::refused(400, Code::SELECTOR, format!("cannot read the selector {text}"));
    // Clients encode the value once more than the form needs.
    let selector: Value =
        serde_json::from_str(&form_decode(&text)).or_else(|_| serde_json::from_str(&text)).map_err(|_| unreadable())?;
    let member = |name: &str| selector.get(name).and_then(Value::as_str).unwrap_or_default();
    match member("type") {
        "none" => Ok(Selector::None),
        "label" => Selector::label(member("expression")).map_err(|error| Failure::internal(error.to_string())),
        _ => Err(Failure::refused(400, Code::SELECTOR, "not match any type of selector!")),
    }
}
