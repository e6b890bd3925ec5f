use tokio::{
    sync::mpsc,
    time::{Instant, advance, timeout},
};

use super::*;

struct Folder {
    home: tempfile::TempDir,
    failover: Arc<Failover>,
}

impl Folder {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("folder");
        fs::create_dir(home.path().join(FOLDER)).expect("folder");
        let failover = Arc::new(Failover::new(home.path()));
        Self { home, failover }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.home.path().join(FOLDER).join(name), text).expect("writable");
    }

    fn list(&self, name: &str, ports: &[u16]) {
        let hosts: Vec<_> = ports.iter().map(|port| format!(r#"{{"ip":"h","port":{port}}}"#)).collect();
        let text = format!(r#"{{"name":"{name}","groupName":"G","hosts":[{}]}}"#, hosts.join(","));
        self.write(&format!("G%40%40{name}"), &text);
    }

    fn look(&self) -> Vec<String> {
        let mut names: Vec<_> = self.failover.look().iter().map(|service| service.name().to_owned()).collect();
        names.sort();
        names
    }

    fn ports(&self, name: &str) -> Option<Vec<u16>> {
        let list = self.failover.get(&key(name))?;
        assert_eq!(list.source(), Source::Failover);
        Some(list.instances().iter().map(|host| host.port).collect())
    }
}

fn key(name: &str) -> ServiceKey {
    ServiceKey::new("G", name).expect("legal names")
}

#[test]
fn lists_count_only_while_the_switch_is_on() {
    let folder = Folder::new();
    folder.list("orders", &[1, 2]);
    assert!(folder.look().is_empty());
    assert_eq!(folder.ports("orders"), None, "no switch file means off");
    folder.write(SWITCH, "0\n");
    assert!(folder.look().is_empty());
    folder.write(SWITCH, "\n 1 \r\n");
    assert_eq!(folder.look(), ["orders"]);
    assert_eq!((folder.ports("orders"), folder.failover.active()), (Some(vec![1, 2]), 1));
    assert!(folder.look().is_empty(), "nothing changed");
    folder.write(SWITCH, "neither");
    assert!(folder.look().is_empty());
    assert_eq!(folder.ports("orders"), Some(vec![1, 2]), "the state before stays");
    fs::remove_file(folder.home.path().join(FOLDER).join(SWITCH)).expect("there");
    assert_eq!(folder.look(), ["orders"]);
    assert_eq!((folder.ports("orders"), folder.failover.active()), (None, 0));
}

#[test]
fn edits_are_seen_without_touching_the_switch() {
    let folder = Folder::new();
    folder.write(SWITCH, "1");
    assert!(folder.look().is_empty(), "on, with nothing in it");
    folder.list("orders", &[1]);
    folder.list("pay", &[5]);
    assert_eq!(folder.look(), ["orders", "pay"]);
    folder.list("orders", &[1, 2, 3]);
    assert_eq!(folder.look(), ["orders"]);
    assert_eq!(folder.ports("orders"), Some(vec![1, 2, 3]));
    fs::remove_file(folder.home.path().join("failover/G%40%40pay")).expect("there");
    assert_eq!(folder.look(), ["pay"]);
    assert_eq!(folder.ports("pay"), None);
}

#[test]
fn lists_without_instances_and_bad_files_do_not_stand_in() {
    let folder = Folder::new();
    folder.write(SWITCH, "1");
    folder.list("empty", &[]);
    folder.write("G%40%40bad", "{\"name\":");
    folder.write("notes.txt", "not a service");
    folder.list("orders", &[1]);
    folder.look();
    assert_eq!((folder.ports("empty"), folder.ports("bad")), (None, None));
    assert_eq!(folder.ports("orders"), Some(vec![1]));
    folder.write("G%40%40orders", "{\"name\":\"ord");
    assert!(folder.look().is_empty());
    assert_eq!(folder.ports("orders"), Some(vec![1]), "a half written file changes nothing");
}

#[test]
fn without_a_folder_it_is_off() {
    let home = tempfile::tempdir().expect("folder");
    let failover = Failover::new(&home.path().join("missing"));
    assert!(failover.look().is_empty());
    assert_eq!(failover.active(), 0);
}

#[tokio::test(start_paused = true)]
async fn it_looks_at_once_and_then_at_each_tick() {
    let folder = Folder::new();
    folder.list("orders", &[1]);
    folder.write(SWITCH, "1");
    let (sender, mut told) = mpsc::unbounded_channel();
    let started = Instant::now();
    let looking = Arc::clone(&folder.failover).run(Duration::from_secs(5), move |services| {
        let _ = sender.send(services);
    });
    let looking = tokio::spawn(looking);
    assert_eq!(told.recv().await.expect("told at once"), [key("orders")]);
    assert_eq!(started.elapsed(), Duration::ZERO);
    folder.list("orders", &[1, 2]);
    advance(Duration::from_millis(4_900)).await;
    assert!(timeout(Duration::from_millis(50), told.recv()).await.is_err(), "not before the next tick");
    assert_eq!(told.recv().await.expect("told at the tick"), [key("orders")]);
    assert_eq!(started.elapsed().as_secs(), 5);
    folder.write(SWITCH, "0");
    assert_eq!(told.recv().await.expect("told when it ends"), [key("orders")]);
    assert_eq!(folder.ports("orders"), None);
    looking.abort();
}
