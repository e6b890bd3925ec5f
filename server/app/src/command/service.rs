//! `nacre service`: find, register, watch and administer services.

mod admin;
mod change;

use std::{collections::BTreeMap, io::Write as _, sync::Arc};

use clap::{Args, Subcommand};
use nacre_client::{
    Event, Group, ServiceKey,
    naming::{Instance, Query, ServiceChange},
};
use serde::Serialize;

use super::{
    Failure, Stop, Target,
    output::{self, Cell, Table},
    waiting,
};

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// List the services of a group
    List(List),
    /// List the instances of a service
    Get(Get),
    /// Register an instance, which stays until Ctrl-C
    Register(Register),
    /// Print the instances now and after each change, one line of JSON each, until Ctrl-C
    Watch(Watch),
    /// List services with the numbers of their instances
    Catalog(admin::Catalog),
    /// List all instances of a service, disabled ones too
    Instances(admin::Named),
    /// List the subscribers of a service
    Subscribers(admin::Named),
    /// Create a service without instances, for persistent ones
    Create(admin::Create),
    /// Change what a service says about itself
    Update(admin::Update),
    /// Remove a service without instances
    Remove(admin::Named),
    /// Enable or disable an instance, or set its weight or metadata
    SetInstance(change::SetInstance),
    /// Set how the persistent instances of a cluster are checked
    SetCluster(change::SetCluster),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Name of the service
    name: String,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Register {
    /// Name of the service
    name: String,

    /// Address of the instance: an IP address or a host name
    #[arg(long)]
    ip: String,

    /// Port of the instance
    #[arg(long)]
    port: u16,

    /// Share of the traffic
    #[arg(long, default_value_t = 1.0)]
    weight: f64,

    /// Cluster within the service
    #[arg(long, default_value = "DEFAULT")]
    cluster: String,

    /// What the instance says about itself; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    metadata: Vec<(String, String)>,

    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Name of the service
    name: String,
    #[command(flatten)]
    target: Target,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("not of the form KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// An instance as programs read it.
#[derive(Debug, Serialize)]
struct ShownInstance<'a> {
    ip: &'a str,
    port: u16,
    cluster: &'a str,
    healthy: bool,
    enabled: bool,
    weight: f64,
    ephemeral: bool,
    metadata: &'a BTreeMap<String, String>,
}

impl<'a> From<&'a Arc<Instance>> for ShownInstance<'a> {
    fn from(instance: &'a Arc<Instance>) -> Self {
        Self {
            ip: &instance.ip,
            port: instance.port,
            cluster: &instance.cluster,
            healthy: instance.healthy,
            enabled: instance.enabled,
            weight: instance.weight,
            ephemeral: instance.ephemeral,
            metadata: &instance.metadata,
        }
    }
}

fn shown(instances: &[Arc<Instance>]) -> Vec<ShownInstance<'_>> {
    instances.iter().map(ShownInstance::from).collect()
}

#[derive(Debug, Serialize)]
struct ShownService<'a> {
    namespace: &'a str,
    group: &'a str,
    service: &'a str,
    instances: Vec<ShownInstance<'a>>,
}

#[derive(Debug, Serialize)]
struct ShownChange<'a> {
    #[serde(flatten)]
    service: ShownService<'a>,
    added: Vec<ShownInstance<'a>>,
    removed: Vec<ShownInstance<'a>>,
    modified: Vec<ShownInstance<'a>>,
}

#[derive(Debug, Serialize)]
struct ShownServices<'a> {
    namespace: &'a str,
    group: &'a str,
    count: usize,
    services: &'a [String],
}

pub(crate) async fn run(command: ServiceCommand) -> Result<(), Failure> {
    match command {
        ServiceCommand::List(arguments) => list(&arguments).await,
        ServiceCommand::Get(arguments) => get(&arguments).await,
        ServiceCommand::Register(arguments) => register(&arguments).await,
        ServiceCommand::Watch(arguments) => watch(&arguments).await,
        ServiceCommand::Catalog(arguments) => admin::catalog(&arguments).await,
        ServiceCommand::Instances(arguments) => admin::instances(&arguments).await,
        ServiceCommand::Subscribers(arguments) => admin::subscribers(&arguments).await,
        ServiceCommand::Create(arguments) => admin::create(&arguments).await,
        ServiceCommand::Update(arguments) => admin::update(&arguments).await,
        ServiceCommand::Remove(arguments) => admin::remove(&arguments).await,
        ServiceCommand::SetInstance(arguments) => change::set_instance(&arguments).await,
        ServiceCommand::SetCluster(arguments) => change::set_cluster(&arguments).await,
    }
}

