//! The HTTP door: the v1 and v2 APIs of Nacos, translated to the domains.
//!
//! One table ([`routes`]) says which operation a path and a verb ask for; one handler serves all
//! versions of an operation. It must not know connections: the listener hands in requests, each with
//! its [`Peer`].

mod answer;
mod backup;
mod bodies;
mod call;
mod clock;
mod code;
mod config;
mod console;
mod failure;
mod filter;
mod naming;
mod openapi;
mod parameters;
mod routes;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use nacre_config::Config;
use nacre_naming::Naming;
use tokio::time::{Instant, timeout_at};

use self::answer::{TEXT, respond};
pub use self::backup::{Backup, BackupFailure, Backups};
use self::call::Call;
use self::failure::{Failure, framework, no_such_api};
pub(crate) use self::naming::udp::{Pusher, Udp};
use self::parameters::{Parameters, Repeated};
use self::routes::{Operation, Route, Style};
pub use self::settings::Settings;
use crate::listen::Rate;
use crate::metrics::{Limit, Metrics};

/// Who sent a request; the listener puts it into the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// What the HTTP door needs from the rest of the server.
pub trait Host: Send + Sync + 'static {
    /// Whether the server serves requests, for the readiness probe.
    fn is_ready(&self) -> bool;

    /// Ends when the server begins to stop: held requests are answered then.
    fn stopped(&self) -> BoxFuture<'static, ()>;

    /// Asks one gRPC connection to go elsewhere: to `redirect`, an `ip:port`, or wherever its client
    /// likes. An unknown connection is not an error.
    fn reload_client(&self, connection_id: &str, redirect: Option<&str>);

    /// Asks every gRPC connection of an address what its client holds for one config, and merges the
    /// answers that come in time. `key` is the config's group key text.
    fn client_metrics(&self, ip: &str, key: &str) -> BoxFuture<'_, BTreeMap<String, serde_json::Value>>;

    /// How many gRPC connections are open.
    fn connections(&self) -> u64;

    /// The open gRPC connections by id, each as a JSON object.
    fn clients(&self) -> BTreeMap<String, serde_json::Value>;
}

