use super::{nacre, output, server, text};

#[tokio::test]
async fn completions_and_manual_pages_are_printed() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = output(nacre(None, &format!("completions {shell}"))).await;
        assert!(output.status.success());
        let text = text(&output.stdout);
        assert!(text.contains("register") && text.contains("if-md5"), "{shell}");
    }
    let page = output(nacre(None, "man")).await;
    assert!(text(&page.stdout).starts_with(".ie") || text(&page.stdout).contains(".TH nacre 1"));
    let folder = tempfile::tempdir().unwrap();
    let written = output(nacre(None, &format!("man --out-dir {}", folder.path().display()))).await;
    assert!(written.status.success(), "{}", text(&written.stderr));
    for name in ["nacre.1", "nacre-config.1", "nacre-config-set.1", "nacre-service-register.1"] {
        let page = std::fs::read_to_string(folder.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(page.contains(".SH NAME"), "{name}");
    }
}

#[tokio::test]
async fn help_names_what_there_is() {
    for (words, named) in [
        (
            "--help",
            vec!["config", "service", "namespace", "switches", "doctor", "backup", "restore", "completions", "man"],
        ),
        ("config --help", vec!["get", "set", "remove", "watch", "list", "search", "history", "rollback", "import"]),
        ("doctor --help", vec!["--server", "--data-dir", "--output"]),
        ("service register --help", vec!["--ip", "--port", "--server", "--namespace", "--group", "Ctrl-C"]),
    ] {
        let output = output(nacre(None, words)).await;
        assert!(output.status.success());
        let help = text(&output.stdout);
        assert!(named.iter().all(|word| help.contains(word)), "{words}: {help}");
    }
}

#[tokio::test]
async fn the_guide_for_operators_names_every_metric() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let server = server().await;
    let metrics = server.http().get("/nacos/actuator/prometheus", &[]).await.unwrap().text();
    let families = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let unnamed: Vec<&str> = families
        .map(|family| family.strip_suffix("_max").filter(|of| of.ends_with("_seconds")).unwrap_or(family))
        .filter(|family| !guide.contains(&format!("`{family}`")) && !guide.contains(&format!("`{family}{{")))
        .collect();
    assert_eq!(unnamed, [""; 0], "docs/operations.md tells what each metric means");
}
