//! Handlers of naming requests.

use nacre_naming::{Address, Error, Filter, NewInstance, Registration, ServiceKey, ServiceKind, Session};
use nacre_proto::naming::{
    BATCH_REGISTER, BatchInstanceRequest, BatchInstanceResponse, DEREGISTER, Instance, InstanceRequest,
    InstanceResponse, PersistentInstanceRequest, QueryServiceResponse, REGISTER, ServiceListRequest,
    ServiceListResponse, ServiceQueryRequest, SubscribeServiceRequest, SubscribeServiceResponse,
};
use nacre_proto::{Response, code};

use super::answer::{Answer, Refusal};
use super::call::{Call, Checkable, names};
use crate::check::{self, Checked, Parameters};

/// Stands for a namespace that a request left out. No request can name it, so it is always empty.
const ABSENT: &str = "\0";

type Outcome = Result<Answer, Refusal>;

pub(super) async fn instance(call: Call<'_>, request: InstanceRequest) -> Outcome {
    let service = stated_service(&request.namespace, &request.service_name, &request.group_name)?;
    match request.kind.as_deref() {
        Some(REGISTER) => {
            let Some(instance) = request.instance.map(new_instance) else {
                return Err(Refusal::new(code::INVALID_PARAMETER, "Instance can not be null."));
            };
            if request.namespace.is_none() {
                return Err(Refusal::silent());
            }
            let session = match publisher(call, &service, Registration::Ephemeral) {
                Ok(session) => session,
                Err(error) => {
                    nacre_naming::check_instance(&instance).map_err(|error| refuse(&error))?;
                    return Err(refuse(&error));
                }
            };
            done(session.register(&service, instance).await, &instance_done(REGISTER))
        }
        Some(DEREGISTER) => {
            let address = request.instance.as_ref().map(address);
            let has_instance = address.is_some();
            let removed = match call.client.session() {
                Some(session) => session.deregister(&service, address).await,
                None if call.door.naming.contains(&service) => Err(gone(call)),
                None => Ok(()),
            };
            if removed.is_ok() && !has_instance {
                return Err(Refusal::silent());
            }
            done(removed, &instance_done(DEREGISTER))
        }
        other => Err(unsupported(other)),
    }
}

pub(super) async fn batch(call: Call<'_>, request: BatchInstanceRequest) -> Outcome {
    let service = stated_service(&request.namespace, &request.service_name, &request.group_name)?;
    let Some(instances) = request.instances else {
        return Err(Refusal::new(code::FAILURE, "instances must not be null"));
    };
    if request.kind.as_deref() != Some(BATCH_REGISTER) {
        return Err(unsupported(request.kind.as_deref()));
    }
    if request.namespace.is_none() {
        return Err(Refusal::silent());
    }
    let session = publisher(call, &service, Registration::Batch).map_err(|error| refuse(&error))?;
    let registered = session.register_batch(&service, instances.into_iter().map(new_instance).collect()).await;
    done(registered, &BatchInstanceResponse { kind: Some(BATCH_REGISTER.to_owned()), ..Default::default() })
}

pub(super) async fn persistent(call: Call<'_>, request: PersistentInstanceRequest) -> Outcome {
    let service = stated_service(&request.namespace, &request.service_name, &request.group_name)?;
    let (kind, is_register) = match request.kind.as_deref() {
        Some(REGISTER) => (REGISTER, true),
        Some(DEREGISTER) => (DEREGISTER, false),
        other => return Err(unsupported(other)),
    };
    let Some(instance) = request.instance else {
        return Err(Refusal::new(code::FAILURE, "instance must not be null"));
    };
    if request.namespace.is_none() {
        return Err(Refusal::silent());
    }
    let naming = &call.door.naming;
    let outcome = if is_register {
        naming.register_persistent(&service, new_instance(instance), nacre_naming::IdPolicy::Generate).await
    } else {
        naming.deregister_persistent(&service, instance.ip.as_deref().unwrap_or_default(), instance.port).await
    };
    done(outcome, &instance_done(kind))
}

