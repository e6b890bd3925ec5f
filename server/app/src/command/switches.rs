//! `nacre switches`: what operators turn on and off while the server runs.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Access, Failure,
    api::{Api, Request},
    output::{self, Cell, Table},
};

const PATH: &str = "/v1/ns/operator/switches";

#[derive(Debug, Subcommand)]
pub(crate) enum SwitchCommand {
    /// Print all switches, or one
    Get(Get),
    /// Set a switch
    Set(Set),
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Name of the switch as it is printed [default: all]
    name: Option<String>,

    #[command(flatten)]
    access: Access,
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// Name of the entry as the API of Nacos takes it, for instance `check` or `pushCacheMillis`
    entry: String,

    /// Its value
    #[arg(allow_hyphen_values = true)]
    value: String,

    /// On the asked server only, until it stops
    #[arg(long)]
    this_server: bool,

    #[command(flatten)]
    access: Access,
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    entry: &'a str,
    value: &'a str,
}

pub(crate) async fn run(command: SwitchCommand) -> Result<(), Failure> {
    match command {
        SwitchCommand::Get(arguments) => get(&arguments).await,
        SwitchCommand::Set(arguments) => set(&arguments).await,
    }
}

async fn get(arguments: &Get) -> Result<(), Failure> {
    let api = Api::connect(&arguments.access).await?;
    let mut switches: Map<String, Value> = api.ask(Request::get(PATH)).await?.json()?;
    if let Some(name) = &arguments.name {
        switches.retain(|found, _| found == name);
        if switches.is_empty() {
            return Err(Failure::not_found(format!("no switch {name}")));
        }
    }
    output::show(arguments.access.output, &switches, || {
        let mut table = Table::new(["SWITCH", "VALUE"]);
        for (name, value) in &switches {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            table.row([Cell::new(name), Cell::new(&value)]);
        }
        table
    })
}

async fn set(arguments: &Set) -> Result<(), Failure> {
    let api = Api::connect(&arguments.access).await?;
    let (entry, value) = (arguments.entry.as_str(), arguments.value.as_str());
    let request = Request::put(PATH).with("entry", entry).with("value", value).with("debug", arguments.this_server);
    api.ask(request).await?;
    output::show(arguments.access.output, &Shown { entry, value }, || {
        let mut table = Table::new(["ENTRY", "VALUE"]);
        table.row([Cell::new(entry), Cell::new(value)]);
        table
    })
}