/// Everything that the door's operations work with.
#[derive(Clone)]
pub struct State {
    /// The naming domain.
    pub naming: Naming,
    /// The config domain.
    pub config: Config,
    /// The rest of the server.
    pub host: Arc<dyn Host>,
    /// Where requests are counted, and what the metrics endpoint shows.
    pub metrics: Arc<Metrics>,
    /// The door's settings.
    pub settings: Settings,
    /// The version that the server says it has.
    pub version: &'static str,
    /// The port that serves HTTP.
    pub port: u16,
    /// Where others reach this node: `ip:port`.
    pub address: String,
    /// What makes backups; none for a server that keeps nothing on disk.
    pub backups: Option<Arc<dyn Backups>>,
    /// The 1.x clients that are pushed to by datagram.
    pub(crate) udp: Arc<naming::udp::Udp>,
    /// Limits on requests per second, if there are any.
    pub(crate) rate: Option<Arc<Rate>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("State").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The service that answers every request that is not gRPC. Requests carry their [`Peer`] as an
/// extension; one without it counts as coming from the unspecified address.
pub fn router(state: State) -> Router {
    let bodies = Arc::new(bodies::Budget::new(state.settings.max_body_bytes, state.settings.max_bodies_bytes));
    let state = Arc::new(state);
    Router::new().fallback(move |request: Request| serve(Arc::clone(&state), Arc::clone(&bodies), request))
}

async fn serve(state: Arc<State>, bodies: Arc<bodies::Budget>, request: Request) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let cors = filter::Cors::of(&request);
    let target = Target::of(&state.settings, &method, &path);
    let route = target.route();
    let answered = AssertUnwindSafe(answer(&state, &bodies, target, request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|_| {
        tracing::error!(%method, path, "handler panicked");
        state.metrics.panicked();
        framework(Style::Console1, StatusCode::INTERNAL_SERVER_ERROR, "internal error", &path)
    });
    filter::finish(&state.settings, cors, &mut response);
    if let Some(route) = route {
        state.metrics.http_request(routes::index_of(route), &method, response.status(), started.elapsed());
    }
    response
}

/// What a path and a verb lead to.
enum Target {
    /// An operation; the text is the path's variable end.
    Operation(&'static Route, Operation, Option<String>),
    /// A known path without this verb.
    WrongVerb(&'static Route),
    /// The question which verbs a known path has.
    Options(&'static Route),
    /// A path below the context path that nobody knows.
    Unknown(Style),
    /// A path outside of the context path.
    Outside,
    /// A path that is not in its plain form.
    Odd(StatusCode),
}

impl Target {
    fn of(settings: &Settings, method: &Method, path: &str) -> Self {
        let Some(path) = filter::below_context(&settings.context_path, path) else { return Self::Outside };
        let path = match filter::plain_path(path) {
            Ok(path) => path,
            Err(status) => return Self::Odd(status),
        };
        let Some((route, end)) = routes::find(&path) else { return Self::Unknown(routes::style_of(&path)) };
        if *method == Method::OPTIONS {
            return Self::Options(route);
        }
        let Some(operation) = route.operation(method) else { return Self::WrongVerb(route) };
        Self::Operation(route, operation, end.map(str::to_owned))
    }

    fn route(&self) -> Option<&'static Route> {
        match self {
            Self::Operation(route, ..) | Self::WrongVerb(route) | Self::Options(route) => Some(route),
            Self::Unknown(_) | Self::Outside | Self::Odd(_) => None,
        }
    }
}

async fn answer(state: &Arc<State>, bodies: &bodies::Budget, target: Target, request: Request) -> Response {
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    if request.headers().len() > state.settings.max_headers {
        state.metrics.struck(Limit::Headers);
        return respond(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Some(TEXT), "too many headers");
    }
    match target {
        Target::Operation(route, Operation::Later, _) => Failure::Later.into_response(route.style, &method, &path),
        Target::Operation(route, operation, end) => {
            let style = route.style;
            let outcome = operate(state, bodies, style, operation, end, request).await;
            outcome.unwrap_or_else(|failure| failure.into_response(style, &method, &path))
        }
        Target::WrongVerb(route) => Failure::WrongVerb.into_response(route.style, &method, &path),
        Target::Options(route) => {
            let mut response = respond(StatusCode::OK, None, Body::empty());
            if let Ok(allow) = HeaderValue::from_str(&route.allow()) {
                response.headers_mut().insert(ALLOW, allow);
            }
            response
        }
        Target::Unknown(Style::Naming1) => no_such_api(&method, &path),
        Target::Unknown(style) => framework(style, StatusCode::NOT_FOUND, "No message available", &path),
        Target::Outside => framework(Style::Console1, StatusCode::NOT_FOUND, "No message available", &path),
        Target::Odd(status) => framework(Style::Console1, status, "the path is not in its plain form", &path),
    }
}

async fn operate(
    state: &Arc<State>,
    bodies: &bodies::Budget,
    style: Style,
    operation: Operation,
    end: Option<String>,
    request: Request,
) -> Result<Response, Failure> {
    if !operation.works_before_ready() && !state.host.is_ready() {
        return Err(Failure::Unavailable { text: "server is not ready yet".to_owned() });
    }
    let deadline = Instant::now() + state.settings.request_timeout();
    let (head, body) = request.into_parts();
    let method = head.method.clone();
    let peer = head.extensions.get::<Peer>().map(|peer| peer.0.ip());
    if let Some(rate) = &state.rate
        && !operation.works_before_ready()
        && !rate.allows(peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into()))
    {
        state.metrics.struck(Limit::Requests);
        return Err(Failure::Unavailable { text: "too many requests in one second".to_owned() });
    }
    let body_deadline = deadline.min(Instant::now() + state.settings.body_timeout());
    let reads_any = operation.body() == routes::BodyKind::Any;
    let read = timeout_at(body_deadline, bodies.read(&head, body, reads_any)).await;
    let read = read.unwrap_or_else(|_| Err(bodies::Unread::Late)).inspect_err(|unread| match unread {
        bodies::Unread::Late => state.metrics.struck(Limit::BodyTime),
        bodies::Unread::TooLarge(_) => state.metrics.struck(Limit::BodySize),
        bodies::Unread::Broken => {}
    });
    let (body, _share) = read.map_err(Failure::from)?;
    let (form, body) = if bodies::is_form(&head) { (body, Bytes::new()) } else { (Bytes::new(), body) };
    let repeated = if style == Style::Naming1 { Repeated::First } else { Repeated::Joined };
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let parameters = Parameters::parse(query, &form, style == Style::Naming1, repeated);
    drop(form);
    let call = Call::new(Arc::clone(state), style, head, parameters, peer, end).with_body(body);
    if style == Style::Naming1 {
        naming::operator::check_traffic(&call, &method, operation)?;
    }
    filter::check(&call, operation).inspect_err(|_| state.metrics.illegal_parameter())?;
    // The future of an operation is as large as the largest handler; on the heap it costs no stack.
    let running = Box::pin(run(operation, &call));
    let outcome = if operation.takes_its_time() {
        running.await
    } else {
        timeout_at(deadline, running)
            .await
            .unwrap_or_else(|_| Err(Failure::Unavailable { text: "the operation took too long".to_owned() }))
    };
    outcome.map(|answer| answer.into_response(style))
}

async fn run(operation: Operation, call: &Call) -> Result<answer::Answer, Failure> {
    match operation {
        Operation::RegisterInstance => naming::instance::register(call).await,
        Operation::DeregisterInstance => naming::instance::deregister(call).await,
        Operation::UpdateInstance => naming::instance::update(call).await,
        Operation::PatchInstance => naming::instance::patch(call).await,
        Operation::Beat => naming::beat::beat(call).await,
        Operation::ListInstances => naming::instance::list(call),
        Operation::InstanceDetail => naming::instance::detail(call),
        Operation::InstanceStatuses => naming::instance::statuses(call),
        Operation::CreateService => naming::service::create(call).await,
        Operation::RemoveService => naming::service::remove(call).await,
        Operation::UpdateService => naming::service::update(call).await,
        Operation::ServiceDetail => naming::service::detail(call),
        Operation::ListServices => naming::service::list(call),
        Operation::ServiceNames => Ok(naming::operator::names(call)),
        Operation::Subscribers => naming::operator::subscribers(call),
        Operation::SelectorTypes => Ok(naming::operator::selector_types()),
        Operation::SetMetadata => naming::instance::set_metadata(call).await,
        Operation::RemoveMetadata => naming::instance::remove_metadata(call).await,
        Operation::CatalogService => naming::catalog::show(call),
        Operation::CatalogInstances => naming::catalog::instances(call),
        Operation::CatalogServices => naming::catalog::services(call),
        Operation::HealthServer => Ok(naming::health::server(call)),
        Operation::HealthCheckers => Ok(naming::health::checkers()),
        Operation::SetHealth => naming::health::set(call).await,
        Operation::UpdateCluster => naming::health::update_cluster(call).await,
        Operation::PushState => naming::operator::push_state(call),
        Operation::ResponsibleServer => naming::operator::responsible_server(call),
        Operation::ReadSwitches => Ok(naming::operator::read_switches(call)),
        Operation::SetSwitch => naming::operator::set_switch(call).await,
        Operation::ListClients => Ok(naming::client::list(call)),
        Operation::ClientDetail => naming::client::detail(call),
        Operation::PublishedByClient => naming::client::published(call),
        Operation::SubscribedByClient => naming::client::subscribed(call),
        Operation::PublishersOfService => naming::client::publishers(call),
        Operation::SubscribersOfService => naming::client::subscribers(call),
        Operation::DiscoverTargets | Operation::DiscoverNamespace | Operation::DiscoverService => {
            naming::discovery::targets(call)
        }
        Operation::NamingMetrics => naming::metrics(call),
        Operation::ReadConfig => config::read::read(call).await,
        Operation::PublishConfig => config::write::publish(call).await,
        Operation::RemoveConfig => config::write::remove(call).await,
        Operation::PollConfigs => config::poll::poll(call).await,
        Operation::ListenersOfConfig => config::listeners(call),
        Operation::ConfigCatalog => config::read::catalog(call).await,
        Operation::SearchConfigs => config::search::search_detail(call).await,
        Operation::ReadHistory => config::history::read(call).await,
        Operation::ListHistory => config::history::list(call).await,
        Operation::HistoryDetail => config::history::detail(call).await,
        Operation::PreviousHistory => config::history::previous(call).await,
        Operation::HistoryConfigs => config::history::configs(call),
        Operation::ClientMetrics => config::client_metrics(call).await,
        Operation::ReadNamespaces => console::namespace::read(call).await,
        Operation::CreateNamespace => console::namespace::create(call).await,
        Operation::UpdateNamespace => console::namespace::update(call).await,
        Operation::RemoveNamespace => console::namespace::remove(call).await,
        Operation::ListNamespaces => console::namespace::list(call).await,
        Operation::NamespaceDetail => console::namespace::detail(call).await,
        Operation::Liveness => Ok(console::liveness(call)),
        Operation::Readiness => console::readiness(call),
        Operation::ServerState => Ok(console::server_state(call)),
        Operation::Announcement => Ok(console::cluster::announcement(call)),
        Operation::Guide => Ok(console::cluster::guide()),
        Operation::Login => console::login(call),
        Operation::ReloadClient => console::reload_client(call),
        Operation::ReloadClients => console::cluster::reload_clients(call),
        Operation::CurrentClients => Ok(console::cluster::current_clients(call)),
        Operation::LoadOfNodes => Ok(console::cluster::load_of_nodes(call)),
        Operation::ThisNode => Ok(console::cluster::this_node(call)),
        Operation::Nodes => console::cluster::nodes(call),
        Operation::NodeNames => Ok(console::cluster::node_names(call)),
        Operation::NodeHealth => Ok(console::cluster::node_health(call)),
        Operation::ReportNode => Ok(console::cluster::report_node()),
        Operation::UpdateNodes => console::cluster::update_nodes(call),
        Operation::SwitchLookup => console::cluster::switch_lookup(call),
        Operation::RemoveNodes => Ok(console::cluster::remove_nodes(call)),
        Operation::RaftCommand => console::cluster::raft_command(call),
        Operation::IdGenerators => Ok(console::cluster::id_generators(call)),
        Operation::SetLogLevel => console::cluster::set_log_level(call),
        Operation::Prometheus => Ok(console::prometheus(call)),
        Operation::OpenApi => Ok(openapi::document(call)),
        Operation::OpenApiPage => Ok(openapi::page()),
        Operation::OpenApiScript => Ok(openapi::script()),
        Operation::ActuatorHealth => Ok(console::actuator_health(call)),
        Operation::ConfigsOfListener => config::listened(call),
        Operation::ConfigHealth => Ok(config::health()),
        Operation::ReloadConfigs => Ok(config::reload()),
        Operation::ReadCapacity => Ok(config::capacity::read(call)),
        Operation::SetCapacity => config::capacity::set(call).await,
        Operation::MakeBackup => backup::make(call).await,
        Operation::Later => Err(Failure::Later),
    }
}

/// The path of the route at this place of the table, as metrics name it.
pub(crate) fn route_path(place: usize) -> &'static str {
    routes::all().get(place).map_or("", |route| route.path)
}
