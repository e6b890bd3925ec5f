//! From a server of the list to an established connection: which address, which port, server check, setup, abilities.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    pin::pin,
    time::Duration,
};

use bytes::Bytes;
use nacre_proto::{
    Message, Payload,
    internal::{
        ConnectionSetupRequest, ErrorResponse, LABEL_APP_NAME, LABEL_GRAY_PREFIX, LABEL_MODULE, LABEL_SOURCE,
        ServerCheckRequest, ServerCheckResponse, SetupAckRequest,
    },
    json::{AbilityMap, StringMap},
    payload,
};
use tokio::time::{sleep, timeout};
use tracing::debug;

use super::{
    Shared,
    dial::Dialer,
    state::{Abilities, ServerGeneration},
    tls,
    transport::{Pushes, Transport, room},
};
use crate::{
    error::{Error, ErrorKind, refusal},
    options::Options,
    servers::{self, Candidate, Port, Server},
};

/// How long the usual port may stay silent before the main port is tried beside it.
const SILENCE: Duration = Duration::from_secs(1);
/// Servers without abilities do not say when they have taken the setup.
const OLD_SERVER_PAUSE: Duration = Duration::from_millis(100);
/// Pushes that may come before the server's abilities.
const EARLY_PUSHES: usize = 64;

/// A connection that the server has registered.
#[derive(Debug)]
pub(super) struct Established {
    pub(super) transport: Transport,
    pub(super) pushes: Pushes,
    /// What was pushed before the setup was through.
    pub(super) early: VecDeque<Payload>,
    pub(super) server: Server,
    pub(super) address: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) client_ip: Box<str>,
    pub(super) abilities: Abilities,
    pub(super) server_generation: ServerGeneration,
}

/// A connection whose server has answered the first question.
struct Checked {
    transport: Transport,
    address: SocketAddr,
    local: SocketAddr,
    negotiates: bool,
}

/// Why a port gave no connection.
struct Refused {
    error: Error,
    /// Whether a Nacos server is there; another port will not do better then.
    answered: bool,
}

/// Connects to a server, by one of its addresses. `avoid` comes last: the connection to it has just failed.
pub(super) async fn establish(
    shared: &Shared,
    candidate: &Candidate,
    avoid: Option<SocketAddr>,
) -> Result<Established, Error> {
    let Candidate { server, address } = candidate;
    let options = &*shared.options;
    let mut addresses: Vec<IpAddr> = match address {
        Some(address) => vec![*address],
        None => {
            let found = servers::resolve(&server.host, server.port, options.connect_timeout).await?;
            found.iter().map(SocketAddr::ip).collect()
        }
    };
    addresses.sort_by_key(|address| avoid.is_some_and(|avoid| avoid.ip() == *address));
    let mut failure = None;
    for ip in addresses {
        match check_ports(shared, server, ip).await {
            Ok(checked) => match set_up(options, server, checked).await {
                Ok(established) => return Ok(established),
                Err(error) => failure = Some(error),
            },
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| Error::unreachable(format!("{server} has no address"))))
}

