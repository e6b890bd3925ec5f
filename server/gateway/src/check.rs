//! Parameter checks that both doors run before a request reaches a domain.
//!
//! Lengths count UTF-16 code units and `\w` means ASCII, because that is what existing clients were
//! tested against. Blank values are skipped: whether a value may be missing is the handler's matter.

use std::fmt;

/// Longest namespace id.
const NAMESPACE_LENGTH: usize = 64;
/// Longest name of a namespace that people read.
const NAMESPACE_SHOW_NAME_LENGTH: usize = 256;
/// Longest data id.
const DATA_ID_LENGTH: usize = 256;
/// Longest service name without its group.
const SERVICE_NAME_LENGTH: usize = 512;
/// Longest group, for services and configs alike.
const GROUP_LENGTH: usize = 128;
/// Longest cluster name.
const CLUSTER_LENGTH: usize = 64;
/// Longest text that names a host.
const IP_LENGTH: usize = 128;
/// Default of the limit on the keys and values of one instance's metadata together.
pub const METADATA_LENGTH: usize = 1024;

const ILLEGAL_CHARACTERS: &str = "illegal characters should not appear in the param.";

/// Why a parameter was refused; its text is the answer that clients see.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Illegal {
    parameter: &'static str,
    reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Characters,
    Length(usize),
    Port,
}

impl fmt::Display for Illegal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Param '{}' is illegal, ", self.parameter)?;
        match self.reason {
            Reason::Characters => formatter.write_str(ILLEGAL_CHARACTERS),
            Reason::Length(limit) => write!(formatter, "the param length should not exceed {limit}."),
            Reason::Port => formatter.write_str("the value should be between 0 and 65535."),
        }
    }
}

/// The result of a check.
pub type Checked = Result<(), Illegal>;

type Check = fn(&str) -> Checked;

/// The checked values of one request; what it does not carry stays `None`.
///
/// [`Parameters::check`] looks at them in the order in which the fields stand, so the first one
/// that is illegal names the error.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parameters<'a> {
    /// A namespace's name for people.
    pub namespace_show_name: Option<&'a str>,
    /// A namespace id, called tenant by config requests.
    pub namespace: Option<&'a str>,
    /// A data id.
    pub data_id: Option<&'a str>,
    /// A service name without its group.
    pub service_name: Option<&'a str>,
    /// The group of a service or a config.
    pub group: Option<&'a str>,
    /// Cluster names, separated by commas.
    pub clusters: Option<&'a str>,
    /// A host.
    pub ip: Option<&'a str>,
    /// A port as the request spells it.
    pub port: Option<&'a str>,
}

impl Parameters<'_> {
    /// Checks every value that is present.
    ///
    /// # Errors
    /// The first illegal value.
    pub fn check(&self) -> Checked {
        let checks: [(Option<&str>, Check); 8] = [
            (self.namespace_show_name, namespace_show_name),
            (self.namespace, namespace),
            (self.data_id, data_id),
            (self.service_name, service_name),
            (self.group, group),
            (self.clusters, clusters),
            (self.ip, ip),
            (self.port, port_text),
        ];
        checks.into_iter().try_for_each(|(value, check)| value.map_or(Ok(()), check))
    }
}

/// Checks a namespace id (a tenant).
///
/// # Errors
/// When it is too long or has other characters than `[A-Za-z0-9_-]`.
pub fn namespace(value: &str) -> Checked {
    limited("namespaceId/tenant", value, NAMESPACE_LENGTH, |value| all(value, is_word_or_dash))
}

/// Checks a namespace's name for people.
///
/// # Errors
/// When it is too long or has one of `@#$%^&*`.
pub fn namespace_show_name(value: &str) -> Checked {
    limited("namespaceShowName", value, NAMESPACE_SHOW_NAME_LENGTH, |value| {
        all(value, |character| !"@#$%^&*".contains(character))
    })
}

/// Checks a data id.
///
/// # Errors
/// When it is too long or has other characters than `[A-Za-z0-9_:.-]`.
pub fn data_id(value: &str) -> Checked {
    limited("dataId", value, DATA_ID_LENGTH, |value| all(value, is_name_character))
}

/// Checks the group of a service or a config.
///
/// # Errors
/// When it is too long or has other characters than `[A-Za-z0-9_:.-]`.
pub fn group(value: &str) -> Checked {
    limited("group", value, GROUP_LENGTH, |value| all(value, is_name_character))
}

