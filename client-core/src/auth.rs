//! How requests prove who sends them: a token, a signature, or both.

mod signature;
mod temporary;
mod token;

use std::{sync::Arc, time::SystemTime};

pub(crate) use token::{LoginTask, Tokens};

use crate::{connection::Resource, error::Error, http::Web, options::Options};
use signature::Signer;
use temporary::Temporary;

/// The credentials of one connection.
#[derive(Debug)]
pub(crate) struct Auth {
    signer: Option<Signer>,
    temporary: Option<Temporary>,
    tokens: Option<Arc<Tokens>>,
}

/// What one request carries.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    token: Option<Arc<str>>,
    signature: Vec<(&'static str, String)>,
}

impl Auth {
    pub(crate) fn new(options: &Options, web: &Web) -> Result<Self, Error> {
        let credentials = &options.credentials;
        let signer = credentials.keys.clone().map(Signer::new);
        let temporary = credentials.temporary_keys.clone();
        let temporary = temporary.map(|keys| Temporary::new(keys, web.clone(), options.http_timeout)).transpose()?;
        let tokens = credentials.login.clone().map(|login| Arc::new(Tokens::new(login)));
        Ok(Self { signer, temporary, tokens })
    }

    /// The tokens, which a [`LoginTask`] must fetch.
    pub(crate) fn tokens(&self) -> Option<&Arc<Tokens>> {
        self.tokens.as_ref()
    }

    /// What a request about this resource carries. Waits for the end of the first login, and
    /// for temporary keys that are due.
    pub(crate) async fn identity(&self, resource: Resource<'_>) -> Identity {
        let mut identity = Identity::default();
        if let Some(tokens) = &self.tokens {
            identity.token = tokens.current().await;
        }
        let mut sign = |signer: &Signer| signer.sign(resource, SystemTime::now(), &mut identity.signature);
        let signed = match &self.temporary {
            Some(temporary) => temporary.sign(&mut sign).await,
            None => false,
        };
        if let Some(signer) = self.signer.as_ref().filter(|_| !signed) {
            sign(signer);
        }
        identity
    }

    /// Fetches another token after `used` was refused; tells whether there is one.
    pub(crate) async fn renew(&self, used: Option<&str>) -> bool {
        match &self.tokens {
            Some(tokens) => tokens.renew(used).await,
            None => false,
        }
    }
}

impl Identity {
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Headers of a gRPC request, parameters of an HTTP request.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let token = self.token.as_deref().map(|token| ("accessToken", token));
        token.into_iter().chain(self.signature.iter().map(|(name, value)| (*name, value.as_str())))
    }
}