/// Tries the port that answered last, or else the usual one, and beside it the other one as soon as the first
/// refuses or stays silent.
async fn check_ports(shared: &Shared, server: &Server, ip: IpAddr) -> Result<Checked, Error> {
    let options = &*shared.options;
    let number = |port| match port {
        Port::Main => Some(server.port),
        Port::Offset => server.port.checked_add(options.grpc_port_offset),
    };
    let order = match shared.servers.port(server) {
        Some(Port::Main) => [Port::Main, Port::Offset],
        _ => [Port::Offset, Port::Main],
    };
    let mut ports = order.into_iter().filter_map(|port| Some((port, number(port)?)));
    let (first, first_number) = ports.next().ok_or_else(|| Error::invalid("no port can be used"))?;
    let second = ports.next().filter(|(_, number)| *number != first_number);

    let attempt = |number| check(shared, server, SocketAddr::new(ip, number));
    let mut attempts = pin!(attempt(first_number));
    let early = match second {
        None => Some(attempts.as_mut().await),
        Some(_) => timeout(SILENCE, attempts.as_mut()).await.ok(),
    };
    let Some((other, other_number)) = second else {
        return early
            .map_or_else(|| Err(Error::internal("no attempt")), |result| result.map_err(|refused| refused.error));
    };
    match early {
        Some(Ok(checked)) => {
            shared.servers.remember(server, first);
            Ok(checked)
        }
        Some(Err(refused)) if refused.answered => Err(refused.error),
        Some(Err(refused)) => match attempt(other_number).await {
            Ok(checked) => {
                shared.servers.remember(server, other);
                Ok(checked)
            }
            Err(later) => Err(if later.answered { later.error } else { refused.error }),
        },
        None => {
            debug!(%server, port = first_number, other = other_number, "no answer, trying the other port too");
            let (result, port) = race(attempts, first, pin!(attempt(other_number)), other).await;
            if result.is_ok() {
                shared.servers.remember(server, port);
            }
            result
        }
    }
}

/// Waits for the first of two ports that answers; when both fail, the error is the first port's.
async fn race(
    mut one: std::pin::Pin<&mut impl Future<Output = Result<Checked, Refused>>>,
    one_port: Port,
    mut two: std::pin::Pin<&mut impl Future<Output = Result<Checked, Refused>>>,
    two_port: Port,
) -> (Result<Checked, Error>, Port) {
    tokio::select! {
        result = &mut one => match result {
            Ok(checked) => (Ok(checked), one_port),
            Err(refused) if refused.answered => (Err(refused.error), one_port),
            Err(refused) => (two.await.map_err(|_| refused.error), two_port),
        },
        result = &mut two => match result {
            Ok(checked) => (Ok(checked), two_port),
            Err(refused) if refused.answered => (Err(refused.error), two_port),
            Err(_) => (one.await.map_err(|refused| refused.error), one_port),
        },
    }
}

/// Opens a connection and asks the server whether it is one.
async fn check(shared: &Shared, server: &Server, address: SocketAddr) -> Result<Checked, Refused> {
    let options = &*shared.options;
    let silent = |error: Error| Refused { error, answered: false };
    let opening = open(&shared.dialer, options, server, address);
    let (transport, local) = timeout(options.connect_timeout, opening)
        .await
        .map_err(|_| silent(Error::timeout(format!("{address} did not accept a connection in time"))))?
        .map_err(silent)?;
    let body = Bytes::from(ServerCheckRequest::default().to_json());
    let head = payload::head(ServerCheckRequest::TYPE, &own_ip(options, local), &[], body.len(), room(&body));
    let answer = timeout(options.server_check_timeout, transport.requests().call(head, &body))
        .await
        .map_err(|_| silent(Error::timeout(format!("{address} did not answer the server check in time"))))?
        .map_err(|failure| silent(failure.error))?;
    let answered = |error: Error| Refused { error, answered: true };
    if answer.kind() != ServerCheckResponse::TYPE {
        return Err(answered(unexpected(address, &answer)));
    }
    let check = ServerCheckResponse::from_json(answer.json())
        .map_err(|error| answered(Error::internal("the server check cannot be read").with_source(error)))?
        .unwrap_or_default();
    if let Some(error) = refusal::<ServerCheckResponse>(check.result_code, check.error_code, check.message.as_deref()) {
        return Err(answered(error));
    }
    Ok(Checked { transport, address, local, negotiates: check.support_ability_negotiation })
}

async fn open(
    dialer: &Dialer,
    options: &Options,
    server: &Server,
    address: SocketAddr,
) -> Result<(Transport, SocketAddr), Error> {
    let tls = options.tls.as_ref().map(|tls| (tls, &*server.host));
    let socket = dialer.dial(address, tls, tls::HTTP2).await?;
    let local = socket.local;
    let authority = servers::authority(&server.host, address.port());
    let transport = Transport::open(socket, &authority, tls.is_some(), options.max_message_size).await?;
    Ok((transport, local))
}

