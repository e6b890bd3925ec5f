//! Zip archives of configs in both layouts of Nacos.
//!
//! What comes from outside is limited in entries, in bytes of each and in bytes of all, counted while it is unpacked.
//! The paths in it are names only: nothing is written to a file.

use std::collections::HashMap;
use std::io::{Cursor, Read, Write};

use nacre_config::Detail;
use serde::Deserialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The metadata of the first layout.
const META: &str = ".meta.yml";
/// The metadata of the second layout.
const METADATA: &str = ".metadata.yml";
/// Entries of one archive at most.
const MOST_ENTRIES: usize = 100_000;
/// Bytes of all entries together, unpacked.
const MOST_BYTES: u64 = 256 << 20;
/// Bytes of a metadata entry.
const MOST_METADATA: u64 = 16 << 20;

/// An archive that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ArchiveError {
    /// It is no zip file, or broken.
    #[error("the archive cannot be read")]
    Unreadable,
    /// It says of a config too little.
    #[error("the archive's metadata is illegal")]
    Metadata,
    /// It is larger than allowed.
    #[error("the archive is too large: {0}")]
    TooLarge(&'static str),
}

/// A config as an archive holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) group: String,
    pub(super) data_id: String,
    pub(super) content: String,
    pub(super) app_name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) kind: Option<String>,
}

/// What was read from an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) items: Vec<Item>,
    /// Entries that name no config.
    pub(super) unrecognized: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    metadata: Option<Vec<Described>>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    group: Option<String>,
    data_id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    app_name: Option<String>,
    desc: Option<String>,
}

/// Writes configs as an archive of the first or the second layout. `limit` bounds the bytes of all contents.
pub(super) fn pack(configs: &[Detail], is_second: bool) -> Result<Vec<u8>, ArchiveError> {
    let mut total = 0;
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut add = |name: &str, text: &str| {
        total += text.len() as u64;
        if total > MOST_BYTES {
            return Err(ArchiveError::TooLarge("contents"));
        }
        let started = archive.start_file(name, options);
        started.map_err(|_| ArchiveError::Unreadable)?;
        archive.write_all(text.as_bytes()).map_err(|_| ArchiveError::Unreadable)
    };
    for config in configs {
        add(&format!("{}/{}", config.key.group(), config.key.data_id()), &config.content)?;
    }
    if is_second {
        add(METADATA, &metadata_text(configs))?;
    } else {
        let names = app_names(configs);
        if !names.is_empty() {
            add(META, &names)?;
        }
    }
    let archive = archive.finish().map_err(|_| ArchiveError::Unreadable)?;
    Ok(archive.into_inner())
}

/// One line for each config that has an application name.
fn app_names(configs: &[Detail]) -> String {
    let named = configs.iter().filter_map(|config| {
        let app_name = config.app_name.as_deref().filter(|name| !name.is_empty())?;
        let data_id = match config.key.data_id().rsplit_once('.') {
            Some((name, end)) => format!("{name}~{end}"),
            None => config.key.data_id().to_owned(),
        };
        Some(format!("{}.{data_id}.app={app_name}\r\n", config.key.group()))
    });
    named.collect()
}

fn metadata_text(configs: &[Detail]) -> String {
    if configs.is_empty() {
        return "metadata: []\n".to_owned();
    }
    let mut text = "metadata:\n".to_owned();
    for config in configs {
        let mut line = |name: &str, value: &str| {
            let start = if name == "appName" { "- " } else { "  " };
            text.push_str(&format!("{start}{name}: {}\n", scalar(value)));
        };
        line("appName", config.app_name.as_deref().unwrap_or_default());
        line("dataId", config.key.data_id());
        if let Some(description) = &config.description {
            line("desc", description);
        }
        line("group", config.key.group());
        line("type", config.config_type.name());
    }
    text
}

