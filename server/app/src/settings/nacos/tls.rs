//! What Nacos says about TLS, in several words that depend on each other.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};

use super::names::TlsWord;

const MODE: &str = "gateway.tls.mode";
const MAIN_PORT_MODE: &str = "gateway.tls.main_port_mode";
const CLIENT_CA: &str = "gateway.tls.client_ca";

/// The settings that the words make, each with the name that it comes from.
///
/// In Nacos HTTP and gRPC are encrypted by themselves. Here gRPC is served on the main port, too: so
/// that one takes both kinds of connections where only gRPC is encrypted.
pub(super) fn settings(
    words: &BTreeMap<TlsWord, (String, String)>,
) -> anyhow::Result<Vec<(&'static str, String, String)>> {
    let is = |word: TlsWord, default: bool| -> anyhow::Result<bool> {
        let Some((name, text)) = words.get(&word) else { return Ok(default) };
        text.to_lowercase().parse().with_context(|| format!("{name} must be true or false, not {text:?}"))
    };
    let name = |word: TlsWord| words.get(&word).map(|(name, _)| name.clone()).unwrap_or_default();
    let (grpc, http) = (is(TlsWord::Grpc, false)?, is(TlsWord::Http, false)?);
    if !grpc && !http {
        return Ok(Vec::new());
    }
    let mode = match (grpc, is(TlsWord::Plain, true)?) {
        (false, _) => "off",
        (true, true) => "optional",
        (true, false) => "required",
    };
    let source = name(if grpc { TlsWord::Grpc } else { TlsWord::Http });
    let main = if http { "required" } else { "optional" };
    let mut made = vec![(MODE, source.clone(), mode.to_owned()), (MAIN_PORT_MODE, source, main.to_owned())];
    if is(TlsWord::Mutual, false)? {
        let Some((name, path)) = words.get(&TlsWord::Authorities) else {
            bail!("{} needs nacos.remote.server.rpc.tls.trustCollectionCertFile", name(TlsWord::Mutual));
        };
        made.push((CLIENT_CA, name.clone(), path.clone()));
    }
    Ok(made)
}
