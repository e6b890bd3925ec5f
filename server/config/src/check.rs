//! Rules that a request must keep, with the texts that Nacos answers.
//!
//! They need nothing but the request and run before anything is proposed. Lengths count UTF-16
//! units, as existing clients were tested against.

use crate::{
    error::Error,
    request::{Attributes, Publish, Target},
    rule::TAG_PREFIX,
};

const TAG_LENGTH: usize = 16;
const TENANT_LENGTH: usize = 128;
const CONFIG_TAGS: usize = 5;
const CONFIG_TAG_LENGTH: usize = 64;
const DESCRIPTION_LENGTH: usize = 128;
const USAGE_LENGTH: usize = 32;
const EFFECT_LENGTH: usize = 32;
const SCHEMA_LENGTH: usize = 32768;
/// What the doors let through, and what a stored key has room for.
const NAME_LENGTH: usize = 256;
/// Fields for which Nacos has no limit of their own; the columns of its tables are not wider.
const TEXT_LENGTH: usize = 4096;

type Checked = Result<(), Error>;

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn is_legal(text: &str) -> bool {
    text.chars().all(|character| character.is_alphanumeric() || "_-.:".contains(character))
}

fn shown(text: Option<&str>) -> &str {
    text.unwrap_or("null")
}

/// Checks a data id and a group as publish and remove want them; `None` is a missing one.
///
/// # Errors
/// [`Error::InvalidParameter`] with code 400.
pub fn names(data_id: Option<&str>, group: Option<&str>) -> Checked {
    let is_wrong = |text: Option<&str>| text.is_none_or(|text| text.trim().is_empty() || !is_legal(text.trim()));
    if is_wrong(data_id) {
        return Err(Error::name(format!("invalid dataId : {}", shown(data_id))));
    }
    if group.is_none_or(|group| group.trim().is_empty() || !is_legal(group)) {
        return Err(Error::name(format!("invalid group : {}", shown(group))));
    }
    for (name, text) in [("dataId", data_id), ("group", group)] {
        if text.is_some_and(|text| length(text) > NAME_LENGTH) {
            return Err(Error::name(format!("too long {name}, over {NAME_LENGTH}")));
        }
    }
    Ok(())
}

/// Checks a namespace id as a remove wants it.
///
/// # Errors
/// [`Error::InvalidParameter`] with code 400.
pub fn tenant(tenant: &str) -> Checked {
    let tenant = tenant.trim();
    if !is_legal(tenant) {
        return Err(Error::name(format!("invalid tenant : {tenant}")));
    }
    if length(tenant) > TENANT_LENGTH {
        return Err(Error::name(format!("too long tenant, over {TENANT_LENGTH}")));
    }
    Ok(())
}

/// Checks the content of a publish; `None` is a missing one.
///
/// # Errors
/// [`Error::InvalidParameter`] with code 400.
pub fn content(content: Option<&str>, limit: usize) -> Checked {
    let Some(content) = content.filter(|content| !content.trim().is_empty()) else {
        return Err(Error::name(format!("content is blank : {}", shown(content))));
    };
    // A text never has more UTF-16 units than bytes.
    if content.len() > limit && length(content) > limit {
        return Err(Error::name(format!("invalid content, over {limit}")));
    }
    Ok(())
}

/// Checks the tag of a publish, a remove or a listen; blank counts as missing.
///
/// # Errors
/// [`Error::InvalidParameter`] with code 500.
pub fn tag(tag: Option<&str>) -> Checked {
    let Some(tag) = tag.filter(|tag| !tag.trim().is_empty()) else { return Ok(()) };
    if !is_legal(tag.trim()) {
        return Err(Error::field(format!("invalid tag : {tag}")));
    }
    if length(tag) > TAG_LENGTH {
        return Err(Error::field("too long tag, over 16"));
    }
    Ok(())
}

/// Checks what describes a config.
///
/// # Errors
/// [`Error::InvalidParameter`] with code 500.
pub fn attributes(attributes: &Attributes) -> Checked {
    if let Some(tags) = &attributes.tags {
        // As Java splits: empty items at the end do not count.
        let items = tags.trim_end_matches(',').split(',');
        if items.clone().count() > CONFIG_TAGS {
            return Err(Error::field(format!("too much config_tags, over {CONFIG_TAGS}")));
        }
        if items.clone().any(|item| length(item) > CONFIG_TAG_LENGTH) {
            return Err(Error::field(format!("too long tag, over {CONFIG_TAG_LENGTH}")));
        }
    }
    let limits = [
        ("desc", &attributes.description, DESCRIPTION_LENGTH),
        ("use", &attributes.usage, USAGE_LENGTH),
        ("effect", &attributes.effect, EFFECT_LENGTH),
        ("schema", &attributes.schema, SCHEMA_LENGTH),
        ("appName", &attributes.app_name, TEXT_LENGTH),
        ("encryptedDataKey", &attributes.encrypted_data_key, TEXT_LENGTH),
    ];
    for (name, text, limit) in limits {
        if text.as_ref().is_some_and(|text| length(text) > limit) {
            return Err(Error::field(format!("too long {name}, over {limit}")));
        }
    }
    Ok(())
}