/// Opens the stream, introduces the client, and waits until the server has taken it.
async fn set_up(options: &Options, server: &Server, checked: Checked) -> Result<Established, Error> {
    let Checked { transport, address, local, negotiates } = checked;
    let client_ip = own_ip(options, local);
    let mut pushes = transport.requests().pushes().await?;
    pushes.send(payload::frame(ConnectionSetupRequest::TYPE, &client_ip, &[&setup(options).to_json()]))?;
    let mut early = VecDeque::new();
    let waiting = wait_for_abilities(&mut pushes, &mut early);
    let abilities = if negotiates {
        let found = timeout(options.ability_timeout, waiting).await;
        Some(found.map_err(|_| Error::timeout(format!("{address} did not confirm the connection in time")))??)
    } else {
        tokio::select! {
            // A server that refuses the client ends the stream instead.
            found = waiting => Some(found?),
            () = sleep(OLD_SERVER_PAUSE) => None,
        }
    };
    let (abilities, server_generation) = match abilities {
        None => (Abilities::default(), ServerGeneration::Old),
        Some(table) => (Abilities::read(&table), generation(&table)),
    };
    let server = server.clone();
    Ok(Established { transport, pushes, early, server, address, local, client_ip, abilities, server_generation })
}

async fn wait_for_abilities(pushes: &mut Pushes, early: &mut VecDeque<Payload>) -> Result<AbilityMap, Error> {
    loop {
        let push = pushes.next().await?;
        if push.kind() == SetupAckRequest::TYPE {
            let ack = SetupAckRequest::from_json(push.json())
                .map_err(|error| Error::internal("the server's abilities cannot be read").with_source(error))?;
            return Ok(ack.and_then(|ack| ack.ability_table).unwrap_or_default());
        }
        if early.len() == EARLY_PUSHES {
            return Err(Error::internal("the server pushes before it confirms the connection"));
        }
        early.push_back(push);
    }
}

fn setup(options: &Options) -> ConnectionSetupRequest {
    let mut labels = StringMap::new();
    let given = options.app_labels.iter().map(|(name, value)| (format!("{LABEL_GRAY_PREFIX}{name}"), value));
    labels.extend(given.map(|(name, value)| (name, value.clone())));
    labels.extend(options.labels.iter().cloned());
    for (name, value) in [
        (LABEL_SOURCE, "sdk"),
        // Servers require it for naming, and take configs and locks on any connection.
        (LABEL_MODULE, "naming"),
        (LABEL_APP_NAME, &options.app_name),
        ("tls.enable", if options.tls.is_some() { "true" } else { "false" }),
    ] {
        labels.insert(name.to_owned(), value.to_owned());
    }
    let abilities = ["fuzzyWatch", "lock"].map(|name| (name.to_owned(), true));
    ConnectionSetupRequest {
        client_version: Some(options.client_version.clone()),
        labels: Some(labels),
        ability_table: Some(AbilityMap::from(abilities)),
        ..ConnectionSetupRequest::default()
    }
}

fn own_ip(options: &Options, local: SocketAddr) -> Box<str> {
    match &options.client_ip {
        Some(ip) => ip.as_str().into(),
        None => local.ip().to_string().into(),
    }
}

fn generation(abilities: &AbilityMap) -> ServerGeneration {
    if ["fuzzyWatch", "lock", "mcp", "agent"].iter().any(|name| abilities.contains_key(*name)) {
        ServerGeneration::Three
    } else {
        ServerGeneration::Two
    }
}

fn unexpected(address: SocketAddr, answer: &Payload) -> Error {
    let error = ErrorResponse::from_json(answer.json()).ok().flatten();
    let known = error.filter(|_| answer.kind() == ErrorResponse::TYPE);
    match known
        .and_then(|known| refusal::<ErrorResponse>(known.result_code, known.error_code, known.message.as_deref()))
    {
        Some(error) => error,
        None => {
            Error::new(ErrorKind::Internal, -500, format!("{address} answered {:?} to the server check", answer.kind()))
        }
    }
}
