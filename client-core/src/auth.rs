//! How requests prove who sends them: a token, a signature, or both.

mod signature;
mod token;

use std::{sync::Arc, time::SystemTime};

pub(crate) use token::{LoginTask, Tokens};

use crate::{connection::Resource, options::Credentials};
use signature::Signer;

/// The credentials of one connection.
#[derive(Debug)]
pub(crate) struct Auth {
    signer: Option<Signer>,
    tokens: Option<Arc<Tokens>>,
}

/// What one request carries.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    token: Option<Arc<str>>,
    signature: Vec<(&'static str, String)>,
}

impl Auth {
    pub(crate) fn new(credentials: &Credentials) -> Self {
        let signer = credentials.keys.clone().map(Signer::new);
        let tokens = credentials.login.clone().map(|login| Arc::new(Tokens::new(login)));
        Self { signer, tokens }
    }

    /// The tokens, which a [`LoginTask`] must fetch.
    pub(crate) fn tokens(&self) -> Option<&Arc<Tokens>> {
        self.tokens.as_ref()
    }

    /// What a request about this resource carries. Waits for the end of the first login.
    pub(crate) async fn identity(&self, resource: Resource<'_>) -> Identity {
        let mut identity = Identity::default();
        if let Some(tokens) = &self.tokens {
            identity.token = tokens.current().await;
        }
        if let Some(signer) = &self.signer {
            signer.sign(resource, SystemTime::now(), &mut identity.signature);
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
