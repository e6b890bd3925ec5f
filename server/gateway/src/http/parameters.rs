//! Request parameters: query string and form body as one list, in any charset.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// The parameters of one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters {
    entries: Vec<(String, String)>,
    repeated: Repeated,
}

/// What a parameter that is given several times is read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Repeated {
    /// The first value; the query comes before the body.
    #[default]
    First,
    /// All values with a comma between them.
    Joined,
}

impl Parameters {
    /// Reads the query and a form body. With `named_charset`, values are decoded with the charset
    /// that the parameter `encoding` names.
    pub(super) fn parse(query: &[u8], form: &[u8], named_charset: bool, repeated: Repeated) -> Self {
        let charset = pairs(query)
            .chain(pairs(form))
            .find(|(name, _)| named_charset && name.as_ref() == b"encoding")
            .and_then(|(_, label)| Encoding::for_label(&label))
            .unwrap_or(UTF_8);
        let fields = pairs(query).chain(pairs(form));
        let entries = fields.map(|(name, value)| (text(name, charset), text(value, charset))).collect();
        Self { entries, repeated }
    }

    /// The value of a parameter, also when it is empty.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.entries.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let first = values.next()?;
        if self.repeated == Repeated::First {
            return Some(Cow::Borrowed(first));
        }
        let Some(second) = values.next() else { return Some(Cow::Borrowed(first)) };
        let mut joined = format!("{first},{second}");
        for value in values {
            joined.push(',');
            joined.push_str(value);
        }
        Some(Cow::Owned(joined))
    }

    /// The value of a parameter unless it is empty or blank.
    pub(super) fn filled(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).filter(|value| !crate::check::is_blank(value))
    }
}

/// The pairs of a form-encoded text, percent and plus signs undone, still as bytes.
fn pairs(text: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
    let fields = text.split(|byte| *byte == b'&').filter(|field| !field.is_empty());
    fields.map(|field| {
        let (name, value) = match field.iter().position(|byte| *byte == b'=') {
            Some(at) => (&field[..at], &field[at + 1..]),
            None => (field, &[][..]),
        };
        (decode(name), decode(value))
    })
}

/// Undoes percent and plus signs; a percent sign that begins no byte stays.
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        let escaped = match (first, after) {
            (b'%', [high, low, behind @ ..]) => digit(*high).zip(digit(*low)).map(|(high, low)| {
                rest = behind;
                high << 4 | low
            }),
            (b'+', _) => Some(b' '),
            _ => None,
        };
        decoded.push(escaped.unwrap_or(*first));
    }
    Cow::Owned(decoded)
}

fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn text(bytes: Cow<'_, [u8]>, charset: &'static Encoding) -> String {
    if charset != UTF_8 {
        return charset.decode_without_bom_handling(&bytes).0.into_owned();
    }
    // Contents are large: what is valid, as nearly all is, is not copied again.
    String::from_utf8(bytes.into_owned()).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Decodes a form-encoded text once more, for values that clients encode twice.
pub(super) fn form_decode(text: &str) -> String {
    String::from_utf8_lossy(&decode(text.as_bytes())).into_owned()
}

/// Form-encodes a text as Java's `URLEncoder` does.
pub(super) fn form_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => encoded.push(char::from(byte)),
            b' ' => encoded.push('+'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str, form: &str, repeated: Repeated) -> Parameters {
        Parameters::parse(query.as_bytes(), form.as_bytes(), true, repeated)
    }

    #[test]
    fn query_and_form_are_one_list() {
        let joined = parse("a=1&b=x+y%20z%2B", "a=2&c=&a=3", Repeated::Joined);
        assert_eq!(joined.get("a").as_deref(), Some("1,2,3"));
        assert_eq!(joined.get("b").as_deref(), Some("x y z+"));
        assert_eq!(joined.get("c").as_deref(), Some(""));
        assert_eq!(joined.filled("c"), None);
        assert_eq!(joined.get("d"), None);
        assert_eq!(parse("a=1", "a=2", Repeated::First).get("a").as_deref(), Some("1"));
    }

    #[test]
    fn values_are_decoded_with_the_named_charset() {
        assert_eq!(parse("encoding=GBK&a=%D6%D0", "", Repeated::First).get("a").as_deref(), Some("\u{4E2D}"));
        assert_eq!(parse("a=%E4%B8%AD", "", Repeated::First).get("a").as_deref(), Some("\u{4E2D}"));
        assert_eq!(parse("encoding=none-such&a=x", "", Repeated::First).get("a").as_deref(), Some("x"));
        let utf8 = Parameters::parse(b"encoding=GBK&a=%E4%B8%AD", b"", false, Repeated::First);
        assert_eq!(utf8.get("a").as_deref(), Some("\u{4E2D}"));
    }

    #[test]
    fn odd_forms_are_read_leniently() {
        let odd = parse("&&a&=x&b=1=2&c=%zz%2", "", Repeated::First);
        assert_eq!(odd.get("a").as_deref(), Some(""));
        assert_eq!(odd.get("b").as_deref(), Some("1=2"));
        assert_eq!(odd.get("c").as_deref(), Some("%zz%2"));
    }

    #[test]
    fn encoding_is_that_of_forms() {
        assert_eq!(form_encode("A-z_0.9:x*~ \u{2}\u{1}"), "A-z_0.9%3Ax*%7E+%02%01");
        assert_eq!(form_decode("a%02b+c"), "a\u{2}b c");
    }
}
