//! Runs one case.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use nacre_client::{Client, Pool};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{
    events::Recorder,
    expand::{self, Variables},
    harness::Harness,
    matcher::{matches, shown},
    model::{Call, Case, Errand, ErrorMatcher, Expect, Server, Step, Winners},
    perform::{self, Done, Failure},
};

const AGAIN: Duration = Duration::from_millis(40);
static RUNS: AtomicU64 = AtomicU64::new(0);

type Outcome = Result<Value, Failure>;

/// What the steps of a case share.
pub(crate) struct Stage {
    scope: String,
    harness: Arc<Harness>,
    variables: Mutex<Variables>,
    pub(crate) clients: Mutex<HashMap<String, Client>>,
    watches: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Recorder>>>>,
    background: Mutex<HashMap<String, JoinHandle<Result<Outcome, String>>>>,
    pub(crate) balancers: perform::Balancers,
    pub(crate) pools: Mutex<HashMap<String, Pool>>,
}

/// Starts the server that most cases share; answers its address.
pub(crate) async fn shared_server(harness: &Harness) -> Value {
    harness.ask("shared", "server.start", &json!({}), None).await.unwrap()["address"].clone()
}

fn port_of(server: &Value) -> Value {
    server.as_str().and_then(|address| address.rsplit_once(':')).map_or(Value::Null, |(_, port)| json!(port))
}

/// Limits of waiting are for a machine that does nothing else; this many times as long is granted.
fn slack() -> u32 {
    std::env::var("NACRE_SLACK").ok().and_then(|text| text.parse().ok()).unwrap_or(2)
}

pub(crate) async fn case(name: &str, case: Case, harness: Arc<Harness>, shared: &Value) -> Result<(), String> {
    let number = RUNS.fetch_add(1, Ordering::Relaxed);
    let run = format!("{:x}{number:x}", std::process::id());
    let scope = format!("c{number}");
    let begun = harness.ask(&scope, "scope.begin", &json!({}), None).await?;
    let server = match &case.server {
        Server::Shared => shared.clone(),
        Server::None => Value::Null,
        Server::Own(settings) => {
            let started = harness.ask(&scope, "server.start", &json!({"settings": settings}), None).await?;
            started["address"].clone()
        }
    };
    let variables = Variables::from([
        ("run".into(), json!(run)),
        ("namespace".into(), json!(format!("case-{run}"))),
        ("dir".into(), begun["dir"].clone()),
        ("server_port".into(), port_of(&server)),
        ("server".into(), server),
    ]);
    let stage = Arc::new(Stage {
        scope: scope.clone(),
        harness: Arc::clone(&harness),
        variables: Mutex::new(variables),
        clients: Mutex::default(),
        watches: Mutex::default(),
        background: Mutex::default(),
        balancers: perform::Balancers::default(),
        pools: Mutex::default(),
    });
    let limit = Duration::from_millis(case.limit_ms) * slack();
    let outcome = match timeout(limit, stage.play(&case)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("not done within {limit:?}")),
    };
    stage.clear().await;
    let ended = harness.ask(&scope, "scope.end", &json!({}), None).await?;
    let _ = name;
    outcome.map_err(|failure| match ended["logs"].as_object().filter(|logs| !logs.is_empty()) {
        None => failure,
        Some(logs) => logs.iter().fold(failure, |text, (server, log)| {
            format!("{text}\n---- log of {server}\n{}", log.as_str().unwrap_or_default())
        }),
    })
}

impl Stage {
    async fn play(self: &Arc<Self>, case: &Case) -> Result<(), String> {
        for (index, step) in case.before.iter().enumerate() {
            self.step(step).await.map_err(|failure| format!("before, step {}: {failure}", index + 1))?;
        }
        self.make_clients(&case.clients).await?;
        for (index, step) in case.steps.iter().enumerate() {
            self.step(step).await.map_err(|failure| format!("step {} {}: {failure}", index + 1, brief(step)))?;
        }
        Ok(())
    }

    async fn make_clients(self: &Arc<Self>, clients: &BTreeMap<String, Value>) -> Result<(), String> {
        for (name, options) in clients {
            let options = self.expanded(options)?;
            if let Err(failure) = perform::connect(self, name, &options).await? {
                return Err(format!("client {name}: {failure}"));
            }
        }
        Ok(())
    }

