use super::*;

const LIMIT: usize = 100;

fn refused(publish: &Publish) -> (ErrorKind, i32) {
    let error = publish.check(LIMIT).unwrap_err();
    (error.kind(), error.code())
}

#[test]
fn what_a_server_refuses_is_not_sent() {
    let invalid = |code| (ErrorKind::InvalidParameter, code);
    assert_eq!(refused(&Publish::new("")), invalid(400));
    assert_eq!(refused(&Publish::new(" \n\t")), invalid(400));
    assert_eq!(refused(&Publish::new("x".repeat(101))), invalid(400));
    assert_eq!(refused(&Publish::new("名".repeat(34))), invalid(400));
    assert!(Publish::new("x".repeat(100)).check(LIMIT).is_ok());
    let many = (0..6).fold(Publish::new("x"), |publish, n| publish.tag(n.to_string()));
    assert_eq!(refused(&many), invalid(500));
    assert_eq!(refused(&Publish::new("x").tag("t".repeat(65))), invalid(500));
    assert_eq!(refused(&Publish::new("x").tag("a,b")), invalid(500));
    assert_eq!(refused(&Publish::new("x").description("d".repeat(129))), invalid(500));
    assert!(Publish::new("x").description("\u{1f980}".repeat(64)).check(LIMIT).is_ok());
    assert_eq!(refused(&Publish { usage: Some("u".repeat(33)), ..Publish::new("x") }), invalid(500));
}

#[test]
fn attributes_are_those_of_nacos() {
    let publish = Publish::new("x").config_type("yaml").app_name("orders").tag("a").tag("b").description("d");
    let found = Publish { operator: Some("me".into()), ..publish }.attributes();
    let expected: StringMap = [
        ("type", "yaml"),
        ("appName", "orders"),
        ("config_tags", "a,b"),
        ("desc", "d"),
        ("src_user", "me"),
        ("encryptedDataKey", ""),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    assert_eq!(found, expected);
    let secret = Publish { encrypted_data_key: Some("k".into()), ..Publish::new("x") }.attributes();
    assert_eq!(secret.get("encryptedDataKey").map(String::as_str), Some("k"));
    assert_eq!(secret.len(), 1);
}

#[test]
fn gray_versions_have_names_and_limits() {
    let (beta, tag) = (Gray::Beta(vec!["10.0.0.1 ".into(), "10.0.0.2".into()]), Gray::Tag("blue".into()));
    assert_eq!((beta.name(), tag.name()), ("beta".into(), "tag_blue".into()));
    assert_eq!(beta.attribute(), ("betaIps".into(), "10.0.0.1,10.0.0.2".into()));
    assert_eq!(tag.attribute(), ("tag".into(), "blue".into()));
    assert!(beta.check(true).is_ok() && tag.check(true).is_ok());
    // An empty list would be published as the config itself.
    assert_eq!(Gray::Beta(Vec::new()).check(true).unwrap_err().code(), 400);
    assert_eq!(Gray::Beta(vec!["a,b".into()]).check(true).unwrap_err().code(), 400);
    assert!(Gray::Beta(Vec::new()).check(false).is_ok());
    for (tag, code) in [("", 400), ("a b", 500), ("t234567890123456x", 500)] {
        assert_eq!(Gray::Tag(tag.into()).check(true).unwrap_err().code(), code, "{tag}");
    }
}

#[test]
fn a_lost_comparison_is_told_by_its_words() {
    // As a Nacos 2.5.1 server answers it.
    let lost = Error::from_code(500, "Cas publish fail, server md5 may have changed.");
    assert!(is_mismatch(&lost));
    assert!(!is_mismatch(&Error::from_code(500, "disk full")));
    assert!(!is_mismatch(&Error::from_code(403, "md5")));
}

#[test]
fn debug_shows_no_content() {
    assert!(!format!("{:?}", Publish::new("hunter2")).contains("hunter2"));
}
