//! Every path of the first two versions of the HTTP API, each of its parameters spoilt in every way, and the verbs
//! that it does not have: answers have the form of their family, and what is refused leaves nothing behind.

use std::collections::{BTreeMap, BTreeSet};

use nacre_harness::http::{Connection, Http, Reply, Request, encode_pairs};
use nacre_harness::{Options, Server};
use serde_json::Value;

use super::assert_healthy;

/// Connections that carry the requests side by side.
const LANES: usize = 4;
/// Complaints that are shown.
const SHOWN: usize = 60;
/// Verbs that a path may have.
const VERBS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "PATCH"];
/// Paths that take any verb; the document names one.
const ANY_VERB: [&str; 7] = [
    "/v1/ns/instance/statuses",
    "/v2/ns/instance/statuses/{key}",
    "/v1/ns/service/names",
    "/v1/ns/operator/push/state",
    "/v1/ns/ops/push/state",
    "/v1/ns/catalog/instances",
    "/v2/ns/catalog/instances",
];
/// What one of these holds names something, and has characters and a length that are checked.
const NAMES: [&str; 8] = ["dataId", "group", "groupName", "tenant", "namespaceId", "serviceName", "clusterName", "ip"];

/// Parameters and their values.
type Pairs = &'static [(&'static str, &'static str)];

/// What is sent beside the required parameters, so that an operation of several meanings has one. An empty list is
/// the operation itself.
const MEANINGS: &[(&str, &str, &[Pairs])] = &[
    (
        "GET",
        "/v1/cs/configs",
        &[
            &[("dataId", "sweep-#"), ("group", "g")],
            &[("search", "accurate"), ("dataId", ""), ("group", ""), ("pageNo", "1"), ("pageSize", "5")],
            &[("search", "blur"), ("dataId", ""), ("group", ""), ("pageNo", "1"), ("pageSize", "5")],
            &[("show", "all"), ("dataId", "sweep-#"), ("group", "g")],
            &[("beta", "true"), ("dataId", "sweep-#"), ("group", "g")],
            &[("export", "true"), ("ids", "")],
            &[("exportV2", "true"), ("ids", "")],
        ],
    ),
    (
        "DELETE",
        "/v1/cs/configs",
        &[
            &[("dataId", "sweep-#"), ("group", "g")],
            &[("delType", "ids"), ("ids", "1")],
            &[("beta", "true"), ("dataId", "sweep-#"), ("group", "g")],
        ],
    ),
    ("POST", "/v1/cs/configs", &[&[], &[("import", "true")], &[("clone", "true"), ("tenant", "public")]]),
    ("GET", "/v2/cs/config", &[&[("dataId", "sweep-#"), ("group", "g")]]),
    ("DELETE", "/v2/cs/config", &[&[("dataId", "sweep-#"), ("group", "g")]]),
    ("GET", "/v1/cs/history", &[&[("nid", "1")], &[("search", "accurate")]]),
    ("GET", "/v2/cs/history", &[&[("nid", "1")]]),
    ("POST", "/v1/cs/capacity", &[&[("group", "g"), ("quota", "7")], &[("tenant", "t"), ("maxSize", "7")]]),
    ("GET", "/v1/cs/capacity", &[&[("group", "g")]]),
    (
        "GET",
        "/v1/console/namespaces",
        &[
            &[],
            &[("show", "all"), ("namespaceId", "")],
            &[("checkNamespaceIdExist", "true"), ("customNamespaceId", "a")],
        ],
    ),
    ("POST", "/v1/console/namespaces", &[&[("customNamespaceId", "sweep-#")]]),
    ("PUT", "/v1/console/namespaces", &[&[("namespace", "sweep-#"), ("namespaceShowName", "sweep-#")]]),
    ("POST", "/v2/console/namespace", &[&[("namespaceId", "sweep-#")]]),
    ("PUT", "/v2/console/namespace", &[&[("namespaceId", "sweep-#"), ("namespaceName", "sweep-#")]]),
    ("PUT", "/v1/ns/instance/beat", &[&[("ip", "127.0.0.1"), ("port", "80")]]),
    ("PATCH", "/v2/ns/instance", &[&[("weight", "1"), ("enabled", "true"), ("metadata", "{}")]]),
    ("GET", "/v1/ns/service/list", &[&[("pageNo", "1"), ("pageSize", "5")]]),
];

