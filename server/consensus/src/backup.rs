//! Backups of an open store, and new data directories made from them.
//!
//! A backup is a folder: a checkpoint of the database, the identity file, and a list of both with lengths and
//! checksums. It appears under its name when all of it is on disk and has been read again; until then it has another
//! name. Whatever was acknowledged before a backup began is in it.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use ring::digest;
use serde::{Deserialize, Serialize};

use crate::{
    identity::{self, FORMAT, Identity},
    writer::Writer,
};

/// The list of a backup's files.
const MANIFEST: &str = "backup.json";
const IDENTITY: &str = "identity";
const NEW_IDENTITY: &str = "identity.new";
const DATABASE: &str = "db";
/// Ending of what is not complete.
const PARTIAL: &str = ".part";
const LONGEST_NAME: usize = 128;

/// A backup cannot be made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The name is no plain file name.
    #[error("the name of a backup has 1 to 128 letters, digits, '.', '_' and '-', and begins with none of these signs")]
    Name,
    /// There is a backup of this name.
    #[error("there is a backup at {} already", path.display())]
    Exists {
        /// The backup.
        path: PathBuf,
    },
    /// Another backup is being made.
    #[error("another backup is being made")]
    Busy,
    /// Free space is below the reserve.
    #[error("{free} bytes are free, which is below the reserve of {reserve}")]
    NoSpace {
        /// Free bytes.
        free: u64,
        /// The reserve.
        reserve: u64,
    },
    /// The data directory is not empty.
    #[error("{} is not empty; a backup is restored into an empty directory only", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// The backup is not as it was made.
    #[error("the backup {} is damaged: {reason}", path.display())]
    Damaged {
        /// The backup.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl BackupError {
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// What a backup consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout of the data directory.
    pub format: u32,
    /// The cluster that it is of.
    pub cluster: String,
    /// The node that made it.
    pub node: u64,
    /// All files.
    pub files: Vec<ListedFile>,
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// Path within the backup.
    pub path: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// A backup that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its folder.
    pub path: PathBuf,
    /// What it consists of.
    pub manifest: Manifest,
}

/// Makes backups of an open store. Clones share it, and it outlives the host.
#[derive(Clone, Debug)]
pub struct Backups {
    writer: Writer,
    identity: Identity,
    folder: PathBuf,
    running: Arc<Mutex<()>>,
}

impl Backups {
    pub(crate) fn new(writer: Writer, identity: Identity, folder: PathBuf) -> Self {
        Self { writer, identity, folder, running: Arc::default() }
    }

    /// Makes a backup and reads it again. Blocks until it is on disk; writes go on meanwhile.
    ///
    /// # Errors
    /// See [`BackupError`]. Nothing of the backup is left then.
    pub fn make(&self, name: &str) -> Result<Backup, BackupError> {
        if !is_plain(name) {
            return Err(BackupError::Name);
        }
        let _running = self.running.try_lock().ok_or(BackupError::Busy)?;
        let path = self.folder.join(name);
        if path.exists() {
            return Err(BackupError::Exists { path });
        }
        if let Err(shortage) = self.writer.space().check() {
            return Err(BackupError::NoSpace { free: shortage.free, reserve: shortage.reserve });
        }
        let partial = self.folder.join(format!("{name}{PARTIAL}"));
        let made = self.make_in(&partial, &path);
        if made.is_err() {
            drop(fs::remove_dir_all(&partial));
        }
        made.map(|manifest| Backup { path, manifest })
    }

    fn make_in(&self, partial: &Path, path: &Path) -> Result<Manifest, BackupError> {
        let failed = || BackupError::io(format!("cannot write {}", partial.display()));
        if partial.exists() {
            // What an earlier attempt left that was cut off.
            fs::remove_dir_all(partial).map_err(failed())?;
        }
        fs::create_dir_all(partial).map_err(failed())?;
        self.writer.engine().checkpoint(&partial.join(DATABASE)).map_err(failed())?;
        write_synced(&partial.join(IDENTITY), identity::render(&self.identity, true).as_bytes()).map_err(failed())?;
        let manifest = Manifest {
            format: FORMAT,
            cluster: self.identity.cluster.to_string(),
            node: self.identity.node.0,
            files: list(partial).map_err(failed())?,
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::other).map_err(failed())?;
        write_synced(&partial.join(MANIFEST), &text).map_err(failed())?;
        sync_folder(&partial.join(DATABASE)).map_err(failed())?;
        sync_folder(partial).map_err(failed())?;
        fs::rename(partial, path).map_err(failed())?;
        sync_folder(&self.folder).map_err(failed())?;
        Ok(manifest)
    }
}