/// Checks a service name without its group.
///
/// # Errors
/// When it is too long, begins with `@`, or has a blank, a Chinese character or `@@` after its first
/// character.
pub fn service_name(value: &str) -> Checked {
    limited("serviceName", value, SERVICE_NAME_LENGTH, |value| {
        let mut characters = value.chars();
        let Some(first) = characters.next() else { return true };
        let rest = characters.as_str();
        let is_line_end = matches!(first, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
        first != '@' && !is_line_end && !rest.contains("@@") && all(rest, is_plain)
    })
}

/// Checks cluster names separated by commas.
///
/// # Errors
/// When one of them is too long or has other characters than `[A-Za-z0-9_-]`.
pub fn clusters(value: &str) -> Checked {
    if is_blank(value) {
        return Ok(());
    }
    value.split(',').filter(|name| !name.is_empty()).try_for_each(cluster)
}

fn cluster(value: &str) -> Checked {
    if utf16_length(value) > CLUSTER_LENGTH {
        return Err(Illegal { parameter: "cluster", reason: Reason::Length(CLUSTER_LENGTH) });
    }
    if !all(value, is_word_or_dash) {
        return Err(Illegal { parameter: "cluster", reason: Reason::Characters });
    }
    Ok(())
}

/// Checks a host; its syntax is open, names are welcome.
///
/// # Errors
/// When it is too long or has a blank or a Chinese character.
pub fn ip(value: &str) -> Checked {
    limited("ip", value, IP_LENGTH, |value| all(value, is_plain))
}

/// Checks a port number.
///
/// # Errors
/// When it is not within 0 to 65535.
pub fn port(value: i64) -> Checked {
    if (0..=65_535).contains(&value) { Ok(()) } else { Err(Illegal { parameter: "port", reason: Reason::Port }) }
}

/// Checks a port as text.
///
/// # Errors
/// When it is no number within 0 to 65535.
pub fn port_text(value: &str) -> Checked {
    if is_blank(value) {
        return Ok(());
    }
    port(value.parse().unwrap_or(-1))
}

/// Checks an instance's metadata against `limit`, see [`METADATA_LENGTH`].
///
/// # Errors
/// When its keys and values together are longer.
pub fn metadata<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>, limit: usize) -> Checked {
    let texts = entries.into_iter().flat_map(|(key, value)| [key, value]);
    let length: usize = texts.filter(|text| !is_blank(text)).map(utf16_length).sum();
    if length > limit {
        return Err(Illegal { parameter: "Metadata", reason: Reason::Length(limit) });
    }
    Ok(())
}

/// Whether a text is empty or nothing but white space.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// How many UTF-16 code units a text has.
pub fn utf16_length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

fn limited(parameter: &'static str, value: &str, limit: usize, legal: impl Fn(&str) -> bool) -> Checked {
    if is_blank(value) {
        return Ok(());
    }
    if utf16_length(value) > limit {
        return Err(Illegal { parameter, reason: Reason::Length(limit) });
    }
    if legal(value) { Ok(()) } else { Err(Illegal { parameter, reason: Reason::Characters }) }
}

fn all(value: &str, legal: impl FnMut(char) -> bool) -> bool {
    value.chars().all(legal)
}

fn is_word_or_dash(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

fn is_name_character(character: char) -> bool {
    is_word_or_dash(character) || matches!(character, ':' | '.')
}

fn is_plain(character: char) -> bool {
    !matches!(character, ' ' | '\t'..='\r' | '\u{4E00}'..='\u{9FA5}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(checked: Checked) -> String {
        checked.map_or_else(|illegal| illegal.to_string(), |()| String::new())
    }

    #[test]
    fn texts_are_those_of_nacos() {
        assert_eq!(
            text(namespace("a b")),
            "Param 'namespaceId/tenant' is illegal, illegal characters should not appear in the param."
        );
        assert_eq!(
            text(data_id(&"d".repeat(257))),
            "Param 'dataId' is illegal, the param length should not exceed 256."
        );
        assert_eq!(text(port_text("abc")), "Param 'port' is illegal, the value should be between 0 and 65535.");
        assert_eq!(
            text(metadata([("k", "v".repeat(1024).as_str())], METADATA_LENGTH)),
            "Param 'Metadata' is illegal, the param length should not exceed 1024."
        );
    }

    #[test]
    fn blank_values_are_skipped() {
        for check in [namespace, namespace_show_name, data_id, group, service_name, clusters, ip, port_text] {
            assert_eq!(check(""), Ok(()));
            assert_eq!(check("  "), Ok(()));
        }
    }

    #[test]
    fn service_names() {
        for good in ["orders", "a@b", " x", "\u{4E2D}x", "x@", "\u{e9}t\u{e9}", "a:b/c#d", &"s".repeat(512)] {
            assert_eq!(service_name(good), Ok(()), "{good}");
        }
        for bad in ["@x", "a@@b", "a@@", "a b", "x\u{4E2D}", "a\tb", "\nx", &"s".repeat(513)] {
            assert!(service_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_count_utf16_units() {
        let smile = "\u{1F600}";
        assert_eq!(ip(&smile.repeat(64)), Ok(()));
        assert!(ip(&smile.repeat(65)).is_err());
    }

    #[test]
    fn clusters_are_checked_one_by_one() {
        assert_eq!(clusters("c1,c_2,c-3"), Ok(()));
        assert_eq!(clusters("c1,,"), Ok(()));
        assert!(clusters("c1,c 2").is_err());
        assert!(clusters(&format!("c1,{}", "c".repeat(65))).is_err());
        assert_eq!(clusters(&["c".repeat(64), "d".repeat(64)].join(",")), Ok(()));
    }

    #[test]
    fn ports_and_hosts() {
        for good in ["0", "65535", "8080"] {
            assert_eq!(port_text(good), Ok(()));
        }
        for bad in ["-1", "65536", "8080.0", "99999999999999999999"] {
            assert!(port_text(bad).is_err(), "{bad}");
        }
        assert_eq!(ip("host.name.example"), Ok(()));
        assert!(ip("1 2").is_err());
    }

    #[test]
    fn first_illegal_value_names_the_error() {
        let parameters = Parameters { ip: Some("1 2"), namespace: Some("a b"), ..Parameters::default() };
        assert!(text(parameters.check()).contains("namespaceId/tenant"));
        assert_eq!(Parameters::default().check(), Ok(()));
    }
}
