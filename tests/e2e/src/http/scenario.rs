//! Carries out one HTTP scenario step by step.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nacre_harness::http::{Http, Reply, Request, encode_pairs};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::compare::compare;
use super::variables::{Variables, pointer};
use crate::json::{Json, Members};

const CONTEXT: &str = "/nacos";
const REQUEST_LIMIT: Duration = Duration::from_secs(60);
const RETRY_PAUSE: Duration = Duration::from_millis(150);

/// A captured scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    json: Json,
}

impl Scenario {
    /// Takes a scenario from its file's content.
    pub fn new(json: Json) -> Self {
        Self { json }
    }

    /// Whether the scenario must run while no other does.
    pub fn is_exclusive(&self) -> bool {
        matches!(self.json.get("exclusive"), Some(Json::Bool(true)))
    }

    /// Whether the scenario needs something of the server that not every one has.
    pub fn needs(&self, feature: &str) -> bool {
        let needs = self.json.get("needs").and_then(Json::list).unwrap_or_default();
        needs.iter().any(|need| matches!(need, Json::Text(name) if name == feature))
    }

    /// A rough length: the waiting that the scenario asks for, or 20 s for one that is marked as slow.
    pub fn waiting(&self) -> Duration {
        let asked: Duration = self.steps("steps").iter().map(|step| millis(step, "sleep_ms")).sum();
        let slow = matches!(self.json.get("slow"), Some(Json::Bool(true)));
        if slow { asked.max(Duration::from_secs(20)) } else { asked }
    }

    fn steps(&self, name: &str) -> &[Json] {
        self.json.get(name).and_then(Json::list).unwrap_or_default()
    }

    /// Runs the scenario once; answers the differences of all its steps.
    pub async fn run(&self, address: SocketAddr) -> Vec<String> {
        let mut run = match Run::new(&self.json, address) {
            Ok(run) => run,
            Err(error) => return vec![format!("{error:#}")],
        };
        for (index, step) in self.steps("steps").iter().enumerate() {
            if let Err(error) = run.step(index + 1, step).await {
                run.differences.push(format!("step {}: {error:#}", index + 1));
                break;
            }
        }
        for step in self.steps("finally") {
            if let Ok(request) = run.request(step) {
                let _ = run.http.send(&request).await;
            }
        }
        for (_, waiting) in run.background {
            waiting.abort();
        }
        run.differences
    }
}

struct Run {
    http: Http,
    variables: Variables,
    background: HashMap<String, JoinHandle<Result<Reply>>>,
    differences: Vec<String>,
}

impl Run {
    fn new(scenario: &Json, address: SocketAddr) -> Result<Self> {
        let (host, port) = (address.ip().to_string(), address.port());
        let mut variables = Variables::default();
        let texts = [
            ("run", format!("{:08x}", rand::random::<u32>())),
            ("context", CONTEXT.to_owned()),
            ("host", host.clone()),
            ("address", address.to_string()),
            ("client_ip", host.clone()),
            ("raft_address", format!("{host}:{}", port.saturating_sub(1000))),
            ("raft_port", port.saturating_sub(1000).to_string()),
            ("port_text", port.to_string()),
            ("dollar", "$".to_owned()),
        ];
        for (name, value) in texts {
            variables.set(name, Json::Text(value));
        }
        variables.set("port", Json::Int(port.into()));
        for (name, value) in scenario.get("vars").and_then(Json::object).unwrap_or(&Members::new()) {
            let value = variables.fill(value)?;
            variables.set(name, value);
        }
        let http = Http::new(address).within(REQUEST_LIMIT);
        Ok(Self { http, variables, background: HashMap::new(), differences: Vec::new() })
    }

