//! The type of a config's content.

/// What a config's content is written in. Clients choose their parser by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigType {
    /// Java properties.
    Properties,
    /// XML.
    Xml,
    /// JSON.
    Json,
    /// Plain text, the default.
    #[default]
    Text,
    /// HTML.
    Html,
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// Not stated.
    Unset,
}

const ALL: [(ConfigType, &str); 8] = [
    (ConfigType::Properties, "properties"),
    (ConfigType::Xml, "xml"),
    (ConfigType::Json, "json"),
    (ConfigType::Text, "text"),
    (ConfigType::Html, "html"),
    (ConfigType::Yaml, "yaml"),
    (ConfigType::Toml, "toml"),
    (ConfigType::Unset, "unset"),
];

impl ConfigType {
    /// The type of this name; [`ConfigType::Text`] for every other text, as Nacos takes it.
    #[must_use]
    pub fn named(name: &str) -> Self {
        ALL.into_iter().find(|(_, known)| *known == name).map_or(Self::Text, |(kind, _)| kind)
    }

    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        ALL.into_iter().find(|(kind, _)| *kind == self).map_or("text", |(_, name)| name)
    }

    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Text => 0,
            Self::Properties => 1,
            Self::Xml => 2,
            Self::Json => 3,
            Self::Html => 4,
            Self::Yaml => 5,
            Self::Toml => 6,
            Self::Unset => 7,
        }
    }

    pub(crate) fn numbered(number: u32) -> Self {
        ALL.into_iter().find(|(kind, _)| kind.number() == number).map_or(Self::Text, |(kind, _)| kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_types_are_text() {
        for name in ["", "YAML", "htm", "anything else"] {
            assert_eq!(ConfigType::named(name), ConfigType::Text);
        }
    }

    #[test]
    fn names_and_numbers_are_read_back() {
        for (kind, name) in ALL {
            assert_eq!(ConfigType::named(name), kind);
            assert_eq!(kind.name(), name);
            assert_eq!(ConfigType::numbered(kind.number()), kind);
        }
    }
}
