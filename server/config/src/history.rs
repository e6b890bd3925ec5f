//! History: who changed what, kept for some days, and how it is read.

use std::{io, sync::Arc};

use nacre_consensus::{Scan, StateReader};

use crate::{
    command::PrunedRow,
    content::{self, invalid},
    key::ConfigKey,
    kind::ConfigType,
    md5::Md5,
    rule::GrayRule,
    stored::{self, DetailRecord, HISTORY, HistoryRecord},
};

/// Rows that one command drops.
pub(crate) const PRUNED_AT_ONCE: usize = 500;

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// There was no such version before.
    Insert,
    /// There was one, and it was replaced.
    Update,
    /// It was removed.
    Delete,
}

impl Operation {
    /// The letter that stands for it in answers.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::Insert => "I",
            Self::Update => "U",
            Self::Delete => "D",
        }
    }

    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Insert => 1,
            Self::Update => 2,
            Self::Delete => 3,
        }
    }

    fn numbered(number: u32) -> Option<Self> {
        [Self::Insert, Self::Update, Self::Delete].into_iter().find(|operation| operation.number() == number)
    }
}

/// One change of a config. What describes a version is that of the new one after an insert, and of
/// the one before after an update or a removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Number of the change; rising.
    pub id: u64,
    /// Which config.
    pub key: ConfigKey,
    /// Id of the config; 0 after an insert.
    pub config_id: u64,
    /// What was done.
    pub operation: Operation,
    /// The gray version that was changed, with its rule; `None` for the formal one.
    pub gray: Option<(String, Option<GrayRule>)>,
    /// Address of who did it.
    pub source_ip: String,
    /// Who did it, if stated.
    pub source_user: Option<String>,
    /// When, in milliseconds since the epoch.
    pub time: u64,
    /// md5 of the content.
    pub md5: Md5,
    /// Bytes of content.
    pub size: u64,
    /// Type of the content.
    pub config_type: ConfigType,
    /// Application name.
    pub app_name: Option<String>,
    /// Key of encrypted content.
    pub encrypted_data_key: Option<String>,
    /// Labels, separated by commas.
    pub tags: Option<String>,
    /// Who published the version, if stated.
    pub publisher: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// What it was used for.
    pub usage: Option<String>,
    /// What a change affects.
    pub effect: Option<String>,
    /// Schema of the content.
    pub schema: Option<String>,
    /// The content; only where one row is asked for.
    pub content: Option<Arc<str>>,
}

/// A page of history, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// Rows on all pages.
    pub total: u64,
    /// The rows of this page.
    pub rows: Vec<HistoryEntry>,
}

fn entry(id: u64, record: HistoryRecord, detail: DetailRecord) -> io::Result<HistoryEntry> {
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, format!("bad {what} in history row {id}"));
    let (key, _) = ConfigKey::from_stored(&record.key).ok_or_else(|| bad("key"))?;
    let operation = Operation::numbered(record.operation).ok_or_else(|| bad("operation"))?;
    let version = record.version.ok_or_else(|| bad("version"))?;
    let (md5, config_type) = (version.md5(), version.config_type());
    let rule = version.rule.map(TryInto::try_into).transpose().map_err(invalid)?;
    Ok(HistoryEntry {
        id,
        key,
        config_id: if operation == Operation::Insert { 0 } else { version.id },
        operation,
        gray: record.gray.map(|name| (name, rule)),
        source_ip: record.source_ip,
        source_user: record.source_user,
        time: record.time,
        md5,
        size: version.size,
        config_type,
        app_name: version.app_name,
        encrypted_data_key: version.encrypted_data_key,
        tags: version.tags,
        publisher: detail.source_user,
        description: detail.description,
        usage: detail.usage,
        effect: detail.effect,
        schema: detail.schema,
        content: None,
    })
}

fn read_row(reader: &StateReader, id: u64) -> io::Result<Option<HistoryRecord>> {
    match reader.get(HISTORY, &stored::history_key(id))? {
        Some(value) => stored::read(&value).map(Some).map_err(invalid),
        None => Ok(None),
    }
}

fn revision(record: &HistoryRecord) -> u64 {
    record.version.as_ref().map_or(0, |version| version.revision)
}

