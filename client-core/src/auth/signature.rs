//! Signatures with an access key and a secret key, in the two forms that servers of vendors verify.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use parking_lot::Mutex;
use ring::hmac;
use time::OffsetDateTime;

use crate::{connection::Resource, options::Keys};

/// Signs requests.
#[derive(Debug)]
pub(super) struct Signer {
    keys: Keys,
    /// The key derived for a region, and the day (in UTC) that it serves.
    derived: Mutex<Option<(String, Arc<str>)>>,
}

impl Signer {
    pub(super) fn new(keys: Keys) -> Self {
        Self { keys, derived: Mutex::default() }
    }

    pub(super) fn sign(&self, resource: Resource<'_>, now: SystemTime, to: &mut Vec<(&'static str, String)>) {
        let stamp = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string();
        match resource {
            Resource::None => return,
            Resource::Lock => to.push(("ak", self.keys.access_key.clone())),
            Resource::Naming { group, service, .. } => {
                let data = naming_data(&stamp, group, service);
                to.push(("signature", self.signature(now, &data)));
                to.push(("data", data));
                to.push(("ak", self.keys.access_key.clone()));
                self.push_version(to);
            }
            Resource::Config { namespace, group, .. } => {
                self.sign_config(&stamp, now, namespace, group, to);
            }
            Resource::ConfigBatch => self.sign_config(&stamp, now, "", "", to),
        }
        if let Some(token) = &self.keys.security_token {
            to.push(("Spas-SecurityToken", token.expose().to_owned()));
        }
    }

    fn sign_config(
        &self,
        stamp: &str,
        now: SystemTime,
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
        to.push(("Spas-Signature", self.signature(now, &data)));
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

    fn signature(&self, now: SystemTime, data: &str) -> String {
        let key = match self.region() {
            Some(region) => self.derived_key(date(now), region),
            None => self.keys.secret_key.expose().into(),
        };
        // SHA-1 is what the servers expect here.
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
        STANDARD.encode(hmac::sign(&key, data.as_bytes()))
    }

    fn derived_key(&self, day: String, region: &str) -> Arc<str> {
        let mut derived = self.derived.lock();
        if let Some((of, key)) = &*derived
            && *of == day
        {
            return Arc::clone(key);
        }
        let mut key = format!("aliyun_v4{}", self.keys.secret_key.expose()).into_bytes();
        for part in [day.as_str(), region, "mse-nacos", "aliyun_v4_request"] {
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

/// `yyyyMMdd` of a time, in UTC.
fn date(now: SystemTime) -> String {
    let date = OffsetDateTime::from(now).date();
    format!("{:04}{:02}{:02}", date.year(), u8::from(date.month()), date.day())
}

#[cfg(test)]
mod tests;
