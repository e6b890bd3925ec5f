//! Whatever stands in the store or in a snapshot, reading it ends with a value or an error.

use bytes::Bytes;

use super::{record, snapshot};
use crate::state::Family;

#[test]
fn fuzz_log_entry() {
    bolero::check!().for_each(|input: &[u8]| {
        let Ok(entry) = record::decode_entry(Bytes::copy_from_slice(input)) else { return };
        let written = record::encode_entry(&entry);
        let again = record::decode_entry(written.clone()).expect("own rows are readable");
        assert_eq!(record::encode_entry(&again), written);
    });
}

#[test]
fn fuzz_vote_and_mark() {
    bolero::check!().for_each(|input: &[u8]| {
        if let Ok(vote) = record::decode_vote(Bytes::copy_from_slice(input)) {
            assert_eq!(record::decode_vote(record::encode_vote(&vote)).expect("own rows are readable"), vote);
        }
        if let Ok(mark) = record::decode_applied(Bytes::copy_from_slice(input)) {
            assert_eq!(record::decode_applied(record::encode_applied(&mark)).expect("own rows are readable"), mark);
        }
    });
}

#[test]
fn fuzz_snapshot() {
    let families = [Family("a"), Family("b")];
    bolero::check!().for_each(|input: &[u8]| {
        let mut bytes = 0;
        let read = snapshot::read_rows(input, &families, |_, key, value| {
            bytes += key.len() + value.len();
            Ok(())
        });
        assert!(bytes <= input.len());
        assert!(read.is_ok() || !input.is_empty() || bytes == 0);
    });
}
