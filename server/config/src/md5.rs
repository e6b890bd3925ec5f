//! The md5 of a content, which clients and server compare to see whether a config changed.

use std::fmt;

use md5::{Digest, Md5 as Hasher};

/// An md5 in its 16 bytes; shown as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Md5([u8; 16]);

impl Md5 {
    /// The md5 of a content, taken over its UTF-8 bytes.
    #[must_use]
    pub fn of(content: &str) -> Self {
        Self(Hasher::digest(content.as_bytes()).into())
    }

    /// Reads 32 lower-case hex digits; upper-case ones are another text to Nacos and refused.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: &[u8; 32] = text.as_bytes().try_into().ok()?;
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// Whether a client that states `text` holds what the server has: the md5 of what it would be
    /// served, or the empty text when there is nothing. An absent text equals neither.
    #[must_use]
    pub fn agrees(served: Option<Self>, text: Option<&str>) -> bool {
        match (served, text) {
            (_, None) => false,
            (None, Some(text)) => text.is_empty(),
            (Some(md5), Some(text)) => Self::parse(text) == Some(md5),
        }
    }

    pub(crate) fn halves(self) -> (u64, u64) {
        let value = u128::from_be_bytes(self.0);
        ((value >> 64) as u64, value as u64)
    }

    pub(crate) fn from_halves(high: u64, low: u64) -> Self {
        Self((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.pad(std::str::from_utf8(&text).expect("hex digits are ASCII"))
    }
}

impl fmt::Debug for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_is_lower_case_hex() {
        let md5 = Md5::of("a: 1");
        assert_eq!(md5.to_string(), "270f9e65a80226eccd82c99cdd0dd2fb");
        assert_eq!(Md5::parse("270f9e65a80226eccd82c99cdd0dd2fb"), Some(md5));
        assert_eq!(Md5::parse("270F9E65A80226ECCD82C99CDD0DD2FB"), None);
        assert_eq!(Md5::parse(""), None);
        let (high, low) = md5.halves();
        assert_eq!(Md5::from_halves(high, low), md5);
    }

    #[test]
    fn agreement_follows_the_listen_rules() {
        let md5 = Md5::of("x");
        assert!(Md5::agrees(Some(md5), Some(&md5.to_string())));
        assert!(!Md5::agrees(Some(md5), Some("")));
        assert!(!Md5::agrees(Some(md5), None));
        assert!(Md5::agrees(None, Some("")));
        assert!(!Md5::agrees(None, None));
        assert!(!Md5::agrees(None, Some(&md5.to_string())));
    }
}
