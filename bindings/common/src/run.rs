//! The operations: from bytes to the engine and back.

use std::time::Duration;

use nacre_client::{Config, naming::Query};
use tokio::time::timeout;

use crate::{
    client::Entry,
    failure::Failure,
    model,
    op::Op,
    subscription::Source,
    wire::{Malformed, Reader, Writer},
};

/// What an operation answers.
pub(crate) type Answer = Result<Vec<u8>, Failure>;

/// What came of an operation.
pub(crate) enum Done {
    /// Bytes for the host.
    Bytes(Vec<u8>),
    /// Bytes, behind which the key of this subscription goes.
    Subscription(Vec<u8>, Source),
}

impl From<Writer> for Done {
    fn from(writer: Writer) -> Self {
        Self::Bytes(writer.into_bytes())
    }
}

/// Runs an operation. A limit that is not zero is its deadline.
pub(crate) async fn run(entry: &Entry, op: Op, request: &[u8], limit: Duration) -> Result<Done, Failure> {
    let mut reader = Reader::new(request);
    let reader = &mut reader;
    match op {
        // These have deadlines of their own.
        Op::Get | Op::GetAndListen | Op::Publish | Op::PublishCas | Op::Remove => {
            let config = entry.client.config();
            let config = if limit.is_zero() { config } else { config.with_timeout(limit) };
            configs(entry, &config, op, reader).await
        }
        _ if limit.is_zero() => others(entry, op, reader).await,
        _ => timeout(limit, others(entry, op, reader)).await.unwrap_or_else(|_| Err(Failure::timeout())),
    }
}

async fn configs(entry: &Entry, config: &Config, op: Op, reader: &mut Reader<'_>) -> Result<Done, Failure> {
    let key = model::read_key(reader, &entry.client.options().namespace)?;
    match op {
        Op::Get => {
            reader.end()?;
            let value = config.get_raw(&key).await?;
            Ok(model::write_config(Writer::new(), value.as_ref()).into())
        }
        Op::GetAndListen => {
            reader.end()?;
            let (value, watch) = config.get_and_listen_raw(&key).await?;
            let bytes = model::write_config(Writer::new(), value.as_ref()).into_bytes();
            Ok(Done::Subscription(bytes, Source::Config(watch)))
        }
        Op::Publish => {
            let publish = model::read_publish(reader)?;
            let gray = model::read_gray(reader)?;
            reader.end()?;
            match gray {
                Some(gray) => config.publish_gray(&key, publish, &gray).await?,
                None => config.publish(&key, publish).await?,
            }
            Ok(Writer::new().into())
        }
        Op::PublishCas => {
            let publish = model::read_publish(reader)?;
            let md5 = reader.str()?;
            reader.end()?;
            config.publish_cas(&key, publish, md5).await?;
            Ok(Writer::new().into())
        }
        _ => {
            let gray = model::read_gray(reader)?;
            reader.end()?;
            match gray {
                Some(gray) => config.remove_gray(&key, &gray).await?,
                None => config.remove(&key).await?,
            }
            Ok(Writer::new().into())
        }
    }
}

async fn others(entry: &Entry, op: Op, reader: &mut Reader<'_>) -> Result<Done, Failure> {
    let client = &entry.client;
    match op {
        Op::Ready => {
            let limit = reader.duration()?;
            reader.end()?;
            client.ready(limit).await?;
            Ok(Writer::new().into())
        }
        Op::Acquire | Op::Release => {
            let request = model::read_lock(reader)?;
            reader.end()?;
            let lock = client.lock();
            let done = if op == Op::Acquire { lock.acquire(&request).await? } else { lock.release(&request).await? };
            Ok(Writer::new().bool(done).into())
        }
        Op::SetSnapshots => {
            let on = reader.bool()?;
            reader.end()?;
            client.config().set_snapshots(on).await;
            Ok(Writer::new().into())
        }
        Op::WatchSet => {
            let (group, data_id) = (reader.str()?, reader.str()?);
            reader.end()?;
            let watch = client.config().watch_set(group, data_id).await?;
            Ok(Done::Subscription(Vec::new(), Source::Set(watch)))
        }
        Op::Register | Op::RegisterBatch | Op::Deregister | Op::DeregisterBatch => publish(entry, op, reader).await,
        Op::Instances | Op::SelectOne => select(entry, op, reader).await,
        Op::Services | Op::AllServices | Op::WatchFuzzy | Op::ServerStatus => list(entry, op, reader).await,
        Op::CreateService
        | Op::UpdateService
        | Op::DeleteService
        | Op::Service
        | Op::UpdateInstance
        | Op::PatchInstance
        | Op::AddMetadata
        | Op::RemoveMetadata => maintain(entry, op, reader).await,
        #[cfg(feature = "testing")]
        Op::Panic => panic!("asked for by a test"),
        _ => Err(Malformed.into()),
    }
}

async fn publish(entry: &Entry, op: Op, reader: &mut Reader<'_>) -> Result<Done, Failure> {
    let naming = entry.client.naming();
    let service = model::read_service(reader)?;
    match op {
        Op::Register | Op::Deregister => {
            let instance = model::read_instance(reader)?;
            reader.end()?;
            if op == Op::Register {
                naming.register(&service, instance).await?;
            } else {
                naming.deregister(&service, &instance).await?;
            }
        }
        _ => {
            let instances = reader.list(model::read_instance)?;
            reader.end()?;
            if op == Op::RegisterBatch {
                naming.register_batch(&service, instances).await?;
            } else {
                naming.deregister_batch(&service, &instances).await?;
            }
        }
    }
    Ok(Writer::new().into())
}

