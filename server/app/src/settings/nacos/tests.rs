use super::*;
use crate::{cli::ServerArgs, settings::load};

/// The translation of a file and an environment.
fn read(file: &str, environment: &[(&str, &str)]) -> anyhow::Result<Translation> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("application.properties");
    std::fs::write(&path, file).unwrap();
    let mut translation = Translation::default();
    translation.read(&path, &environment)?;
    translation.read_environment(&environment)?;
    Ok(translation)
}

fn values(translation: &Translation) -> BTreeMap<&str, &str> {
    translation.settings.iter().map(|(key, (_, text))| (*key, text.as_str())).collect()
}

#[test]
fn known_names_become_settings() {
    let file = "\
        # the port\nserver.port = 8849\nserver.servlet.contextPath=/\nnacos.config.retention.days:7\n\
        nacos.naming.clean.empty-service.expired-time=1\\\n  000\nnacos.core.auth.enabled=\n";
    let translation = read(file, &[]).unwrap();
    let expected = [
        ("config.history_days", "7"),
        ("gateway.http.context_path", "/"),
        ("naming.empty_service_age", "1000"),
        ("server.port", "8849"),
    ];
    assert_eq!(values(&translation), expected.into());
    assert_eq!(translation.notices, Notices::default());
}

#[test]
fn names_are_as_relaxed_as_in_spring() {
    let translation = read("nacos.naming.expire-instance=false\nserver.servlet.context-path=reg\n", &[]).unwrap();
    assert_eq!(
        values(&translation),
        [("gateway.http.context_path", "/reg"), ("naming.expire_instances", "false")].into()
    );
}

#[test]
fn the_rest_is_ignored_with_its_reason_or_unknown() {
    let file = "db.num=1\ndb.url.0=jdbc:mysql://x\nnacos.core.auth.plugin.nacos.token.secret.key=abc\nmy.own=1\n";
    let notices = read(file, &[("NACOS_SERVERS", "a b")]).unwrap().notices;
    let reasons: Vec<(&str, String)> = notices.ignored.iter().map(|(why, names)| (*why, listed(names))).collect();
    assert_eq!(
        reasons,
        [
            ("data is kept in storage.data_dir; no database is used", "db.num, db.url.0".to_owned()),
            ("this version has no users yet", "nacos.core.auth.plugin.nacos.token.secret.key".to_owned()),
            ("this version runs as a single node", "NACOS_SERVERS".to_owned()),
        ]
    );
    assert_eq!(listed(&notices.unknown), "my.own");
}

#[test]
fn placeholders_are_replaced() {
    let file = "server.port=${NACOS_PORT:${fallback}}\nfallback=1${digit:2}3\nserver.address=${HOST}\n";
    assert_eq!(values(&read(file, &[("HOST", "::1")]).unwrap())["server.port"], "123");
    let set = read(file, &[("HOST", "::1"), ("NACOS_PORT", "9")]).unwrap();
    assert_eq!(values(&set), [("server.bind", "::1"), ("server.port", "9")].into());
    assert!(format!("{:#}", read(file, &[]).unwrap_err()).contains("nothing is named HOST"));
    let circle = read("server.port=${a}\na=${b}\nb=${a}\n", &[]).unwrap_err();
    assert!(format!("{circle:#}").contains("circle"), "{circle:#}");
    // What is not used is not looked at.
    assert!(read("db.url.0=${nowhere}\n", &[]).is_ok());
}

#[test]
fn variables_win_over_the_file() {
    let environment = [
        ("SERVER_PORT", "2"),
        ("NACOS_APPLICATION_PORT", "3"),
        ("NACOS_CONFIG_RETENTION_DAYS", "5"),
        ("NACOS_CORE_PARAM_CHECK_ENABLED", "false"),
        ("MODE", "standalone"),
    ];
    let translation = read("server.port=1\n", &environment).unwrap();
    let expected = [("config.history_days", "5"), ("gateway.http.check_parameters", "false"), ("server.port", "3")];
    assert_eq!(values(&translation), expected.into());
}

#[test]
fn what_would_be_unsafe_to_ignore_is_refused() {
    let refused = read("server.ssl.key-store=/a.jks\n", &[]).unwrap_err();
    assert!(format!("{refused:#}").contains("PEM"), "{refused:#}");
    assert!(read("server.ssl.key-store=\n", &[]).is_ok());
}

