//! The stored form of a shard's state: what a command changes, and how all of it is read back.

use std::{collections::BTreeMap, io, sync::Arc};

use nacre_consensus::{DecodeError, Family, NodeId, Scan, StateBatch, StateReader};

use super::{
    apply::Touched,
    codec::{answer, answer_byte, cluster, cluster_record, decode, encode, need},
    command::{Answer, Incarnation, Owner},
    record::{CounterRow, DetailRow, OriginRow, OverrideEntry, OwnerRecord, PublicationRow, ServiceRow},
    state::{Origin, Publication, State},
};
use crate::model::{ServiceKey, ServiceKind};

/// The kind of state that shards keep.
pub(crate) const NAMING: Family = Family("naming");

const COUNTERS: u8 = b'C';
const ORIGIN: u8 = b'O';
const SERVICE: u8 = b'S';
const DETAIL: u8 = b'D';
const PUBLICATION: u8 = b'P';

fn key_of(table: u8, service: &ServiceKey) -> Vec<u8> {
    let parts = [service.namespace(), service.group(), service.name()];
    let mut key = Vec::with_capacity(13 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(table);
    for part in parts {
        key.extend_from_slice(&(part.len() as u32).to_be_bytes());
        key.extend_from_slice(part.as_bytes());
    }
    key
}

fn publication_key(service: &ServiceKey, owner: &Owner) -> Vec<u8> {
    let mut key = key_of(PUBLICATION, service);
    key.extend(encode(&OwnerRecord::from(owner)));
    key
}

fn origin_key(node: NodeId) -> Vec<u8> {
    let mut key = vec![ORIGIN];
    key.extend_from_slice(&node.0.to_be_bytes());
    key
}

impl State {
    /// Adds to `batch` what `touched` names.
    pub(super) fn store(&self, touched: &Touched, batch: &mut StateBatch) {
        let mut set = |key: Vec<u8>, row: Option<Vec<u8>>| match row {
            Some(row) => batch.put(NAMING, key, row),
            None => batch.delete(NAMING, key),
        };
        for key in &touched.services {
            set(key_of(SERVICE, key), self.service_row(key));
        }
        for key in &touched.details {
            set(key_of(DETAIL, key), self.detail_row(key));
        }
        for (key, owner) in &touched.publications {
            set(publication_key(key, owner), self.publication_row(key, owner));
        }
        for node in &touched.origins {
            set(origin_key(*node), self.origin_row(*node));
        }
        set(vec![COUNTERS], Some(self.counter_row()));
    }

    /// All rows as they should stand in the store.
    pub(super) fn rows(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut rows = BTreeMap::from([(vec![COUNTERS], self.counter_row())]);
        rows.extend(self.origins.keys().filter_map(|node| Some((origin_key(*node), self.origin_row(*node)?))));
        for (key, service) in &self.services {
            rows.extend(self.service_row(key).map(|row| (key_of(SERVICE, key), row)));
            rows.extend(self.detail_row(key).map(|row| (key_of(DETAIL, key), row)));
            for owner in service.publications.keys() {
                rows.extend(self.publication_row(key, owner).map(|row| (publication_key(key, owner), row)));
            }
        }
        rows
    }

    fn counter_row(&self) -> Vec<u8> {
        encode(&CounterRow { revision: self.revision, time: self.time })
    }

    fn origin_row(&self, node: NodeId) -> Option<Vec<u8>> {
        let origin = self.origins.get(&node)?;
        Some(encode(&OriginRow {
            incarnation: Some(Incarnation { node, epoch: origin.epoch }.into()),
            batch: origin.batch,
            answers: origin.answers.iter().copied().map(answer_byte).collect(),
        }))
    }

    fn service_row(&self, key: &ServiceKey) -> Option<Vec<u8>> {
        let service = self.services.get(key)?;
        Some(encode(&ServiceRow {
            service: Some(key.into()),
            persistent: service.kind == ServiceKind::Persistent,
            revision: service.revision,
            ref_time: service.ref_time,
        }))
    }

    fn detail_row(&self, key: &ServiceKey) -> Option<Vec<u8>> {
        let service = self.services.get(key)?;
        if service.metadata.is_none() && service.clusters.is_empty() && service.overrides.is_empty() {
            return None;
        }
        Some(encode(&DetailRow {
            service: Some(key.into()),
            metadata: service.metadata.as_deref().map(Into::into),
            clusters: service.clusters.iter().map(|(name, metadata)| cluster_record(name, metadata)).collect(),
            overrides: service
                .overrides
                .iter()
                .map(|(key, value)| OverrideEntry { key: Some(key.into()), value: Some(value.into()) })
                .collect(),
        }))
    }

    fn publication_row(&self, key: &ServiceKey, owner: &Owner) -> Option<Vec<u8>> {
        let publication = self.services.get(key)?.publications.get(owner)?;
        Some(encode(&PublicationRow {
            service: Some(key.into()),
            owner: Some(owner.into()),
            holder: Some(publication.holder.into()),
            detached: publication.detached,
            instances: publication.instances.iter().map(|instance| instance.as_ref().into()).collect(),
        }))
    }

    /// Reads the whole state.
    pub(super) fn load(reader: &StateReader) -> io::Result<Self> {
        let mut rows = Vec::new();
        reader.scan(NAMING, &Scan::prefix(b""), &mut |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            true
        })?;
        Self::from_rows(rows).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Builds the state from its rows, in any order.
    pub(super) fn from_rows(rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<Self, DecodeError> {
        let mut state = Self::default();
        let (mut details, mut publications) = (Vec::new(), Vec::new());
        for (key, value) in rows {
            match key.first() {
                Some(&COUNTERS) => {
                    let row: CounterRow = decode(&value)?;
                    state.revision = row.revision;
                    state.time = row.time;
                }
                Some(&ORIGIN) => {
                    let row: OriginRow = decode(&value)?;
                    let incarnation: Incarnation = need(row.incarnation, "incarnation")?.into();
                    let answers: Result<Arc<[Answer]>, DecodeError> =
                        row.answers.iter().map(|byte| answer(*byte)).collect();
                    let origin = Origin { epoch: incarnation.epoch, batch: row.batch, answers: answers? };
                    state.origins.insert(incarnation.node, origin);
                }
                Some(&SERVICE) => {
                    let row: ServiceRow = decode(&value)?;
                    let key = ServiceKey::from(&need(row.service, "service")?);
                    state.add_service(&key, ServiceKind::from_ephemeral(!row.persistent));
                    let service = state.services.get_mut(&key).expect("it was added just now");
                    service.revision = row.revision;
                    service.ref_time = row.ref_time;
                }
                Some(&DETAIL) => details.push(decode::<DetailRow>(&value)?),
                Some(&PUBLICATION) => publications.push(decode::<PublicationRow>(&value)?),
                _ => return Err(DecodeError("unknown row".into())),
            }
        }
        for row in details {
            state.load_details(row)?;
        }
        for row in publications {
            state.load_publication(row)?;
        }
        Ok(state)
    }

    fn load_details(&mut self, row: DetailRow) -> Result<(), DecodeError> {
        let key = ServiceKey::from(&need(row.service, "service")?);
        let service = need(self.services.get_mut(&key), "service of details")?;
        service.metadata = row.metadata.map(|metadata| Arc::new(metadata.into()));
        for record in row.clusters {
            let (name, metadata) = cluster(record)?;
            service.clusters.insert(name, metadata);
        }
        for entry in row.overrides {
            service.overrides.insert(need(entry.key, "key")?.into(), need(entry.value, "value")?.into());
        }
        Ok(())
    }

    fn load_publication(&mut self, row: PublicationRow) -> Result<(), DecodeError> {
        let key = ServiceKey::from(&need(row.service, "service")?);
        let owner = Owner::try_from(&need(row.owner, "owner")?)?;
        let holder: Incarnation = need(row.holder, "holder")?.into();
        let past = owner.kind() == ServiceKind::Ephemeral && self.is_past(holder);
        let publication = Publication {
            holder,
            detached: row.detached,
            in_grace: row.detached || past,
            instances: row.instances.into_iter().map(|record| Arc::new(record.into())).collect(),
        };
        if !self.services.contains_key(&key) {
            return Err(DecodeError("service of a publication is missing".into()));
        }
        self.put_publication(&key, &owner, publication);
        Ok(())
    }
}