/// Makes the backup at `from` the content of the empty directory `into`. `copied` is told of bytes as they are
/// written, `check` reads the new database.
///
/// # Errors
/// See [`BackupError`]. The directory is empty again then; if even that fails, no server starts on it, as its identity
/// is written last.
pub fn restore(
    from: &Path,
    into: &Path,
    copied: &mut dyn FnMut(u64),
    check: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<Manifest, BackupError> {
    let manifest = read_manifest(from)?;
    let failed = || BackupError::io(format!("cannot write {}", into.display()));
    fs::create_dir_all(into).map_err(failed())?;
    if !is_empty(into).map_err(failed())? {
        return Err(BackupError::NotEmpty { path: into.to_owned() });
    }
    let restored = fill(&manifest, from, into, copied, check);
    if restored.is_err() {
        drop(fs::remove_dir_all(into.join(DATABASE)));
        drop(fs::remove_file(into.join(NEW_IDENTITY)));
    }
    restored.map(|()| manifest)
}

fn fill(
    manifest: &Manifest,
    from: &Path,
    into: &Path,
    copied: &mut dyn FnMut(u64),
    check: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), BackupError> {
    let failed = || BackupError::io(format!("cannot write {}", into.display()));
    fs::create_dir_all(into.join(DATABASE)).map_err(failed())?;
    let damaged = |reason: String| BackupError::Damaged { path: from.to_owned(), reason };
    for file in manifest.files.iter().filter(|file| file.path != IDENTITY) {
        let sum = copy(&from.join(&file.path), &into.join(&file.path), copied)
            .map_err(BackupError::io(format!("cannot copy {}", file.path)))?;
        if sum != (file.bytes, file.sha256.clone()) {
            return Err(damaged(format!("{} is not as it was written", file.path)));
        }
    }
    check(&into.join(DATABASE)).map_err(|error| damaged(format!("the database cannot be read: {error}")))?;
    let identity = fs::read(from.join(IDENTITY)).map_err(BackupError::io("cannot read the identity"))?;
    let listed = manifest.files.iter().find(|file| file.path == IDENTITY);
    if listed.is_none_or(|listed| listed.sha256 != hex(digest::digest(&digest::SHA256, &identity).as_ref())) {
        return Err(damaged("the identity is not as it was written".to_owned()));
    }
    sync_folder(&into.join(DATABASE)).map_err(failed())?;
    // Last, as it vouches for the rest.
    let name = into.join(NEW_IDENTITY);
    write_synced(&name, &identity).map_err(failed())?;
    fs::rename(&name, into.join(IDENTITY)).map_err(failed())?;
    sync_folder(into).map_err(failed())
}

/// Reads the list of a backup, and looks whether the files are there and no others.
///
/// # Errors
/// When there is no backup, or not all of it.
pub fn read_manifest(from: &Path) -> Result<Manifest, BackupError> {
    let damaged = |reason: String| BackupError::Damaged { path: from.to_owned(), reason };
    let text = fs::read(from.join(MANIFEST))
        .map_err(BackupError::io(format!("cannot read {}", from.join(MANIFEST).display())))?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| damaged(format!("{MANIFEST} cannot be read: {error}")))?;
    if manifest.format != FORMAT {
        return Err(damaged(format!("it has format {}, this version reads format {FORMAT}", manifest.format)));
    }
    for file in &manifest.files {
        let is_ours = file.path == IDENTITY
            || file.path.strip_prefix("db/").is_some_and(|name| !name.contains('/') && !name.starts_with('.'));
        if !is_ours {
            return Err(damaged(format!("it lists {}", file.path)));
        }
        match fs::symlink_metadata(from.join(&file.path)) {
            Ok(found) if found.is_file() && found.len() == file.bytes => {}
            Ok(_) => return Err(damaged(format!("{} is not as it was written", file.path))),
            Err(_) => return Err(damaged(format!("{} is missing", file.path))),
        }
    }
    Ok(manifest)
}

