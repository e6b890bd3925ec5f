//! `nacre namespace`: which namespaces there are.

use clap::{Args, Subcommand};
use nacre_client::Namespace;
use serde::{Deserialize, Serialize};

use super::{
    Access, Failure,
    api::{Api, Request},
    output::{self, Cell, Table},
};

const PATH: &str = "/v1/console/namespaces";

#[derive(Debug, Subcommand)]
pub(crate) enum NamespaceCommand {
    /// List the namespaces
    List(List),
    /// Create a namespace
    Create(Create),
    /// Change a namespace's name or description
    Update(Update),
    /// Remove a namespace that has no configs
    Remove(Remove),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    access: Access,
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Name for people
    name: String,

    /// Id for clients [default: a random one]
    #[arg(long)]
    id: Option<String>,

    /// What the namespace is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    #[command(flatten)]
    access: Access,
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Id of the namespace
    id: String,

    /// Name for people [default: as it is]
    #[arg(long)]
    name: Option<String>,

    /// What the namespace is for [default: as it is]
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    #[command(flatten)]
    access: Access,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Id of the namespace
    id: String,

    /// Remove it even though it has configs: these stay, and can be read by the id
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    access: Access,
}

/// A namespace as servers answer it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    namespace: String,
    namespace_show_name: String,
    #[serde(default)]
    namespace_desc: Option<String>,
    #[serde(default)]
    config_count: u64,
}

impl Found {
    /// The public one has no id in 2.x.
    fn id(&self) -> &str {
        if self.namespace.is_empty() { "public" } else { &self.namespace }
    }

    fn description(&self) -> &str {
        self.namespace_desc.as_deref().unwrap_or_default()
    }

    fn shown(&self) -> Shown<'_> {
        let (id, name) = (self.id(), self.namespace_show_name.as_str());
        Shown { id, name, description: self.description(), configs: self.config_count }
    }
}

/// A namespace as programs read it.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    id: &'a str,
    name: &'a str,
    description: &'a str,
    configs: u64,
}

pub(crate) async fn run(command: NamespaceCommand) -> Result<(), Failure> {
    match command {
        NamespaceCommand::List(arguments) => list(&arguments).await,
        NamespaceCommand::Create(arguments) => create(&arguments).await,
        NamespaceCommand::Update(arguments) => update(&arguments).await,
        NamespaceCommand::Remove(arguments) => remove(&arguments).await,
    }
}

async fn all(api: &Api) -> Result<Vec<Found>, Failure> {
    api.ask(Request::get(PATH)).await?.data()
}

async fn one(api: &Api, id: &str) -> Result<Found, Failure> {
    let found = all(api).await?.into_iter().find(|found| found.id() == id);
    found.ok_or_else(|| Failure::not_found(format!("no namespace {id}")))
}

/// Checks an id that a user has given; the public namespace is not theirs to change.
fn own(id: &str) -> Result<(), Failure> {
    let namespace = Namespace::new(id).map_err(Failure::usage)?;
    if namespace.as_str() == "public" { Err(Failure::usage("the public namespace stays as it is")) } else { Ok(()) }
}

fn show(access: &Access, found: &Found) -> Result<(), Failure> {
    output::show(access.output, &found.shown(), || table(std::slice::from_ref(found)))
}

fn table(found: &[Found]) -> Table {
    let mut table = Table::new(["NAMESPACE", "NAME", "CONFIGS", "DESCRIPTION"]);
    for row in found {
        let name = Cell::new(&row.namespace_show_name);
        table.row([Cell::new(row.id()), name, Cell::new(&row.config_count), Cell::new(row.description())]);
    }
    table
}

async fn list(arguments: &List) -> Result<(), Failure> {
    let api = Api::connect(&arguments.access).await?;
    let found = all(&api).await?;
    let value: Vec<Shown<'_>> = found.iter().map(Found::shown).collect();
    output::show(arguments.access.output, &value, || table(&found))
}

async fn create(arguments: &Create) -> Result<(), Failure> {
    let id = arguments.id.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    own(&id)?;
    let api = Api::connect(&arguments.access).await?;
    let request = Request::post(PATH).with("customNamespaceId", &id).with("namespaceName", &arguments.name);
    let request = request.with("namespaceDesc", arguments.description.as_deref().unwrap_or_default());
    if !api.ask(request).await?.is_true() {
        return Err(Failure::refused(format!("there is a namespace {id} already")));
    }
    show(&arguments.access, &one(&api, &id).await?)
}

async fn update(arguments: &Update) -> Result<(), Failure> {
    own(&arguments.id)?;
    let api = Api::connect(&arguments.access).await?;
    let present = one(&api, &arguments.id).await?;
    let name = arguments.name.as_deref().unwrap_or(&present.namespace_show_name);
    let description = arguments.description.as_deref().unwrap_or(present.description());
    let request = Request::put(PATH).with("namespace", &arguments.id).with("namespaceShowName", name);
    if !api.ask(request.with("namespaceDesc", description)).await?.is_true() {
        return Err(Failure::refused(format!("{} did not change the namespace", api.place())));
    }
    show(&arguments.access, &one(&api, &arguments.id).await?)
}

async fn remove(arguments: &Remove) -> Result<(), Failure> {
    own(&arguments.id)?;
    let api = Api::connect(&arguments.access).await?;
    let found = one(&api, &arguments.id).await?;
    if found.config_count > 0 && !arguments.force {
        let text = format!("namespace {} has {} configs; --force leaves them behind", found.id(), found.config_count);
        return Err(Failure::refused(text));
    }
    if !api.ask(Request::delete(PATH).with("namespaceId", &arguments.id)).await?.is_true() {
        return Err(Failure::refused(format!("{} did not remove the namespace", api.place())));
    }
    output::show(arguments.access.output, &found.shown(), || {
        let mut table = Table::new(["REMOVED"]);
        table.row([Cell::new(found.id())]);
        table
    })
}
