//! The store crashes at every write in turn; whatever was acknowledged must be there afterwards.

use std::{collections::BTreeMap, io, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use nacre_consensus::{
    Applied, Command, DecodeError, Family, GroupId, Host, Options, Parts, Scan, StateBatch, StateMachine, StateReader,
    engine::{Engine, memory::MemoryEngine},
    testing,
};
use parking_lot::Mutex;

const COUNTS: Family = Family("counts");

/// Adds one to a named count.
#[derive(Debug)]
struct Add(String);

impl Command for Add {
    fn encode(&self) -> Vec<u8> {
        self.0.clone().into_bytes()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        String::from_utf8(bytes.to_vec()).map(Self).map_err(|error| DecodeError(error.to_string()))
    }
}

/// Counts: adding twice for one command, or not at all, would show.
#[derive(Debug, Default)]
struct Counts(Mutex<BTreeMap<String, u64>>);

impl StateMachine for Counts {
    type Command = Add;
    type Reply = u64;

    fn restore(&self, state: &StateReader) -> io::Result<()> {
        let mut counts = BTreeMap::new();
        state.scan(COUNTS, &Scan::prefix(b""), &mut |key, value| {
            let name = String::from_utf8_lossy(key).into_owned();
            counts.insert(name, u64::from_be_bytes(value.try_into().expect("eight bytes")));
            true
        })?;
        *self.0.lock() = counts;
        Ok(())
    }

    fn apply(&self, _at: Applied, command: &Add, batch: &mut StateBatch) -> u64 {
        let mut counts = self.0.lock();
        let count = counts.entry(command.0.clone()).or_default();
        *count += 1;
        batch.put(COUNTS, command.0.clone(), Bytes::copy_from_slice(&count.to_be_bytes()));
        *count
    }
}

impl Counts {
    fn of(&self, name: &str) -> u64 {
        self.0.lock().get(name).copied().unwrap_or_default()
    }
}

/// Adds to counts until the store crashes or all is done; answers what was acknowledged.
async fn work(engine: &MemoryEngine) -> BTreeMap<String, u64> {
    let mut acknowledged = BTreeMap::new();
    let machine = Arc::new(Counts::default());
    let started = testing::try_group_on(engine.clone(), GroupId::shard(0), machine).await;
    let Ok((group, _guard)) = started else { return acknowledged };
    for round in 0..12u64 {
        let name = format!("count-{}", round % 5);
        let Ok(count) = group.propose(Add(name.clone())).await else { break };
        assert_eq!(Some(count), acknowledged.get(&name).map_or(Some(1), |known| Some(known + 1)));
        acknowledged.insert(name, count);
        if round % 4 == 3 {
            let batch = (0..3).map(|number| Add(format!("batch-{number}"))).collect();
            let Ok(counts) = group.propose_batch(batch).await else { break };
            for (number, count) in counts.into_iter().enumerate() {
                acknowledged.insert(format!("batch-{number}"), count);
            }
            // Long enough for state to be written by itself, which nothing syncs.
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_commands_survive_a_crash_at_every_write() {
    let undisturbed = MemoryEngine::new();
    work(&undisturbed).await;
    let writes = undisturbed.writes();
    assert!(writes > 15, "the work writes {writes} times");
    let mut crashes = 0;
    for write in 1..=writes {
        // What the disk kept of the writes after the last sync: nothing, some, all.
        for keep in [0, 1, 3, usize::MAX] {
            let engine = MemoryEngine::new();
            engine.crash_at(write);
            let acknowledged = work(&engine).await;
            crashes += u32::from(engine.crashed());
            let restarted = engine.after_crash(keep);
            let machine = Arc::new(Counts::default());
            let (group, guard) = testing::group_on(restarted, GroupId::shard(0), machine.clone()).await;
            for (name, count) in &acknowledged {
                // One more may have been written whose acknowledgement was cut off.
                let found = machine.of(name);
                assert!(found == *count || found == count + 1, "write {write}, keep {keep}: {name} {found} of {count}");
            }
            // And the same again from the log alone: memory and store agree.
            let before = machine.0.lock().clone();
            drop(group);
            let again = Arc::new(Counts::default());
            let (_group, _guard) =
                testing::group_on(guard.engine.after_crash(0), GroupId::shard(0), again.clone()).await;
            assert_eq!(before, *again.0.lock(), "write {write}, keep {keep}");
        }
    }
    assert!(crashes > 40, "only {crashes} rounds crashed");
}

async fn start(home: &Path, engine: &MemoryEngine) -> Option<Host> {
    let options = Options { data_dir: home.to_owned(), reserve: 0, families: vec![COUNTS], shards: 3 };
    let opened = engine.clone();
    let open = move |path: &Path, _: &[Family]| -> io::Result<Arc<dyn Engine>> {
        // Stands for the file that tells that there is a database.
        std::fs::create_dir_all(path)?;
        std::fs::write(path.join("CURRENT"), "")?;
        Ok(Arc::new(opened))
    };
    let parts = |_| Parts::new().with(1, Arc::new(Counts::default()));
    Host::start(options, open, parts(0), parts).await.ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_that_crashes_at_any_write_is_finished_by_the_next() {
    let home = tempfile::tempdir().unwrap();
    let undisturbed = MemoryEngine::new();
    start(home.path(), &undisturbed).await.unwrap().stop().await;
    let writes = undisturbed.writes();
    for write in 1..=writes {
        let home = tempfile::tempdir().unwrap();
        let engine = MemoryEngine::new();
        engine.crash_at(write);
        let crashed = start(home.path(), &engine).await;
        let epoch = crashed.as_ref().map(Host::epoch);
        drop(crashed);
        let host = start(home.path(), &engine.after_crash(0)).await.expect("the next start serves");
        assert_eq!(host.slots().shards(), 3, "write {write}");
        assert!(host.epoch() > epoch.unwrap_or(0), "write {write}");
        let group = host.shards()[2].part::<Counts>(1);
        assert_eq!(group.propose(Add("first".into())).await.unwrap(), 1);
        host.stop().await;
    }
}