    async fn step(&mut self, number: usize, step: &Json) -> Result<()> {
        if step.get("sleep_ms").is_some() {
            sleep(millis(step, "sleep_ms")).await;
            return Ok(());
        }
        let mut label = format!("step {number}");
        if let Some(name) = step.get("await").and_then(Json::text) {
            let waiting = self.background.remove(name).with_context(|| format!("no background request {name}"))?;
            let within =
                step.get("expect").map(|expected| millis(expected, "within_ms")).filter(|limit| !limit.is_zero());
            let limit = within.unwrap_or(REQUEST_LIMIT) + Duration::from_secs(5);
            let reply = match timeout(limit, waiting).await {
                Ok(reply) => reply?,
                Err(_) => Err(anyhow::anyhow!("no reply within {limit:?}")),
            };
            return self.judge(&label, step, reply);
        }
        let request = self.request(step)?;
        label = format!("{label} {} {}", request.method, request.target.split('?').next().unwrap_or_default());
        if let Some(name) = step.get("background").and_then(Json::text) {
            let http = self.http;
            let waiting = tokio::spawn(async move { http.send(&request).await });
            self.background.insert(name.to_owned(), waiting);
            return Ok(());
        }
        let deadline = Instant::now() + millis(step, "retry_ms");
        loop {
            let reply = self.http.send(&request).await;
            if Instant::now() >= deadline || self.differences_of(step, &reply)?.is_empty() {
                return self.judge(&label, step, reply);
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    fn differences_of(&self, step: &Json, reply: &Result<Reply>) -> Result<Vec<String>> {
        let Some(expected) = step.get("expect") else { return Ok(Vec::new()) };
        match reply {
            Ok(reply) => Ok(compare(&self.variables.fill(expected)?, reply)),
            Err(error) => Ok(vec![format!("no reply: {error:#}")]),
        }
    }

    /// Notes the differences, unless the step shows a defect of the captured server, and captures values.
    fn judge(&mut self, label: &str, step: &Json, reply: Result<Reply>) -> Result<()> {
        let mut lines = self.differences_of(step, &reply)?;
        if step.get("quirk").is_some() {
            lines.clear();
        }
        let good = lines.is_empty();
        let note = step.get("note").and_then(Json::text).map(|note| format!(" ({note})")).unwrap_or_default();
        self.differences.extend(lines.into_iter().map(|line| format!("{label}{note}: {line}")));
        let Ok(reply) = reply else { return Ok(()) };
        for (name, source) in step.get("capture").and_then(Json::object).unwrap_or(&Members::new()) {
            match self.captured(source.text().unwrap_or_default(), &reply) {
                Ok(value) => self.variables.set(name, value),
                Err(error) if good => return Err(error.context(format!("capture of {name}"))),
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn captured(&self, source: &str, reply: &Reply) -> Result<Json> {
        if let Some(name) = source.strip_prefix("header:") {
            return Ok(reply.header(name).map_or(Json::Null, |value| Json::Text(value.to_owned())));
        }
        if source == "text" {
            return Ok(Json::Text(reply.text()));
        }
        let path = self.variables.fill_text(source.strip_prefix("json:").unwrap_or(source))?;
        pointer(&Json::parse(&reply.body).context("the reply is not JSON")?, &path)
    }

    fn request(&self, step: &Json) -> Result<Request> {
        let request = self.variables.fill(step.get("request").context("no request")?)?;
        let member = |name: &str| request.get(name);
        for unsupported in ["multipart", "origin"] {
            ensure!(member(unsupported).is_none(), "requests with `{unsupported}` are not in the scope of this runner");
        }
        let path = member("path").and_then(Json::text).context("no path")?;
        let mut target = match path.strip_prefix("//") {
            Some(outside) => format!("/{outside}"),
            None => format!("{CONTEXT}{path}"),
        };
        let query = member("query").map(form_encoded).filter(|query| !query.is_empty());
        if let Some(query) = query.or_else(|| member("raw_query").map(Json::plain)) {
            target = format!("{target}?{query}");
        }
        let mut built = Request::new(member("method").and_then(Json::text).context("no method")?, target);
        for (name, value) in member("headers").and_then(Json::object).unwrap_or(&Members::new()) {
            built = built.header(name, &value.plain());
        }
        let (body, content_type) = if let Some(form) = member("form") {
            (Some(form_encoded(form)), Some("application/x-www-form-urlencoded"))
        } else if let Some(json) = member("json") {
            (Some(json.to_string()), Some("application/json"))
        } else {
            (member("body").map(Json::plain), None)
        };
        let typed = built.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let Some(content_type) = content_type.filter(|_| !typed) {
            built = built.header("Content-Type", content_type);
        }
        if let Some(body) = body {
            built = built.body(body);
        }
        Ok(built)
    }
}

/// Pairs from an object or a list of pairs; null counts as empty.
fn form_encoded(value: &Json) -> String {
    let text = |value: &Json| if matches!(value, Json::Null) { String::new() } else { value.plain() };
    let pairs: Vec<(String, String)> = match value {
        Json::Object(members) => members.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        Json::List(items) => items
            .iter()
            .filter_map(Json::list)
            .filter_map(|pair| Some((pair.first()?.plain(), text(pair.get(1)?))))
            .collect(),
        _ => Vec::new(),
    };
    encode_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

fn millis(step: &Json, name: &str) -> Duration {
    Duration::from_secs_f64(step.get(name).and_then(Json::number).unwrap_or(0.0) / 1000.0)
}
