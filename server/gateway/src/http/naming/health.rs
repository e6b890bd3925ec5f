//! Health checks over HTTP: how clusters are checked, and health that is set by hand.

use nacre_naming::{ClusterMetadata, DEFAULT_CLUSTER, HealthChecker};
use serde_json::Value;

use super::{Subject, metadata, refuse, service};
use crate::http::answer::{Answer, json_text};
use crate::http::call::Call;
use crate::http::failure::Failure;

/// The kinds of checkers with their defaults.
const CHECKERS: &str = r#"{"TCP":{},"HTTP":{"path":"","headers":"","expectedResponseCode":200},"MYSQL":{"user":null,"pwd":null,"cmd":null},"NONE":{}}"#;

/// The kinds of checkers.
pub(in crate::http) fn checkers() -> Answer {
    Answer::Data(CHECKERS.to_owned())
}

/// A sentence about the server.
pub(in crate::http) fn server(call: &Call) -> Answer {
    let services = call.state.naming.stats().counts.services;
    let text = format!("Hello! I am Nacre's naming module, services: {services}, port: {}", call.state.port);
    Answer::Bare(format!(r#"{{"msg":{}}}"#, json_text(&text)))
}

/// Sets the health of a persistent instance by hand.
pub(in crate::http) async fn set(call: &Call) -> Result<Answer, Failure> {
    let service = service(call)?;
    let ip = call.required("ip")?;
    let port = call.number("port")?.ok_or(Failure::Missing { name: "port", kind: "Integer" })?;
    let healthy = match call.boolean("healthy")? {
        None if !call.is_v2() => call.boolean("valid")?,
        healthy => healthy,
    };
    let healthy = healthy.ok_or(Failure::Missing { name: "healthy", kind: "Boolean" })?;
    let cluster = call.filled("clusterName").unwrap_or(DEFAULT_CLUSTER.into());
    let set = call.state.naming.set_health(&service, &cluster, &ip, port, healthy).await;
    set.map(|()| Answer::Done).map_err(|error| refuse(&error, Subject::Instance))
}

/// Replaces what operators set for a cluster.
pub(in crate::http) async fn update_cluster(call: &Call) -> Result<Answer, Failure> {
    let service = service(call)?;
    let cluster = call.required("clusterName")?;
    let check_port = call.number("checkPort")?.ok_or(Failure::Missing { name: "checkPort", kind: "Integer" })?;
    let use_instance_port = call.boolean("useInstancePort4Check")?;
    let use_instance_port = use_instance_port.ok_or(Failure::missing("useInstancePort4Check"))?;
    let health_checker = checker(&call.required("healthChecker")?)?;
    let update = ClusterMetadata { check_port, use_instance_port, health_checker, metadata: metadata(call)? };
    let updated = call.state.naming.update_cluster(&service, &cluster, update).await;
    updated.map(|()| Answer::Done).map_err(|error| refuse(&error, Subject::Service))
}

/// Reads a checker. An unknown kind checks nothing.
fn checker(text: &str) -> Result<HealthChecker, Failure> {
    let unreadable = || Failure::invalid(format!("cannot read the health checker {text}"));
    let Ok(Value::Object(members)) = serde_json::from_str(text) else { return Err(unreadable()) };
    let member = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(match members.get("type").and_then(Value::as_str).ok_or_else(unreadable)? {
        "TCP" => HealthChecker::Tcp,
        "HTTP" => {
            let path = member("path").unwrap_or_default();
            // Only a path: whoever writes it must not choose another host.
            if !path.is_empty() && (!path.starts_with('/') || path.starts_with("//")) {
                return Err(Failure::invalid(format!("the path '{path}' of a health checker begins with one slash")));
            }
            if path.chars().any(|character| character.is_control() || character == ' ') {
                return Err(Failure::invalid("the path of a health checker has a blank in it"));
            }
            let code = members.get("expectedResponseCode").and_then(Value::as_i64).unwrap_or(200);
            HealthChecker::Http {
                path,
                headers: member("headers").unwrap_or_default(),
                expected_response_code: i32::try_from(code).map_err(|_| unreadable())?,
            }
        }
        "MYSQL" => HealthChecker::Mysql { user: member("user"), password: member("pwd"), command: member("cmd") },
        _ => HealthChecker::None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkers_are_read() {
        let read = |text: &str| checker(text).ok();
        assert_eq!(read(r#"{"type":"TCP"}"#), Some(HealthChecker::Tcp));
        assert_eq!(read(r#"{"type":"NOPE"}"#), Some(HealthChecker::None));
        assert_eq!(
            read(r#"{"type":"HTTP","path":"/health"}"#),
            Some(HealthChecker::Http { path: "/health".into(), headers: String::new(), expected_response_code: 200 })
        );
        assert_eq!(
            read(r#"{"type":"MYSQL","user":"u","pwd":"p","cmd":"select 1"}"#),
            Some(HealthChecker::Mysql {
                user: Some("u".into()),
                password: Some("p".into()),
                command: Some("select 1".into())
            })
        );
        for bad in ["bad", "[]", "{}", r#"{"type":1}"#] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_path_names_no_other_host() {
        for path in ["http://169.254.169.254/", "//10.0.0.1/x", "health", "/a b", "/a\\nb"] {
            assert!(checker(&format!(r#"{{"type":"HTTP","path":"{path}"}}"#)).is_err(), "{path}");
        }
    }
}
