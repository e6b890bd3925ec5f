//! Variables and texts of cases.

use std::{collections::HashMap, fmt::Write as _};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};
use serde_json::{Map, Value};

pub(crate) type Variables = HashMap<String, Value>;

/// Replaces variables at any depth.
pub(crate) fn variables(value: &Value, variables: &Variables) -> Result<Value> {
    Ok(match value {
        Value::String(text) => replaced(text, variables)?,
        Value::Array(items) => items.iter().map(|item| self::variables(item, variables)).collect::<Result<_>>()?,
        Value::Object(members) => {
            let members = members.iter().map(|(key, member)| Ok((key.clone(), self::variables(member, variables)?)));
            Value::Object(members.collect::<Result<Map<_, _>>>()?)
        }
        other => other.clone(),
    })
}

fn replaced(text: &str, variables: &Variables) -> Result<Value> {
    let whole = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    if let Some(name) = whole.filter(|name| !name.contains('}')) {
        return look_up(name, variables).cloned();
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').with_context(|| format!("{text:?} has no end of its variable"))?;
        out.push_str(before);
        match look_up(name, variables)? {
            Value::String(value) => out.push_str(value),
            other => write!(out, "{other}")?,
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(Value::String(out))
}

fn look_up<'a>(name: &str, variables: &'a Variables) -> Result<&'a Value> {
    let mut parts = name.split('.');
    let first = parts.next().and_then(|first| variables.get(first)).with_context(|| format!("no variable {name}"))?;
    parts.try_fold(first, |value, part| value.get(part)).with_context(|| format!("no variable {name}"))
}

/// Replaces generated texts at any depth.
pub(crate) fn texts(value: &Value) -> Result<Value> {
    Ok(match value {
        Value::Array(items) => items.iter().map(texts).collect::<Result<_>>()?,
        Value::Object(members) => match generated(members)? {
            Some(text) => Value::String(text),
            None => {
                let members = members.iter().map(|(key, member)| Ok((key.clone(), texts(member)?)));
                Value::Object(members.collect::<Result<Map<_, _>>>()?)
            }
        },
        other => other.clone(),
    })
}

fn generated(members: &Map<String, Value>) -> Result<Option<String>> {
    let text = |value: &Value| match texts(value)? {
        Value::String(text) => Ok(text),
        other => bail!("{other} is no text"),
    };
    Ok(match (members.len(), members.get("repeat"), members.get("times"), members.get("base64"), members.get("md5")) {
        (2, Some(unit), Some(times), ..) => {
            let times = times.as_u64().context("times is a number")?;
            Some(text(unit)?.repeat(usize::try_from(times)?))
        }
        (1, _, _, Some(base64), _) => Some(String::from_utf8(STANDARD.decode(text(base64)?)?)?),
        // A config's value has a member of this name as well, but never alone and with a text that is an md5.
        (1, .., Some(of)) if of.as_str().is_none_or(|text| !is_md5(text)) => Some(md5_of(&text(of)?)),
        _ => None,
    })
}

fn is_md5(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn md5_of(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[test]
fn expands_variables_and_texts() {
    use serde_json::json;

    let known = Variables::from([("run".into(), json!("r1")), ("p".into(), json!({"port": 7, "host": "h"}))]);
    let expanded = variables(&json!(["a-${run}-${p.host}:${p.port}", "${p.port}", {"k": "${run}"}]), &known).unwrap();
    assert_eq!(expanded, json!(["a-r1-h:7", 7, {"k": "r1"}]));
    assert!(variables(&json!("${p.nothing}"), &known).is_err());
    let made = texts(&json!([{"repeat": "ab", "times": 2}, {"base64": "w6Q="}, {"md5": {"repeat": "v1", "times": 1}}]));
    assert_eq!(made.unwrap(), json!(["abab", "ä", "6654c734ccab8f440ff0825eb443dc7f"]));
}
