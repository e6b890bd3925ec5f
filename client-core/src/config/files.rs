//! Local files in Nacos's layout: where they lie, and how they are read and written.
//!
//! Contents stand in one tree and the data keys of encrypted contents in another. Files hold the text as the
//! server has it and nothing else. Knows no server and no listener.

use std::{
    borrow::Cow,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

use super::raw::md5_hex;
use crate::{
    names::{ConfigKey, DEFAULT_NAMESPACE},
    options::{Options, ServerSource},
};

/// A longer folder name is cut, and made unique by the md5 of the whole.
const FOLDER_LENGTH: usize = 50;
/// The longest file name that common file systems take, in bytes.
const NAME_LENGTH: usize = 255;
/// How much of a longer name stands before its md5.
const KEPT_LENGTH: usize = 200;
const DAMAGED_SUFFIX: &str = "%damaged";

/// Which of the two trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tree {
    /// Copies of what the server said.
    Snapshot,
    /// What an operator puts in place of the server's values.
    Failover,
}

/// The two files of a config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) content: PathBuf,
    pub(crate) data_key: PathBuf,
}

/// Two folders with the same tree of files below them.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) pair: Pair,
    /// Levels down to the files.
    pub(crate) depth: usize,
}

/// What a file said.
#[derive(Debug)]
pub(crate) enum Read {
    /// There is none.
    Absent,
    /// Its text, and when it changed in milliseconds since the epoch.
    Text(String, i64),
    /// It is there and cannot be used.
    Damaged(String),
}

/// Folders of one client object.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The one that is written comes first; the others are read too.
    folders: Vec<PathBuf>,
}

impl Layout {
    /// Folders under `base` (Nacos: the home directory) of a client whose servers have these names.
    pub(crate) fn new(base: &Path, names: &[String]) -> Self {
        let root = base.join("nacos").join("config");
        let folder = |name: &String| root.join(format!("{}_nacos", shortened(name)));
        Self { folders: names.iter().map(folder).collect() }
    }

    /// The folder that is written.
    pub(crate) fn folder(&self) -> &Path {
        &self.folders[0]
    }

    /// Where a config may lie; what is written goes to the first.
    pub(crate) fn pairs(&self, tree: Tree, key: &ConfigKey) -> impl Iterator<Item = Pair> {
        let (group, data_id) = (component(key.group().as_str()), component(key.data_id()));
        let config = Path::new(&*group).join(&*data_id);
        // The default namespace has two spellings, and so two places; 2.x clients write the first.
        let spellings = match key.namespace() {
            namespace if namespace.is_default() => vec![None, Some(DEFAULT_NAMESPACE)],
            namespace => vec![Some(namespace.as_str())],
        };
        let places: Vec<Pair> = self
            .folders
            .iter()
            .flat_map(|folder| spellings.iter().map(move |tenant| (folder, *tenant)))
            .map(|(folder, tenant)| Pair {
                content: join(folder, contents_of(tree), tenant, &config),
                data_key: join(folder, data_keys_of(tree), tenant, &config),
            })
            .collect();
        places.into_iter()
    }

    /// The folders under which the files of a tree lie.
    pub(crate) fn roots(&self, tree: Tree) -> impl Iterator<Item = Root> {
        let (content, data_key) = (contents_of(tree), data_keys_of(tree));
        let plain = |folder: &PathBuf| Root { pair: pair(folder, content, data_key), depth: 2 };
        let tenants =
            |folder: &PathBuf| Root { pair: pair(folder, &tenant_name(content), &tenant_name(data_key)), depth: 3 };
        self.folders.iter().flat_map(move |folder| [plain(folder), tenants(folder)])
    }
}

fn pair(folder: &Path, content: &str, data_key: &str) -> Pair {
    Pair { content: folder.join(content), data_key: folder.join(data_key) }
}

fn contents_of(tree: Tree) -> &'static str {
    match tree {
        Tree::Snapshot => "snapshot",
        Tree::Failover => "data/config-data",
    }
}

fn data_keys_of(tree: Tree) -> &'static str {
    match tree {
        Tree::Snapshot => "encrypted-data-key/snapshot",
        Tree::Failover => "encrypted-data-key/failover",
    }
}

fn tenant_name(name: &str) -> String {
    format!("{name}-tenant")
}

fn join(folder: &Path, name: &str, tenant: Option<&str>, config: &Path) -> PathBuf {
    match tenant {
        None => folder.join(name).join(config),
        Some(tenant) => folder.join(tenant_name(name)).join(&*component(tenant)).join(config),
    }
}

