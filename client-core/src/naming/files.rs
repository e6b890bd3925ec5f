//! Lists of services as files, in the layout of Nacos's clients: one file per service, its name the encoded
//! `group@@service`, its content one line of JSON.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use nacre_proto::{json, naming as wire};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::model::{ServiceSnapshot, Source};
use crate::names::ServiceKey;

/// Subfolder of files that could not be read. Readers of the layout pass folders over.
const SET_ASIDE: &str = "corrupt";
/// Subfolder of files that are being written.
const UNFINISHED: &str = "unfinished";
/// Ends of names that never hold a list.
const OTHER_KINDS: [&str; 2] = ["@@meta", "@@special-url"];
/// What Java's `URLEncoder` leaves as it is, besides letters and digits.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'*').remove(b'_');

static WRITES: AtomicU64 = AtomicU64::new(0);

/// Why a file holds no list.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("cannot read the file: {0}")]
    Io(#[from] io::Error),
    #[error("the file holds no list of instances: {0}")]
    Content(#[from] json::BodyError),
    #[error("the file is empty")]
    Empty,
}

impl Unreadable {
    /// Whether the file itself is bad, and not the attempt to read it.
    pub(crate) fn is_corrupt(&self) -> bool {
        !matches!(self, Self::Io(_))
    }
}

/// The name of a service's file.
pub(crate) fn file_name(service: &ServiceKey) -> String {
    utf8_percent_encode(&service.grouped(), KEPT).to_string().replace("%20", "+")
}

/// The service of a file. None for other kinds, and for lists of single clusters, which older clients wrote
/// and which must not stand for the whole service.
pub(crate) fn service_of(name: &str) -> Option<ServiceKey> {
    if OTHER_KINDS.iter().any(|end| name.ends_with(end)) {
        return None;
    }
    let text = name.replace('+', " ");
    let text = percent_decode_str(&text).decode_utf8().ok()?;
    let (group, service) = text.split_once("@@")?;
    if group.is_empty() || service.contains("@@") {
        return None;
    }
    ServiceKey::new(group, service).ok()
}

/// The files of a folder that may hold lists, with their services. None if the folder does not exist.
pub(crate) fn services_in(folder: &Path) -> io::Result<Vec<(ServiceKey, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let Some(service) = entry.file_name().to_str().and_then(service_of) else { continue };
        // Links are followed: people mount single files.
        if fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file()) {
            found.push((service, entry.path()));
        }
    }
    Ok(found)
}

/// Reads a list: one object per line, or one instance per line as very old clients wrote it.
pub(crate) fn read(path: &Path, service: &ServiceKey, source: Source) -> Result<Arc<ServiceSnapshot>, Unreadable> {
    let bytes = fs::read(path)?;
    let mut whole: Option<wire::ServiceInfo> = None;
    let mut hosts = Vec::new();
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    for line in lines {
        let Some(info) = json::from_slice::<wire::ServiceInfo>(line)? else { continue };
        if info.name.is_some() || info.group_name.is_some() {
            whole = Some(info);
        } else if let Some(host) = json::from_slice::<wire::Instance>(line)?.filter(|host| host.ip.is_some()) {
            hosts.push(host);
        }
    }
    let info = match whole {
        Some(info) => info,
        None if !hosts.is_empty() => wire::ServiceInfo { hosts, ..wire::ServiceInfo::default() },
        None => return Err(Unreadable::Empty),
    };
    Ok(ServiceSnapshot::from_wire(service.clone(), info, source))
}

/// Replaces the file of a service. Readers see the old or the new list, never a part.
pub(crate) fn write(folder: &Path, snapshot: &ServiceSnapshot) -> io::Result<()> {
    let name = file_name(snapshot.service());
    let unfinished = folder.join(UNFINISHED);
    let text = json::to_vec(&snapshot.to_wire());
    let number = WRITES.fetch_add(1, Ordering::Relaxed);
    // The service's name would leave no room for a suffix: names may have up to 255 bytes.
    let draft = unfinished.join(format!("{}-{number}", std::process::id()));
    let written = fs::write(&draft, &text).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => fs::create_dir_all(&unfinished).and_then(|()| fs::write(&draft, &text)),
        _ => Err(error),
    });
    let renamed = written.and_then(|()| fs::rename(&draft, folder.join(name)));
    if renamed.is_err() {
        // Nothing helps if this fails too; the next start sweeps the folder.
        let _ = fs::remove_file(&draft);
    }
    renamed
}

/// Removes what a process left unfinished. Files of processes that may still run stay.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder.join(UNFINISHED)) else { return };
    let day = std::time::Duration::from_secs(86_400);
    for entry in entries.flatten() {
        let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > day) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Moves a bad file to where no reader looks; answers where that is. Only the last one of a name is kept.
pub(crate) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no file name"));
    };
    let aside = folder.join(SET_ASIDE);
    fs::create_dir_all(&aside)?;
    let target = aside.join(name);
    fs::rename(path, &target)?;
    Ok(target)
}

#[cfg(test)]
mod tests;
