//! Variables and generators in the requests of gRPC scenarios.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};

use crate::json::Json;

/// The variables of one run of a scenario.
pub type Environment = HashMap<String, Json>;

/// Fills `${name}` into a text; an unknown name stays as written.
pub(super) fn fill(text: &str, environment: &Environment) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        let (name, end) = (&rest[start + 2..start + length], start + length + 1);
        filled.push_str(&rest[..start]);
        match environment.get(name) {
            Some(value) => filled.push_str(&value.plain()),
            None => filled.push_str(&rest[start..end]),
        }
        rest = &rest[end..];
    }
    filled + rest
}

/// Fills in the variables and generators of a value.
pub(super) fn expand(value: &Json, environment: &Environment) -> Json {
    match value {
        Json::Text(text) => Json::Text(fill(text, environment)),
        Json::List(items) => Json::List(items.iter().map(|item| expand(item, environment)).collect()),
        Json::Object(members) => match value.single().and_then(|(name, body)| generate(name, body, environment)) {
            Some(generated) => generated,
            None => Json::Object(
                members.iter().map(|(name, member)| (fill(name, environment), expand(member, environment))).collect(),
            ),
        },
        other => other.clone(),
    }
}

/// The value of a generator; `None` when the name is no generator's.
pub(super) fn generate(name: &str, body: &Json, environment: &Environment) -> Option<Json> {
    match name {
        "$repeat" => {
            let text = fill(body.get("text")?.text()?, environment);
            Some(Json::Text(text.repeat(usize::try_from(body.get("count")?.int()?).ok()?)))
        }
        "$md5" => {
            let digest = Md5::digest(fill(body.text()?, environment));
            Some(Json::Text(digest.iter().map(|byte| format!("{byte:02x}")).collect()))
        }
        "$var" => environment.get(body.text()?).cloned(),
        _ => None,
    }
}

/// The bytes of a `raw` body; `None` when it is null.
pub(super) fn raw(value: &Json, environment: &Environment) -> Option<Vec<u8>> {
    if let Some(("$base64", Json::Text(text))) = value.single() {
        return BASE64_STANDARD.decode(text).ok();
    }
    match expand(value, environment) {
        Json::Null => None,
        other => Some(other.plain().into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> String {
        let environment = Environment::from([("run".into(), Json::Text("r1".into())), ("n".into(), Json::Int(3))]);
        expand(&Json::parse(text.as_bytes()).unwrap(), &environment).to_string()
    }

    #[test]
    fn fills_variables() {
        assert_eq!(
            expanded(r#"{"${run}-k":["a-${run}${n}","${other}","${"]}"#),
            r#"{"r1-k":["a-r13","${other}","${"]}"#
        );
        assert_eq!(expanded(r#"{"$var":"n"}"#), "3");
    }

    #[test]
    fn generates() {
        assert_eq!(expanded(r#"{"$repeat":{"text":"${run}","count":3}}"#), r#""r1r1r1""#);
        assert_eq!(expanded(r#"{"$md5":"abc"}"#), r#""900150983cd24fb0d6963f7d28e17f72""#);
        let bytes = raw(&Json::parse(br#"{"$base64":"/w=="}"#).unwrap(), &Environment::new());
        assert_eq!(bytes, Some(vec![0xff]));
        assert_eq!(raw(&Json::Null, &Environment::new()), None);
    }
}
