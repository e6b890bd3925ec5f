//! The encoding of what crosses to a host.
//!
//! Fields follow each other without gaps. Numbers have the highest byte first; texts and contents are a length and the
//! bytes; a value that may be absent is a byte 0, or 1 and the value; a list is a count and its elements; a map is a
//! list of pairs of texts. Lengths and counts are LEB128 of at most 5 bytes. Durations are milliseconds in an `i64`.
//! The fields of each operation stand at [`op`](crate::op).

use std::{collections::BTreeMap, fmt, time::Duration};

/// Rises with each change of the encoding.
pub const FORMAT: u32 = 1;

/// Bytes that are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request cannot be decoded")
    }
}

impl std::error::Error for Malformed {}

/// What reading gives.
pub type Result<T> = std::result::Result<T, Malformed>;

/// Reads an encoded value from its beginning.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// When something is.
    pub fn end(&self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A byte.
    ///
    /// # Errors
    /// At the end.
    pub fn u8(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A truth value.
    ///
    /// # Errors
    /// When it is neither 0 nor 1.
    pub fn bool(&mut self) -> Result<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    /// Four bytes.
    ///
    /// # Errors
    /// At the end.
    pub fn i32(&mut self) -> Result<i32> {
        self.array().map(i32::from_be_bytes)
    }

    /// Eight bytes.
    ///
    /// # Errors
    /// At the end.
    pub fn i64(&mut self) -> Result<i64> {
        self.array().map(i64::from_be_bytes)
    }

    /// Eight bytes, e.g. a key of a table.
    ///
    /// # Errors
    /// At the end.
    pub fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A floating-point number.
    ///
    /// # Errors
    /// At the end.
    pub fn f64(&mut self) -> Result<f64> {
        self.array().map(f64::from_be_bytes)
    }

    /// A number that is not negative, as an `i32`.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn unsigned<T: TryFrom<i32>>(&mut self) -> Result<T> {
        T::try_from(self.i32()?).map_err(|_| Malformed)
    }

    /// A duration.
    ///
    /// # Errors
    /// When it is negative.
    pub fn duration(&mut self) -> Result<Duration> {
        u64::try_from(self.i64()?).map(Duration::from_millis).map_err(|_| Malformed)
    }

    /// A length or count, at most the number of bytes that are left: each element takes one at least.
    ///
    /// # Errors
    /// When it is larger.
    pub fn count(&mut self) -> Result<usize> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let part = self.u8()?;
            value |= u64::from(part & 0x7f) << shift;
            if part < 0x80 {
                return usize::try_from(value).ok().filter(|count| *count <= self.rest.len()).ok_or(Malformed);
            }
        }
        Err(Malformed)
    }

    /// Bytes.
    ///
    /// # Errors
    /// At the end.
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.count()?;
        self.take(length)
    }

    /// A text.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn str(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    /// A text to keep.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn string(&mut self) -> Result<String> {
        self.str().map(str::to_owned)
    }

    /// A value that may be absent.
    ///
    /// # Errors
    /// Those of the value.
    pub fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        if self.bool()? { read(self).map(Some) } else { Ok(None) }
    }

    /// A list.
    ///
    /// # Errors
    /// Those of an element.
    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let count = self.count()?;
        // The count may be larger than the list; its elements are not believed before they are read.
        let mut list = Vec::with_capacity(count.min(1024));
        for _ in 0..count {
            list.push(read(self)?);
        }
        Ok(list)
    }

    /// A list of texts.
    ///
    /// # Errors
    /// Those of a text.
    pub fn strings(&mut self) -> Result<Vec<String>> {
        self.list(Self::string)
    }

    /// A list of pairs of texts.
    ///
    /// # Errors
    /// Those of a text.
    pub fn pairs(&mut self) -> Result<Vec<(String, String)>> {
        self.list(|reader| Ok((reader.string()?, reader.string()?)))
    }

    /// A map; of a key that comes twice the last value counts.
    ///
    /// # Errors
    /// Those of a text.
    pub fn map(&mut self) -> Result<BTreeMap<String, String>> {
        self.pairs().map(BTreeMap::from_iter)
    }
}

/// Writes an encoded value.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Writer {
    buffer: Vec<u8>,
}

