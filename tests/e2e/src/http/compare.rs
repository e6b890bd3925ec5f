//! Compares an HTTP reply with the expectation of a scenario.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fancy_regex::Regex;
use nacre_harness::http::Reply;

use crate::grpc::matcher::{matches_whole, near_now};
use crate::json::{Json, Members};

const SHOWN: usize = 600;

static MATCHER: LazyLock<Regex> = LazyLock::new(|| {
    let names =
        "any|int|digits|number|string|bool|timestamp|time|http-date|uuid|md5|present|nonempty|text|re|contains|prefix";
    Regex::new(&format!(r"\A<({names})(?::((?s:.*)))?>\z")).expect("the pattern is constant")
});

/// One line per difference.
pub(super) fn compare(expected: &Json, reply: &Reply) -> Vec<String> {
    let mut comparison = Comparison::default();
    comparison.status(expected, reply);
    for (name, value) in expected.get("headers").and_then(Json::object).unwrap_or(&Members::new()) {
        comparison.header(name, value, reply.header(name));
    }
    comparison.body(expected, reply);
    let bound = |name: &str| expected.get(name).and_then(Json::number).map(|ms| Duration::from_secs_f64(ms / 1000.0));
    if let Some(limit) = bound("within_ms").filter(|limit| reply.elapsed > *limit) {
        comparison.lines.push(format!("time: expected at most {limit:?}, got {:?}", reply.elapsed));
    }
    if let Some(limit) = bound("not_before_ms").filter(|limit| reply.elapsed < *limit) {
        comparison.lines.push(format!("time: expected at least {limit:?}, got {:?}", reply.elapsed));
    }
    comparison.lines
}

#[derive(Default)]
struct Comparison {
    lines: Vec<String>,
}

fn show(value: &Json) -> String {
    value.short(SHOWN).replace("\\u0001", "\\x01").replace("\\u0002", "\\x02")
}

fn text_of(value: &str) -> Json {
    Json::Text(value.to_owned())
}

impl Comparison {
    fn add(&mut self, place: &str, expected: &Json, actual: &Json) {
        self.lines.push(format!("{place}: expected {}, got {}", show(expected), show(actual)));
    }

    fn status(&mut self, expected: &Json, reply: &Reply) {
        let Some(wanted) = expected.get("status") else { return };
        let actual = Json::Int(reply.status.into());
        let allowed = match wanted {
            Json::List(allowed) => allowed.contains(&actual),
            single => *single == actual,
        };
        if !allowed {
            self.add("status", wanted, &actual);
        }
    }

    fn header(&mut self, name: &str, expected: &Json, actual: Option<&str>) {
        let place = format!("header {name}");
        let absent = || text_of("(absent)");
        match (expected, actual) {
            (Json::Text(text), _) if text.starts_with("<text:") => {}
            (Json::Text(text), _) if text.is_empty() => {
                if let Some(value) = actual.filter(|value| !value.is_empty()) {
                    self.add(&place, &absent(), &text_of(value));
                }
            }
            (Json::Null, Some(value)) => self.add(&place, &absent(), &text_of(value)),
            (Json::Null, None) => {}
            (_, None) => self.add(&place, expected, &absent()),
            (Json::Text(text), Some(value))
                if name.eq_ignore_ascii_case("content-type") && !MATCHER.is_match(text).unwrap_or(false) =>
            {
                if media_type(text) != media_type(value) {
                    self.add(&place, expected, &text_of(value));
                }
            }
            (_, Some(value)) => self.value(&place, expected, &text_of(value)),
        }
    }

    fn body(&mut self, expected: &Json, reply: &Reply) {
        let exact = matches!(expected.get("exact_message"), Some(Json::Bool(true)));
        let actual = text_of(&reply.text());
        if let Some(wanted) = expected.get("json") {
            match Json::parse(&reply.body) {
                Some(json) => self.value("body", &free_message(wanted, exact), &json),
                None => self.add("body", wanted, &actual),
            }
        } else if let Some(wanted) = expected.get("text") {
            self.value("body", wanted, &actual);
        } else if let Some(wanted) = expected.get("message") {
            let needed = wanted.text().is_some_and(|text| !text.is_empty());
            if exact {
                self.value("body", wanted, &actual);
            } else if needed && reply.body.is_empty() {
                self.add("body", wanted, &actual);
            }
        } else if let Some(wanted) = expected.get("base64") {
            if BASE64_STANDARD.decode(wanted.plain()).ok().as_deref() != Some(&reply.body[..]) {
                self.add("body (base64)", wanted, &text_of(&BASE64_STANDARD.encode(&reply.body)));
            }
        } else if let Some(wanted) = expected.get("lines_contain").and_then(Json::list) {
            let text = reply.text();
            for line in wanted {
                if !text.lines().any(|found| Some(found) == line.text()) {
                    self.lines.push(format!("body: no line {}", show(line)));
                }
            }
        } else if expected.get("zip").is_some() {
            self.lines.push("body: archives are not compared by this runner".to_owned());
        }
    }