pub(super) fn query(call: Call<'_>, request: &ServiceQueryRequest) -> Outcome {
    let service = any_service(&request.namespace, &request.service_name, &request.group_name);
    let filter = Filter::clusters_of(Some(request.cluster.as_deref().unwrap_or_default()));
    let info = call.door.naming.query(&service, &filter.healthy_only(request.healthy_only));
    let head: &[u8] = br#"{"resultCode":200,"errorCode":0,"serviceInfo":"#;
    Ok(Answer::assembled::<QueryServiceResponse>(&[head, &info, br#","success":true}"#]))
}

pub(super) fn list(call: Call<'_>, request: &ServiceListRequest) -> Outcome {
    let Some(namespace) = &request.namespace else { return Err(Refusal::silent()) };
    let Ok(page_size) = usize::try_from(request.page_size) else {
        return Err(Refusal::new(code::FAILURE, format!("illegal page size: {}", request.page_size)));
    };
    let Some(group) = &request.group_name else {
        return Ok(Answer::good(&ServiceListResponse { service_names: Some(Vec::new()), ..Default::default() }));
    };
    let page = call.door.naming.services(namespace, group, request.page_no.into(), page_size);
    Ok(Answer::good(&ServiceListResponse {
        count: i32::try_from(page.count).unwrap_or(i32::MAX),
        service_names: Some(page.names),
        ..Default::default()
    }))
}

pub(super) fn subscribe(call: Call<'_>, request: &SubscribeServiceRequest) -> Outcome {
    let service = stated_service(&request.namespace, &request.service_name, &request.group_name)?;
    let session = call.client.session().ok_or_else(|| refuse(&gone(call)))?;
    let clusters = request.clusters.as_deref();
    let info =
        if request.subscribe { session.subscribe(&service, clusters) } else { session.unsubscribe(&service, clusters) };
    match info {
        Ok(info) => {
            let head: &[u8] = br#"{"resultCode":200,"errorCode":0,"message":"success","serviceInfo":"#;
            Ok(Answer::assembled::<SubscribeServiceResponse>(&[head, &info, br#","success":true}"#]))
        }
        Err(error) => settle(error, SubscribeServiceResponse::default()),
    }
}

/// The service of a request that must name it.
fn stated_service(
    namespace: &Option<String>,
    name: &Option<String>,
    group: &Option<String>,
) -> Result<ServiceKey, Refusal> {
    for (parameter, value) in [("serviceName", name), ("groupName", group)] {
        if check::is_blank(value.as_deref().unwrap_or_default()) {
            let message = format!("Param '{parameter}' is illegal, {parameter} is blank");
            return Err(Refusal::new(code::FAILURE, message));
        }
    }
    Ok(any_service(namespace, name, group))
}

fn any_service(namespace: &Option<String>, name: &Option<String>, group: &Option<String>) -> ServiceKey {
    ServiceKey::new(
        namespace.as_deref().unwrap_or(ABSENT),
        group.as_deref().unwrap_or_default(),
        name.as_deref().unwrap_or_default(),
    )
}

/// The session that may publish ephemeral instances. Without one, the refusal is the same as if
/// there had been one that is gone.
fn publisher<'a>(call: Call<'a>, service: &ServiceKey, tried: Registration) -> Result<&'a Session, Error> {
    if let Some(session) = call.client.session() {
        return Ok(session);
    }
    let existing = call.door.naming.view(service).kind();
    if existing == ServiceKind::Persistent {
        return Err(Error::KindMismatch { service: service.clone(), existing, tried });
    }
    Err(gone(call))
}

fn gone(call: Call<'_>) -> Error {
    Error::ClientGone { connection: call.client.id().to_string() }
}

fn unsupported(kind: Option<&str>) -> Refusal {
    match kind {
        Some(kind) => Refusal::new(code::INVALID_PARAMETER, format!("Unsupported request type {kind}")),
        None => Refusal::silent(),
    }
}

fn instance_done(kind: &str) -> InstanceResponse {
    InstanceResponse { kind: Some(kind.to_owned()), ..InstanceResponse::default() }
}

fn done<R: Response>(outcome: Result<(), Error>, response: &R) -> Outcome {
    match outcome {
        Ok(()) => Ok(Answer::good(response)),
        Err(error) => settle(error, R::default()),
    }
}

/// A refusal of the domain. One that another try at once would not change has the response's own
/// type, since clients take any other for a broken connection and try again at once.
fn settle<R: Response>(error: Error, response: R) -> Outcome {
    match error {
        Error::StorageFull { .. } | Error::Unavailable(_) | Error::TooLarge { .. } => {
            Ok(Answer::failed(response, code::FAILURE, Some(error.to_string())))
        }
        error => Err(refuse(&error)),
    }
}

fn refuse(error: &Error) -> Refusal {
    let code = error.code();
    Refusal::new(code, error.to_string())
}

fn address(instance: &Instance) -> Address {
    Address::new(instance.ip.as_deref().unwrap_or_default(), instance.port)
}

fn new_instance(instance: Instance) -> NewInstance {
    NewInstance {
        instance_id: instance.instance_id,
        ip: instance.ip,
        port: instance.port,
        weight: instance.weight,
        healthy: instance.healthy,
        enabled: instance.enabled,
        cluster: instance.cluster_name,
        service_name: instance.service_name,
        metadata: instance.metadata.unwrap_or_default(),
    }
}

fn check_instance(instance: Option<&Instance>, max_metadata: usize) -> Checked {
    let Some(instance) = instance else { return Ok(()) };
    let parameters =
        Parameters { clusters: instance.cluster_name.as_deref(), ip: instance.ip.as_deref(), ..Parameters::default() };
    parameters.check()?;
    check::port(instance.port.into())?;
    let entries = instance.metadata.iter().flatten();
    check::metadata(entries.map(|(key, value)| (key.as_str(), value.as_str())), max_metadata)
}

impl Checkable for InstanceRequest {
    fn check(&self, max_metadata: usize) -> Checked {
        names(&self.namespace, &self.service_name, &self.group_name).check()?;
        check_instance(self.instance.as_ref(), max_metadata)
    }
}

impl Checkable for PersistentInstanceRequest {
    fn check(&self, max_metadata: usize) -> Checked {
        names(&self.namespace, &self.service_name, &self.group_name).check()?;
        check_instance(self.instance.as_ref(), max_metadata)
    }
}

impl Checkable for BatchInstanceRequest {
    fn check(&self, max_metadata: usize) -> Checked {
        names(&self.namespace, &self.service_name, &self.group_name).check()?;
        for instance in self.instances.iter().flatten() {
            instance.service_name.as_deref().map_or(Ok(()), check::service_name)?;
            check_instance(Some(instance), max_metadata)?;
        }
        Ok(())
    }
}

impl Checkable for ServiceQueryRequest {
    fn check(&self, _: usize) -> Checked {
        let parameters = names(&self.namespace, &self.service_name, &self.group_name);
        Parameters { clusters: self.cluster.as_deref(), ..parameters }.check()?;
        check::port(self.udp_port.into())
    }
}

impl Checkable for ServiceListRequest {
    fn check(&self, _: usize) -> Checked {
        names(&self.namespace, &self.service_name, &self.group_name).check()
    }
}

impl Checkable for SubscribeServiceRequest {
    fn check(&self, _: usize) -> Checked {
        let parameters = names(&self.namespace, &self.service_name, &self.group_name);
        Parameters { clusters: self.clusters.as_deref(), ..parameters }.check()
    }
}