fn key(target: &Target, name: &str) -> Result<ServiceKey, Failure> {
    ServiceKey::new(&target.group, name).map_err(Failure::usage)
}

async fn list(arguments: &List) -> Result<(), Failure> {
    let target = &arguments.target;
    let group = Group::new(&target.group).map_err(Failure::usage)?;
    let client = target.connect().await?;
    let services = waiting("listing", client.naming().all_services(&group)).await?;
    client.close().await;
    let namespace = target.place.namespace()?;
    let (namespace, group) = (namespace.as_str(), group.as_str());
    let value = ShownServices { namespace, group, count: services.len(), services: &services };
    output::show(target.output(), &value, || {
        let mut table = Table::new(["GROUP", "SERVICE"]);
        services.iter().for_each(|service| table.row([Cell::new(group), Cell::new(service)]));
        table
    })
}

async fn get(arguments: &Get) -> Result<(), Failure> {
    let target = &arguments.target;
    let key = key(target, &arguments.name)?;
    let client = target.connect().await?;
    let found = waiting("reading", client.naming().instances(Query::new(&key).direct())).await?;
    if found.is_empty()
        && !waiting("listing", client.naming().all_services(key.group())).await?.iter().any(|name| name == key.name())
    {
        return Err(Failure::not_found(format!("no service {key} in namespace {}", target.place.namespace)));
    }
    client.close().await;
    let namespace = target.place.namespace()?;
    let value = ShownService {
        namespace: namespace.as_str(),
        group: key.group().as_str(),
        service: key.name(),
        instances: shown(&found),
    };
    output::show(target.output(), &value, || {
        let mut table = Table::new(["ADDRESS", "CLUSTER", "HEALTHY", "ENABLED", "WEIGHT", "KIND", "METADATA"]);
        for instance in &found {
            let metadata: Vec<String> = instance.metadata.iter().map(|(key, value)| format!("{key}={value}")).collect();
            table.row([
                Cell::new(&instance.address()),
                Cell::new(&instance.cluster),
                Cell::flag(instance.healthy),
                Cell::flag(instance.enabled),
                Cell::new(&instance.weight),
                Cell::new(if instance.ephemeral { "ephemeral" } else { "persistent" }),
                Cell::new(&metadata.join(",")),
            ]);
        }
        table
    })
}

async fn register(arguments: &Register) -> Result<(), Failure> {
    let key = key(&arguments.target, &arguments.name)?;
    let mut instance =
        Instance::new(&arguments.ip, arguments.port).with_weight(arguments.weight).with_cluster(&arguments.cluster);
    instance.metadata.extend(arguments.metadata.iter().cloned());
    let address = instance.address();
    let mut stop = Stop::listen()?;
    let client = arguments.target.connect().await?;
    let mut events = client.events();
    waiting("registering", client.naming().register(&key, instance)).await?;
    say(&format!("registered {key} at {address}, until Ctrl-C"));
    loop {
        tokio::select! {
            () = stop.requested() => break,
            event = events.next() => match event {
                Some(Event::Disconnected { error }) => say(&format!("connection lost: {error}")),
                Some(Event::Connected { server, .. }) => say(&format!("connected to {server}")),
                Some(_) => {}
                None => break,
            }
        }
    }
    client.close().await;
    say(&format!("deregistered {key} at {address}"));
    Ok(())
}

/// A remark for people; results go to standard output.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

async fn watch(arguments: &Watch) -> Result<(), Failure> {
    let target = &arguments.target;
    let key = key(target, &arguments.name)?;
    let namespace = target.place.namespace()?;
    let mut stop = Stop::listen()?;
    let client = target.connect().await?;
    let subscription = client.naming().subscribe(&key).await?;
    loop {
        tokio::select! {
            () = stop.requested() => break,
            changed = subscription.changed() => {
                if !changed {
                    subscription.error().map_or(Ok(()), |error| Err(Failure::from(error)))?;
                    break;
                }
                let Some(change) = subscription.take_newest() else { continue };
                if !output::line(&line(namespace.as_str(), &key, &change))? {
                    break;
                }
            }
        }
    }
    client.close().await;
    Ok(())
}

fn line<'a>(namespace: &'a str, key: &'a ServiceKey, change: &'a ServiceChange) -> ShownChange<'a> {
    ShownChange {
        service: ShownService {
            namespace,
            group: key.group().as_str(),
            service: key.name(),
            instances: shown(&change.instances),
        },
        added: shown(&change.added),
        removed: shown(&change.removed),
        modified: shown(&change.modified),
    }
}
