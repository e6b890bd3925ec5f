//! Whether a value is as a case expects it, and if not, where it differs.

use serde_json::Value;

/// The most of a value that an explanation shows.
const SHOWN: usize = 400;

/// `Err` says where they differ.
pub(crate) fn matches(expected: &Value, actual: &Value) -> Result<(), String> {
    compare(expected, actual, "")
}

pub(crate) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        None => text,
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()),
    }
}

fn compare(expected: &Value, actual: &Value, path: &str) -> Result<(), String> {
    let differs = || Err(format!("{path}: expected {}, got {}", shown(expected), shown(actual)));
    match (expected, actual) {
        (Value::Object(members), _) if members.keys().any(|key| key.starts_with('$')) => {
            members.iter().try_for_each(|(key, operand)| operator(key, operand, actual, path))
        }
        (Value::Object(members), Value::Object(found)) => members.iter().try_for_each(|(key, member)| {
            compare(member, found.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}"))
        }),
        (Value::Array(items), Value::Array(found)) => {
            if items.len() != found.len() {
                return differs();
            }
            items
                .iter()
                .zip(found)
                .enumerate()
                .try_for_each(|(index, (item, found))| compare(item, found, &format!("{path}[{index}]")))
        }
        (Value::Number(left), Value::Number(right)) => {
            if left.as_f64() == right.as_f64() {
                Ok(())
            } else {
                differs()
            }
        }
        _ if expected == actual => Ok(()),
        _ => differs(),
    }
}

fn operator(name: &str, operand: &Value, actual: &Value, path: &str) -> Result<(), String> {
    let path = format!("{path}{name}");
    let wrong = || Err(format!("{path} {}: got {}", shown(operand), shown(actual)));
    let holds = |holds: bool| if holds { Ok(()) } else { wrong() };
    let operands = || operand.as_array().map(Vec::as_slice).unwrap_or_default();
    let elements = || actual.as_array().map(Vec::as_slice);
    match name {
        "$unordered" => match elements() {
            Some(elements) if elements.len() == operands().len() => holds(pairs(operands(), elements)),
            _ => wrong(),
        },
        "$contains" => holds(elements().is_some_and(|elements| {
            operands().iter().all(|item| elements.iter().any(|element| matches(item, element).is_ok()))
        })),
        "$each" => match elements() {
            Some(elements) => elements.iter().try_for_each(|element| compare(operand, element, &path)),
            None => wrong(),
        },
        "$length" => holds(elements().is_some_and(|elements| operand.as_u64() == Some(elements.len() as u64))),
        "$min" => holds(actual.as_f64().zip(operand.as_f64()).is_some_and(|(actual, least)| actual >= least)),
        "$starts_with" => {
            holds(actual.as_str().zip(operand.as_str()).is_some_and(|(text, start)| text.starts_with(start)))
        }
        "$any_of" => holds(operands().iter().any(|item| matches(item, actual).is_ok())),
        "$all_of" => operands().iter().try_for_each(|item| compare(item, actual, &path)),
        "$not" => holds(matches(operand, actual).is_err()),
        _ => Err(format!("{path} is no matcher")),
    }
}

/// Whether each of `items` can be paired with an element of its own.
fn pairs(items: &[Value], elements: &[Value]) -> bool {
    fn place(items: &[Value], elements: &[Value], taken: &mut [bool]) -> bool {
        let Some((first, rest)) = items.split_first() else { return true };
        for (index, element) in elements.iter().enumerate() {
            if !taken[index] && matches(first, element).is_ok() {
                taken[index] = true;
                if place(rest, elements, taken) {
                    return true;
                }
                taken[index] = false;
            }
        }
        false
    }
    place(items, elements, &mut vec![false; elements.len()])
}

#[test]
fn every_matcher_accepts_and_refuses() {
    use serde_json::json;

    for (expected, good, bad) in [
        (json!(1), json!(1.0), json!(2)),
        (json!(null), json!(null), json!(0)),
        (json!({"a": null}), json!({"b": 1}), json!({"a": 1})),
        (json!({"a": {"b": 1}}), json!({"a": {"b": 1, "c": 2}}), json!({"a": {}})),
        (json!([1, 2]), json!([1, 2]), json!([2, 1])),
        (json!([1]), json!([1]), json!([1, 1])),
        (json!({"$unordered": [{"a": 1}, {}]}), json!([{"b": 2}, {"a": 1}]), json!([{"b": 2}, {"b": 1}])),
        (json!({"$contains": [1]}), json!([2, 1]), json!([2])),
        (json!({"$each": {"a": 1}}), json!([{"a": 1}]), json!([{"a": 1}, {}])),
        (json!({"$length": 0}), json!([]), json!([1])),
        (json!({"$min": 2}), json!(2.5), json!(1)),
        (json!({"$starts_with": "a"}), json!("ab"), json!("b")),
        (json!({"$any_of": [1, 2]}), json!(2), json!(3)),
        (json!({"$all_of": [{"a": 1}, {"b": 2}]}), json!({"a": 1, "b": 2}), json!({"a": 1})),
        (json!({"$not": []}), json!([1]), json!([])),
    ] {
        assert_eq!(matches(&expected, &good), Ok(()), "{expected} {good}");
        assert!(matches(&expected, &bad).is_err(), "{expected} {bad}");
    }
    assert!(matches(&json!({"$odd": 1}), &json!(1)).is_err());
    assert_eq!(matches(&json!({"a": [1]}), &json!({"a": [2]})).unwrap_err(), ".a[0]: expected 1, got 2");
}
