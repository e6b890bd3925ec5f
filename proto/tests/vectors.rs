//! Every body of the captured scenarios goes through its type and back.

use nacre_proto::{Message, cluster, config, internal, naming};
use serde_json::{Map, Value};
use std::{fs, path::PathBuf};

fn scenarios() -> Vec<(String, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/grpc");
    let mut found: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_stem().expect("a file").to_string_lossy().into_owned();
            (name, serde_json::from_slice(&fs::read(&path).expect("readable")).expect("JSON"))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(found.len() > 100, "only {} scenarios", found.len());
    found
}

/// Reads and writes a body of the named type; `None` when the type is not of the 2.x catalogue.
fn rewrite(kind: &str, text: &[u8]) -> Option<Result<String, String>> {
    fn through<T: Message>(text: &[u8]) -> Result<String, String> {
        let body = T::from_json(text).map_err(|error| error.to_string())?.ok_or("null")?;
        let written = body.to_json();
        // The first time explicit nulls become defaults; from then on nothing changes.
        let again = |text: &[u8]| T::from_json(text).expect("own text").expect("not null").to_json();
        let settled = again(&written);
        assert_eq!(again(&settled), settled);
        Ok(String::from_utf8(written).expect("JSON is UTF-8"))
    }
    macro_rules! types {
        ($($path:ident::$name:ident),* $(,)?) => {
            match kind {
                $( stringify!($name) => Some(through::<$path::$name>(text)), )*
                _ => None,
            }
        };
    }
    types!(
        internal::ServerCheckRequest,
        internal::ServerCheckResponse,
        internal::ConnectionSetupRequest,
        internal::SetupAckRequest,
        internal::HealthCheckRequest,
        internal::HealthCheckResponse,
        internal::ClientDetectionRequest,
        internal::ClientDetectionResponse,
        internal::ConnectResetRequest,
        internal::ConnectResetResponse,
        internal::ErrorResponse,
        naming::InstanceRequest,
        naming::InstanceResponse,
        naming::BatchInstanceRequest,
        naming::BatchInstanceResponse,
        naming::PersistentInstanceRequest,
        naming::ServiceQueryRequest,
        naming::QueryServiceResponse,
        naming::ServiceListRequest,
        naming::ServiceListResponse,
        naming::SubscribeServiceRequest,
        naming::SubscribeServiceResponse,
        naming::NotifySubscriberRequest,
        naming::NotifySubscriberResponse,
        config::ConfigPublishRequest,
        config::ConfigPublishResponse,
        config::ConfigQueryRequest,
        config::ConfigQueryResponse,
        config::ConfigRemoveRequest,
        config::ConfigRemoveResponse,
        config::ConfigBatchListenRequest,
        config::ConfigChangeBatchListenResponse,
        config::ConfigChangeNotifyRequest,
        config::ConfigChangeNotifyResponse,
        config::ClientConfigMetricRequest,
        config::ClientConfigMetricResponse,
        cluster::ServerLoaderInfoRequest,
        cluster::ServerLoaderInfoResponse,
        cluster::ServerReloadRequest,
        cluster::ServerReloadResponse,
        cluster::MemberReportRequest,
        cluster::DistroDataRequest,
        cluster::ConfigChangeClusterSyncRequest,
    )
}

/// Replaces the matchers of an expectation by values that they match; `None` drops the member.
fn sample(value: &Value) -> Option<Value> {
    match value {
        Value::Object(members) => {
            let only = members.iter().next().filter(|(key, _)| members.len() == 1 && key.starts_with('$'));
            let Some((matcher, argument)) = only else {
                return Some(Value::Object(
                    members.iter().filter_map(|(key, value)| Some((key.clone(), sample(value)?))).collect(),
                ));
            };
            match matcher.as_str() {
                "$text" => Some(argument.clone()),
                "$epochMs" => Some(1_735_689_600_555_u64.into()),
                "$int" | "$atLeast" | "$var" => Some(7.into()),
                "$string" | "$regex" | "$repeat" | "$md5" => Some("x".into()),
                "$any" => Some(true.into()),
                "$optional" => None,
                "$oneOf" => sample(&argument[0]),
                "$unordered" | "$contains" => sample(argument),
                "$capture" => Some(argument.get("as").and_then(sample).unwrap_or("x".into())),
                "$base64" => Some("".into()),
                other => panic!("unknown matcher {other}"),
            }
        }
        Value::Array(items) => Some(Value::Array(items.iter().filter_map(sample).collect())),
        other => Some(other.clone()),
    }
}

/// Compares the member order of two texts where both are objects.
fn member_order(text: &str) -> Vec<String> {
    // Names in the order of the text; nested objects contribute theirs too.
    let mut names = Vec::new();
    let mut parts = text.split('"').skip(1).step_by(2).zip(text.split('"').skip(2).step_by(2));
    for (name, after) in &mut parts {
        if after.starts_with(':') {
            names.push(name.to_owned());
        }
    }
    names
}