/// A text as a YAML scalar: plain where nobody could take it for anything else, otherwise quoted as in JSON.
fn scalar(text: &str) -> String {
    if text.is_empty() {
        return "''".to_owned();
    }
    let is_word = |character: char| character.is_ascii_alphanumeric() || "_-./".contains(character);
    let begins_plain = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let lower = text.to_ascii_lowercase();
    let has_meaning = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&lower.as_str());
    if begins_plain && !has_meaning && text.chars().all(is_word) {
        return text.to_owned();
    }
    serde_json::to_string(text).expect("a text is valid JSON")
}

/// Reads an archive of either layout.
pub(super) fn unpack(bytes: &[u8], longest: usize) -> Result<Contents, ArchiveError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ArchiveError::Unreadable)?;
    if archive.len() > MOST_ENTRIES {
        return Err(ArchiveError::TooLarge("entries"));
    }
    let mut total = 0;
    let (mut meta, mut metadata) = (None, None);
    let mut entries = Vec::new();
    for place in 0..archive.len() {
        let mut entry = archive.by_index(place).map_err(|_| ArchiveError::Unreadable)?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().map_err(|_| ArchiveError::Unreadable)?.into_owned();
        let is_metadata = name == META || name == METADATA;
        // A character takes up to four bytes.
        let limit = if is_metadata { MOST_METADATA } else { 4 * longest as u64 };
        let mut text = Vec::new();
        // What the archive says of its sizes is not trusted.
        entry.by_ref().take(limit + 1).read_to_end(&mut text).map_err(|_| ArchiveError::Unreadable)?;
        total += text.len() as u64;
        if text.len() as u64 > limit || total > MOST_BYTES {
            return Err(ArchiveError::TooLarge("contents"));
        }
        let text = String::from_utf8(text).map_err(|_| ArchiveError::Unreadable)?;
        match name.as_str() {
            META => meta = Some(text),
            METADATA => metadata = Some(text),
            _ => entries.push((name, text)),
        }
    }
    let mut contents = Contents::default();
    for (name, content) in entries {
        match name.split('/').collect::<Vec<_>>().as_slice() {
            [group, data_id] if !group.is_empty() && !data_id.is_empty() => {
                let (group, data_id) = ((*group).to_owned(), (*data_id).to_owned());
                contents.items.push(Item { group, data_id, content, ..Item::default() });
            }
            _ => contents.unrecognized.push(name),
        }
    }
    match metadata {
        Some(text) => describe(&mut contents.items, &text)?,
        None => describe_by_names(&mut contents.items, meta.as_deref().unwrap_or_default()),
    }
    Ok(contents)
}

/// The second layout: each listed config needs its group, data id and type. Configs that are not listed are no part
/// of the archive.
fn describe(items: &mut Vec<Item>, text: &str) -> Result<(), ArchiveError> {
    let metadata: Metadata = serde_saphyr::from_str(text).map_err(|_| ArchiveError::Metadata)?;
    let mut known: HashMap<(String, String), Described> = HashMap::new();
    for described in metadata.metadata.unwrap_or_default() {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let (Some(group), Some(data_id), Some(_)) =
            (filled(&described.group), filled(&described.data_id), filled(&described.kind))
        else {
            return Err(ArchiveError::Metadata);
        };
        known.insert((group, data_id), described);
    }
    items.retain_mut(|item| {
        let Some(described) = known.get(&(item.group.clone(), item.data_id.clone())) else { return false };
        item.app_name.clone_from(&described.app_name);
        item.description.clone_from(&described.desc);
        item.kind.clone_from(&described.kind);
        true
    });
    Ok(())
}

