//! Clients over HTTP: who is there, what each publishes and subscribes to.

use nacre_naming::{ClientId, ClientInfo, Instance, ServiceKey, Subscriber};
use serde::Serialize;

use super::{namespace, service};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::code::Code;
use crate::http::failure::Failure;

/// The ids of all clients.
pub(in crate::http) fn list(call: &Call) -> Answer {
    Answer::data(call.state.naming.clients().iter().map(ToString::to_string).collect::<Vec<_>>())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    client_id: String,
    ephemeral: bool,
    last_updated_time: u64,
    client_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    client_ip: &'a str,
    client_port: String,
}

/// One client.
pub(in crate::http) fn detail(call: &Call) -> Result<Answer, Failure> {
    let ClientInfo { id, connection, last_updated } = known(call)?;
    let named = id.to_string();
    let address = match &id {
        ClientId::Beaten(address) | ClientId::Persistent(address) => Some(address),
        _ => None,
    };
    let connection = connection.as_deref();
    let ip = address.map(|address| &*address.ip).or(connection.map(|client| client.ip.as_str()));
    let port = address.map(|address| address.port).or(connection.map(|client| client.port.into()));
    Ok(Answer::data(Detail {
        client_id: named,
        ephemeral: !matches!(id, ClientId::Persistent(_)),
        last_updated_time: last_updated,
        client_type: if connection.is_some() { "connection" } else { "ipPort" },
        connect_type: connection.map(|_| "GRPC"),
        app_name: connection.map(|client| client.app.as_str()),
        version: connection.map(|client| client.agent.as_str()),
        client_ip: ip.unwrap_or_default(),
        client_port: port.unwrap_or_default().to_string(),
    }))
}

fn known(call: &Call) -> Result<ClientInfo, Failure> {
    let id = call.required("clientId")?;
    let known = call.state.naming.client(&ClientId::parse(&id));
    known.ok_or_else(|| Failure::refused(404, Code::RESOURCE_NOT_FOUND, format!("clientId [ {id} ] not exist")))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Published<'a> {
    namespace: &'a str,
    group: &'a str,
    service_name: &'a str,
    registered_instance: Registered<'a>,
}

#[derive(Serialize)]
struct Registered<'a> {
    ip: &'a str,
    port: i32,
    cluster: &'a str,
}

impl<'a> Registered<'a> {
    fn new(instance: &'a Instance) -> Self {
        Self { ip: instance.ip.as_deref().unwrap_or_default(), port: instance.port, cluster: &instance.cluster }
    }
}

/// What a client publishes.
pub(in crate::http) fn published(call: &Call) -> Result<Answer, Failure> {
    let client = known(call)?;
    let published = call.state.naming.published_by(&client.id);
    let rows = published.iter().map(|(service, instance)| Published {
        namespace: service.namespace(),
        group: service.group(),
        service_name: service.name(),
        registered_instance: Registered::new(instance),
    });
    Ok(Answer::data(rows.collect::<Vec<_>>()))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscribed<'a> {
    namespace: &'a str,
    group: &'a str,
    service_name: &'a str,
    subscriber_info: SubscriberInfo<'a>,
}

#[derive(Serialize)]
struct SubscriberInfo<'a> {
    app: &'a str,
    agent: &'a str,
    addr: String,
}

/// What a client subscribes to.
pub(in crate::http) fn subscribed(call: &Call) -> Result<Answer, Failure> {
    let client = known(call)?;
    let Some(connection) = &client.connection else { return Ok(Answer::data([(); 0])) };
    let subscriptions = call.state.naming.subscriptions_of(&connection.connection);
    let rows = subscriptions.iter().map(|service| Subscribed {
        namespace: service.namespace(),
        group: service.group(),
        service_name: service.name(),
        subscriber_info: SubscriberInfo {
            app: &connection.app,
            agent: &connection.agent,
            addr: format!("{}:{}", connection.ip, connection.port),
        },
    });
    Ok(Answer::data(rows.collect::<Vec<_>>()))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Publisher<'a> {
    ip: &'a str,
    port: i32,
    cluster: &'a str,
    client_id: String,
}

/// Who publishes a service at an address. Without an address nobody is named, as consoles know it.
pub(in crate::http) fn publishers(call: &Call) -> Result<Answer, Failure> {
    let service = service(call)?;
    let (Some(ip), Some(port)) = address(call)? else { return Ok(Answer::data([(); 0])) };
    let publishers = call.state.naming.publishers(&service);
    let rows = publishers.iter().map(|(client, instance)| {
        let Registered { ip, port, cluster } = Registered::new(instance);
        Publisher { ip, port, cluster, client_id: client.to_string() }
    });
    Ok(Answer::data(rows.filter(|row| row.ip == ip && row.port == port).collect::<Vec<_>>()))
}

fn address(call: &Call) -> Result<(Option<String>, Option<i32>), Failure> {
    Ok((call.filled("ip").map(std::borrow::Cow::into_owned), call.number("port")?))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubscriberModel<'a> {
    client_id: &'a str,
    ip: &'a str,
    port: u16,
}

/// Who subscribes to a service, with `ip` and `port` only from there.
pub(in crate::http) fn subscribers(call: &Call) -> Result<Answer, Failure> {
    let service = service(call)?;
    let (ip, port) = address(call)?;
    let found = of_service(call, &service);
    let rows = found.iter().map(|subscriber| SubscriberModel {
        client_id: &subscriber.client.connection,
        ip: &subscriber.client.ip,
        port: subscriber.client.port,
    });
    let is_asked = |row: &SubscriberModel<'_>| {
        ip.as_deref().is_none_or(|ip| ip == row.ip) && port.is_none_or(|port| port == i32::from(row.port))
    };
    Ok(Answer::data(rows.filter(is_asked).collect::<Vec<_>>()))
}

fn of_service(call: &Call, service: &ServiceKey) -> Vec<Subscriber> {
    call.state.naming.subscribers(&namespace(call), |key| key == service)
}
