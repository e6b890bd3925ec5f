//! Who publishes and subscribes, client by client.

use std::{fmt, sync::Arc};

use crate::{
    Naming,
    model::{Address, Instance, ServiceKey},
    session::{Client, epoch_millis},
    shard::{Owner, Publication},
};

/// Names a client: a connection by its id, an address by `ip:port#true` if it lives by beats and by
/// `ip:port#false` if it is persistent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientId {
    /// A connection.
    Connection(String),
    /// An address that lives by beats.
    Beaten(Address),
    /// An address that stays until it is removed.
    Persistent(Address),
}

impl ClientId {
    /// Reads the text of a client id.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let address = |text: &str| {
            let (ip, port) = text.rsplit_once(':')?;
            Some(Address::new(ip, port.parse().ok()?))
        };
        let beaten = text.strip_suffix("#true").and_then(address).map(Self::Beaten);
        let persistent = || text.strip_suffix("#false").and_then(address).map(Self::Persistent);
        beaten.or_else(persistent).unwrap_or_else(|| Self::Connection(text.to_owned()))
    }

    fn of(owner: &Owner) -> Self {
        match owner {
            Owner::Connection { id, .. } => Self::Connection(id.as_ref().to_owned()),
            Owner::Beaten(address) => Self::Beaten(address.clone()),
            Owner::Persistent(address) => Self::Persistent(address.clone()),
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(id) => f.write_str(id),
            Self::Beaten(Address { ip, port }) => write!(f, "{ip}:{port}#true"),
            Self::Persistent(Address { ip, port }) => write!(f, "{ip}:{port}#false"),
        }
    }
}

/// What is known of a client.
#[derive(Clone, Debug)]
pub struct ClientInfo {
    /// Its id.
    pub id: ClientId,
    /// The connection, unless the client is an address.
    pub connection: Option<Arc<Client>>,
    /// When it connected or sent its last beat, in milliseconds since the epoch.
    pub last_updated: u64,
}

impl Naming {
    /// All clients, sorted by id: those connected to this node, and all addresses.
    #[must_use]
    pub fn clients(&self) -> Vec<ClientId> {
        let registry = self.registry();
        let connected = registry.clients.iter().map(|entry| ClientId::Connection(entry.key().clone()));
        let owners = registry.shards.iter().flat_map(|shard| shard.machine.owners());
        let addresses = owners.filter(|owner| !matches!(owner, Owner::Connection { .. }));
        let mut clients: Vec<ClientId> = connected.chain(addresses.map(|owner| ClientId::of(&owner))).collect();
        clients.sort_unstable();
        clients.dedup();
        clients
    }

    /// What is known of a client; `None` for an unknown one.
    #[must_use]
    pub fn client(&self, id: &ClientId) -> Option<ClientInfo> {
        let registry = self.registry();
        let (connection, last_updated) = match id {
            ClientId::Connection(name) => {
                let (client, since) = registry.clients.get(name)?.value().clone();
                (Some(client), since)
            }
            ClientId::Beaten(address) => {
                let silence = registry.leases.silence(address);
                let silence = silence.map_or(0, |silence| u64::try_from(silence.as_millis()).unwrap_or(0));
                if self.published_by(id).is_empty() {
                    return None;
                }
                (None, epoch_millis().saturating_sub(silence))
            }
            ClientId::Persistent(_) => {
                let held = self.published_by(id);
                let changed = held.iter().map(|(service, _)| self.view(service).ref_time()).max();
                (None, changed?)
            }
        };
        Some(ClientInfo { id: id.clone(), connection, last_updated })
    }

    /// The instances that a client publishes, sorted by service.
    #[must_use]
    pub fn published_by(&self, id: &ClientId) -> Vec<(ServiceKey, Arc<Instance>)> {
        let registry = self.registry();
        let owner = match id {
            ClientId::Connection(name) => Owner::Connection { incarnation: registry.me, id: name.as_str().into() },
            ClientId::Beaten(address) => Owner::Beaten(address.clone()),
            ClientId::Persistent(address) => Owner::Persistent(address.clone()),
        };
        let held = registry.shards.iter().flat_map(|shard| shard.machine.held_by(&owner));
        let mut published: Vec<(ServiceKey, Arc<Instance>)> = held
            .flat_map(|(service, publication)| {
                let instances: Vec<_> = publication.instances.iter().cloned().collect();
                instances.into_iter().map(move |instance| (service.clone(), instance))
            })
            .collect();
        published.sort_by(|(one, _), (other, _)| one.cmp(other));
        published
    }

    /// The instances of a service, each with the client that publishes it, sorted by client.
    #[must_use]
    pub fn publishers(&self, service: &ServiceKey) -> Vec<(ClientId, Arc<Instance>)> {
        let publications = self.registry().shard(service).machine.publications(service);
        let each = |(owner, publication): (Owner, Publication)| {
            let id = ClientId::of(&owner);
            let instances: Vec<_> = publication.instances.iter().cloned().collect();
            instances.into_iter().map(move |instance| (id.clone(), instance))
        };
        let mut publishers: Vec<(ClientId, Arc<Instance>)> = publications.into_iter().flat_map(each).collect();
        publishers.sort_by(|(one, _), (other, _)| one.cmp(other));
        publishers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back() {
        for text in ["1714531541000_10.0.0.9_51022", "10.0.0.5:8080#true", "::1:8080#false", "x#true", ":y#false"] {
            assert_eq!(ClientId::parse(text).to_string(), text);
        }
        assert_eq!(ClientId::parse("10.0.0.5:8080#true"), ClientId::Beaten(Address::new("10.0.0.5", 8080)));
        assert_eq!(ClientId::parse("::1:80#false"), ClientId::Persistent(Address::new("::1", 80)));
    }
}
