//! Carries out one gRPC scenario step by step.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use nacre_harness::grpc::{AckPolicy, Client, Message, Reply};
use nacre_harness::http::{Http, Request, encode_pairs};
use tokio::time::{Instant, sleep};

use super::matcher::Matcher;
use super::value::{Environment, expand, fill, raw};
use crate::json::{Json, Members};

const CALL_LIMIT: Duration = Duration::from_secs(5);
const HTTP_LIMIT: Duration = Duration::from_secs(10);
const CALL_PAUSE: Duration = Duration::from_millis(100);
const HTTP_PAUSE: Duration = Duration::from_millis(200);
const SHOWN: usize = 3000;

/// Where and how scenarios are run.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The gRPC address.
    pub grpc: SocketAddr,
    /// The HTTP address, for side actions.
    pub http: SocketAddr,
    /// The factor on upper limits of waiting.
    pub slack: f64,
}

/// A captured scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    json: Json,
}

/// Why a step failed: one line per difference.
type Differences = Vec<String>;

impl Scenario {
    /// Takes a scenario from its file's content.
    pub fn new(json: Json) -> Self {
        Self { json }
    }

    /// Whether a client can notice a difference.
    pub fn is_must(&self) -> bool {
        self.json.get("level").and_then(Json::text) == Some("must")
    }

    /// Whether the scenario has the tag.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.json
            .get("tags")
            .and_then(Json::list)
            .is_some_and(|tags| tags.iter().any(|found| found.text() == Some(tag)))
    }

    /// The waiting that the scenario itself asks for.
    pub fn waiting(&self) -> Duration {
        self.steps().iter().map(|step| millis(step, "for") + millis(step, "ms")).sum()
    }

    fn steps(&self) -> &[Json] {
        self.json.get("steps").and_then(Json::list).unwrap_or_default()
    }

    /// Runs the scenario once; answers the differences of the first step that failed.
    pub async fn run(&self, target: Target) -> Differences {
        let mut run = Run::new(target, self.is_must());
        let mut differences = Vec::new();
        for (index, step) in self.steps().iter().enumerate() {
            if let Err(lines) = run.step(step).await {
                differences.push(format!("step {index} {}", label(step)));
                differences.extend(lines);
                break;
            }
        }
        for (_, client) in run.clients {
            client.transport().thaw();
            client.close().await;
        }
        differences
    }
}

struct Run {
    target: Target,
    key_order: bool,
    environment: Environment,
    clients: HashMap<String, Client>,
}

impl Run {
    fn new(target: Target, key_order: bool) -> Self {
        let token = format!("r{:08x}", rand::random::<u32>());
        let environment = Environment::from([
            ("run".to_owned(), Json::Text(token)),
            ("port.grpc".to_owned(), Json::Int(target.grpc.port().into())),
            ("port.http".to_owned(), Json::Int(target.http.port().into())),
        ]);
        Self { target, key_order, environment, clients: HashMap::new() }
    }

    async fn step(&mut self, step: &Json) -> Result<(), Differences> {
        let lines = |error: anyhow::Error| vec![format!("{error:#}")];
        match text(step, "do") {
            "open" => self.open(step).await.map_err(lines),
            "connect" => self.connect(step).await.map_err(lines),
            "stream" => self.client(step).map_err(lines)?.open_stream().await.map_err(lines),
            "send" => {
                self.client(step).map_err(lines)?.send(&self.message(step));
                Ok(())
            }
            "call" => self.call(step).await,
            "expectPush" => self.expect_push(step).await,
            "expectNoPush" => self.expect_no_push(step).await,
            "countPushes" => self.count_pushes(step).await,
            "drain" => self.drain(step).await.map_err(lines),
            "acks" => self.acks(step).map_err(lines),
            "close" => self.close(step).await.map_err(lines),
            "expectClosed" => {
                let within = self.longer(millis(step, "within"));
                let ended = self.client(step).map_err(lines)?.ended(within).await;
                if ended { Ok(()) } else { Err(vec!["the stream is still open".into()]) }
            }
            "expectOpen" => {
                let ended = self.client(step).map_err(lines)?.ended(millis(step, "for")).await;
                if ended { Err(vec!["the server ended the stream".into()]) } else { Ok(()) }
            }
            "sleep" => {
                sleep(millis(step, "ms")).await;
                Ok(())
            }
            "http" => self.http(step).await,
            other => Err(vec![format!("unknown step {other}")]),
        }
    }

