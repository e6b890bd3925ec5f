//! Long polling: 1.x clients say what they hold, and are answered when something of it changes.

use axum::response::Response;
use http::{HeaderValue, StatusCode};
use nacre_config::{ConfigKey, Error, Labels, PollKey};

use super::read::{TAG_HEADER, no_cache};
use super::refuse;
use crate::check;
use crate::http::answer::{Answer, JSON_UTF8, respond, set_header};
use crate::http::call::Call;
use crate::http::failure::Failure;
use crate::http::parameters::{form_decode, form_encode};
use crate::metrics::Limit;

const FIELD_END: char = '\u{2}';
const RECORD_END: char = '\u{1}';
const PARAMETER: &str = "Listening-Configs";
/// The first version of clients that no longer look at the headers of a short poll.
const BODY_READERS: [u32; 3] = [2, 0, 4];

/// One config that a client holds, in the client's own spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Record {
    data_id: String,
    group: String,
    md5: String,
    tenant: Option<String>,
}

/// Checks the names in a poll. A text that cannot be read is the operation's matter.
pub(super) fn check(call: &Call) -> check::Checked {
    let Some(Ok(records)) = records(call) else { return Ok(()) };
    for record in &records {
        let parameters = check::Parameters {
            data_id: Some(&record.data_id),
            group: Some(&record.group),
            namespace: record.tenant.as_deref(),
            ..check::Parameters::default()
        };
        parameters.check()?;
    }
    Ok(())
}