async fn select(entry: &Entry, op: Op, reader: &mut Reader<'_>) -> Result<Done, Failure> {
    let naming = entry.client.naming();
    let service = model::read_service(reader)?;
    let clusters = model::read_clusters(reader)?;
    if op == Op::Instances {
        let direct = reader.bool()?;
        reader.end()?;
        let query = Query::new(&service).clusters(&clusters);
        let found = naming.instances(if direct { query.direct() } else { query }).await?;
        return Ok(model::write_snapshot(Writer::new(), found.service()).into());
    }
    let number = reader.u8()?;
    let key = reader.optional(Reader::str)?;
    let preferred = reader.optional(Reader::str)?;
    reader.end()?;
    let balancer = entry.balancer(number, preferred)?;
    let query = Query::new(&service).clusters(&clusters);
    let chosen = naming.select_one_with(query, &balancer, key).await?;
    Ok(Writer::new().optional(chosen.as_deref(), model::write_instance).into())
}

async fn list(entry: &Entry, op: Op, reader: &mut Reader<'_>) -> Result<Done, Failure> {
    let naming = entry.client.naming();
    match op {
        Op::Services => {
            let group = model::read_group(reader)?;
            let (page, size) = (reader.unsigned()?, reader.unsigned()?);
            reader.end()?;
            let page = naming.services(&group, page, size).await?;
            let count = i32::try_from(page.count).unwrap_or(i32::MAX);
            Ok(Writer::new().i32(count).strings(&page.names).into())
        }
        Op::AllServices => {
            let group = model::read_group(reader)?;
            reader.end()?;
            Ok(Writer::new().strings(&naming.all_services(&group).await?).into())
        }
        Op::WatchFuzzy => {
            let (group, name) = (reader.str()?, reader.str()?);
            reader.end()?;
            Ok(Done::Subscription(Vec::new(), Source::Fuzzy(naming.watch_fuzzy(group, name).await?)))
        }
        _ => {
            reader.end()?;
            let up = naming.server_status().await == nacre_client::naming::ServerStatus::Up;
            Ok(Writer::new().bool(up).into())
        }
    }
}

async fn maintain(entry: &Entry, op: Op, reader: &mut Reader<'_>) -> Result<Done, Failure> {
    let maintenance = entry.client.naming().maintenance();
    let service = model::read_service(reader)?;
    match op {
        Op::CreateService | Op::UpdateService => {
            let settings = model::read_settings(reader)?;
            reader.end()?;
            if op == Op::CreateService {
                maintenance.create_service(&service, &settings).await?;
            } else {
                maintenance.update_service(&service, &settings).await?;
            }
        }
        Op::DeleteService => {
            reader.end()?;
            maintenance.delete_service(&service).await?;
        }
        Op::Service => {
            reader.end()?;
            return Ok(model::write_detail(Writer::new(), &maintenance.service(&service).await?).into());
        }
        Op::UpdateInstance => {
            let instance = model::read_instance(reader)?;
            reader.end()?;
            maintenance.update_instance(&service, &instance).await?;
        }
        Op::PatchInstance => {
            let instance = model::read_instance(reader)?;
            let patch = model::read_patch(reader)?;
            reader.end()?;
            maintenance.patch_instance(&service, &instance, &patch).await?;
        }
        Op::AddMetadata => {
            let instances = reader.list(model::read_instance)?;
            let metadata = reader.map()?;
            reader.end()?;
            let changed = maintenance.add_metadata(&service, &instances, &metadata).await?;
            return Ok(Writer::new().strings(&changed).into());
        }
        _ => {
            let instances = reader.list(model::read_instance)?;
            let names = reader.list(Reader::str)?;
            reader.end()?;
            let changed = maintenance.remove_metadata(&service, &instances, &names).await?;
            return Ok(Writer::new().strings(&changed).into());
        }
    }
    Ok(Writer::new().into())
}

/// Runs an operation that needs no server; `None` when this one may.
pub(crate) fn at_once(entry: &Entry, op: Op, request: &[u8]) -> Option<Answer> {
    let client = &entry.client;
    let written = match op {
        Op::Status => model::write_status(Writer::new(), &client.status()),
        Op::Metrics => model::write_metrics(Writer::new(), &client.metrics(), &client.naming().counts()),
        Op::Servers => Writer::new().strings(&client.servers()),
        Op::Subscribed => Writer::new().list(client.naming().subscribed().iter(), model::write_service),
        Op::Unsubscribe => {
            let mut reader = Reader::new(request);
            match model::read_service(&mut reader) {
                Ok(service) => client.naming().unsubscribe(&service),
                Err(failure) => return Some(Err(failure)),
            }
            Writer::new()
        }
        _ => return None,
    };
    Some(Ok(written.into_bytes()))
}

/// Begins to follow something that needs no answer of a server first.
pub(crate) fn follow(entry: &Entry, op: Op, request: &[u8]) -> Result<Source, Failure> {
    let mut reader = Reader::new(request);
    let client = &entry.client;
    let source = match op {
        Op::Watch => {
            let service = model::read_service(&mut reader)?;
            Source::Service(client.naming().watch(&service, nacre_client::naming::Selector::new())?)
        }
        Op::WatchServices => Source::Services(client.naming().watch_services(&model::read_group(&mut reader)?)?),
        Op::WatchConfig => {
            let key = model::read_key(&mut reader, &client.options().namespace)?;
            Source::Config(client.config().watch_raw(&key)?)
        }
        Op::Listen => {
            let key = model::read_key(&mut reader, &client.options().namespace)?;
            Source::Config(client.config().listen(&key, reader.str()?)?)
        }
        Op::Events => Source::Events(Default::default()),
        _ => return Err(Malformed.into()),
    };
    reader.end()?;
    Ok(source)
}
