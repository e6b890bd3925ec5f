//! Compares a received body with the expectation of a gRPC scenario.

use std::time::{SystemTime, UNIX_EPOCH};

use super::value::{Environment, expand, fill, generate};
use crate::json::{Json, Members};

/// A server that also serves 3.x clients writes both spellings of this member.
const ALWAYS_ALLOWED: [&str; 1] = ["allIps"];
const CLOCK_SLACK_MS: f64 = 24.0 * 3600.0 * 1000.0;
const SHOWN: usize = 400;

/// What a comparison needs to know beside the two values.
#[derive(Debug)]
pub struct Matcher<'a> {
    /// The scenario's variables.
    pub environment: &'a Environment,
    /// Whether the order of members counts.
    pub key_order: bool,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One line per difference.
    pub differences: Vec<String>,
    /// Values to keep, if there is no difference.
    pub captured: Vec<(String, Json)>,
}

impl Matcher<'_> {
    /// Compares a body with its expectation.
    pub fn body(&self, expected: &Json, actual: &Json) -> Outcome {
        let mut outcome = Outcome::default();
        self.compare(expected, Some(actual), "$", &mut outcome);
        outcome
    }

    fn equal(&self, expected: &Json, actual: Option<&Json>) -> bool {
        let mut outcome = Outcome::default();
        self.compare(expected, actual, "", &mut outcome);
        outcome.differences.is_empty()
    }

    fn compare(&self, expected: &Json, actual: Option<&Json>, path: &str, outcome: &mut Outcome) {
        if let Some((name, argument)) = expected.single().filter(|(name, _)| name.starts_with('$')) {
            return self.special(name, argument, actual, path, outcome);
        }
        match expected {
            Json::Object(members) => self.objects(members, actual, path, outcome),
            Json::List(items) => self.lists(items, actual, path, outcome),
            scalar => {
                let expected = expand(scalar, self.environment);
                if actual != Some(&expected) {
                    outcome.differ(path, &expected.short(SHOWN), actual);
                }
            }
        }
    }

    fn objects(&self, expected: &Members, actual: Option<&Json>, path: &str, outcome: &mut Outcome) {
        let Some(members) = actual.and_then(Json::object) else {
            return outcome.differ(path, "an object", actual);
        };
        let before = outcome.differences.len();
        let named: Vec<String> = expected.keys().map(|name| fill(name, self.environment)).collect();
        for (name, value) in named.iter().zip(expected.values()) {
            self.compare(value, members.get(name), &format!("{path}.{name}"), outcome);
        }
        for (name, value) in members {
            let free_text = path == "$" && name == "message" && value.text().is_some();
            if !named.contains(name) && !ALWAYS_ALLOWED.contains(&name.as_str()) && !free_text {
                outcome.differences.push(format!("{path}.{name}: unexpected member {}", value.short(SHOWN)));
            }
        }
        if self.key_order && outcome.differences.len() == before {
            let order: Vec<&String> = members.keys().filter(|name| named.contains(name)).collect();
            let wanted: Vec<&String> = named.iter().filter(|name| members.contains_key(*name)).collect();
            if order != wanted {
                outcome.differences.push(format!("{path}: member order {order:?}, expected {wanted:?}"));
            }
        }
    }

    fn lists(&self, expected: &[Json], actual: Option<&Json>, path: &str, outcome: &mut Outcome) {
        let Some(items) = actual.and_then(Json::list) else {
            return outcome.differ(path, "a list", actual);
        };
        if items.len() != expected.len() {
            return outcome.differ(path, &format!("{} items", expected.len()), actual);
        }
        for (index, (expected, item)) in expected.iter().zip(items).enumerate() {
            self.compare(expected, Some(item), &format!("{path}[{index}]"), outcome);
        }
    }

    fn unordered(&self, expected: &[Json], actual: &Json, path: &str, outcome: &mut Outcome) {
        let Some(items) = actual.list().filter(|items| items.len() == expected.len()) else {
            return self.lists(expected, Some(actual), path, outcome);
        };
        let mut left: Vec<&Json> = items.iter().collect();
        for wanted in expected {
            match left.iter().position(|item| self.equal(wanted, Some(item))) {
                Some(position) => {
                    left.remove(position);
                }
                None => {
                    let wanted = expand(wanted, self.environment).short(SHOWN);
                    outcome.differences.push(format!("{path}: no item equals {wanted}"));
                }
            }
        }
        let unexpected = left.iter().map(|item| format!("{path}: unexpected item {}", item.short(SHOWN)));
        outcome.differences.extend(unexpected);
    }

    fn special(&self, name: &str, argument: &Json, actual: Option<&Json>, path: &str, outcome: &mut Outcome) {
        let good = match (name, actual) {
            ("$optional", None) => true,
            ("$optional", Some(_)) => return self.compare(argument, actual, path, outcome),
            ("$text", _) => actual.is_none_or(|value| value.text().is_some()),
            (_, None) => false,
            ("$any", _) => true,
            ("$string", Some(value)) => value.text().is_some_and(|text| !text.is_empty()),
            ("$int", Some(value)) => value.int().is_some(),
            ("$epochMs", Some(value)) => value.int().is_some() && near_now(value),
            ("$regex", Some(value)) => {
                let pattern = fill(argument.text().unwrap_or_default(), self.environment);
                value.text().is_some_and(|text| matches_whole(&pattern, text))
            }
            ("$atLeast", Some(value)) => {
                let bound = argument.text().and_then(|name| self.environment.get(name)).unwrap_or(argument);
                matches!((value.number(), bound.number()), (Some(value), Some(bound)) if value >= bound)
            }
            ("$oneOf", Some(_)) => {
                argument.list().is_some_and(|choices| choices.iter().any(|choice| self.equal(choice, actual)))
            }
            ("$capture", Some(value)) => return self.capture(argument, value, path, outcome),
            ("$unordered", Some(value)) => {
                return self.unordered(argument.list().unwrap_or_default(), value, path, outcome);
            }
            ("$contains", Some(value)) => return self.contains(argument, value, path, outcome),
            (_, Some(value)) => match generate(name, argument, self.environment) {
                Some(expected) => expected == *value,
                None => return outcome.differences.push(format!("{path}: unknown matcher {name}")),
            },
        };
        if !good {
            outcome.differ(path, &format!("{name} {}", argument.short(SHOWN)), actual);
        }
    }

    fn capture(&self, argument: &Json, value: &Json, path: &str, outcome: &mut Outcome) {
        let before = outcome.differences.len();
        if let Some(expected) = argument.get("as") {
            self.compare(expected, Some(value), path, outcome);
        }
        if outcome.differences.len() == before {
            let name = argument.get("name").and_then(Json::text).unwrap_or_default();
            outcome.captured.push((name.to_owned(), value.clone()));
        }
    }

    fn contains(&self, argument: &Json, value: &Json, path: &str, outcome: &mut Outcome) {
        match (argument, value) {
            (Json::List(wanted), Json::List(items)) => {
                for wanted in wanted {
                    if !items.iter().any(|item| self.equal(wanted, Some(item))) {
                        let wanted = expand(wanted, self.environment).short(SHOWN);
                        outcome.differences.push(format!("{path}: no item equals {wanted}"));
                    }
                }
            }
            (Json::Object(wanted), Json::Object(members)) => {
                for (name, wanted) in wanted {
                    self.compare(wanted, members.get(name), &format!("{path}.{name}"), outcome);
                }
            }
            _ => outcome.differ(path, &format!("$contains {}", argument.short(SHOWN)), Some(value)),
        }
    }
}