    fn longer(&self, limit: Duration) -> Duration {
        limit.mul_f64(self.target.slack)
    }

    fn client(&self, step: &Json) -> Result<&Client> {
        let name = text(step, "conn");
        self.clients.get(name).with_context(|| format!("no connection {name}"))
    }

    fn message(&self, step: &Json) -> Message {
        let fill = |text: &str| fill(text, &self.environment);
        let body = match (step.get("raw"), step.get("body")) {
            (Some(raw_body), _) => raw(raw_body, &self.environment),
            (None, Some(body)) => Some(expand(body, &self.environment).to_string().into_bytes()),
            (None, None) => None,
        };
        let mut message = Message::raw(&fill(text(step, "type")), body.map(Into::into));
        if let Some(address) = step.get("clientIp").and_then(Json::text) {
            message.client_ip = fill(address);
        }
        for (name, value) in step.get("headers").and_then(Json::object).unwrap_or(&Members::new()) {
            message.headers.insert(fill(name), expand(value, &self.environment).plain());
        }
        message.type_url = text(step, "typeUrl").to_owned();
        message.without_metadata = matches!(step.get("metadata"), Some(Json::Null));
        message.gzip = text(step, "compression") == "gzip";
        message
    }

    async fn connect(&mut self, step: &Json) -> Result<()> {
        let client = Client::connect(self.target.grpc).await?;
        self.clients.insert(text(step, "conn").to_owned(), client);
        Ok(())
    }

    async fn open(&mut self, step: &Json) -> Result<()> {
        let mut setup = self.message(step);
        setup.kind = "ConnectionSetupRequest".into();
        let body = step.get("setup").context("no setup")?;
        setup.body = Some(expand(body, &self.environment).to_string().into());
        let mut client = Client::connect(self.target.grpc).await?;
        client.set_up(&setup).await?;
        let name = text(step, "conn").to_owned();
        self.environment.insert(format!("conn.{name}.id"), Json::Text(client.connection_id.clone()));
        self.clients.insert(name, client);
        Ok(())
    }