/// The first layout: application names by line, types by the end of the data id.
fn describe_by_names(items: &mut [Item], text: &str) {
    let names: HashMap<&str, &str> =
        text.lines().filter_map(|line| line.split_once(".app=")).map(|(key, name)| (key, name.trim())).collect();
    for item in items {
        let (data_id, end) = match item.data_id.rsplit_once('.') {
            Some((name, end)) => (format!("{name}~{end}"), Some(end)),
            None => (item.data_id.clone(), None),
        };
        item.app_name = names.get(format!("{}.{data_id}", item.group).as_str()).map(|name| (*name).to_owned());
        item.kind = end.map(|end| if end == "yml" { "yaml".to_owned() } else { end.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in entries {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn fuzz_archive() {
        const LONGEST: usize = 1 << 16;
        bolero::check!().for_each(|input: &[u8]| {
            let Ok(contents) = unpack(input, LONGEST) else { return };
            for item in contents.items {
                assert!(!item.data_id.is_empty() && !item.group.is_empty());
                assert!(!item.data_id.contains('/') && !item.group.contains('/'));
                assert!(item.content.len() <= 4 * LONGEST);
            }
        });
    }

    #[test]
    fn both_layouts_are_read() {
        let first = archive(&[("G1/a.yml", "a: 1"), ("G1/b", "b"), (".meta.yml", "G1.a~yml.app=app7\r\n")]);
        let read = unpack(&first, 100).unwrap();
        let shown: Vec<_> = read.items.iter().map(|item| (item.kind.as_deref(), item.app_name.as_deref())).collect();
        assert_eq!(shown, [(Some("yaml"), Some("app7")), (None, None)]);
        let metadata = "metadata:\n- {group: G1, dataId: a.yml, type: yaml, desc: d}\n";
        let second = archive(&[(".metadata.yml", metadata), ("G1/a.yml", "a: 1"), ("G1/unlisted", "b"), ("top", "")]);
        let read = unpack(&second, 100).unwrap();
        assert_eq!((read.items.len(), read.unrecognized.as_slice()), (1, &["top".to_owned()][..]));
        assert_eq!(read.items[0].description.as_deref(), Some("d"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for (text, shown) in
            [("", "''"), ("plain.yaml", "plain.yaml"), ("true", "\"true\""), ("1.2", "\"1.2\""), ("a: b", "\"a: b\"")]
        {
            assert_eq!(scalar(text), shown);
        }
    }

    #[test]
    fn archives_have_limits() {
        let large = "x".repeat(401);
        assert_eq!(unpack(&archive(&[("G1/a", &large)]), 100), Err(ArchiveError::TooLarge("contents")));
        assert_eq!(unpack(b"no zip", 100), Err(ArchiveError::Unreadable));
        let names: Vec<String> = (0..=MOST_ENTRIES).map(|number| format!("g/{number}")).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert_eq!(unpack(&archive(&many), 100), Err(ArchiveError::TooLarge("entries")));
        // A bomb: a small archive of many bytes is given up at the limit.
        let mut bomb = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        bomb.start_file("G1/bomb", options).unwrap();
        bomb.write_all(&vec![b'0'; 8 << 20]).unwrap();
        let bomb = bomb.finish().unwrap().into_inner();
        assert!(bomb.len() < 64 << 10);
        assert_eq!(unpack(&bomb, 1 << 20), Err(ArchiveError::TooLarge("contents")));
    }

    #[test]
    fn paths_are_only_names() {
        let read =
            unpack(&archive(&[("../etc/passwd", "x"), ("/abs/x", "y"), ("..//x", "z"), ("G1/", "")]), 100).unwrap();
        assert!(read.items.is_empty(), "{read:?}");
        let dots = unpack(&archive(&[("../x", "y")]), 100).unwrap();
        assert_eq!(dots.items[0].group, "..", "a name like any other, which is checked like any other");
    }

    #[test]
    fn metadata_is_plain_data() {
        for bad in ["metadata: [{dataId: a}]", "metadata: 1", "a: [", "metadata:\n- !!java.lang.Runtime x\n"] {
            let bytes = archive(&[(".metadata.yml", bad), ("G1/a", "x")]);
            assert_eq!(unpack(&bytes, 100), Err(ArchiveError::Metadata), "{bad}");
        }
        let mut laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (level, before) in [('b', 'a'), ('c', 'b'), ('d', 'c'), ('e', 'd'), ('f', 'e'), ('g', 'f'), ('h', 'g')] {
            laughs.push_str(&format!("{level}: &{level} [{}]\n", vec![format!("*{before}"); 10].join(",")));
        }
        laughs.push_str("metadata: *h\n");
        assert_eq!(unpack(&archive(&[(".metadata.yml", &laughs)]), 100), Err(ArchiveError::Metadata));
    }
}
