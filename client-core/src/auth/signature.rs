//! Signatures with an access key and a secret key, in the two forms that servers of vendors verify.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use parking_lot::Mutex;
use ring::hmac;

use crate::{connection::Resource, options::Keys};

const SECONDS_PER_DAY: u64 = 86_400;

/// Signs requests.
#[derive(Debug)]
pub(super) struct Signer {
    keys: Keys,
    /// The key derived for a region, and the day (since 1970, UTC) that it serves.
    derived: Mutex<Option<(u64, Arc<str>)>>,
}

impl Signer {
    pub(super) fn new(keys: Keys) -> Self {
        Self { keys, derived: Mutex::default() }
    }

    pub(super) fn sign(&self, resource: Resource<'_>, now: SystemTime, to: &mut Vec<(&'static str, String)>) {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let stamp = since.as_millis().to_string();
        match resource {
            Resource::None => return,
            Resource::Lock => to.push(("ak", self.keys.access_key.clone())),
            Resource::Naming { group, service, .. } => {
                let data = naming_data(&stamp, group, service);
                to.push(("signature", self.signature(since.as_secs(), &data)));
                to.push(("data", data));
                to.push(("ak", self.keys.access_key.clone()));
                self.push_version(to);
            }
            Resource::Config { namespace, group, .. } => {
                self.sign_config(&stamp, since.as_secs(), namespace, group, to);
            }
            Resource::ConfigBatch => self.sign_config(&stamp, since.as_secs(), "", "", to),
        }
        if let Some(token) = &self.keys.security_token {
            to.push(("Spas-SecurityToken", token.expose().to_owned()));
        }
    }

    fn sign_config(
        &self,
        stamp: &str,
        seconds: u64,
        namespace: &str,
        group: &str,
        to: &mut Vec<(&'static str, String)>,
    ) {
        let data = match (namespace.is_empty(), group.is_empty()) {
            (true, true) => stamp.to_owned(),
            (true, false) => format!("{group}+{stamp}"),
            (false, true) => format!("{namespace}+{stamp}"),
            (false, false) => format!("{namespace}+{group}+{stamp}"),
        };
        to.push(("Spas-AccessKey", self.keys.access_key.clone()));
        to.push(("Spas-Signature", self.signature(seconds, &data)));
        to.push(("Timestamp", stamp.to_owned()));
        self.push_version(to);
    }

    fn push_version(&self, to: &mut Vec<(&'static str, String)>) {
        if self.region().is_some() {
            to.push(("signatureVersion", "v4".to_owned()));
        }
    }

    fn region(&self) -> Option<&str> {
        self.keys.region.as_deref().filter(|region| !region.is_empty())
    }

    fn signature(&self, seconds: u64, data: &str) -> String {
        let key = match self.region() {
            Some(region) => self.derived_key(seconds / SECONDS_PER_DAY, region),
            None => self.keys.secret_key.expose().into(),
        };
        // SHA-1 is what the servers expect here.
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
        STANDARD.encode(hmac::sign(&key, data.as_bytes()))
    }

    fn derived_key(&self, day: u64, region: &str) -> Arc<str> {
        let mut derived = self.derived.lock();
        if let Some((of, key)) = &*derived
            && *of == day
        {
            return Arc::clone(key);
        }
        let mut key = format!("aliyun_v4{}", self.keys.secret_key.expose()).into_bytes();
        for part in [date(day).as_str(), region, "mse-nacos", "aliyun_v4_request"] {
            key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
        }
        let key: Arc<str> = STANDARD.encode(key).into();
        *derived = Some((day, Arc::clone(&key)));
        key
    }
}

fn naming_data(stamp: &str, group: &str, service: &str) -> String {
    if service.contains("@@") || group.trim().is_empty() {
        return if service.trim().is_empty() { stamp.to_owned() } else { format!("{stamp}@@{service}") };
    }
    format!("{stamp}@@{group}@@{service}")
}

/// `yyyyMMdd` of a day since 1970 in the Gregorian calendar.
fn date(day: u64) -> String {
    // Years begin in March here, so that the leap day is the last one; eras are 400 years.
    let day = day + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}")
}

#[cfg(test)]
mod tests;