/// Answers which of the configs differ from what the client holds: now, or when one changes.
pub(in crate::http) async fn poll(call: &Call) -> Result<Answer, Failure> {
    let records = records(call).ok_or_else(|| Failure::invalid("invalid probeModify"))?;
    let records = records.map_err(|Malformed| Failure::unreadable("invalid probeModify"))?;
    let keys: Vec<PollKey> = records
        .iter()
        .map(|record| PollKey {
            key: ConfigKey::new(record.tenant.as_deref().unwrap_or_default(), &record.group, &record.data_id),
            md5: Some(record.md5.clone()),
        })
        .collect();
    let labels = Labels::new(call.client_ip()).with_tag(call.header(TAG_HEADER));
    let config = &call.state.config;
    let Some(asked) = call.header("long-pulling-timeout") else {
        let changed = config.compare(&keys, &labels);
        return Ok(short_answer(call, &records, &changed));
    };
    let is_immediate = call.header("long-pulling-timeout-no-hangup") == Some("true");
    let changed = if is_immediate {
        config.compare(&keys, &labels)
    } else {
        let asked = asked.trim().parse().map_err(|_| Failure::invalid(format!("For input string: \"{asked}\"")))?;
        let held = call.state.settings.long_poll(asked);
        tokio::select! {
            changed = config.poll(&keys, &labels, held) => changed.map_err(|error| {
                if matches!(error, Error::TooManyListens { .. } | Error::TooManyPolls { .. }) {
                    call.state.metrics.struck(Limit::Listens);
                }
                refuse(&error)
            })?,
            // The client polls again, and finds the next start of the server.
            () = call.state.host.stopped() => Vec::new(),
        }
    };
    Ok(body_answer(&records, &changed))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Malformed;

fn records(call: &Call) -> Option<Result<Vec<Record>, Malformed>> {
    let text = call.filled(PARAMETER)?;
    // Clients encode the value once more than the form needs.
    Some(parse(&form_decode(&text)))
}

/// Reads records of `data id, group, md5[, tenant]`. One that does not end is checked, not used.
fn parse(text: &str) -> Result<Vec<Record>, Malformed> {
    let mut pieces: Vec<&str> = text.split(RECORD_END).collect();
    let unfinished = pieces.pop().unwrap_or_default();
    if !unfinished.is_empty() {
        let fields = unfinished.trim_end_matches(FIELD_END).split(FIELD_END).count();
        if !(2..=4).contains(&fields) {
            return Err(Malformed);
        }
    }
    pieces.into_iter().map(record).collect()
}

fn record(text: &str) -> Result<Record, Malformed> {
    let fields: Vec<&str> = text.split(FIELD_END).collect();
    let (data_id, group, md5, tenant) = match *fields.as_slice() {
        [data_id, group, md5] => (data_id, group, md5, None),
        [data_id, group, md5, tenant] => (data_id, group, md5, Some(tenant)),
        _ => return Err(Malformed),
    };
    if data_id.is_empty() || group.is_empty() {
        return Err(Malformed);
    }
    let owned = str::to_owned;
    Ok(Record { data_id: owned(data_id), group: owned(group), md5: owned(md5), tenant: tenant.map(owned) })
}

/// The configs that changed, in the form in which clients read them.
fn encode(records: &[Record], changed: &[usize]) -> String {
    let mut text = String::new();
    for record in changed.iter().filter_map(|place| records.get(*place)) {
        text.push_str(&record.data_id);
        text.push(FIELD_END);
        text.push_str(&record.group);
        if let Some(tenant) = record.tenant.as_deref().filter(|tenant| !tenant.is_empty()) {
            text.push(FIELD_END);
            text.push_str(tenant);
        }
        text.push(RECORD_END);
    }
    form_encode(&text)
}

fn body_answer(records: &[Record], changed: &[usize]) -> Answer {
    whole(if changed.is_empty() {
        respond(StatusCode::OK, Some(JSON_UTF8), "")
    } else {
        let mut response = respond(StatusCode::OK, Some(JSON_UTF8), encode(records, changed) + "\n");
        no_cache(response.headers_mut());
        response
    })
}

/// The answer to a poll that names no time: old clients read it from two headers.
fn short_answer(call: &Call, records: &[Record], changed: &[usize]) -> Answer {
    if call.header("client-version").is_some_and(reads_body) {
        return body_answer(records, changed);
    }
    let named = changed.iter().filter_map(|place| records.get(*place));
    let old: String = named.map(|record| format!("{}:{};", record.data_id, record.group)).collect();
    let mut response = respond(StatusCode::OK, Some(JSON_UTF8), "");
    let headers = response.headers_mut();
    no_cache(headers);
    headers.insert("probe-modify-response", HeaderValue::from_static(""));
    set_header(headers, "probe-modify-response", &old);
    set_header(headers, "probe-modify-response-new", &encode(records, changed));
    whole(response)
}

/// Whether a client of this version reads the body of a short poll.
fn reads_body(version: &str) -> bool {
    let numbers: Result<Vec<u32>, _> = version.split('.').map(str::parse).collect();
    numbers.is_ok_and(|numbers| numbers.as_slice() >= BODY_READERS.as_slice())
}

fn whole(response: Response) -> Answer {
    Answer::Whole(Box::new(response))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, Malformed> {
        let name = |record: Record| {
            let tenant = record.tenant.map(|tenant| format!("@{tenant}")).unwrap_or_default();
            format!("{}/{}={}{tenant}", record.data_id, record.group, record.md5)
        };
        Ok(parse(text)?.into_iter().map(name).collect())
    }

    #[test]
    fn records_are_read() {
        assert_eq!(names("a\u{2}g\u{2}m\u{1}b\u{2}g\u{2}\u{2}t\u{1}"), Ok(vec!["a/g=m".into(), "b/g=@t".into()]));
        assert_eq!(names("a\u{2}g\u{2}m\u{2}\u{1}"), Ok(vec!["a/g=m@".into()]));
        assert_eq!(names("a\u{2}b"), Ok(Vec::new()), "a record that does not end is not used");
        for bad in ["nonsense", "a\u{2}b\u{2}c\u{2}d\u{2}e\u{1}", "a\u{2}b\u{1}", "\u{1}", "\u{2}g\u{2}m\u{1}"] {
            assert_eq!(names(bad), Err(Malformed), "{bad:?}");
        }
    }

    #[test]
    fn fuzz_listening_configs() {
        bolero::check!().for_each(|input: &[u8]| {
            let Ok(records) = parse(&form_decode(&String::from_utf8_lossy(input))) else { return };
            let all: Vec<usize> = (0..records.len()).collect();
            let written = form_decode(&encode(&records, &all));
            assert_eq!(written.matches(RECORD_END).count(), records.len());
            assert!(records.iter().all(|record| !record.data_id.is_empty() && !record.group.is_empty()));
        });
    }

    #[test]
    fn changes_are_encoded_once() {
        let records = parse("a:1\u{2}g\u{2}m\u{1}b\u{2}g\u{2}m\u{2}t\u{1}c\u{2}g\u{2}m\u{2}\u{1}").expect("readable");
        assert_eq!(encode(&records, &[0, 1]), "a%3A1%02g%01b%02g%02t%01");
        assert_eq!(encode(&records, &[2]), "c%02g%01");
    }

    #[test]
    fn versions_that_are_no_numbers_are_old() {
        assert!(reads_body("2.0.4") && reads_body("2.5.1") && reads_body("3.0"));
        assert!(!reads_body("2.0.3") && !reads_body("Nacos-Java-Client:v2.5.1") && !reads_body(""));
    }
}
