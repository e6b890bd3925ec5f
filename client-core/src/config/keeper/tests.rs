use std::{fs, path::Path};

use tokio::time::sleep;

use super::*;
use crate::{
    config::{
        files::{self, Layout, Pair, Tree, tests::fixed_names},
        listen::tests::{FakeServer, open},
        outlet::Outlet,
        raw::Value,
    },
    error::Error,
    names::{ConfigKey, Namespace},
};

const REFRESH: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(3);

struct Kept {
    keeper: Keeper,
    entry: Arc<Entry>,
    failover: Pair,
    snapshot: Pair,
}

fn keep_one(base: &Path, fake: &Arc<FakeServer>) -> Kept {
    let layout = Arc::new(Layout::new(base, &fixed_names(&["h:1"], &Namespace::default())));
    let key = ConfigKey::new(&Namespace::default(), "G", "a").unwrap();
    let place = |tree| layout.pairs(tree, &key).next().unwrap();
    let (failover, snapshot) = (place(Tree::Failover), place(Tree::Snapshot));
    let snapshots = Snapshots::new(layout.clone(), 1000, Handle::current(), true);
    let duties = Duties {
        failover: Failover::new(layout.clone(), 1000),
        snapshots: Some(snapshots.clone()),
        refresh: REFRESH,
        patience: PATIENCE,
    };
    let keeper = Keeper::start(duties, &Handle::current());
    let entry = Entry::new(key, open(fake), Some(snapshots), true);
    Kept { keeper, entry, failover, snapshot }
}

fn text(value: Option<Value>) -> Option<String> {
    value.map(|value| value.map_or("absent".into(), |config| config.content.to_string()))
}

async fn due(outlet: &Outlet, limit: Duration) -> Option<String> {
    let wait = std::future::poll_fn(|context| outlet.poll_due(context));
    timeout(limit, wait).await.ok();
    text(outlet.take())
}

#[tokio::test(start_paused = true)]
async fn failover_files_are_looked_at_every_tick() {
    let (base, fake) = (tempfile::tempdir().unwrap(), FakeServer::start());
    fake.publish("a", "server");
    let kept = keep_one(base.path(), &fake);
    let outlet = kept.entry.attach(None, None);
    kept.keeper.add(&kept.entry);
    assert_eq!(due(&outlet, Duration::from_secs(1)).await.as_deref(), Some("server"));
    files::write(&kept.failover.content, "mine").unwrap();
    assert_eq!(due(&outlet, REFRESH + Duration::from_millis(100)).await.as_deref(), Some("mine"));
    files::write(&kept.failover.content, "mine, changed").unwrap();
    assert_eq!(due(&outlet, REFRESH + Duration::from_millis(100)).await.as_deref(), Some("mine, changed"));
    fs::remove_file(&kept.failover.content).unwrap();
    assert_eq!(due(&outlet, REFRESH + Duration::from_millis(100)).await.as_deref(), Some("server"));
    assert_eq!(due(&outlet, Duration::from_secs(30)).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_there_is_told_before_the_server() {
    let (base, fake) = (tempfile::tempdir().unwrap(), FakeServer::start());
    fake.publish("a", "server");
    let kept = keep_one(base.path(), &fake);
    files::write(&kept.failover.content, "mine").unwrap();
    let outlet = kept.entry.attach(None, None);
    sleep(Duration::from_millis(100)).await;
    assert!(!outlet.is_due(), "it is not known yet whether there is a file");
    kept.keeper.add(&kept.entry);
    assert_eq!(due(&outlet, Duration::from_secs(1)).await.as_deref(), Some("mine"));
    assert_eq!(due(&outlet, Duration::from_secs(1)).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_told_once_the_server_had_its_time() {
    let (base, fake) = (tempfile::tempdir().unwrap(), FakeServer::start());
    fake.publish("a", "copy");
    fake.disconnect();
    let kept = keep_one(base.path(), &fake);
    files::write(&kept.snapshot.content, "copy").unwrap();
    let (outlet, baseline) = (kept.entry.attach(None, None), kept.entry.attach(Some("x"), None));
    kept.keeper.add(&kept.entry);
    assert_eq!(due(&outlet, PATIENCE - Duration::from_millis(100)).await, None);
    assert_eq!(due(&outlet, Duration::from_millis(200)).await.as_deref(), Some("copy"));
    assert!(!baseline.is_due(), "a baseline is compared with the server's value only");
    // The same from the server is nothing new for the first one.
    fake.connect(2);
    assert_eq!(due(&baseline, Duration::from_secs(1)).await.as_deref(), Some("copy"));
    assert_eq!(due(&outlet, Duration::from_secs(1)).await, None);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_read_is_told_no_copy() {
    let (base, fake) = (tempfile::tempdir().unwrap(), FakeServer::start());
    fake.fail(Some(Error::from_code(403, "denied")));
    let kept = keep_one(base.path(), &fake);
    files::write(&kept.snapshot.content, "copy").unwrap();
    let outlet = kept.entry.attach(None, None);
    kept.keeper.add(&kept.entry);
    assert_eq!(due(&outlet, PATIENCE * 3).await, None);
}