#[test]
fn a_server_starts_with_them() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("application.properties");
    std::fs::write(&path, "server.port=8850\nnacos.config.retention.days=7\nother=1\n").unwrap();
    let set = vec!["nacos.naming.expireInstance=false".to_owned(), "naming.push_window=9".to_owned()];
    let arguments = ServerArgs { config: Some(path.clone()), set, ..ServerArgs::default() };
    let environment = [("NACRE_CONFIG_HISTORY_DAYS", "8")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (settings, notices) = load(&arguments, environment.into_iter()).unwrap();
    assert_eq!((settings.server.port, settings.config.history_days), (8850, 8), "its own variables win");
    assert!(!settings.naming.expire_instances);
    assert_eq!(settings.naming.push_window, 9);
    assert_eq!(listed(&notices.unknown), "other");

    std::fs::write(&path, "nacos.core.auth.enabled=true\n").unwrap();
    assert!(load(&arguments, std::iter::empty()).unwrap_err().to_string().contains("auth.enabled = true is refused"));
    std::fs::write(&path, "server.port=many\n").unwrap();
    let wrong = format!("{:#}", load(&arguments, std::iter::empty()).unwrap_err());
    assert!(wrong.contains("server.port") && wrong.contains("many"), "{wrong}");
}

#[test]
fn placeholders_that_multiply_are_refused() {
    let ten = |name: &str| format!("${{{name}}}").repeat(10);
    let file = format!("server.port={}\na={}\nb={}\nc={}\nd=0123456789\n", ten("a"), ten("b"), ten("c"), ten("d"));
    let refusal = format!("{:#}", read(&file, &[]).unwrap_err());
    assert!(refusal.contains("longer than"), "{refusal}");
    let many = format!("server.port={}8848\nempty=\n", "${empty}".repeat(100_000));
    assert_eq!(values(&read(&many, &[]).unwrap())["server.port"], "8848");
}

#[test]
fn fuzz_properties() {
    bolero::check!().for_each(|input: &[u8]| {
        let Ok(texts) = properties::read(input) else { return };
        for name in texts.keys() {
            let _ = names::find(name);
            // Refused, or of a length that was allowed or written in the file itself.
            if let Ok(value) = properties::resolve(name, &texts, &BTreeMap::new()) {
                assert!(value.len() <= (64 << 10) + input.len());
            }
        }
    });
}

#[test]
fn words_about_tls_are_read_together() {
    let prefix = "nacos.remote.server.rpc.tls";
    let files = format!("{prefix}.certChainFile=/c.pem\n{prefix}.certPrivateKey=/k.pem\n");
    let made = |file: &str| {
        let translation = read(&format!("{files}{file}"), &[]).unwrap();
        let values = values(&translation);
        ["mode", "main_port_mode", "client_ca", "certificate"]
            .map(|name| values.get(format!("gateway.tls.{name}").as_str()).copied().unwrap_or_default().to_owned())
    };
    assert_eq!(made(""), ["", "", "", "/c.pem"]);
    assert_eq!(made(&format!("{prefix}.enableTls=false\n")), ["", "", "", "/c.pem"]);
    assert_eq!(made(&format!("{prefix}.enableTls=true\n")), ["optional", "optional", "", "/c.pem"]);
    let mutual = format!(
        "{prefix}.enableTls=true\n{prefix}.compatibility=false\n{prefix}.mutualAuth=true\n\
         {prefix}.trustCollectionCertFile=/ca.pem\n"
    );
    assert_eq!(made(&mutual), ["required", "optional", "/ca.pem", "/c.pem"]);
    assert_eq!(made("server.ssl.enabled=true\n"), ["off", "required", "", "/c.pem"]);
    let bare = format!("{prefix}.enableTls=true\n{prefix}.mutualAuth=true\n");
    assert!(format!("{:#}", read(&bare, &[]).unwrap_err()).contains("trustCollectionCertFile"));
    let variable = read("", &[("NACOS_REMOTE_SERVER_RPC_TLS_ENABLETLS", "true")]).unwrap();
    assert_eq!(values(&variable)["gateway.tls.mode"], "optional");
}
