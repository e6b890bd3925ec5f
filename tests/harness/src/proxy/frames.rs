//! Follows HTTP/2 frames through a stream of bytes, far enough to know where a DATA frame's middle is.

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADER: usize = 9;
const DATA: u8 = 0;

/// Where in a stream the bytes seen so far have ended.
#[derive(Debug)]
pub(super) struct Frames {
    /// Bytes of the preface, or of a payload, that are to be skipped.
    skip: usize,
    header: Vec<u8>,
    /// Bytes from here to the middle of the DATA frame that has begun.
    middle: Option<usize>,
}

impl Frames {
    /// At the start of what a client sends (with the preface) or of what a server sends.
    pub(super) fn new(from_client: bool) -> Self {
        Self { skip: if from_client { PREFACE.len() } else { 0 }, header: Vec::with_capacity(HEADER), middle: None }
    }

    /// Takes note of `bytes`.
    pub(super) fn advance(&mut self, bytes: &[u8]) {
        self.scan(bytes, false);
    }

    /// As [`Frames::advance`], but stops at the middle of a DATA frame's payload and answers how far it went.
    pub(super) fn advance_to_middle(&mut self, bytes: &[u8]) -> Option<usize> {
        self.scan(bytes, true)
    }

    fn scan(&mut self, bytes: &[u8], stop: bool) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            let left = bytes.len() - at;
            if let Some(middle) = self.middle {
                if middle <= left {
                    self.middle = None;
                    if stop {
                        return Some(at + middle);
                    }
                } else {
                    self.middle = Some(middle - left);
                }
            }
            if self.skip > 0 {
                let skipped = self.skip.min(left);
                self.skip -= skipped;
                at += skipped;
                continue;
            }
            let taken = (HEADER - self.header.len()).min(left);
            self.header.extend_from_slice(&bytes[at..at + taken]);
            at += taken;
            if let [high, mid, low, kind, ..] = self.header[..]
                && self.header.len() == HEADER
            {
                self.skip = usize::from(high) << 16 | usize::from(mid) << 8 | usize::from(low);
                self.middle = (kind == DATA && self.skip > 1).then_some(self.skip / 2);
                self.header.clear();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, length: u8) -> Vec<u8> {
        let mut bytes = vec![0, 0, length, kind, 0, 0, 0, 0, 1];
        bytes.extend(std::iter::repeat_n(b'x', usize::from(length)));
        bytes
    }

    #[test]
    fn finds_the_middle_in_any_split() {
        let stream: Vec<u8> = [PREFACE, &frame(4, 6), &frame(1, 20), &frame(0, 1), &frame(0, 40)].concat();
        let expected = stream.len() - 20;
        for size in 1..stream.len() {
            let mut frames = Frames::new(true);
            let mut seen = 0;
            let found = stream.chunks(size).find_map(|chunk| match frames.advance_to_middle(chunk) {
                Some(at) => Some(seen + at),
                None => {
                    seen += chunk.len();
                    None
                }
            });
            assert_eq!(found, Some(expected), "in pieces of {size}");
        }
    }

    #[test]
    fn a_middle_that_has_passed_is_not_cut_later() {
        let mut frames = Frames::new(false);
        let data = frame(0, 10);
        frames.advance(&data[..16]);
        assert_eq!(frames.advance_to_middle(&data[16..]), None);
        assert_eq!(frames.advance_to_middle(&data), Some(14));
    }
}