    async fn call(&mut self, step: &Json) -> Result<(), Differences> {
        let expected = step.get("expect").ok_or_else(|| vec!["no expect".to_owned()])?;
        let limit = step.get("timeout").and_then(Json::number).map_or(CALL_LIMIT, Duration::from_secs_f64);
        let deadline = Instant::now() + self.longer(millis(step, "eventually"));
        loop {
            let client = self.client(step).map_err(|error| vec![error.to_string()])?;
            let reply = client.transport().unary(&self.message(step), limit).await;
            let differences = match (expected.get("grpc").and_then(Json::text), &reply) {
                (Some(status), Err(error)) if status == error.name() => Vec::new(),
                (Some(status), Err(error)) => vec![format!("expected status {status}, got {error}")],
                (Some(status), Ok(reply)) => {
                    vec![format!("expected status {status}, got {} {}", reply.kind, body_of(reply).short(SHOWN))]
                }
                (None, Err(error)) => vec![format!("no reply: {error}")],
                (None, Ok(reply)) => {
                    let mut lines = Vec::new();
                    let kind = text(expected, "type");
                    if kind != reply.kind {
                        lines.push(format!("type: expected {kind}, got {}", reply.kind));
                    }
                    lines.extend(self.compare(expected.get("body").unwrap_or(&Json::Null), &body_of(reply)));
                    if !lines.is_empty() {
                        lines.push(format!("actual: {}", body_of(reply).short(SHOWN)));
                    }
                    lines
                }
            };
            if differences.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(differences);
            }
            sleep(CALL_PAUSE).await;
        }
    }

    /// Compares and, when there is no difference, keeps what was captured.
    fn compare(&mut self, expected: &Json, actual: &Json) -> Differences {
        let matcher = Matcher { environment: &self.environment, key_order: self.key_order };
        let outcome = matcher.body(expected, actual);
        if outcome.differences.is_empty() {
            self.environment.extend(outcome.captured);
        }
        outcome.differences
    }

    async fn expect_push(&mut self, step: &Json) -> Result<(), Differences> {
        let kind = text(step, "type");
        let expected = step.get("body").cloned().unwrap_or(Json::Null);
        let only_next = matches!(step.get("next"), Some(Json::Bool(true)));
        let deadline = Instant::now() + self.longer(millis(step, "within"));
        let mut last = vec!["no push of this type arrived".to_owned()];
        loop {
            let client = self.client(step).map_err(|error| vec![error.to_string()])?;
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(push) = client.next_push(Some(kind), left).await else {
                last.insert(0, format!("not received within {:?}; last difference:", millis(step, "within")));
                return Err(last);
            };
            let manual = !client.acks().automatic || push.kind == "ClientDetectionRequest";
            let body = body_of(&push);
            if manual {
                self.answer(step, &push).map_err(|error| vec![error.to_string()])?;
            }
            let differences = self.compare(&expected, &body);
            if differences.is_empty() {
                return Ok(());
            }
            last = differences;
            last.push(format!("actual: {}", body.short(SHOWN)));
            if only_next {
                return Err(last);
            }
        }
    }

    fn answer(&self, step: &Json, push: &Message) -> Result<()> {
        let client = self.client(step)?;
        match step.get("ack") {
            Some(Json::Bool(true)) => client.acknowledge(push),
            Some(answer @ Json::Object(_)) => {
                client.send(&reply_template(answer, &self.environment)(&request_id(push)));
            }
            _ => {}
        }
        Ok(())
    }

    async fn expect_no_push(&mut self, step: &Json) -> Result<(), Differences> {
        let client = self.client(step).map_err(|error| vec![error.to_string()])?;
        let kind = step.get("type").and_then(Json::text);
        client.take_pushes(kind);
        match client.next_push(kind, millis(step, "for")).await {
            Some(push) => Err(vec![format!("unexpected push {} {}", push.kind, body_of(&push).short(SHOWN))]),
            None => Ok(()),
        }
    }

    async fn count_pushes(&mut self, step: &Json) -> Result<(), Differences> {
        sleep(millis(step, "for")).await;
        let client = self.client(step).map_err(|error| vec![error.to_string()])?;
        let pushes = client.take_pushes(Some(text(step, "type")));
        let bound = |name: &str| step.get(name).and_then(Json::int).and_then(|value| usize::try_from(value).ok());
        let (least, most) = (bound("min").unwrap_or(0), bound("max").unwrap_or(usize::MAX));
        if !(least..=most).contains(&pushes.len()) {
            return Err(vec![format!("expected {least} to {most} pushes, got {}", pushes.len())]);
        }
        let (Some(expected), Some(last)) = (step.get("last"), pushes.last()) else { return Ok(()) };
        let differences = self.compare(expected, &body_of(last));
        if differences.is_empty() { Ok(()) } else { Err(differences) }
    }

    async fn drain(&self, step: &Json) -> Result<()> {
        let client = self.client(step)?;
        let mut seen = None;
        while seen != Some(client.queued()) {
            seen = Some(client.queued());
            sleep(millis(step, "quiet")).await;
        }
        client.take_pushes(None);
        Ok(())
    }

    fn acks(&self, step: &Json) -> Result<()> {
        let none = Members::new();
        let replies = step.get("replies").and_then(Json::object).unwrap_or(&none);
        let policy = AckPolicy {
            automatic: text(step, "mode") == "auto",
            detection: !matches!(step.get("detection"), Some(Json::Bool(false))),
            replies: replies
                .iter()
                .map(|(kind, answer)| (kind.clone(), reply_template(answer, &self.environment)))
                .collect(),
        };
        self.client(step)?.set_acks(policy);
        Ok(())
    }

    async fn close(&mut self, step: &Json) -> Result<()> {
        let name = text(step, "conn");
        let client = self.client(step)?;
        match text(step, "how") {
            "stream" => client.outbound().context("no stream")?.half_close(),
            "cancel" => client.outbound().context("no stream")?.cancel(),
            "freeze" => client.transport().freeze(),
            how => {
                let client = self.clients.remove(name).ok_or_else(|| anyhow!("no connection {name}"))?;
                if how == "reset" { client.reset().await } else { client.close().await }
            }
        }
        Ok(())
    }

    async fn http(&mut self, step: &Json) -> Result<(), Differences> {
        let expected = step.get("expect").cloned().unwrap_or(Json::Null);
        let request = self.http_request(step);
        let deadline = Instant::now() + self.longer(millis(step, "eventually"));
        loop {
            let reply = Http::new(self.target.http).within(HTTP_LIMIT).send(&request).await;
            let differences = match reply {
                Err(error) => vec![format!("{error:#}")],
                Ok(reply) => {
                    let mut lines = Vec::new();
                    let status = expected.get("status").and_then(Json::int);
                    if status != Some(reply.status.into()) {
                        lines.push(format!("status: expected {status:?}, got {}", reply.status));
                    }
                    let body = Json::parse(&reply.body).unwrap_or_else(|| Json::Text(reply.text()));
                    if let Some(expected) = expected.get("body") {
                        lines.extend(self.compare(expected, &body));
                    }
                    if !lines.is_empty() {
                        lines.push(format!("actual: {}", body.short(SHOWN)));
                    }
                    lines
                }
            };
            if differences.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(differences);
            }
            sleep(HTTP_PAUSE).await;
        }
    }

    fn http_request(&self, step: &Json) -> Request {
        let pairs = |name: &str| {
            let filled = expand(step.get(name)?, &self.environment);
            let members = filled.object()?;
            let pairs: Vec<(String, String)> =
                members.iter().map(|(name, value)| (name.clone(), value.plain())).collect();
            Some(encode_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
        };
        let path = text(step, "path");
        let target = pairs("query").map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let method = step.get("method").and_then(Json::text).unwrap_or("GET");
        let request = Request::new(method, target);
        match pairs("form") {
            Some(form) => request.header("Content-Type", "application/x-www-form-urlencoded").body(form),
            None => request,
        }
    }
}