/// An operation of one meaning.
const ITSELF: &[Pairs] = &[&[]];

/// A good value for each required parameter; `#` is a number that only one request has.
fn good(path: &str, name: &str) -> &'static str {
    match name {
        "serviceName" | "dataId" | "namespaceName" | "clientId" | "connectionId" => "sweep-#",
        "namespaceId" if path.contains("/console/") => "sweep-#",
        "namespaceId" | "tenant" => "public",
        "ip" => "127.0.0.1",
        "port" | "checkPort" => "80",
        "group" => "g",
        "groupName" => "DEFAULT_GROUP",
        "clusterName" => "DEFAULT",
        "metadata" => r#"{"a":"b"}"#,
        "healthChecker" => r#"{"type":"TCP"}"#,
        "key" => "public##DEFAULT_GROUP@@sweep-#",
        "protectThreshold" => "0.5",
        "healthy" | "useInstancePort4Check" => "true",
        "pageNo" | "nid" | "id" => "1",
        "pageSize" => "5",
        "entry" => "checkTimes",
        "value" => "3",
        "type" => "file",
        "Listening-Configs" => "sweep-#%02g%02%01",
        _ => "a",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Whole,
    Number,
    Flag,
}

#[derive(Debug, Clone)]
struct Parameter {
    name: String,
    kind: Kind,
    is_required: bool,
}

#[derive(Debug, Clone)]
struct Operation {
    method: String,
    path: String,
    parameters: Vec<Parameter>,
}

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Missing,
    Empty,
    Word,
    Negative,
    Huge,
    Long,
    Illegal,
    Verb,
}

const FAULTS: [Fault; 7] =
    [Fault::Missing, Fault::Empty, Fault::Word, Fault::Negative, Fault::Huge, Fault::Long, Fault::Illegal];

impl Fault {
    /// What stands in place of a good value.
    fn value(self) -> Option<String> {
        Some(match self {
            Self::Missing | Self::Verb => return None,
            Self::Empty => String::new(),
            Self::Word => "seven".to_owned(),
            Self::Negative => "-1".to_owned(),
            Self::Huge => "99999999999999999999".to_owned(),
            Self::Long => "x".repeat(40_000),
            Self::Illegal => "a b/\u{4e2d}\u{0}<'%".to_owned(),
        })
    }
}

/// How refusals look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// v1 naming: plain texts.
    Naming,
    /// The rest of v1: texts that begin with `caused:`.
    Caused,
    /// v2: result objects.
    Wrapped,
    /// Paths of v2 whose result objects hold the texts of v1.
    Loader,
}

fn family(path: &str) -> Family {
    if path.starts_with("/v1/ns/") || path == "/v2/ns/catalog/instances" {
        Family::Naming
    } else if path.starts_with("/v2/core/ops/") || path.starts_with("/v2/core/loader/") {
        Family::Loader
    } else if path.starts_with("/v2/") || path.starts_with("/v1/nacre/") {
        Family::Wrapped
    } else {
        Family::Caused
    }
}

/// One request that is wrong in one way.
#[derive(Debug, Clone)]
struct Attempt {
    operation: Operation,
    /// Which parameter is wrong, and how; it has no meaning for a wrong verb.
    parameter: Parameter,
    fault: Fault,
    pairs: Vec<(String, String)>,
}

impl Attempt {
    fn request(&self) -> Request {
        let Operation { method, path, .. } = &self.operation;
        let in_path = |name: &str| path.contains(&format!("{{{name}}}"));
        // An empty end makes another path.
        let end = self.pairs.iter().find(|(name, value)| in_path(name) && !value.is_empty());
        let end = end.map_or("a".to_owned(), |(_, value)| encode_pairs([("", value.as_str())]).split_off(1));
        let pairs = self.pairs.iter().filter(|(name, _)| !in_path(name));
        let pairs: Vec<(&str, &str)> = pairs.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let path = path.replace("{key}", &end);
        let request = match method.as_str() {
            "POST" | "PUT" | "PATCH" => Request::new(method, format!("/nacos{path}")).form(&pairs),
            _ => Request::new(method, format!("/nacos{path}?{}", encode_pairs(pairs))),
        };
        // A long poll answers at once.
        request.header("Long-Pulling-Timeout-No-Hangup", "true").header("Long-Pulling-Timeout", "10000")
    }

    fn is_write(&self) -> bool {
        self.operation.method != "GET"
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.pairs.iter().any(|(other, held)| other == name && held == value)
    }