    fn value(&mut self, place: &str, expected: &Json, actual: &Json) {
        if let Json::Text(text) = expected
            && let Ok(Some(found)) = MATCHER.captures(text)
        {
            let kind = found.get(1).map_or("", |kind| kind.as_str());
            let argument = found.get(2).map_or("", |argument| argument.as_str());
            if !accepts(kind, argument, actual) {
                self.add(place, expected, actual);
            }
            return;
        }
        if let Some((name, inner)) = expected.single().filter(|(name, _)| name.starts_with('$')) {
            match name {
                "$unordered" => return self.items(place, inner, actual, true),
                "$contains" => return self.items(place, inner, actual, false),
                "$subset" => return self.object(place, inner, actual, true),
                "$each" => return self.each(place, inner, actual),
                "$json" => {
                    let nested = actual.text().and_then(|text| Json::parse(text.as_bytes()));
                    return match nested {
                        Some(nested) => self.value(&format!("{place}(json)"), inner, &nested),
                        None => self.add(place, inner, actual),
                    };
                }
                _ => {}
            }
        }
        match (expected, actual) {
            (Json::Object(_), _) => self.object(place, expected, actual, false),
            (Json::List(wanted), Json::List(items)) if wanted.len() == items.len() => {
                for (index, (wanted, item)) in wanted.iter().zip(items).enumerate() {
                    self.value(&format!("{place}/{index}"), wanted, item);
                }
            }
            _ if expected == actual => {}
            _ => self.add(place, expected, actual),
        }
    }

    fn object(&mut self, place: &str, expected: &Json, actual: &Json, more_allowed: bool) {
        let (Some(wanted), Some(members)) = (expected.object(), actual.object()) else {
            return self.add(place, expected, actual);
        };
        for (name, value) in wanted {
            match members.get(name) {
                Some(member) => self.value(&format!("{place}/{name}"), value, member),
                None => self.lines.push(format!("{place}/{name}: missing, expected {}", show(value))),
            }
        }
        if !more_allowed {
            for (name, value) in members.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
                self.lines.push(format!("{place}/{name}: unexpected key with value {}", show(value)));
            }
        }
    }

    fn each(&mut self, place: &str, expected: &Json, actual: &Json) {
        let Some(items) = actual.list() else { return self.add(place, &text_of("an array"), actual) };
        for (index, item) in items.iter().enumerate() {
            self.value(&format!("{place}/{index}"), expected, item);
        }
    }

    fn items(&mut self, place: &str, expected: &Json, actual: &Json, exact: bool) {
        let (Some(wanted), Some(items)) = (expected.list(), actual.list()) else {
            return self.add(place, expected, actual);
        };
        let mut left: Vec<&Json> = items.iter().collect();
        for item in wanted {
            let equal = |candidate: &&Json| {
                let mut probe = Comparison::default();
                probe.value("", item, candidate);
                probe.lines.is_empty()
            };
            match left.iter().position(equal) {
                Some(position) => {
                    left.remove(position);
                }
                None => self.lines.push(format!("{place}: no item equal to {}", show(item))),
            }
        }
        if exact && !left.is_empty() {
            let left: Vec<String> = left.iter().map(|item| show(item)).collect();
            self.lines.push(format!("{place}: unexpected items {}", left.join(", ")));
        }
    }
}

/// The `message` of an answer is free text unless the scenario says otherwise.
fn free_message(expected: &Json, exact: bool) -> Json {
    let mut relaxed = expected.clone();
    if let Json::Object(members) = &mut relaxed
        && let Some(message) = members.get_mut("message")
    {
        let is_matcher = |text: &str| MATCHER.is_match(text).unwrap_or(false);
        match message {
            Json::Text(text) if !exact && !is_matcher(text) => *message = text_of("<text:>"),
            Json::Null => *message = text_of("<any>"),
            _ => {}
        }
    }
    relaxed
}

fn accepts(kind: &str, argument: &str, actual: &Json) -> bool {
    match (kind, actual) {
        ("any" | "present", _) => true,
        ("int", _) => actual.int().is_some(),
        ("number", _) => actual.number().is_some(),
        ("bool", _) => matches!(actual, Json::Bool(_)),
        ("timestamp", _) => near_now(actual),
        ("text", Json::Null) => true,
        (_, Json::Text(text)) => accepts_text(kind, argument, text),
        _ => false,
    }
}