#[test]
fn answers_and_pushes_are_written_as_they_were_recorded() {
    let mut count = 0;
    for (name, scenario) in scenarios() {
        for step in scenario["steps"].as_array().unwrap() {
            let expected = [
                (&step["expect"]["type"], &step["expect"]["body"]),
                if step["do"] == "expectPush" { (&step["type"], &step["body"]) } else { (&Value::Null, &Value::Null) },
            ];
            for (kind, body) in expected {
                let (Some(kind), true) = (kind.as_str(), body.is_object()) else { continue };
                let body = sample(body).unwrap();
                let text = body.to_string();
                let written = rewrite(kind, text.as_bytes()).unwrap_or_else(|| panic!("{name}: {kind}"));
                let written = written.unwrap_or_else(|error| panic!("{name}: {kind}: {error}: {text}"));
                assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), body, "{name}: {kind}");
                count += 1;
            }
        }
    }
    assert!(count > 500, "only {count} bodies");
}

#[test]
fn members_stand_in_the_recorded_order() {
    for (kind, text) in [
        (
            "QueryServiceResponse",
            concat!(
                r#"{"resultCode":200,"errorCode":0,"serviceInfo":{"name":"s","groupName":"g","clusters":"","#,
                r#""cacheMillis":10000,"hosts":[{"instanceId":"i","ip":"10.0.0.11","port":8080,"weight":1.0,"#,
                r#""healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT","serviceName":"g@@s","#,
                r#""metadata":{},"instanceHeartBeatInterval":5000,"instanceHeartBeatTimeOut":15000,"#,
                r#""ipDeleteTimeout":30000,"instanceIdGenerator":"simple"}],"lastRefTime":1735689600555,"#,
                r#""checksum":"","allIPs":false,"reachProtectionThreshold":false,"valid":true},"success":true}"#,
            ),
        ),
        (
            "ConfigQueryResponse",
            concat!(
                r#"{"resultCode":200,"errorCode":0,"content":"a: 1","encryptedDataKey":"","contentType":"yaml","#,
                r#""md5":"m","lastModified":1735689600000,"tag":"t","beta":false,"success":true}"#,
            ),
        ),
        (
            "ConfigQueryRequest",
            r#"{"headers":{},"dataId":"d","group":"g","tenant":"","module":"config","notify":false}"#,
        ),
        ("ConfigChangeNotifyRequest", r#"{"headers":{},"requestId":"55","dataId":"d","group":"g","module":"config"}"#),
        (
            "ConnectionSetupRequest",
            r#"{"headers":{},"clientVersion":"v","tenant":"","labels":{},"abilityTable":{},"module":"internal"}"#,
        ),
        (
            "ConnectResetRequest",
            r#"{"headers":{},"requestId":"7","serverIp":"1","serverPort":"2","connectionId":"3","module":"internal"}"#,
        ),
        ("ErrorResponse", r#"{"resultCode":500,"errorCode":301,"message":"m","success":false}"#),
    ] {
        assert_eq!(rewrite(kind, text.as_bytes()).unwrap().unwrap(), text);
    }
}

#[test]
fn recorded_order_is_kept_wherever_it_can_be_read() {
    // The files keep the order of members; serde_json's map does not, so it is read from the text.
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/grpc");
    let text = fs::read_to_string(folder.join("life-loose-types.json")).unwrap();
    let metadata = text.split("\"metadata\": {").find(|part| part.starts_with("\"b\": \"true\"")).unwrap();
    let recorded = format!("{{{}}}", metadata.split('}').next().unwrap());
    let instance = format!(r#"{{"instances":[{{"metadata":{recorded}}}]}}"#);
    let written = rewrite("BatchInstanceRequest", instance.as_bytes()).unwrap().unwrap();
    let names = member_order(&written);
    let start = names.iter().position(|name| name == "metadata").unwrap();
    assert_eq!(names[start + 1..start + 4], ["b", "n", "f"]);
}

#[test]
fn requests_keep_what_they_say() {
    let mut count = 0;
    for (name, scenario) in scenarios() {
        for step in scenario["steps"].as_array().unwrap() {
            let (kind, body) = match step["do"].as_str().unwrap() {
                "open" => ("ConnectionSetupRequest", &step["setup"]),
                "call" | "send" => (step["type"].as_str().unwrap(), &step["body"]),
                _ => continue,
            };
            if !body.is_object() || body.to_string().contains("\"$") {
                continue;
            }
            let Some(written) = rewrite(kind, body.to_string().as_bytes()) else { continue };
            let refused = name == "life-bad-scalars";
            match written {
                Ok(written) => {
                    let written: Value = serde_json::from_str(&written).unwrap();
                    let known = known_part(body.as_object().unwrap(), &written);
                    assert!(known > 0 || kind.ends_with("Response"), "{name}: {kind} lost {body}");
                }
                Err(error) => assert!(refused, "{name}: {kind}: {error}: {body}"),
            }
            count += 1;
        }
    }
    assert!(count > 1_000, "only {count} bodies");
}

/// Counts members that were kept; fails where a text member that exists on both sides differs.
fn known_part(sent: &Map<String, Value>, written: &Value) -> usize {
    let ignored = ["headers", "module", "notify", "valid", "success", "instanceIdGenerator"];
    let kept = sent.iter().filter(|(key, value)| {
        let Some(found) = written.get(key.as_str()) else { return value.is_null() };
        if let (Value::String(sent), Value::String(found)) = (value, found) {
            assert!(sent == found || ignored.contains(&key.as_str()), "{key}: {sent} became {found}");
        }
        true
    });
    kept.count() + usize::from(sent.is_empty())
}
