//! The engine on disk: one RocksDB with one write-ahead log for all groups.

use std::{io, ops::Bound, path::Path, sync::Arc};

use bytes::Bytes;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode, Direction,
    IteratorMode, Options, ReadOptions, Snapshot, WriteBatch, WriteOptions, checkpoint::Checkpoint,
};

use super::{Engine, Op, RAFT_LOG, RAFT_META, Read};
use crate::state::{Family, Visit};

const MEGABYTE: usize = 1 << 20;
/// Size from which old column families are flushed so that the shared log can be cut.
const LOG_LIMIT: u64 = 128 * MEGABYTE as u64;

/// Opens the database in `path` as an engine; see [`RocksEngine::open`].
///
/// # Errors
/// When the directory is in use or damaged.
pub fn open(path: &Path, families: &[Family]) -> io::Result<Arc<dyn Engine>> {
    Ok(Arc::new(RocksEngine::open(path, families)?))
}

/// See the module.
#[derive(Debug)]
pub struct RocksEngine {
    db: DB,
}

impl RocksEngine {
    /// Opens the database in `path`, creating it and the families that are missing.
    ///
    /// # Errors
    /// When the directory is in use or damaged.
    pub fn open(path: &Path, families: &[Family]) -> io::Result<Self> {
        let cache = Cache::new_lru_cache(32 * MEGABYTE);
        let names: Vec<&str> = [RAFT_LOG, RAFT_META].iter().chain(families).map(|family| family.0).collect();
        let columns = names.iter().map(|name| ColumnFamilyDescriptor::new(*name, column_options(name, &cache)));
        let db = DB::open_cf_descriptors(&database_options(), path, columns).map_err(io::Error::other)?;
        Ok(Self { db })
    }

    fn column(&self, family: Family) -> &ColumnFamily {
        self.db.cf_handle(family.0).expect("every family is named when the database is opened")
    }
}

/// Reads every row of the database in `path`, which nobody has open. The blocks' checksums are compared meanwhile.
///
/// # Errors
/// When it is damaged.
pub fn verify(path: &Path) -> io::Result<()> {
    let mut options = database_options();
    options.create_if_missing(false);
    options.create_missing_column_families(false);
    // Beside the database, so that it stays as it is.
    let logs = tempfile::tempdir()?;
    options.set_db_log_dir(logs.path());
    let families = DB::list_cf(&options, path).map_err(io::Error::other)?;
    let db = DB::open_cf_for_read_only(&options, path, &families, false).map_err(io::Error::other)?;
    for family in &families {
        let column = db.cf_handle(family).ok_or_else(|| io::Error::other("a family is missing"))?;
        let mut reading = ReadOptions::default();
        reading.fill_cache(false);
        for row in db.iterator_cf_opt(column, reading, IteratorMode::Start) {
            row.map_err(io::Error::other)?;
        }
    }
    Ok(())
}

fn database_options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // The default, point in time, would silently drop acknowledged writes after a damaged record.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_max_total_wal_size(LOG_LIMIT);
    options.set_db_write_buffer_size(64 * MEGABYTE);
    options.set_max_open_files(256);
    options.set_max_background_jobs(2);
    options.set_keep_log_file_num(3);
    options.set_max_log_file_size(4 * MEGABYTE);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options
}

fn column_options(name: &str, cache: &Cache) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_cache_index_and_filter_blocks(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    let mut options = Options::default();
    if name == RAFT_LOG.0 {
        // Entries are short-lived: most are purged before they would be compacted.
        options.set_compression_type(DBCompressionType::None);
    } else {
        options.set_compression_type(DBCompressionType::Lz4);
        table.set_bloom_filter(10.0, false);
    }
    options.set_write_buffer_size(16 * MEGABYTE);
    // Small arena blocks: a family that is hardly used must not hold a megabyte.
    options.set_arena_block_size(64 << 10);
    options.set_block_based_table_factory(&table);
    options
}

