//! What can be set, read from the types themselves: names, defaults, meanings.

use std::{collections::BTreeMap, io};

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::Settings;

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Integer,
    Float,
    Flag,
}

/// One setting.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) key: String,
    pub(super) shape: Shape,
    pub(super) default: Value,
    pub(super) meaning: String,
}

impl Setting {
    /// Name of its environment variable.
    pub(super) fn variable(&self) -> String {
        format!("NACRE_{}", self.key.replace('.', "_").to_uppercase())
    }
}

/// All settings by key.
pub(super) fn all() -> BTreeMap<String, Setting> {
    let generator = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let schema = generator.into_generator().into_root_schema_for::<Settings>().to_value();
    let defaults = serde_json::to_value(Settings::default()).expect("settings are plain data");
    let mut settings = BTreeMap::new();
    collect("", &schema, &defaults, &mut settings);
    settings
}

fn collect(prefix: &str, schema: &Value, defaults: &Value, settings: &mut BTreeMap<String, Setting>) {
    let Some(members) = schema["properties"].as_object() else { return };
    for (name, member) in members {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let default = &defaults[name];
        if member["properties"].is_object() {
            collect(&key, member, default, settings);
        } else {
            let meaning = member["description"].as_str().unwrap_or_default().replace('\n', " ");
            let setting = Setting { key: key.clone(), shape: shape(member), default: default.clone(), meaning };
            settings.insert(key, setting);
        }
    }
}

fn shape(member: &Value) -> Shape {
    let is =
        |name: &str| member["type"] == name || member["type"].as_array().is_some_and(|all| all.contains(&name.into()));
    if is("boolean") {
        Shape::Flag
    } else if is("integer") {
        Shape::Integer
    } else if is("number") {
        Shape::Float
    } else {
        Shape::Text
    }
}

/// Writes all settings as a settings file whose lines are commented out.
pub(crate) fn print(out: &mut impl io::Write) -> io::Result<()> {
    writeln!(out, "# Settings of nacre: a TOML file (--config), environment variables, and --set key=value,")?;
    writeln!(out, "# in rising order. Each is shown with its default.")?;
    let mut section = String::new();
    // A table stands in one piece, also where another one is inside of it.
    let mut settings: Vec<Setting> = all().into_values().collect();
    settings.sort_by(|a, b| a.key.rsplit_once('.').cmp(&b.key.rsplit_once('.')));
    for setting in &settings {
        let (table, name) = setting.key.rsplit_once('.').unwrap_or(("", &setting.key));
        if table != section {
            table.clone_into(&mut section);
            writeln!(out, "\n[{table}]")?;
        }
        writeln!(out)?;
        for line in wrap(&setting.meaning, 98) {
            writeln!(out, "# {line}")?;
        }
        writeln!(out, "# {}", setting.variable())?;
        match &setting.default {
            Value::Null => writeln!(out, "#{name} =")?,
            default => writeln!(out, "#{name} = {default}")?,
        }
    }
    Ok(())
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("never empty");
        if !line.is_empty() && line.len() + word.len() >= width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_meaning_and_a_variable_of_its_own() {
        let settings = all();
        assert!(settings.len() > 30, "{}", settings.len());
        let variables: std::collections::BTreeSet<String> = settings.values().map(Setting::variable).collect();
        assert_eq!(variables.len(), settings.len());
        for setting in settings.values() {
            assert!(setting.meaning.len() > 10, "{} says nothing", setting.key);
        }
        assert_eq!(settings["server.port"].shape, Shape::Integer);
        assert_eq!(settings["auth.enabled"].shape, Shape::Flag);
        assert_eq!(settings["server.bind"].shape, Shape::Text);
    }

    #[test]
    fn the_printed_file_is_a_valid_settings_file() {
        let mut text = Vec::new();
        print(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        // With every default written out it must still mean the defaults.
        let enabled: String = text
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if !rest.starts_with(' ') && !rest.ends_with('=') => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        assert_eq!(toml::from_str::<Settings>(&enabled).unwrap(), Settings::default());
    }
}