/// Names of the folder of a client: the newest first, then those that older clients wrote.
pub(crate) fn environment_names(options: &Options) -> Vec<String> {
    let namespace = &options.namespace;
    let (without, with) = match (&options.config.environment_name, &options.servers) {
        (Some(name), _) => return with_prefix(&[plain(name)]),
        (None, ServerSource::Fixed(texts)) => {
            let addresses: Vec<String> = texts.iter().flat_map(|text| addresses(text, options.default_port)).collect();
            let suffix = addresses.join("-");
            (format!("fixed-{suffix}"), format!("fixed-{namespace}-{suffix}"))
        }
        (None, ServerSource::Endpoint(endpoint)) => {
            let path = endpoint.context_path.as_ref().unwrap_or(&options.context_path);
            let name = plain(&format!("custom-{}_{}_{path}_{}", endpoint.host, endpoint.port, endpoint.list));
            (name.clone(), format!("{name}_{namespace}"))
        }
    };
    // 2.x clients leave the default namespace out, 3.x clients name it.
    if namespace.is_default() { with_prefix(&[without, with]) } else { with_prefix(&[with]) }
}

/// The addresses of one text of the server list, as they stand in a folder's name.
fn addresses(text: &str, default_port: u16) -> impl Iterator<Item = String> {
    text.split([',', ';']).map(str::trim).filter(|address| !address.is_empty()).map(move |address| {
        match address.strip_prefix("http://").or_else(|| address.strip_prefix("https://")) {
            Some(rest) => plain(rest),
            None if address.contains(':') => plain(address),
            None => format!("{}_{default_port}", plain(address)),
        }
    })
}

fn plain(name: &str) -> String {
    name.replace([':', '/'], "_")
}

/// 2.5 and later put `Config-` before the name.
fn with_prefix(names: &[String]) -> Vec<String> {
    let new = names.iter().map(|name| format!("Config-{name}"));
    new.chain(names.iter().cloned()).collect()
}

fn shortened(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(FOLDER_LENGTH) {
        None => Cow::Borrowed(name),
        Some((end, _)) => Cow::Owned(format!("{}{}", &name[..end], md5_hex(name))),
    }
}

/// A legal name of a config as the name of a file.
fn component(name: &str) -> Cow<'_, str> {
    escaped(name, cfg!(windows))
}

/// `%` is legal in no name of a config, so what it introduces never meets another config's file.
fn escaped(name: &str, windows: bool) -> Cow<'_, str> {
    let is_bad = |character: char| {
        character == '/' || character == '%' || character.is_control() || windows && "<>:\"\\|?*".contains(character)
    };
    let stem = name.split('.').next().unwrap_or(name);
    let reserved = windows && (is_device(stem) || name.ends_with(['.', ' ']));
    let dots = name == "." || name == "..";
    let text = if dots || reserved || name.contains(is_bad) {
        let last = name.chars().count() - 1;
        let escape = |(index, character): (usize, char)| {
            let alone = dots || reserved && (index == last || index == 0);
            if alone || is_bad(character) { format!("%{:02X}", character as u32) } else { character.to_string() }
        };
        Cow::Owned(name.chars().enumerate().map(escape).collect())
    } else {
        Cow::Borrowed(name)
    };
    if text.len() <= NAME_LENGTH {
        return text;
    }
    let end = (0..=KEPT_LENGTH).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    Cow::Owned(format!("{}%{}", &text[..end], md5_hex(name)))
}

fn is_device(stem: &str) -> bool {
    let stem = stem.to_ascii_uppercase();
    let numbered = |name: &str| {
        stem.strip_prefix(name).is_some_and(|rest| rest.len() == 1 && rest.chars().all(|c| c.is_ascii_digit()))
    };
    matches!(&*stem, "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

/// Reads a text of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Read {
    match try_read(path, limit) {
        Ok(read) => read,
        Err(error) if is_absence(&error) => Read::Absent,
        Err(error) => Read::Damaged(error.to_string()),
    }
}

fn try_read(path: &Path, limit: u64) -> io::Result<Read> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Ok(Read::Damaged("it is not a file".into()));
    }
    if metadata.len() > limit {
        return Ok(Read::Damaged(format!("{} bytes are more than the limit of {limit}", metadata.len())));
    }
    match String::from_utf8(fs::read(path)?) {
        Ok(text) => Ok(Read::Text(text, modified_at(&metadata))),
        Err(_) => Ok(Read::Damaged("it is not UTF-8".into())),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Milliseconds since the epoch; 0 where the file system does not tell.
fn modified_at(metadata: &fs::Metadata) -> i64 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(0)
}

/// Writes a file as a whole: a reader sees the old text or the new one, and a failure leaves the old one.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);

    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    // Unique among the processes and the clients that share the folder.
    let name = format!("%{}-{}.tmp", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let temporary = folder.join(name);
    let open = || fs::File::options().write(true).create(true).truncate(true).open(&temporary);
    let file = open().or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => fs::create_dir_all(folder).and_then(|()| open()),
        _ => Err(error),
    });
    let written = file.and_then(|mut file| file.write_all(text.as_bytes())).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Removes a file that may not be there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if !is_absence(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Moves a damaged file out of the way, beside its old place; answers its new one.
pub(crate) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(DAMAGED_SUFFIX);
    let aside = path.with_file_name(name);
    fs::rename(path, &aside)?;
    Ok(aside)
}

#[cfg(test)]
pub(crate) mod tests;
