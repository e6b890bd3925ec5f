//! Who this data directory belongs to: one small file, and the lock that keeps a second process out.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use crate::{failpoint, id::NodeId};

/// Version of the layout of the data directory.
pub(crate) const FORMAT: u32 = 1;

const FILE: &str = "identity";
const LOCK: &str = "lock";
const DATABASE: &str = "db";

/// A data directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("data directory {} is in use by process {pid}", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The other process.
        pid: String,
    },
    /// It was written by a version with another layout.
    #[error(
        "data directory {} has format {found}, this version reads format {FORMAT}; start it with the version that wrote it",
        path.display()
    )]
    Format {
        /// The directory.
        path: PathBuf,
        /// The format found.
        found: String,
    },
    /// The identity file cannot be understood.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is an identity, but the database it promises is gone.
    #[error("data directory {} has an identity but no database; restore the database or use an empty directory", path.display())]
    NoDatabase {
        /// The directory.
        path: PathBuf,
    },
    /// There is a database that nobody vouches for.
    #[error("data directory {} has a database but no identity; restore the identity file or use an empty directory", path.display())]
    NoIdentity {
        /// The directory.
        path: PathBuf,
    },
    /// A file or the database cannot be read or written.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl OpenError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// The content of the identity file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The cluster, drawn when its first node first started.
    pub cluster: uuid::Uuid,
    /// This node; handed out once and never again.
    pub node: NodeId,
}

/// Held while the directory is in use.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) path: PathBuf,
    pub(crate) identity: Identity,
    /// Released with the process at the latest.
    _lock: File,
}

impl Directory {
    /// Takes the directory, making it and its identity when there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(path).map_err(OpenError::io(format!("cannot create {}", path.display())))?;
        let lock = lock(path)?;
        let file = path.join(FILE);
        let has_database = path.join(DATABASE).join("CURRENT").exists();
        let identity = match fs::read_to_string(&file) {
            Ok(text) => {
                let (identity, complete) = parse(path, &file, &text)?;
                if complete && !has_database {
                    return Err(OpenError::NoDatabase { path: path.to_owned() });
                }
                identity
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if has_database {
                    return Err(OpenError::NoIdentity { path: path.to_owned() });
                }
                // The first node of a cluster names it, and is its node 1.
                let identity = Identity { cluster: uuid::Uuid::new_v4(), node: NodeId(1) };
                failpoint::hit("first-start", 1);
                save(path, &identity, false)?;
                failpoint::hit("first-start", 3);
                identity
            }
            Err(source) => return Err(OpenError::Io { what: format!("cannot read {}", file.display()), source }),
        };
        Ok(Self { path: path.to_owned(), identity, _lock: lock })
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Notes that the database exists: from now on its absence is a loss.
    pub(crate) fn complete(&self) -> Result<(), OpenError> {
        let file = self.path.join(FILE);
        let text = fs::read_to_string(&file).map_err(OpenError::io(format!("cannot read {}", file.display())))?;
        if parse(&self.path, &file, &text)?.1 {
            return Ok(());
        }
        save(&self.path, &self.identity, true)
    }
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let name = path.join(LOCK);
    let failed = || OpenError::io(format!("cannot lock {}", name.display()));
    let mut file =
        OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&name).map_err(failed())?;
    if let Err(error) = file.try_lock() {
        if let fs::TryLockError::Error(error) = error {
            return Err(failed()(error));
        }
        let mut pid = String::new();
        drop(file.read_to_string(&mut pid));
        let pid = if pid.trim().is_empty() { "unknown".to_owned() } else { pid.trim().to_owned() };
        return Err(OpenError::InUse { path: path.to_owned(), pid });
    }
    file.set_len(0).map_err(failed())?;
    file.rewind().map_err(failed())?;
    writeln!(file, "{}", std::process::id()).map_err(failed())?;
    Ok(file)
}

pub(crate) fn render(identity: &Identity, complete: bool) -> String {
    let database = if complete { "complete" } else { "creating" };
    format!("format={FORMAT}\ncluster={}\nnode={}\ndatabase={database}\n", identity.cluster, identity.node)
}

fn parse(path: &Path, file: &Path, text: &str) -> Result<(Identity, bool), OpenError> {
    let damaged = |reason: &str| OpenError::Damaged { path: file.to_owned(), reason: reason.to_owned() };
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.ok_or_else(|| damaged(&format!("no {name}")))
    };
    let format = field("format")?;
    if format != FORMAT.to_string() {
        return Err(OpenError::Format { path: path.to_owned(), found: format.to_owned() });
    }
    let cluster = field("cluster")?.parse().map_err(|_| damaged("cluster is no uuid"))?;
    let node = field("node")?.parse().map_err(|_| damaged("node is no number"))?;
    Ok((Identity { cluster, node: NodeId(node) }, field("database")? == "complete"))
}

/// Replaces the identity file so that a crash leaves the old or the new one.
fn save(path: &Path, identity: &Identity, complete: bool) -> Result<(), OpenError> {
    let temporary = path.join("identity.new");
    let failed = || OpenError::io(format!("cannot write {}", path.join(FILE).display()));
    let mut file = File::create(&temporary).map_err(failed())?;
    file.write_all(render(identity, complete).as_bytes()).map_err(failed())?;
    file.sync_all().map_err(failed())?;
    failpoint::hit("first-start", if complete { 6 } else { 2 });
    fs::rename(&temporary, path.join(FILE)).map_err(failed())?;
    File::open(path).and_then(|directory| directory.sync_all()).map_err(failed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_drawn_once() {
        let home = tempfile::tempdir().unwrap();
        let first = Directory::open(home.path()).unwrap().identity;
        let second = Directory::open(home.path()).unwrap().identity;
        assert_eq!(first, second);
        assert_eq!(first.node, NodeId(1));
    }

    #[test]
    fn a_directory_in_use_names_the_process() {
        let home = tempfile::tempdir().unwrap();
        let _held = Directory::open(home.path()).unwrap();
        let error = Directory::open(home.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
    }

    #[test]
    fn another_format_is_refused() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(FILE), "format=9\n").unwrap();
        let error = Directory::open(home.path()).unwrap_err().to_string();
        assert!(error.contains("format 9, this version reads format 1"), "{error}");
    }

    #[test]
    fn half_a_directory_is_refused_but_an_unfinished_one_is_not() {
        let home = tempfile::tempdir().unwrap();
        let directory = Directory::open(home.path()).unwrap();
        drop(directory);
        // Not complete yet, so a missing database is an interrupted first start.
        let directory = Directory::open(home.path()).unwrap();
        directory.complete().unwrap();
        drop(directory);
        assert!(matches!(Directory::open(home.path()), Err(OpenError::NoDatabase { .. })));

        let other = tempfile::tempdir().unwrap();
        fs::create_dir_all(other.path().join("db")).unwrap();
        fs::write(other.path().join("db/CURRENT"), "").unwrap();
        assert!(matches!(Directory::open(other.path()), Err(OpenError::NoIdentity { .. })));
    }
}