    /// Whether Nacos could not do what is asked for.
    fn must_be_refused(&self) -> bool {
        let Parameter { name, kind, is_required } = &self.parameter;
        let is_number = matches!(kind, Kind::Whole | Kind::Number);
        match self.fault {
            Fault::Verb => true,
            // An import takes a file in place of parameters.
            Fault::Missing => *is_required && !self.has("import", "true"),
            Fault::Word | Fault::Illegal | Fault::Long if is_number => self.must_be_a_number(),
            Fault::Huge if *kind == Kind::Whole => self.must_be_a_number(),
            Fault::Long | Fault::Illegal => NAMES.contains(&name.as_str()) && self.checks_names(),
            _ => false,
        }
    }

    /// Nacos takes the default for some numbers that are none, and does not read what the operation has no use for.
    fn must_be_a_number(&self) -> bool {
        let name = self.parameter.name.as_str();
        let is_search = self.has("search", "accurate") || self.has("search", "blur");
        match (self.operation.path.as_str(), name) {
            ("/v1/ns/service/list", _) | ("/v1/ns/instance/list" | "/v2/ns/instance/list", "udpPort") => false,
            ("/v1/cs/configs" | "/v1/cs/history", "pageNo" | "pageSize") => is_search,
            ("/v1/cs/history", "nid") => !is_search,
            _ => true,
        }
    }

    fn checks_names(&self) -> bool {
        !self.has("search", "blur")
    }

    /// Where Nacos answers with a server error, too.
    fn may_fail(&self, reply: &Reply) -> bool {
        let Parameter { name, kind, .. } = &self.parameter;
        let (family, path) = (family(&self.operation.path), self.operation.path.as_str());
        let (text, code) = (reply.text(), reply.json()["code"].as_u64());
        if reply.status == 501 {
            // Of what this server does not have, its text says why.
            let is_absent = path.ends_with("/log") || path.ends_with("/lookup");
            let is_verb = self.fault == Fault::Verb && family == Family::Naming;
            return is_verb || is_absent || text.contains("comes with a later version");
        }
        if reply.status != 500 {
            return false;
        }
        // A selector that is wrong asks for another operation, which may miss something else.
        let is_missing = self.operation.parameters.iter().any(|parameter| {
            let named = format!("&#39;{}&#39; for method parameter", parameter.name);
            let sent = self.pairs.iter().find(|(name, _)| *name == parameter.name);
            let is_there = sent.is_some_and(|(_, value)| parameter.kind == Kind::Text || !value.is_empty());
            text.contains(&named) && !is_there
        });
        let is_no_number = !matches!(self.fault, Fault::Missing | Fault::Empty | Fault::Negative);
        match family {
            _ if self.fault == Fault::Verb => family != Family::Naming,
            Family::Naming | Family::Wrapped if text.contains("\"timestamp\"") => {
                ["metadata", "beat", "instances"].contains(&name.as_str())
            }
            Family::Naming if path == "/v1/ns/catalog/services" => name.starts_with("page"),
            Family::Naming => path == "/v1/ns/service" && name == "protectThreshold" && is_no_number,
            Family::Caused if path == "/v1/console/namespaces" && self.has("show", "all") => name == "namespaceId",
            Family::Caused if self.has("clone", "true") => text.starts_with("caused: Required request "),
            Family::Caused if name == "Listening-Configs" => text.contains("invalid probeModify"),
            Family::Caused | Family::Loader => is_missing,
            Family::Wrapped if path.ends_with("/switches") => code == Some(30000),
            Family::Wrapped => {
                let is_of_another_type = is_no_number || *kind == Kind::Flag && self.fault == Fault::Negative;
                code == Some(30000) && *kind != Kind::Text && is_of_another_type
            }
        }
    }
}