    /// Ends what runs before the servers go, so that nothing complains about them.
    async fn clear(&self) {
        self.background.lock().drain().for_each(|(_, task)| task.abort());
        self.watches.lock().clear();
        let clients: Vec<Client> = self.clients.lock().drain().map(|(_, client)| client).collect();
        join_all(clients.iter().map(Client::close)).await;
    }

    async fn step(self: &Arc<Self>, step: &Step) -> Result<(), String> {
        match step {
            Step::Call(call) => match &call.background {
                None => self.call(call).await,
                Some(name) => {
                    let (stage, call) = (Arc::clone(self), call.clone());
                    self.start(name, async move { stage.once(&call).await });
                    Ok(())
                }
            },
            Step::Errand(errand) => match &errand.background {
                None => self.errand(errand).await.map(drop),
                Some(name) => {
                    let (stage, errand) = (Arc::clone(self), errand.clone());
                    self.start(name, async move { stage.errand(&errand).await.map(Ok) });
                    Ok(())
                }
            },
            Step::Await { background, expect, .. } => {
                let task = self.background.lock().remove(background).ok_or("no such background step")?;
                let outcome = task.await.map_err(|error| error.to_string())??;
                self.judge(expect.as_ref(), outcome)
            }
            Step::Race { race, expect, .. } => self.race(race, expect).await,
            Step::Events { events, expect, .. } => {
                let watch = self.watches.lock().get(events).cloned().ok_or("no such watch")?;
                let mut expect = expect.clone();
                expect.expand(|value| self.expected(value))?;
                watch.lock().await.expect(&expect, slack()).await
            }
            Step::Stop { stop, .. } => {
                let watch = self.watches.lock().get(stop).cloned().ok_or("no such watch")?;
                watch.lock().await.stop().await;
                Ok(())
            }
        }
    }

    fn start(&self, name: &str, step: impl Future<Output = Result<Outcome, String>> + Send + 'static) {
        self.background.lock().insert(name.to_owned(), tokio::spawn(step));
    }

    async fn errand(&self, errand: &Errand) -> Result<Value, String> {
        let args = if errand.args.is_null() { json!({}) } else { self.expanded(&errand.args)? };
        let value = self.harness.ask(&self.scope, &errand.operation, &args, errand.limit_ms).await?;
        self.keep(errand.save.as_deref(), &value);
        self.judge(errand.expect.as_ref(), Ok(value.clone()))?;
        Ok(value)
    }

    async fn call(self: &Arc<Self>, call: &Call) -> Result<(), String> {
        match &call.expect {
            Some(Expect::Eventually { eventually, within_ms }) => {
                let expected = self.expected(eventually)?;
                let wanted = |outcome: &Outcome| match outcome {
                    Ok(value) => matches(&expected, value),
                    Err(failure) => Err(failure.to_string()),
                };
                self.until(call, wanted, *within_ms).await
            }
            Some(Expect::EventuallyError { eventually_error, within_ms }) => {
                self.until(call, |outcome| fails_so(eventually_error, outcome), *within_ms).await
            }
            expect => {
                let outcome = self.once(call).await?;
                self.judge(expect.as_ref(), outcome)
            }
        }
    }

