//! The captured scenarios of `tests/vectors` as a scripted server can play them: what was asked, answered and pushed.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use crate::stub::Script;

/// Stands for every time that a scenario leaves open.
pub const EPOCH_MS: i64 = 1_735_689_600_000;

/// One step of a scenario.
#[derive(Debug)]
pub struct Step {
    /// Name of the scenario.
    pub file: String,
    /// Type of the answer or push.
    pub kind: String,
    /// Body of the request; null for a push.
    pub asked: Value,
    /// Body of the answer or push. What a scenario allows to vary has one value, what may be absent is.
    pub answer: Map<String, Value>,
}

impl Step {
    /// The answer as a script for a [`Stub`](crate::Stub).
    #[must_use]
    pub fn script(&self) -> Script {
        let members = [("type".to_owned(), self.kind.clone().into()), ("body".to_owned(), self.answer.clone().into())];
        serde_json::from_value(Value::Object(Map::from_iter(members))).expect("a type and a body are a script")
    }

    /// A number of the answer; 0 when it has none.
    #[must_use]
    pub fn number(&self, name: &str) -> i64 {
        self.answer.get(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// A text of the answer.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.answer.get(name).and_then(Value::as_str)
    }
}

/// The answers and pushes of these types in the scenarios of a folder (`grpc`, `grpc-v3`) whose names begin with
/// `prefix`: in order of names, and within each in the order of the scenario.
///
/// # Errors
/// When a scenario cannot be read.
pub fn steps(folder: &str, prefix: &str, kinds: &[&str]) -> Result<Vec<Step>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors").join(folder);
    let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let file = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if file.starts_with(prefix) {
            let scenario = serde_json::from_str(&fs::read_to_string(&path)?).with_context(|| file.clone())?;
            scenario_steps(&file, &scenario, kinds, &mut found).with_context(|| file.clone())?;
        }
    }
    Ok(found)
}

fn scenario_steps(file: &str, scenario: &Value, kinds: &[&str], found: &mut Vec<Step>) -> Result<()> {
    for step in scenario["steps"].as_array().context("no steps")? {
        let (kind, asked, answer) = match step["do"].as_str() {
            Some("call") => (&step["expect"]["type"], &step["body"], &step["expect"]["body"]),
            Some("expectPush") => (&step["type"], &Value::Null, &step["body"]),
            _ => continue,
        };
        let Some(kind) = kind.as_str().filter(|kind| kinds.contains(kind)) else { continue };
        let Some(Value::Object(answer)) = settled(answer)? else { continue };
        found.push(Step { file: file.to_owned(), kind: kind.to_owned(), asked: asked.clone(), answer });
    }
    Ok(())
}

/// What a scenario allows to vary, as one value; `None` for what may be absent.
fn settled(value: &Value) -> Result<Option<Value>> {
    Ok(Some(match value {
        Value::Object(members) => match members.iter().next() {
            Some((name, rule)) if name.starts_with('$') => match name.as_str() {
                "$epochMs" => EPOCH_MS.into(),
                "$string" | "$regex" => "8".into(),
                "$var" => 8.into(),
                "$optional" | "$any" => return Ok(None),
                "$text" => rule.clone(),
                "$unordered" => return settled(rule),
                "$repeat" => {
                    let count = rule["count"].as_u64().context("no count")?;
                    rule["text"].as_str().context("no text")?.repeat(usize::try_from(count)?).into()
                }
                other => bail!("unknown matcher {other}"),
            },
            _ => {
                let mut object = Map::new();
                for (name, value) in members {
                    if let Some(value) = settled(value)? {
                        object.insert(name.clone(), value);
                    }
                }
                object.into()
            }
        },
        Value::Array(items) => {
            let items = items.iter().filter_map(|item| settled(item).transpose());
            items.collect::<Result<Vec<_>>>()?.into()
        }
        Value::String(text) => text.replace("${run}", "1").into(),
        other => other.clone(),
    }))
}