impl Outcome {
    fn differ(&mut self, path: &str, expected: &str, actual: Option<&Json>) {
        let actual = actual.map_or_else(|| "(absent)".to_owned(), |value| value.short(SHOWN));
        self.differences.push(format!("{path}: expected {expected}, got {actual}"));
    }
}

/// Whether a number is a time in milliseconds within a day of this machine's clock.
pub(crate) fn near_now(value: &Json) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0;
    value.number().is_some_and(|value| (value - now).abs() < CLOCK_SLACK_MS)
}

/// Whether a pattern matches a whole text, line ends included.
pub(crate) fn matches_whole(pattern: &str, text: &str) -> bool {
    let whole = fancy_regex::Regex::new(&format!(r"\A(?s:{pattern})\z"));
    whole.is_ok_and(|whole| whole.is_match(text).unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(expected: &str, actual: &str, key_order: bool) -> Vec<String> {
        let environment = Environment::from([("run".into(), Json::Text("r1".into())), ("n".into(), Json::Int(3))]);
        let matcher = Matcher { environment: &environment, key_order };
        let parse = |text: &str| Json::parse(text.as_bytes()).unwrap();
        matcher.body(&parse(expected), &parse(actual)).differences
    }

    fn good(expected: &str, actual: &str) {
        assert_eq!(differences(expected, actual, false), Vec::<String>::new(), "{expected} and {actual}");
    }

    fn bad(expected: &str, actual: &str) {
        assert!(!differences(expected, actual, false).is_empty(), "{expected} and {actual}");
    }

    #[test]
    fn members_must_be_exactly_those_shown() {
        good(r#"{"a":1,"b":null}"#, r#"{"b":null,"a":1.0}"#);
        bad(r#"{"a":1,"b":null}"#, r#"{"a":1}"#);
        bad(r#"{"a":1}"#, r#"{"a":1,"b":null}"#);
        bad(r#"{"a":1}"#, r#"{"a":true}"#);
        good(r#"{"allIPs":false}"#, r#"{"allIPs":false,"allIps":false}"#);
        good(r#"{"x":1}"#, r#"{"x":1,"message":"free"}"#);
        bad(r#"{"x":1}"#, r#"{"x":1,"message":null}"#);
        bad(r#"{"o":{"x":1}}"#, r#"{"o":{"x":1,"message":"not free here"}}"#);
        good(r#"{"k-${run}":"${n}"}"#, r#"{"k-r1":"3"}"#);
    }

    #[test]
    fn order_counts_only_on_request() {
        assert!(differences(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, false).is_empty());
        assert_eq!(differences(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, true).len(), 1);
        let optional = r#"{"a":1,"o":{"$optional":1},"b":2}"#;
        assert!(differences(optional, r#"{"a":1,"message":"m","b":2}"#, true).is_empty());
    }

    #[test]
    fn scalars() {
        good(r#"{"a":{"$text":"x"}}"#, "{}");
        good(r#"{"a":{"$text":"x"}}"#, r#"{"a":"y"}"#);
        bad(r#"{"a":{"$text":"x"}}"#, r#"{"a":null}"#);
        good(r#"{"a":{"$any":true}}"#, r#"{"a":null}"#);
        bad(r#"{"a":{"$any":true}}"#, "{}");
        bad(r#"{"a":{"$string":true}}"#, r#"{"a":""}"#);
        good(r#"{"a":{"$int":true}}"#, r#"{"a":-4}"#);
        bad(r#"{"a":{"$int":true}}"#, r#"{"a":4.0}"#);
        bad(r#"{"a":{"$epochMs":true}}"#, r#"{"a":12}"#);
        good(r#"{"a":{"$regex":"${run}.[0-9]+"}}"#, r#"{"a":"r1\n12"}"#);
        bad(r#"{"a":{"$regex":"[0-9]+"}}"#, r#"{"a":"12x"}"#);
        good(r#"{"a":{"$atLeast":"n"}}"#, r#"{"a":3}"#);
        bad(r#"{"a":{"$atLeast":4}}"#, r#"{"a":3.5}"#);
        good(r#"{"a":{"$var":"n"}}"#, r#"{"a":3}"#);
        bad(r#"{"a":{"$var":"n"}}"#, r#"{"a":"3"}"#);
        good(r#"{"a":{"$oneOf":[1,{"$string":true}]}}"#, r#"{"a":"z"}"#);
        bad(r#"{"a":{"$oneOf":[1,2]}}"#, r#"{"a":3}"#);
        bad(r#"{"a":{"$unheard":1}}"#, r#"{"a":3}"#);
    }

    #[test]
    fn lists() {
        good(r#"{"l":[1,{"a":2}]}"#, r#"{"l":[1,{"a":2}]}"#);
        bad(r#"{"l":[1,2]}"#, r#"{"l":[2,1]}"#);
        good(r#"{"l":{"$unordered":[1,{"$int":true}]}}"#, r#"{"l":[2,1]}"#);
        bad(r#"{"l":{"$unordered":[1,1]}}"#, r#"{"l":[1,2]}"#);
        bad(r#"{"l":{"$unordered":[1]}}"#, r#"{"l":[1,1]}"#);
        good(r#"{"l":{"$contains":[3]}}"#, r#"{"l":[1,2,3]}"#);
        bad(r#"{"l":{"$contains":[4]}}"#, r#"{"l":[1,2,3]}"#);
        good(r#"{"o":{"$contains":{"a":1}}}"#, r#"{"o":{"a":1,"b":2}}"#);
    }

    #[test]
    fn captures() {
        let environment = Environment::new();
        let matcher = Matcher { environment: &environment, key_order: false };
        let expected = Json::parse(br#"{"t":{"$capture":{"name":"time","as":{"$int":true}}}}"#).unwrap();
        let outcome = matcher.body(&expected, &Json::parse(br#"{"t":5}"#).unwrap());
        assert_eq!(outcome.captured, vec![("time".to_owned(), Json::Int(5))]);
        assert!(!matcher.body(&expected, &Json::parse(br#"{"t":"5"}"#).unwrap()).differences.is_empty());
    }
}