/// Checks a whole publish.
///
/// # Errors
/// [`Error::InvalidParameter`].
pub fn publish(publish: &Publish, max_content: usize) -> Checked {
    names(Some(publish.key.data_id()), Some(publish.key.group()))?;
    tenant(publish.key.namespace())?;
    content(Some(&publish.content), max_content)?;
    if let Target::Gray { name, rule } = &publish.target {
        if let Some(tag_name) = name.strip_prefix(TAG_PREFIX) {
            tag(Some(tag_name))?;
        }
        // The store tells versions apart by name; the formal one has none.
        if name.trim().is_empty() {
            return Err(Error::field("invalid gray name : "));
        }
        if length(name) > NAME_LENGTH || rule.expression.len() > TEXT_LENGTH * 4 {
            return Err(Error::field("too long gray rule"));
        }
    }
    attributes(&publish.attributes)?;
    if publish.origin.user.as_ref().is_some_and(|user| length(user) > TEXT_LENGTH) {
        return Err(Error::field(format!("too long src_user, over {TEXT_LENGTH}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::ConfigKey;

    fn text(result: Checked) -> String {
        result.expect_err("refused").to_string()
    }

    #[test]
    fn names_are_refused_with_the_known_texts() {
        assert_eq!(text(names(None, Some("g"))), "invalid dataId : null");
        assert_eq!(text(names(Some(""), Some("g"))), "invalid dataId : ");
        assert_eq!(text(names(Some("a b"), Some("g"))), "invalid dataId : a b");
        assert_eq!(text(names(Some("a"), None)), "invalid group : null");
        assert_eq!(names(Some(" a "), Some("g")), Ok(()));
        assert_eq!(names(Some("größe-1_2.3:4"), Some("G")), Ok(()));
        assert_eq!(names(Some("a"), None).expect_err("refused").code(), 400);
    }

    #[test]
    fn content_counts_utf16_units() {
        assert_eq!(text(content(None, 4)), "content is blank : null");
        assert_eq!(text(content(Some("  \n"), 4)), "content is blank :   \n");
        assert_eq!(text(content(Some("aaaaa"), 4)), "invalid content, over 4");
        assert_eq!(content(Some("äöüß"), 4), Ok(()));
        assert_eq!(text(content(Some("😀😀a"), 4)), "invalid content, over 4");
    }

    #[test]
    fn tags_and_attributes_have_limits() {
        assert_eq!(text(tag(Some("a b"))), "invalid tag : a b");
        assert_eq!(text(tag(Some("12345678901234567"))), "too long tag, over 16");
        assert_eq!(tag(Some(" ")), Ok(()));
        let with = |change: fn(&mut Attributes)| {
            let mut all = Attributes::default();
            change(&mut all);
            attributes(&all)
        };
        assert_eq!(text(with(|all| all.tags = Some("1,2,3,4,5,6".into()))), "too much config_tags, over 5");
        assert_eq!(text(with(|all| all.tags = Some("t".repeat(65)))), "too long tag, over 64");
        assert_eq!(text(with(|all| all.description = Some("d".repeat(129)))), "too long desc, over 128");
        assert_eq!(text(with(|all| all.usage = Some("d".repeat(33)))), "too long use, over 32");
        assert_eq!(text(with(|all| all.effect = Some("d".repeat(33)))), "too long effect, over 32");
        assert_eq!(text(with(|all| all.schema = Some("d".repeat(32769)))), "too long schema, over 32768");
        assert_eq!(with(|all| all.config_type = Some("d".repeat(33))), Ok(()));
    }

    #[test]
    fn a_publish_is_checked_in_order() {
        let mut request = Publish::new(ConfigKey::new("", "G", "a b"), "");
        assert_eq!(text(publish(&request, 10)), "invalid dataId : a b");
        request.key = ConfigKey::new("", "G", "a");
        assert_eq!(text(publish(&request, 10)), "content is blank : ");
        request.content = "x".into();
        request.target = Target::requested(None, Some("a b"));
        assert_eq!(text(publish(&request, 10)), "invalid tag : a b");
        request.target = Target::Gray { name: "".into(), rule: crate::rule::GrayRule::label("a=b", 1) };
        assert_eq!(text(publish(&request, 10)), "invalid gray name : ");
    }
}