/// Whether a refusal looks as those of its family do.
fn is_of_its_family(family: Family, reply: &Reply) -> bool {
    let (text, json) = (reply.text(), reply.json());
    let has = |name: &str| json.get(name).is_some();
    let is_framework = json["status"] == reply.status && has("timestamp") && has("path") && json["message"].is_string();
    let is_filter = reply.status == 400 && text.starts_with("Param '") && text.ends_with(".\r\n");
    let is_result = json["code"].as_u64().is_some_and(|code| code > 0) && has("message") && has("data");
    let is_plain = reply.header("Content-Type") == Some("text/plain;charset=UTF-8");
    is_framework
        || is_filter
        || match family {
            // The catalog's pages are the exception.
            Family::Naming if text.starts_with("caused: Required request parameter 'page") => is_plain,
            Family::Naming => is_plain && !text.is_empty() && !text.starts_with("caused:"),
            Family::Caused => {
                let is_caused = is_plain && text.starts_with("caused: ") && text.ends_with(';');
                is_caused || is_result || (reply.status == 404 && text == "config data not exist\n")
            }
            Family::Wrapped => is_result,
            Family::Loader => is_result && json["message"].as_str().is_some_and(|text| text.starts_with("caused: ")),
        }
}

/// The operations of the first two versions, as the server describes them.
async fn operations(http: &Http) -> Vec<Operation> {
    let document = http.get("/nacos/openapi.json", &[]).await.unwrap().json();
    let paths = document["paths"].as_object().unwrap().iter();
    let mut operations = Vec::new();
    for (path, item) in paths.filter(|(path, _)| path.starts_with("/v1/") || path.starts_with("/v2/")) {
        for verb in VERBS {
            let described = &item[verb.to_lowercase()];
            if described.is_object() {
                let (method, path) = (verb.to_owned(), path.clone());
                operations.push(Operation { method, path, parameters: parameters(described) });
            }
        }
    }
    operations
}

fn parameters(described: &Value) -> Vec<Parameter> {
    let kind = |schema: &Value| match schema["type"].as_str() {
        Some("integer") => Kind::Whole,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Flag,
        _ => Kind::Text,
    };
    let listed = described["parameters"].as_array().into_iter().flatten().map(|parameter| Parameter {
        name: parameter["name"].as_str().unwrap().to_owned(),
        kind: kind(&parameter["schema"]),
        is_required: parameter["required"] == true,
    });
    let form = &described["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
    let required: Vec<&str> = form["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let members = form["properties"].as_object().into_iter().flatten().map(|(name, schema)| Parameter {
        name: name.clone(),
        kind: kind(schema),
        is_required: required.contains(&name.as_str()),
    });
    listed.chain(members).collect()
}

/// Everything that is tried.
fn attempts(operations: &[Operation]) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let mut verbs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for operation in operations {
        verbs.entry(&operation.path).or_default().push(&operation.method);
        let meanings = MEANINGS
            .iter()
            .find(|(method, path, _)| (*method, *path) == (operation.method.as_str(), operation.path.as_str()));
        for extra in meanings.map_or(ITSELF, |(_, _, meanings)| *meanings) {
            for parameter in &operation.parameters {
                for fault in FAULTS {
                    attempts.push(attempt(operation, extra, parameter, fault, attempts.len()));
                }
            }
        }
    }
    for (path, known) in
        verbs.into_iter().filter(|(path, _)| !ANY_VERB.contains(path) && *path != "/v1/ns/health/server")
    {
        for verb in VERBS.into_iter().filter(|verb| !known.contains(verb)) {
            let operation = Operation { method: verb.to_owned(), path: path.to_owned(), parameters: Vec::new() };
            let nothing = Parameter { name: "verb".to_owned(), kind: Kind::Text, is_required: false };
            attempts.push(Attempt { operation, parameter: nothing, fault: Fault::Verb, pairs: Vec::new() });
        }
    }
    attempts
}

