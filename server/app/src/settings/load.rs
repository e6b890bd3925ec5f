//! Puts settings together: file, then environment, then flags.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, bail};
use toml::{Table, Value};

use super::{
    Settings,
    catalogue::{self, Setting, Shape},
    nacos::{self, Notices, Translation},
};
use crate::cli::ServerArgs;

/// The settings of a server started with these flags in this environment, and what is to be said about them.
pub(crate) fn load(
    arguments: &ServerArgs,
    environment: impl Iterator<Item = (String, String)>,
) -> anyhow::Result<(Settings, Notices)> {
    let known = catalogue::all();
    let environment: BTreeMap<String, String> = environment.collect();
    let (mut table, mut nacos) = (Table::new(), Translation::default());
    match &arguments.config {
        Some(path) if nacos::is_properties(path) => nacos.read(path, &environment)?,
        Some(path) => table = read(path, &known)?,
        None => {}
    }
    nacos.read_environment(&environment)?;
    translated(&nacos, &known, &mut table)?;
    for setting in known.values() {
        let variable = setting.variable();
        if let Some(text) = environment.get(&variable) {
            let value = parse(setting, text).with_context(|| format!("environment variable {variable}"))?;
            insert(&mut table, &setting.key, value);
        }
    }
    for flag in &arguments.set {
        let (key, text) = flag.split_once('=').with_context(|| format!("--set {flag}: not of the form key=value"))?;
        let key = key.trim();
        if let Some(setting) = known.get(key) {
            insert(&mut table, &setting.key, parse(setting, text).with_context(|| format!("--set {flag}"))?);
            continue;
        }
        let mut flags = Translation::after(nacos.notices);
        let is_section =
            |word: &str| known.keys().any(|known| known.split_once('.').is_some_and(|(own, _)| own == word));
        if !flags.set(key, text, is_section).with_context(|| format!("--set {flag}"))? {
            bail!("--set {flag}: {}", unknown(key, &known));
        }
        translated(&flags, &known, &mut table)?;
        nacos.notices = flags.notices;
    }
    if let Some(path) = &arguments.data_dir {
        let path = path.to_str().context("--data-dir is not UTF-8")?;
        insert(&mut table, "storage.data_dir", path.into());
    }
    if let Some(address) = arguments.bind {
        insert(&mut table, "server.bind", address.to_string().into());
    }
    if let Some(port) = arguments.port {
        insert(&mut table, "server.port", i64::from(port).into());
    }
    let settings: Settings = table.try_into().context("settings")?;
    check(&settings)?;
    Ok((settings, nacos.notices))
}

/// Adds what was said in the words of Nacos.
fn translated(nacos: &Translation, known: &BTreeMap<String, Setting>, table: &mut Table) -> anyhow::Result<()> {
    for (key, (name, text)) in &nacos.settings {
        let setting = known.get(*key).with_context(|| unknown(key, known))?;
        insert(table, key, parse(setting, text).with_context(|| name.clone())?);
    }
    Ok(())
}

fn check(settings: &Settings) -> anyhow::Result<()> {
    if settings.auth.enabled == Some(true) {
        bail!("auth.enabled = true is refused: this version has no users yet and would let everybody in");
    }
    if settings.server.port > 64535 || settings.server.port == 0 {
        bail!("server.port = {}: must be 1 to 64535, as gRPC takes this port + 1000", settings.server.port);
    }
    if !(1..=256).contains(&settings.storage.shards) {
        bail!("storage.shards = {}: must be 1 to 256", settings.storage.shards);
    }
    Ok(())
}

fn read(path: &Path, known: &BTreeMap<String, Setting>) -> anyhow::Result<Table> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let table: Table = text.parse().with_context(|| format!("{} is no TOML", path.display()))?;
    refuse_unknown("", &table, known).with_context(|| path.display().to_string())?;
    Ok(table)
}

fn refuse_unknown(prefix: &str, table: &Table, known: &BTreeMap<String, Setting>) -> anyhow::Result<()> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let is_table = known.keys().any(|known| known.strip_prefix(&*key).is_some_and(|rest| rest.starts_with('.')));
        match value {
            Value::Table(inner) if is_table => refuse_unknown(&key, inner, known)?,
            _ if known.contains_key(&key) => {}
            _ => bail!(unknown(&key, known)),
        }
    }
    Ok(())
}

