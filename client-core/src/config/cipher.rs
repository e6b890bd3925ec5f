//! Encryption of configs whose data id begins with `cipher-<algorithm>-`, as Nacos's encryption plugins do it.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use super::filter::{ConfigFilter, FilterError, FilterFuture, Incoming, Outgoing};
use crate::names::ConfigKey;

const PREFIX: &str = "cipher-";

/// What a [`Cipher`] answers.
pub type CipherFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, FilterError>> + Send + 'a>>;

/// A content that a [`Cipher`] encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct Encrypted {
    /// The encrypted text.
    pub content: String,
    /// The key that was made for this text, itself encrypted. It is stored beside the text.
    pub data_key: String,
}

// Neither belongs into a log.
impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encrypted").field("length", &self.content.len()).finish_non_exhaustive()
    }
}

/// Encrypts the configs whose data id begins with `cipher-<algorithm>-`. See
/// [`Config::add_cipher`](crate::Config::add_cipher).
pub trait Cipher: Send + Sync + fmt::Debug {
    /// The algorithm in the data id, e.g. `aes`.
    fn algorithm(&self) -> &str;

    /// Encrypts a content with a new data key.
    fn encrypt<'a>(&'a self, content: &'a str) -> CipherFuture<'a, Encrypted>;

    /// Decrypts a content. The data key is blank when the server has none.
    fn decrypt<'a>(&'a self, content: &'a str, data_key: &'a str) -> CipherFuture<'a, String>;
}

/// The filter of one algorithm. It stands below the user's own filters: those see plain text.
#[derive(Debug)]
pub(crate) struct CipherFilter {
    name: String,
    cipher: Arc<dyn Cipher>,
}

impl CipherFilter {
    pub(crate) fn new(cipher: Arc<dyn Cipher>) -> Self {
        Self { name: format!("{PREFIX}{}-", cipher.algorithm()), cipher }
    }
}

impl ConfigFilter for CipherFilter {
    fn name(&self) -> &str {
        &self.name
    }

    fn order(&self) -> i32 {
        i32::MAX
    }

    fn applies(&self, key: &ConfigKey) -> bool {
        key.data_id().starts_with(&self.name)
    }

    fn publish<'a>(&'a self, outgoing: &'a mut Outgoing) -> FilterFuture<'a> {
        Box::pin(async {
            // Who publishes with a data key has encrypted the text already.
            if outgoing.encrypted_data_key.as_ref().is_none_or(String::is_empty) {
                let encrypted = self.cipher.encrypt(&outgoing.content).await?;
                outgoing.content = encrypted.content.into();
                outgoing.encrypted_data_key = Some(encrypted.data_key);
            }
            Ok(())
        })
    }

    fn receive<'a>(&'a self, incoming: &'a mut Incoming) -> FilterFuture<'a> {
        Box::pin(async {
            let data_key = incoming.raw.encrypted_data_key.as_deref().unwrap_or_default();
            incoming.content = self.cipher.decrypt(&incoming.content, data_key).await?.into();
            Ok(())
        })
    }
}
