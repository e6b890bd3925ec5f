//! Properties files of Java, with the placeholders of Spring.

use std::{collections::BTreeMap, io::Read};

use anyhow::bail;
use java_properties::{LineContent, PropertiesIter};

use super::names;

/// Placeholders within placeholders: more than this is a circle.
const DEPTH: usize = 16;
/// Bytes of a value whose placeholders are replaced: placeholders that multiply would fill the memory.
const LONGEST: usize = 64 << 10;

/// All keys and values of a file; of several equal keys the last counts.
pub(super) fn read(mut file: impl Read) -> anyhow::Result<BTreeMap<String, String>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    // The library panics where a file ends within a character, so it gets whole ones only.
    let text = String::from_utf8_lossy(&bytes);
    let mut texts = BTreeMap::new();
    for line in PropertiesIter::new_with_encoding(text.as_bytes(), encoding_rs::UTF_8) {
        if let LineContent::KVPair(key, value) = line?.consume_content() {
            texts.insert(key, value);
        }
    }
    Ok(texts)
}

/// The value of a key with each `${name}` and `${name:default}` replaced.
pub(super) fn resolve(
    key: &str,
    texts: &BTreeMap<String, String>,
    environment: &BTreeMap<String, String>,
) -> anyhow::Result<String> {
    let Some(text) = texts.get(key) else { bail!("{key} is not set") };
    let find = |name: &str| {
        environment.get(name).or_else(|| environment.get(&names::variable(name))).or_else(|| texts.get(name)).cloned()
    };
    expand(text, &find, DEPTH)
}

fn expand(mut text: &str, find: &dyn Fn(&str) -> Option<String>, depth: usize) -> anyhow::Result<String> {
    let mut expanded = String::new();
    while let Some(begin) = text.find("${") {
        if depth == 0 {
            bail!("the placeholders of {text:?} go round in a circle");
        }
        let inner = &text[begin + 2..];
        let Some(end) = closing(inner) else { break };
        // The name may itself be made of placeholders, the default may contain some.
        let (name, default) = match inner[..end].split_once(':') {
            Some((name, default)) => (name, Some(default)),
            None => (&inner[..end], None),
        };
        let name = expand(name, find, depth - 1)?;
        let value = match (find(&name), default) {
            (Some(value), _) => expand(&value, find, depth - 1)?,
            (None, Some(default)) => expand(default, find, depth - 1)?,
            (None, None) => bail!("nothing is named {name}, which ${{{name}}} stands for"),
        };
        expanded.push_str(&text[..begin]);
        expanded.push_str(&value);
        if expanded.len() > LONGEST {
            bail!("with its placeholders replaced, a value is longer than {LONGEST} bytes");
        }
        text = &inner[end + 1..];
    }
    expanded.push_str(text);
    Ok(expanded)
}

/// Where the brace is that closes what was opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}