fn visit_rows(
    rows: rocksdb::DBIteratorWithThreadMode<'_, DB>,
    from: Bound<&[u8]>,
    to: Bound<&[u8]>,
    reverse: bool,
    visit: &mut Visit<'_>,
) -> io::Result<()> {
    for row in rows {
        let (key, value) = row.map_err(io::Error::other)?;
        let below = match from {
            Bound::Included(from) => &*key < from,
            Bound::Excluded(from) => &*key <= from,
            Bound::Unbounded => false,
        };
        let above = match to {
            Bound::Included(to) => &*key > to,
            Bound::Excluded(to) => &*key >= to,
            Bound::Unbounded => false,
        };
        let (before, behind) = if reverse { (above, below) } else { (below, above) };
        if before {
            continue;
        }
        if behind || !visit(&key, &value) {
            break;
        }
    }
    Ok(())
}

/// Where an iterator starts, and limits that keep it from walking over deleted rows outside.
fn range<'a>(from: Bound<&'a [u8]>, to: Bound<&'a [u8]>, reverse: bool) -> (IteratorMode<'a>, ReadOptions) {
    let mut options = ReadOptions::default();
    if let Bound::Included(from) | Bound::Excluded(from) = from {
        options.set_iterate_lower_bound(from);
    }
    if let Bound::Excluded(to) = to {
        options.set_iterate_upper_bound(to);
    }
    let mode = match (reverse, from, to) {
        (false, Bound::Included(from) | Bound::Excluded(from), _) => IteratorMode::From(from, Direction::Forward),
        (false, Bound::Unbounded, _) => IteratorMode::Start,
        (true, _, Bound::Included(to)) => IteratorMode::From(to, Direction::Reverse),
        (true, _, _) => IteratorMode::End,
    };
    (mode, options)
}

impl Read for RocksEngine {
    fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Bytes>> {
        let value = self.db.get_cf(self.column(family), key).map_err(io::Error::other)?;
        Ok(value.map(Bytes::from))
    }

    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> io::Result<()> {
        let (mode, options) = range(from, to, reverse);
        visit_rows(self.db.iterator_cf_opt(self.column(family), options, mode), from, to, reverse, visit)
    }
}

struct Frozen<'a> {
    engine: &'a RocksEngine,
    snapshot: Snapshot<'a>,
}

impl Read for Frozen<'_> {
    fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Bytes>> {
        let value = self.snapshot.get_cf(self.engine.column(family), key).map_err(io::Error::other)?;
        Ok(value.map(Bytes::from))
    }

    fn scan(
        &self,
        family: Family,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        visit: &mut Visit<'_>,
    ) -> io::Result<()> {
        let (mode, options) = range(from, to, reverse);
        visit_rows(self.snapshot.iterator_cf_opt(self.engine.column(family), options, mode), from, to, reverse, visit)
    }
}

impl Engine for RocksEngine {
    fn write(&self, ops: &[Op], sync: bool) -> io::Result<()> {
        let mut batch = WriteBatch::default();
        for op in ops {
            match op {
                Op::Put(family, key, value) => batch.put_cf(self.column(*family), key, value),
                Op::Delete(family, key) => batch.delete_cf(self.column(*family), key),
                Op::DeleteRange(family, from, to) => batch.delete_range_cf(self.column(*family), from, to),
            }
        }
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        self.db.write_opt(batch, &options).map_err(io::Error::other)
    }

    fn frozen(&self, read: &mut dyn FnMut(&dyn Read) -> io::Result<()>) -> io::Result<()> {
        read(&Frozen { engine: self, snapshot: self.db.snapshot() })
    }

    fn checkpoint(&self, into: &Path) -> io::Result<()> {
        let checkpoint = Checkpoint::new(&self.db).map_err(io::Error::other)?;
        checkpoint.create_checkpoint(into).map_err(io::Error::other)?;
        verify(into)
    }
}