    async fn until(
        self: &Arc<Self>,
        call: &Call,
        wanted: impl Fn(&Outcome) -> Result<(), String>,
        within_ms: u64,
    ) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_millis(within_ms) * slack();
        loop {
            match wanted(&self.once(call).await?) {
                Ok(()) => return Ok(()),
                Err(complaint) if Instant::now() >= deadline => return Err(complaint),
                Err(_) => sleep(AGAIN).await,
            }
        }
    }

    async fn race(self: &Arc<Self>, calls: &[Call], expect: &Winners) -> Result<(), String> {
        let tasks: Vec<_> = calls
            .iter()
            .map(|call| {
                let (stage, call) = (Arc::clone(self), call.clone());
                tokio::spawn(async move { stage.once(&call).await })
            })
            .collect();
        let mut succeeded = 0;
        for task in tasks {
            let outcome = task.await.map_err(|error| error.to_string())??;
            match (&outcome, &expect.error) {
                (Ok(_), _) => succeeded += 1,
                (Err(_), Some(error)) => fails_so(error, &outcome)?,
                (Err(failure), None) => return Err(failure.to_string()),
            }
        }
        if succeeded == expect.succeed { Ok(()) } else { Err(format!("{succeeded} of {} succeeded", calls.len())) }
    }

    /// Calls, as often as `times` says. An `Err` is a fault of the case or the runner.
    async fn once(self: &Arc<Self>, call: &Call) -> Result<Outcome, String> {
        let args = expand::texts(&self.expanded(&call.args)?).map_err(|error| error.to_string())?;
        let begun = Instant::now();
        let mut values = Vec::new();
        for _ in 0..call.times.unwrap_or(1) {
            match perform::perform(self, call, &args).await? {
                Ok(Done { value, events }) => {
                    if let (Some(events), Some(name)) = (events, &call.watch) {
                        let recorder = Arc::new(tokio::sync::Mutex::new(Recorder::new(events)));
                        self.watches.lock().insert(name.clone(), recorder);
                    }
                    values.push(value);
                }
                Err(failure) => return self.in_time(call, begun, Err(failure)),
            }
        }
        let value = if call.times.is_some() { Value::Array(values) } else { values.remove(0) };
        self.keep(call.save.as_deref(), &value);
        self.in_time(call, begun, Ok(value))
    }

    fn in_time(&self, call: &Call, begun: Instant, outcome: Outcome) -> Result<Outcome, String> {
        let (took, limit) = (begun.elapsed(), call.within_ms.map(Duration::from_millis));
        match limit {
            Some(limit) if took > limit * slack() => Err(format!("took {took:?}, not {limit:?}")),
            _ => Ok(outcome),
        }
    }

    fn judge(&self, expect: Option<&Expect>, outcome: Outcome) -> Result<(), String> {
        match (expect, outcome) {
            (None | Some(Expect::Any { .. }), Ok(_)) | (Some(Expect::Any { .. }), Err(_)) => Ok(()),
            (Some(Expect::Error { error }), outcome) => fails_so(error, &outcome),
            (Some(Expect::Value { value }), Ok(actual)) => matches(&self.expected(value)?, &actual),
            (Some(Expect::Eventually { .. } | Expect::EventuallyError { .. }), _) => {
                Err("only a call can be repeated".to_owned())
            }
            (None | Some(Expect::Value { .. }), Err(failure)) => Err(failure.to_string()),
        }
    }

    fn keep(&self, name: Option<&str>, value: &Value) {
        if let Some(name) = name {
            self.variables.lock().insert(name.to_owned(), value.clone());
        }
    }

    fn expanded(&self, value: &Value) -> Result<Value, String> {
        expand::variables(value, &self.variables.lock()).map_err(|error| error.to_string())
    }

    fn expected(&self, value: &Value) -> Result<Value, String> {
        expand::texts(&self.expanded(value)?).map_err(|error| error.to_string())
    }

    pub(crate) fn variable(&self, name: &str) -> Value {
        self.variables.lock().get(name).cloned().unwrap_or_default()
    }
}

fn fails_so(expected: &ErrorMatcher, outcome: &Outcome) -> Result<(), String> {
    let failure = match outcome {
        Ok(value) => return Err(format!("expected {expected:?}, got {}", shown(value))),
        Err(failure) => failure,
    };
    let fits = failure.kind == expected.kind
        && expected.code.is_none_or(|code| code == failure.code)
        && expected.retryable.is_none_or(|retryable| retryable == failure.retryable);
    if fits { Ok(()) } else { Err(format!("expected {expected:?}, got {failure}")) }
}

fn brief(step: &Step) -> String {
    match step {
        Step::Call(call) => format!("({} on {})", call.op, call.on),
        Step::Errand(errand) => format!("({})", errand.operation),
        Step::Await { background, .. } => format!("(await {background})"),
        Step::Race { .. } => "(race)".to_owned(),
        Step::Events { events, .. } => format!("(events of {events})"),
        Step::Stop { stop, .. } => format!("(stop {stop})"),
    }
}