fn attempt(
    operation: &Operation,
    extra: &[(&str, &str)],
    parameter: &Parameter,
    fault: Fault,
    number: usize,
) -> Attempt {
    let required = operation.parameters.iter().filter(|parameter| parameter.is_required);
    let mut pairs: BTreeMap<String, String> =
        required.map(|parameter| (parameter.name.clone(), good(&operation.path, &parameter.name).to_owned())).collect();
    pairs.extend(extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let mut pairs: Vec<_> =
        pairs.into_iter().map(|(name, value)| (name, value.replace('#', &number.to_string()))).collect();
    pairs.retain(|(name, _)| *name != parameter.name);
    pairs.extend(fault.value().map(|value| (parameter.name.clone(), value)));
    Attempt { operation: operation.clone(), parameter: parameter.clone(), fault, pairs }
}

/// What is wrong with the answer.
fn complaint(attempt: &Attempt, reply: &Reply) -> Option<String> {
    let family = family(&attempt.operation.path);
    let what = match reply.status {
        200 if attempt.must_be_refused() => "taken",
        200 => return None,
        500.. if !attempt.may_fail(reply) => "a server error",
        400.. if !is_of_its_family(family, reply) => "in another form",
        400.. => return None,
        _ => "an odd status",
    };
    let Attempt { operation, parameter, fault, .. } = attempt;
    let (method, path, name) = (&operation.method, &operation.path, &parameter.name);
    let text: String = reply.text().chars().take(200).collect();
    let others: Vec<&str> = attempt.pairs.iter().map(|(name, _)| name.as_str()).collect();
    Some(format!("{method} {path} {name} {fault:?} ({}): {what}: {} {text:?}", others.join(","), reply.status))
}

/// Names of the services, configs and namespaces that the server holds now.
async fn held(server: &Server) -> BTreeSet<String> {
    let http = server.http();
    let mut held = BTreeSet::new();
    let services = http.get("/nacos/v1/ns/service/names", &[]).await.unwrap().json();
    for names in services["META-INF/services"].as_object().unwrap().values() {
        let names = names.as_array().unwrap().iter().filter_map(|name| name.as_str()?.split_once("@@"));
        held.extend(names.map(|(_, name)| name.to_owned()));
    }
    let namespaces = http.get("/nacos/v1/console/namespaces", &[]).await.unwrap().json();
    for namespace in namespaces["data"].as_array().unwrap() {
        let text = |name: &str| namespace[name].as_str().unwrap().to_owned();
        held.insert(if text("namespace").starts_with("sweep-") {
            text("namespace")
        } else {
            text("namespaceShowName")
        });
    }
    let mut configs = 0_u32;
    for tenant in [Fault::Empty, Fault::Word, Fault::Negative, Fault::Huge].map(Fault::value) {
        let tenant = tenant.unwrap();
        for page in 1.. {
            let page = page.to_string();
            let names = [("search", "blur"), ("dataId", ""), ("group", ""), ("tenant", tenant.as_str())];
            let query = [&names[..], &[("pageNo", page.as_str()), ("pageSize", "500")]].concat();
            let found = http.get("/nacos/v1/cs/configs", &query).await.unwrap().json();
            let items = found["pageItems"].as_array().unwrap();
            held.extend(items.iter().map(|item| item["dataId"].as_str().unwrap().to_owned()));
            configs += u32::try_from(items.len()).unwrap();
            if items.len() < 500 {
                break;
            }
        }
    }
    let counted = server.metric("nacre_config_configs").await.unwrap();
    assert!((counted - f64::from(configs)).abs() < 0.5, "{configs} of {counted} configs were found");
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_parameter_may_be_wrong() {
    let mut server = Options::new().start().await.unwrap();
    let before = held(&server).await;
    let all = attempts(&operations(&server.http()).await);
    assert!(all.len() > 3000, "{}", all.len());
    let lanes = (0..LANES).map(|lane| {
        let (address, mine) =
            (server.http_address(), all.iter().skip(lane).step_by(LANES).cloned().collect::<Vec<_>>());
        tokio::spawn(async move {
            let mut connection = Connection::open(address).await.unwrap();
            let (mut complaints, mut taken) = (Vec::new(), BTreeSet::new());
            for attempt in mine {
                let Ok(reply) = connection.send(&attempt.request()).await else {
                    complaints.push(format!("{:.300?}: no answer", attempt.operation));
                    connection = Connection::open(address).await.unwrap();
                    continue;
                };
                if reply.header("Connection") == Some("close") {
                    connection = Connection::open(address).await.unwrap();
                }
                complaints.extend(complaint(&attempt, &reply));
                if reply.status == 200 && attempt.is_write() {
                    taken.extend(attempt.pairs.into_iter().map(|(_, value)| value));
                }
            }
            (complaints, taken)
        })
    });
    let (mut complaints, mut taken) = (Vec::new(), BTreeSet::new());
    for lane in futures::future::join_all(lanes).await {
        let (more, others) = lane.unwrap();
        complaints.extend(more);
        taken.extend(others);
    }
    complaints.sort();
    let shown = complaints.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(complaints.is_empty(), "{} of {} answers:\n{shown}", complaints.len(), all.len());
    let after = held(&server).await;
    assert!(after.len() > 20, "hardly anything was taken: {after:?}");
    for name in after.difference(&before) {
        assert!(taken.contains(name), "{name} was refused and is held");
    }
    assert_healthy(&mut server).await;
}
