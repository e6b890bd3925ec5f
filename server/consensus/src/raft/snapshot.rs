//! A group's state as a file for a follower: rows of all families, each with its lengths.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _},
    ops::Bound,
};

use bytes::Bytes;

use crate::{engine::Read, id::GroupId, state::Family};

/// First bytes of the file, with the version of its layout.
const MAGIC: &[u8; 8] = b"nacre\0s1";

/// An unnamed file that vanishes with its last handle.
#[derive(Debug)]
pub(crate) struct SnapshotFile(pub(crate) File);

/// The part of the key space that holds a group's state of one generation.
pub(crate) fn state_prefix(group: GroupId, generation: u32) -> [u8; 6] {
    let mut prefix = [0; 6];
    prefix[..2].copy_from_slice(&group.0.to_be_bytes());
    prefix[2..].copy_from_slice(&generation.to_be_bytes());
    prefix
}

/// The first key behind all keys of a generation.
pub(crate) fn state_end(group: GroupId, generation: u32) -> Bytes {
    match generation.checked_add(1) {
        Some(next) => Bytes::copy_from_slice(&state_prefix(group, next)),
        None => Bytes::copy_from_slice(&(group.0 + 1).to_be_bytes()),
    }
}

/// Writes one generation of a group's state.
pub(crate) fn write(
    source: &dyn Read,
    families: &[Family],
    group: GroupId,
    generation: u32,
) -> io::Result<SnapshotFile> {
    let mut out = BufWriter::new(tempfile::tempfile()?);
    out.write_all(MAGIC)?;
    let (from, to) = (state_prefix(group, generation), state_end(group, generation));
    for (number, family) in families.iter().enumerate() {
        let number = u8::try_from(number).map_err(io::Error::other)?;
        let mut failure = None;
        source.scan(
            *family,
            Bound::Included(&from),
            Bound::Excluded(&to),
            false,
            &mut |key, value| match write_row(&mut out, number, &key[from.len()..], value) {
                Ok(()) => true,
                Err(error) => {
                    failure = Some(error);
                    false
                }
            },
        )?;
        if let Some(error) = failure {
            return Err(error);
        }
    }
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(SnapshotFile(file))
}

fn write_row(out: &mut impl io::Write, family: u8, key: &[u8], value: &[u8]) -> io::Result<()> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).map(u32::to_be_bytes).map_err(io::Error::other);
    out.write_all(&[family])?;
    out.write_all(&length(key)?)?;
    out.write_all(&length(value)?)?;
    out.write_all(key)?;
    out.write_all(value)
}

/// Calls `row` with each row of the file: family, key without prefix, value.
pub(crate) fn read(
    file: SnapshotFile,
    families: &[Family],
    row: impl FnMut(Family, Bytes, Bytes) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = file.0;
    file.rewind()?;
    read_rows(BufReader::new(file), families, row)
}

/// As [`read`], from anything.
pub(super) fn read_rows(
    mut input: impl io::Read,
    families: &[Family],
    mut row: impl FnMut(Family, Bytes, Bytes) -> io::Result<()>,
) -> io::Result<()> {
    let invalid = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text.to_owned());
    let mut magic = [0; 8];
    input.read_exact(&mut magic)?;
    if &magic != MAGIC {
        return Err(invalid("not a snapshot of this version"));
    }
    loop {
        let mut family = [0];
        if input.read(&mut family)? == 0 {
            return Ok(());
        }
        let family = *families.get(usize::from(family[0])).ok_or_else(|| invalid("snapshot of an unknown family"))?;
        let mut lengths = [0; 8];
        input.read_exact(&mut lengths)?;
        let [key, value] =
            [&lengths[..4], &lengths[4..]].map(|bytes| u32::from_be_bytes(bytes.try_into().expect("four bytes")));
        let length = u64::from(key) + u64::from(value);
        // Memory grows with what is there, not with what a damaged file says.
        let mut bytes = Vec::new();
        if input.by_ref().take(length).read_to_end(&mut bytes)? as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = Bytes::from(bytes);
        let key = bytes.split_to(key as usize);
        row(family, key, bytes)?;
    }
}