impl Writer {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.buffer
    }

    /// A byte.
    pub fn u8(mut self, value: u8) -> Self {
        self.buffer.push(value);
        self
    }

    /// A truth value.
    pub fn bool(self, value: bool) -> Self {
        self.u8(value.into())
    }

    /// Four bytes.
    pub fn i32(self, value: i32) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Eight bytes.
    pub fn i64(self, value: i64) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Eight bytes.
    pub fn u64(self, value: u64) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// A floating-point number.
    pub fn f64(self, value: f64) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// A duration.
    pub fn duration(self, value: Duration) -> Self {
        self.i64(i64::try_from(value.as_millis()).unwrap_or(i64::MAX))
    }

    /// A length or count.
    pub fn count(mut self, value: usize) -> Self {
        let mut rest = value;
        while rest >= 0x80 {
            self = self.u8((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        self.u8(rest as u8)
    }

    /// Bytes with their length.
    pub fn bytes(self, value: &[u8]) -> Self {
        self.count(value.len()).raw(value)
    }

    /// A text.
    pub fn str(self, value: &str) -> Self {
        self.bytes(value.as_bytes())
    }

    /// A value that may be absent.
    pub fn optional<T>(self, value: Option<T>, write: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => write(self.bool(true), value),
            None => self.bool(false),
        }
    }

    /// A text that may be absent.
    pub fn optional_str(self, value: Option<&str>) -> Self {
        self.optional(value, Self::str)
    }

    /// A list.
    pub fn list<T>(self, values: impl ExactSizeIterator<Item = T>, mut write: impl FnMut(Self, T) -> Self) -> Self {
        let counted = self.count(values.len());
        values.fold(counted, &mut write)
    }

    /// A list of texts.
    pub fn strings<S: AsRef<str>>(self, values: &[S]) -> Self {
        self.list(values.iter(), |writer, value| writer.str(value.as_ref()))
    }

    /// A map.
    pub fn map(self, values: &BTreeMap<String, String>) -> Self {
        self.list(values.iter(), |writer, (key, value)| writer.str(key).str(value))
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.buffer.extend_from_slice(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn counts_are_leb128() {
        for (value, bytes) in [(0, vec![0]), (127, vec![127]), (128, vec![128, 1]), (300, vec![0xac, 2])] {
            assert_eq!(Writer::new().count(value).into_bytes(), bytes);
            let mut padded = bytes.clone();
            padded.resize(bytes.len() + value, 0);
            assert_eq!(Reader::new(&padded).count(), Ok(value));
        }
        assert_eq!(Reader::new(&[0xff; 8]).count(), Err(Malformed), "too long");
        assert_eq!(Reader::new(&[5, 1, 2]).count(), Err(Malformed), "more than there is");
    }

    #[test]
    fn numbers_have_the_highest_byte_first() {
        let bytes = Writer::new().i32(1).i64(-2).u64(3).f64(1.0).bool(true).into_bytes();
        assert_eq!(bytes[..4], [0, 0, 0, 1]);
        assert_eq!(bytes[4..12], [255, 255, 255, 255, 255, 255, 255, 254]);
        assert_eq!(bytes[20..22], [0x3f, 0xf0]);
        let mut reader = Reader::new(&bytes);
        assert_eq!((reader.i32(), reader.i64(), reader.u64()), (Ok(1), Ok(-2), Ok(3)));
        assert_eq!((reader.f64(), reader.bool(), reader.end()), (Ok(1.0), Ok(true), Ok(())));
        assert_eq!(reader.u8(), Err(Malformed));
        assert_eq!(Reader::new(&[2]).bool(), Err(Malformed));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            texts in proptest::collection::vec(".{0,40}", 0..20),
            map in proptest::collection::btree_map(".{0,9}", ".{0,200}", 0..9),
            absent in proptest::option::of(".{0,9}"),
            millis in 0..i64::MAX as u64,
        ) {
            let bytes = Writer::new()
                .strings(&texts)
                .map(&map)
                .optional_str(absent.as_deref())
                .duration(Duration::from_millis(millis))
                .into_bytes();
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.strings(), Ok(texts));
            prop_assert_eq!(reader.map(), Ok(map));
            prop_assert_eq!(reader.optional(Reader::string), Ok(absent));
            prop_assert_eq!(reader.duration(), Ok(Duration::from_millis(millis)));
            prop_assert_eq!(reader.end(), Ok(()));
            for cut in 0..bytes.len() {
                let mut reader = Reader::new(&bytes[..cut]);
                let whole = reader.strings().is_ok()
                    && reader.map().is_ok()
                    && reader.optional(Reader::string).is_ok()
                    && reader.duration().is_ok();
                prop_assert!(!whole, "cut at {} of {}", cut, bytes.len());
            }
        }
    }
}