/// Makes answers to pushes out of a template in which `${requestId}` stands for the push's id.
fn reply_template(answer: &Json, environment: &Environment) -> Reply {
    let (answer, environment) = (answer.clone(), environment.clone());
    Arc::new(move |id| {
        let mut environment = environment.clone();
        environment.insert("requestId".into(), Json::Text(id.to_owned()));
        let body = answer.get("body").map(|body| expand(body, &environment).to_string().into());
        Message::raw(&fill(text(&answer, "type"), &environment), body)
    })
}

fn request_id(push: &Message) -> String {
    body_of(push).get("requestId").and_then(Json::text).unwrap_or_default().to_owned()
}

fn body_of(message: &Message) -> Json {
    let bytes = message.body.as_deref().unwrap_or_default();
    if bytes.is_empty() {
        return Json::Null;
    }
    let not_json = || Json::Object(Members::from_iter([("$notJson".to_owned(), Json::Text(message.text()))]));
    Json::parse(bytes).unwrap_or_else(not_json)
}

fn text<'a>(step: &'a Json, name: &str) -> &'a str {
    step.get(name).and_then(Json::text).unwrap_or_default()
}

fn millis(step: &Json, name: &str) -> Duration {
    Duration::from_secs_f64(step.get(name).and_then(Json::number).unwrap_or(0.0) / 1000.0)
}

fn label(step: &Json) -> String {
    let kind = step.get("type").or_else(|| step.get("path")).and_then(Json::text).unwrap_or_default();
    let parts = [text(step, "do"), text(step, "conn"), kind, text(step, "say")];
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" | ")
}