fn accepts_text(kind: &str, argument: &str, text: &str) -> bool {
    let whole = |pattern: &str| matches_whole(pattern, text);
    match kind {
        "string" | "text" => true,
        "nonempty" => !text.is_empty(),
        "digits" => whole(r"-?\d+"),
        "time" => whole(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?"),
        "http-date" => whole(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|[+-]\d{4})"),
        "uuid" => whole("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        "md5" => whole("[0-9a-f]{32}"),
        "re" => whole(argument),
        "contains" => text.contains(argument),
        "prefix" => text.starts_with(argument),
        _ => false,
    }
}

fn media_type(value: &str) -> String {
    value.split(';').map(str::trim).collect::<Vec<_>>().join(";").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn lines(expected: &str, body: &str) -> Vec<String> {
        let reply = Reply {
            status: 200,
            headers: vec![("Content-Type".into(), "application/json; charset=UTF-8".into()), ("A".into(), "b".into())],
            body: Bytes::copy_from_slice(body.as_bytes()),
            elapsed: Duration::from_millis(50),
        };
        compare(&Json::parse(expected.as_bytes()).unwrap(), &reply)
    }

    fn good(expected: &str, body: &str) {
        assert_eq!(lines(expected, body), Vec::<String>::new(), "{expected} and {body}");
    }

    fn bad(expected: &str, body: &str) {
        assert!(!lines(expected, body).is_empty(), "{expected} and {body}");
    }

    #[test]
    fn status_headers_and_times() {
        good(r#"{"status":[200,204],"headers":{"content-type":"application/json;charset=utf-8","X":null,"Y":""}}"#, "");
        bad(r#"{"status":404}"#, "");
        bad(r#"{"headers":{"A":null}}"#, "");
        bad(r#"{"headers":{"A":""}}"#, "");
        bad(r#"{"headers":{"A":"c"}}"#, "");
        bad(r#"{"headers":{"X":"<any>"}}"#, "");
        good(r#"{"headers":{"A":"<re:[a-c]>"}}"#, "");
        good(r#"{"within_ms":100,"not_before_ms":20}"#, "");
        bad(r#"{"within_ms":10}"#, "");
        bad(r#"{"not_before_ms":100}"#, "");
    }

    #[test]
    fn bodies() {
        good(r#"{"text":"ok"}"#, "ok");
        bad(r#"{"text":"ok"}"#, "ok\n");
        good(r#"{"message":"some error"}"#, "another error");
        bad(r#"{"message":"some error"}"#, "");
        bad(r#"{"message":"some error","exact_message":true}"#, "another error");
        good(r#"{"json":{"code":1,"message":"free"}}"#, r#"{"code":1,"message":null}"#);
        bad(r#"{"json":{"code":1,"message":"free"}}"#, r#"{"code":1}"#);
        bad(r#"{"json":{"code":1,"message":"a"},"exact_message":true}"#, r#"{"code":1,"message":"b"}"#);
        good(r#"{"json":{"message":null}}"#, r#"{"message":"m"}"#);
        good(r#"{"lines_contain":["b"]}"#, "a\nb\nc");
        bad(r#"{"lines_contain":["d"]}"#, "a\nb\nc");
        good(r#"{"base64":"b2s="}"#, "ok");
        bad(r#"{"json":{}}"#, "no json");
    }

    #[test]
    fn members_and_items() {
        bad(r#"{"json":{"a":1}}"#, r#"{"a":1,"b":2}"#);
        bad(r#"{"json":{"a":1,"b":null}}"#, r#"{"a":1}"#);
        good(r#"{"json":{"$subset":{"a":1}}}"#, r#"{"a":1.0,"b":2}"#);
        good(r#"{"json":{"$each":{"a":"<int>"}}}"#, r#"[{"a":1},{"a":2}]"#);
        bad(r#"{"json":{"$each":"<int>"}}"#, "[1,\"2\"]");
        good(r#"{"json":{"$unordered":[1,2]}}"#, "[2,1]");
        bad(r#"{"json":{"$unordered":[1,2]}}"#, "[2,1,1]");
        good(r#"{"json":{"$contains":[1]}}"#, "[2,1,1]");
        good(r#"{"json":{"$json":[1]}}"#, r#""[1]""#);
        bad(r#"{"json":[1,2]}"#, "[1]");
    }

    #[test]
    fn matchers() {
        let cases = [
            ("<any>", "null", true),
            ("<int>", "1", true),
            ("<int>", "1.5", false),
            ("<int>", "true", false),
            ("<number>", "1.5", true),
            ("<digits>", "\"-12\"", true),
            ("<digits>", "12", false),
            ("<string>", "\"\"", true),
            ("<string>", "null", false),
            ("<bool>", "false", true),
            ("<nonempty>", "\"\"", false),
            ("<timestamp>", "12", false),
            ("<time>", "\"2024-05-01T10:11:12.123+08:00\"", true),
            ("<time>", "\"yesterday\"", false),
            ("<http-date>", "\"Wed, 01 May 2024 10:11:12 GMT\"", true),
            ("<uuid>", "\"01234567-89ab-cdef-0123-456789abcdef\"", true),
            ("<md5>", "\"0123456789abcdef0123456789abcdeF\"", false),
            ("<re:a.c>", "\"a\\nc\"", true),
            ("<contains:b>", "\"abc\"", true),
            ("<prefix:b>", "\"abc\"", false),
            ("<text:x>", "null", true),
        ];
        for (matcher, actual, accepted) in cases {
            let expected = format!(r#"{{"json":"{matcher}"}}"#);
            assert_eq!(lines(&expected, actual).is_empty(), accepted, "{matcher} and {actual}");
        }
    }
}