fn key_of(record: &HistoryRecord) -> Option<ConfigKey> {
    ConfigKey::from_stored(&record.key).map(|(key, _)| key)
}

/// The row with this id, of whatever config, with its content. Blocks.
pub(crate) fn get(reader: &StateReader, id: u64) -> io::Result<Option<HistoryEntry>> {
    let Some(record) = read_row(reader, id)? else { return Ok(None) };
    let Some(key) = key_of(&record) else { return Ok(None) };
    let revision = revision(&record);
    let detail = content::load_detail(reader, &key, revision)?;
    let mut row = entry(id, record, detail)?;
    row.content = content::load(reader, &key, revision)?;
    Ok(Some(row))
}

/// A page of a config's history; the first page is number 1. Blocks.
pub(crate) fn list(reader: &StateReader, key: &ConfigKey, page: usize, size: usize) -> io::Result<HistoryPage> {
    let skipped = page.saturating_sub(1).saturating_mul(size);
    let mut total = 0;
    let mut ids = Vec::new();
    reader.scan(HISTORY, &Scan::prefix(&stored::history_of_key(key)).reversed(), &mut |row, _| {
        if total >= skipped && ids.len() < size {
            ids.extend(stored::trailing_id(row));
        }
        total += 1;
        true
    })?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(record) = read_row(reader, id)? else { continue };
        let detail = content::load_detail(reader, key, revision(&record))?;
        rows.push(entry(id, record, detail)?);
    }
    Ok(HistoryPage { total: total as u64, rows })
}

/// The newest row that ended a version of the config with this id. Blocks.
pub(crate) fn previous(reader: &StateReader, key: &ConfigKey, config_id: u64) -> io::Result<Option<HistoryEntry>> {
    let mut ids = Vec::new();
    reader.scan(HISTORY, &Scan::prefix(&stored::history_of_key(key)).reversed(), &mut |row, _| {
        ids.extend(stored::trailing_id(row));
        true
    })?;
    for id in ids {
        let Some(record) = read_row(reader, id)? else { continue };
        let is_end = record.operation != Operation::Insert.number();
        if is_end && record.version.as_ref().is_some_and(|version| version.id == config_id) {
            return get(reader, id);
        }
    }
    Ok(None)
}

/// The row of the next change of the same version, formal or gray, which replaced or removed what `row` made. Blocks.
pub(crate) fn next(reader: &StateReader, row: &HistoryEntry) -> io::Result<Option<HistoryEntry>> {
    let mut ids = Vec::new();
    reader.scan(HISTORY, &Scan::prefix(&stored::history_of_key(&row.key)).reversed(), &mut |key, _| {
        let id = stored::trailing_id(key).filter(|id| *id > row.id);
        ids.extend(id);
        id.is_some()
    })?;
    let gray = row.gray.as_ref().map(|(name, _)| name.as_str());
    for id in ids.into_iter().rev() {
        let Some(record) = read_row(reader, id)? else { continue };
        if record.gray.as_deref() == gray {
            // After a removal comes another config of that name.
            return if record.operation == Operation::Insert.number() { Ok(None) } else { get(reader, id) };
        }
    }
    Ok(None)
}

/// The oldest rows that were written before `time`, at most [`PRUNED_AT_ONCE`]. Blocks.
pub(crate) fn older_than(reader: &StateReader, time: u64) -> io::Result<Vec<PrunedRow>> {
    let mut rows = Vec::new();
    let mut result = Ok(());
    let scan = Scan::prefix(b"r").limit(PRUNED_AT_ONCE);
    reader.scan(HISTORY, &scan, &mut |row, value| {
        let record: HistoryRecord = match stored::read(value) {
            Ok(record) => record,
            Err(error) => {
                result = Err(invalid(error));
                return false;
            }
        };
        if record.time >= time {
            return false;
        }
        if let (Some(id), Some(key)) = (stored::trailing_id(row), key_of(&record)) {
            let is_last_pointer = record.operation != Operation::Insert.number();
            rows.push(PrunedRow { id, key, revision: is_last_pointer.then(|| revision(&record)) });
        }
        true
    })?;
    result.map(|()| rows)
}
