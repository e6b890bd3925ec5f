//! Variables of HTTP scenarios and the pointers with which values are captured.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use md5::{Digest, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::json::{Json, Members};

const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b' ');

/// The variables of one run of a scenario.
#[derive(Debug, Default)]
pub(super) struct Variables(HashMap<String, Json>);

impl Variables {
    pub(super) fn set(&mut self, name: &str, value: Json) {
        self.0.insert(name.to_owned(), value);
    }

    fn lookup(&self, name: &str) -> Result<Json> {
        if let Some(inner) = name.strip_prefix("md5.") {
            let digest = Md5::digest(self.lookup(inner)?.plain());
            return Ok(Json::Text(digest.iter().map(|byte| format!("{byte:02x}")).collect()));
        }
        if let Some(inner) = name.strip_prefix("url.") {
            let text = self.lookup(inner)?.plain();
            return Ok(Json::Text(utf8_percent_encode(&text, FORM).to_string().replace(' ', "+")));
        }
        self.0.get(name).cloned().with_context(|| format!("unknown variable {name}"))
    }

    /// Fills in the variables of a value; a text that is one variable keeps that variable's type.
    pub(super) fn fill(&self, value: &Json) -> Result<Json> {
        Ok(match value {
            Json::Text(text) => match whole_variable(text) {
                Some(name) => self.lookup(name)?,
                None => Json::Text(self.fill_text(text)?),
            },
            Json::List(items) => Json::List(items.iter().map(|item| self.fill(item)).collect::<Result<_>>()?),
            Json::Object(members) => {
                let mut filled = Members::new();
                for (name, member) in members {
                    filled.insert(self.fill_text(name)?, self.fill(member)?);
                }
                Json::Object(filled)
            }
            other => other.clone(),
        })
    }

    pub(super) fn fill_text(&self, text: &str) -> Result<String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            filled.push_str(&rest[..start]);
            let tail = &rest[start + 2..];
            match tail.find('}').filter(|end| is_name(&tail[..*end])) {
                Some(end) => {
                    filled.push_str(&self.lookup(&tail[..end])?.plain());
                    rest = &tail[end + 1..];
                }
                None => {
                    filled.push_str("${");
                    rest = tail;
                }
            }
        }
        Ok(filled + rest)
    }
}

fn whole_variable(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}').filter(|name| is_name(name))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|next| next.is_ascii_alphanumeric() || "_.-".contains(next))
}

/// Follows a JSON pointer; a part `[key=value]` takes the first item of an array that has this value.
pub(super) fn pointer(document: &Json, path: &str) -> Result<Json> {
    let mut found = document;
    for part in path.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let next = match (found, part.strip_prefix('[').and_then(|part| part.strip_suffix(']'))) {
            (Json::List(items), Some(condition)) => {
                let Some((key, value)) = condition.split_once('=') else { bail!("odd pointer {path}") };
                items.iter().find(|item| item.get(key).is_some_and(|found| found.plain() == value))
            }
            (Json::List(items), None) => part.parse::<usize>().ok().and_then(|index| items.get(index)),
            (other, _) => other.get(&part),
        };
        found = next.with_context(|| format!("no value at {path}"))?;
    }
    Ok(found.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text.as_bytes()).unwrap()
    }

    fn variables() -> Variables {
        let mut variables = Variables::default();
        variables.set("run", json("\"x1\""));
        variables.set("port", json("8848"));
        variables.set("text", json("\"a b/ü\""));
        variables.set("dollar", json("\"$\""));
        variables
    }

    #[test]
    fn fills_and_keeps_types() {
        let value = json(r#"{"k-${run}":["${port}","p${port}","${dollar}{run}","${1}"]}"#);
        let filled = variables().fill(&value).unwrap();
        assert_eq!(filled.to_string(), r#"{"k-x1":[8848,"p8848","${run}","${1}"]}"#);
        assert!(variables().fill(&json(r#""${absent}""#)).is_err());
    }

    #[test]
    fn derives() {
        assert_eq!(variables().fill_text("${url.text}").unwrap(), "a+b%2F%C3%BC");
        assert_eq!(variables().fill_text("${md5.run}").unwrap().len(), 32);
    }

    #[test]
    fn points() {
        let document = json(r#"{"data":[{"id":1,"n":"a"},{"id":2,"n":"b/c"}]}"#);
        assert_eq!(pointer(&document, "/data/0/id").unwrap(), json("1"));
        assert_eq!(pointer(&document, "/data/[n=b~1c]/id").unwrap(), json("2"));
        assert_eq!(pointer(&document, "").unwrap(), document);
        assert!(pointer(&document, "/data/7").is_err());
    }
}
