//! Settings of Nacos, translated: `application.properties`, its variables and those of its Docker image.

mod names;
mod properties;
mod tls;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context as _, bail};

use names::{Meaning, TlsWord};

/// What was found among settings of Nacos and has no effect here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notices {
    /// By reason, the names that are known and do nothing.
    ignored: BTreeMap<&'static str, BTreeSet<String>>,
    /// Names that nobody knows.
    unknown: BTreeSet<String>,
}

impl Notices {
    /// All names that were given and do nothing.
    pub(crate) fn without_effect(&self) -> Vec<&str> {
        self.ignored.values().flatten().chain(&self.unknown).map(String::as_str).collect()
    }

    /// Tells the operator, one line for each reason and one for all that is unknown.
    pub(crate) fn log(&self) {
        for (reason, names) in &self.ignored {
            tracing::warn!(settings = %listed(names), "settings of Nacos without effect: {reason}");
        }
        if !self.unknown.is_empty() {
            tracing::warn!(settings = %listed(&self.unknown), "unknown settings of Nacos, without effect");
        }
    }
}

fn listed(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Whether a settings file is one of Nacos.
pub(super) fn is_properties(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("properties"))
}

/// Turns names and values of Nacos into settings, which it collects.
#[derive(Debug, Default)]
pub(super) struct Translation {
    /// By key, the name that set it last, and its value.
    pub(super) settings: BTreeMap<&'static str, (String, String)>,
    pub(super) notices: Notices,
    /// Names and values of what was said about TLS.
    tls: BTreeMap<TlsWord, (String, String)>,
}

impl Translation {
    /// Nothing yet, after another one that gave notices.
    pub(super) fn after(notices: Notices) -> Self {
        Self { notices, ..Self::default() }
    }

    /// Reads an `application.properties`; its placeholders may name variables of the environment.
    pub(super) fn read(&mut self, path: &Path, environment: &BTreeMap<String, String>) -> anyhow::Result<()> {
        let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let texts = properties::read(file).with_context(|| format!("{} is no properties file", path.display()))?;
        for name in texts.keys() {
            let Some((_, meaning)) = names::find(name) else {
                self.notices.unknown.insert(name.clone());
                continue;
            };
            let value = || properties::resolve(name, &texts, environment);
            self.take(name, meaning, value).with_context(|| path.display().to_string())?;
        }
        self.conclude()
    }

    /// Reads the variables of the environment that Nacos or its Docker image would read.
    pub(super) fn read_environment(&mut self, environment: &BTreeMap<String, String>) -> anyhow::Result<()> {
        for (variable, meaning) in names::variables() {
            if let Some(text) = environment.get(&variable) {
                self.take(&variable, meaning, || Ok(text.clone()))
                    .with_context(|| format!("environment variable {variable}"))?;
            }
        }
        self.conclude()
    }

    /// Takes one setting that was given by its name in Nacos; false when there is no such name. A section of our own
    /// (`is_section`) is not enough of a name: the rest is rather misspelt.
    pub(super) fn set(&mut self, name: &str, text: &str, is_section: impl Fn(&str) -> bool) -> anyhow::Result<bool> {
        let known = names::find(name).filter(|(known, _)| !known.strip_suffix('.').is_some_and(is_section));
        let Some((_, meaning)) = known else { return Ok(false) };
        self.take(name, meaning, || Ok(text.to_owned()))?;
        self.conclude()?;
        Ok(true)
    }

    /// What the words about TLS say together.
    fn conclude(&mut self) -> anyhow::Result<()> {
        for (key, name, text) in tls::settings(&self.tls)? {
            self.settings.insert(key, (name, text));
        }
        Ok(())
    }

    fn take(
        &mut self,
        name: &str,
        meaning: Meaning,
        value: impl FnOnce() -> anyhow::Result<String>,
    ) -> anyhow::Result<()> {
        match meaning {
            Meaning::Is(key) => {
                let text = value()?.trim().to_owned();
                let text = if key == names::CONTEXT_PATH { context_path(&text) } else { text };
                // As in Spring, an empty value leaves the default.
                if !text.is_empty() {
                    self.settings.insert(key, (name.to_owned(), text));
                }
            }
            Meaning::Tls(word) => {
                let text = value()?.trim().to_owned();
                if !text.is_empty() {
                    self.tls.insert(word, (name.to_owned(), text));
                }
            }
            Meaning::Nothing(reason) => {
                self.notices.ignored.entry(reason).or_default().insert(name.to_owned());
            }
            Meaning::Unless(fine, reason) => {
                let text = value()?;
                if !text.trim().is_empty() && !text.trim().eq_ignore_ascii_case(fine) {
                    bail!("{name} = {} is refused: {reason}", text.trim());
                }
            }
        }
        Ok(())
    }
}

/// Nacos writes the root as nothing.
fn context_path(text: &str) -> String {
    match text.trim_end_matches('/') {
        "" => "/".to_owned(),
        path if path.starts_with('/') => path.to_owned(),
        path => format!("/{path}"),
    }
}

#[cfg(test)]
mod tests;