fn unknown(key: &str, known: &BTreeMap<String, Setting>) -> String {
    let nearest = known.keys().max_by(|a, b| strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key)));
    let nearest = nearest.expect("there are settings");
    format!("unknown setting {key}; did you mean {nearest}? `nacre settings` lists all")
}

fn parse(setting: &Setting, text: &str) -> anyhow::Result<Value> {
    let text = text.trim();
    let wrong = |what: &str| format!("{} must be {what}, not {text:?}", setting.key);
    Ok(match setting.shape {
        Shape::Text => Value::String(text.to_owned()),
        Shape::Integer => Value::Integer(text.replace('_', "").parse().with_context(|| wrong("a whole number"))?),
        Shape::Float => Value::Float(text.parse().with_context(|| wrong("a number"))?),
        Shape::Flag => Value::Boolean(text.to_lowercase().parse().with_context(|| wrong("true or false"))?),
    })
}

fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((name, rest)) => {
            let inner = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &[&str], environment: &[(&str, &str)], file: Option<&str>) -> anyhow::Result<Settings> {
        let home = tempfile::tempdir().unwrap();
        let config = file.map(|text| {
            let path = home.path().join("nacre.toml");
            std::fs::write(&path, text).unwrap();
            path
        });
        let set = set.iter().map(|flag| (*flag).to_owned()).collect();
        let environment: Vec<_> = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        load(&ServerArgs { config, set, ..ServerArgs::default() }, environment.into_iter())
            .map(|(settings, _)| settings)
    }

    fn refusal(result: anyhow::Result<Settings>) -> String {
        format!("{:#}", result.unwrap_err())
    }

    #[test]
    fn nothing_set_means_the_defaults() {
        assert_eq!(with(&[], &[], None).unwrap(), Settings::default());
    }

    #[test]
    fn flags_win_over_environment_and_that_over_the_file() {
        let file = "[server]\nport = 1000\nbind = \"10.0.0.1\"\n[naming]\npush_window = 7\n";
        let settings = with(
            &["server.port=3000"],
            &[("NACRE_SERVER_PORT", "2000"), ("NACRE_SERVER_BIND", "10.0.0.2"), ("NACRE_SERVER", "/elsewhere")],
            Some(file),
        )
        .unwrap();
        assert_eq!(settings.server.port, 3000);
        assert_eq!(settings.server.bind, Some("10.0.0.2".parse().unwrap()));
        assert_eq!(settings.naming.push_window, 7);
    }

    #[test]
    fn unknown_keys_name_the_nearest_known_one() {
        let file = refusal(with(&[], &[], Some("[naming]\npush_widow = 7\n")));
        assert!(file.contains("naming.push_widow; did you mean naming.push_window?"), "{file}");
        let flag = refusal(with(&["storage.reserve_md=1"], &[], None));
        assert!(flag.contains("did you mean storage.reserve_mb?"), "{flag}");
        let own = refusal(with(&["server.prot=1"], &[], None));
        assert!(own.contains("unknown setting server.prot; did you mean server.port?"), "{own}");
        assert!(with(&["server.address=127.0.0.1", "server.tomcat.max-threads=9"], &[], None).is_ok());
        let table = refusal(with(&[], &[], Some("[namings]\npush_window = 7\n")));
        assert!(table.contains("unknown setting namings"), "{table}");
    }

    #[test]
    fn bad_values_are_refused_with_the_key() {
        assert!(refusal(with(&["server.port=x"], &[], None)).contains("server.port must be a whole number"));
        assert!(refusal(with(&["server.port=70000"], &[], None)).contains("port"));
        assert!(refusal(with(&["server.port=64536"], &[], None)).contains("64535"));
        assert!(refusal(with(&["auth.enabled=true"], &[], None)).contains("auth.enabled = true is refused"));
        assert!(refusal(with(&["auth.enabled=maybe"], &[], None)).contains("true or false"));
        assert!(refusal(with(&["storage.shards=0"], &[], None)).contains("1 to 256"));
        assert!(refusal(with(&["nothing"], &[], None)).contains("key=value"));
        assert!(with(&["auth.enabled=false"], &[], None).is_ok());
    }
}