fn is_plain(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    name.len() <= LONGEST_NAME
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && name.bytes().all(is_allowed)
        && !name.ends_with(PARTIAL)
}

/// Whether a directory holds nothing but what file systems put into each.
fn is_empty(path: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        if entry?.file_name() != "lost+found" {
            return Ok(false);
        }
    }
    Ok(true)
}

fn list(partial: &Path) -> io::Result<Vec<ListedFile>> {
    let mut files = vec![listed(partial, IDENTITY.to_owned())?];
    for entry in fs::read_dir(partial.join(DATABASE))? {
        let name = entry?.file_name().into_string().map_err(|_| io::Error::other("odd name of a file"))?;
        files.push(listed(partial, format!("{DATABASE}/{name}"))?);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn listed(partial: &Path, path: String) -> io::Result<ListedFile> {
    let mut file = File::open(partial.join(&path))?;
    let (bytes, sha256) = pass(&mut file, &mut io::sink(), &mut |_| {})?;
    // Parts of a checkpoint are copies that nobody has synced.
    file.sync_all()?;
    Ok(ListedFile { path, bytes, sha256 })
}

fn copy(from: &Path, to: &Path, copied: &mut dyn FnMut(u64)) -> io::Result<(u64, String)> {
    let mut target = File::create(to)?;
    let sum = pass(&mut File::open(from)?, &mut target, copied)?;
    target.sync_all()?;
    Ok(sum)
}

/// Hands all bytes on; answers how many they are, and their checksum.
fn pass(from: &mut File, to: &mut dyn io::Write, passed: &mut dyn FnMut(u64)) -> io::Result<(u64, String)> {
    let mut sum = digest::Context::new(&digest::SHA256);
    let mut buffer = vec![0; 1 << 18];
    let mut total = 0;
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok((total, hex(sum.finish().as_ref())));
        }
        to.write_all(&buffer[..count])?;
        sum.update(&buffer[..count]);
        total += count as u64;
        passed(count as u64);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
#[cfg(feature = "rocksdb")]
mod tests {
    use std::{ops::Bound, sync::Arc};

    use super::*;
    use crate::{
        engine::{Engine as _, Op, Read as _, rocks},
        id::NodeId,
        space::SpaceGuard,
        state::Family,
    };

    const FAMILY: Family = Family("test");

    fn store(home: &Path) -> (Writer, Backups) {
        let engine = rocks::open(&home.join("data"), &[FAMILY]).unwrap();
        let writer = Writer::start(engine, Arc::new(SpaceGuard::unlimited()));
        let identity = Identity { cluster: uuid::Uuid::new_v4(), node: NodeId(1) };
        (writer.clone(), Backups::new(writer, identity, home.join("backups")))
    }

    async fn put(writer: &Writer, number: u32) {
        let key = number.to_be_bytes().to_vec();
        writer.write_synced(vec![Op::Put(FAMILY, key.into(), vec![7; 5_000].into())]).await.unwrap();
    }

    fn rows(database: &Path) -> usize {
        let engine = rocks::RocksEngine::open(database, &[FAMILY]).unwrap();
        let mut count = 0;
        let mut visit = |_: &[u8], _: &[u8]| {
            count += 1;
            true
        };
        engine.scan(FAMILY, Bound::Unbounded, Bound::Unbounded, false, &mut visit).unwrap();
        engine.write(&[Op::Put(FAMILY, vec![255; 8].into(), vec![1].into())], true).unwrap();
        count
    }

    fn restored(from: &Path, into: &Path) -> Result<Manifest, BackupError> {
        restore(from, into, &mut |_| {}, rocks::verify)
    }

    #[tokio::test]
    async fn what_was_written_before_comes_back() {
        let home = tempfile::tempdir().unwrap();
        let (writer, backups) = store(home.path());
        for number in 0..200 {
            put(&writer, number).await;
        }
        let backup = backups.make("first").unwrap();
        for number in 200..300 {
            put(&writer, number).await;
        }
        backups.make("second").unwrap();
        let into = home.path().join("first");
        let mut copied = 0;
        let manifest = restore(&backup.path, &into, &mut |bytes| copied += bytes, rocks::verify).unwrap();
        assert_eq!(manifest, backup.manifest);
        let identity = manifest.files.iter().find(|file| file.path == IDENTITY).unwrap().bytes;
        assert_eq!(copied + identity, manifest.bytes());
        assert_eq!(rows(&into.join(DATABASE)), 200);
        restored(&home.path().join("backups/second"), &home.path().join("second")).unwrap();
        assert_eq!(rows(&home.path().join("second/db")), 300);
        assert_eq!(fs::read(into.join(IDENTITY)).unwrap(), fs::read(backup.path.join(IDENTITY)).unwrap());
        writer.close();
    }

    #[tokio::test]
    async fn only_plain_names_below_the_folder_are_taken() {
        let home = tempfile::tempdir().unwrap();
        let (writer, backups) = store(home.path());
        for odd in ["", ".", "..", "../x", "a/b", ".hidden", "-x", "a b", "x.part", &"x".repeat(129)] {
            assert!(matches!(backups.make(odd), Err(BackupError::Name)), "{odd}");
        }
        backups.make("a.1_b-c").unwrap();
        assert!(matches!(backups.make("a.1_b-c"), Err(BackupError::Exists { .. })));
        let left: Vec<_> = fs::read_dir(home.path().join("backups")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["a.1_b-c"]);
        writer.close();
    }

    #[tokio::test]
    async fn a_damaged_backup_and_a_full_directory_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let (writer, backups) = store(home.path());
        for number in 0..50 {
            put(&writer, number).await;
        }
        let backup = backups.make("one").unwrap();
        let into = home.path().join("into");
        fs::create_dir_all(&into).unwrap();
        fs::write(into.join("mine"), "x").unwrap();
        assert!(matches!(restored(&backup.path, &into), Err(BackupError::NotEmpty { .. })));
        assert_eq!(fs::read(into.join("mine")).unwrap(), b"x");

        let table = backup.manifest.files.iter().find(|file| file.path.ends_with(".sst")).unwrap();
        let table = backup.path.join(&table.path);
        let whole = fs::read(&table).unwrap();
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        // A checkpoint shares its tables with the store, which must stay as it is.
        fs::remove_file(&table).unwrap();
        fs::write(&table, &changed).unwrap();
        let error = restored(&backup.path, &home.path().join("damaged")).unwrap_err();
        assert!(matches!(error, BackupError::Damaged { .. }), "{error}");
        assert!(is_empty(&home.path().join("damaged")).unwrap());
        fs::write(&table, &whole[1..]).unwrap();
        assert!(matches!(read_manifest(&backup.path), Err(BackupError::Damaged { .. })));
        fs::remove_file(&table).unwrap();
        assert!(restored(&backup.path, &home.path().join("short")).unwrap_err().to_string().contains("missing"));
        assert!(restored(home.path(), &home.path().join("none")).is_err());
        writer.close();
    }

    #[test]
    fn a_list_that_leads_elsewhere_is_refused() {
        let home = tempfile::tempdir().unwrap();
        for path in ["../x", "/etc/passwd", "db/../x", "db/a/b", "backup.json"] {
            let file = ListedFile { path: path.to_owned(), bytes: 0, sha256: String::new() };
            let manifest = Manifest { format: FORMAT, cluster: String::new(), node: 1, files: vec![file] };
            fs::write(home.path().join(MANIFEST), serde_json::to_vec(&manifest).unwrap()).unwrap();
            let error = read_manifest(home.path()).unwrap_err().to_string();
            assert!(error.contains("it lists"), "{path}: {error}");
        }
    }
}
