//! The command line.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::command::{
    backup::{BackupArgs, RestoreArgs},
    bench::BenchCommand,
    config::ConfigCommand,
    doctor::DoctorArgs,
    documents::DocumentCommand,
    namespace::NamespaceCommand,
    service::ServiceCommand,
    switches::SwitchCommand,
};

/// A service registry and configuration centre for Nacos clients.
#[derive(Debug, Parser)]
#[command(name = "nacre", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server; this is what happens without a command too
    Server(ServerArgs),
    /// List every setting with its default, environment variable and meaning
    Settings,
    /// Read, write, find, watch and move configs on any Nacos-compatible server
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Find, register, watch and administer services on any Nacos-compatible server
    #[command(subcommand)]
    Service(ServiceCommand),
    /// List, create, change and remove namespaces
    #[command(subcommand)]
    Namespace(NamespaceCommand),
    /// Read and set what operators turn on and off while a server runs
    #[command(subcommand)]
    Switches(SwitchCommand),
    /// Look at this machine, or at a server from here, and say what is wrong with it and what to do
    Doctor(DoctorArgs),
    /// Copy the data of the running server on this machine into its backup folder
    Backup(BackupArgs),
    /// Make a data directory from a backup
    Restore(RestoreArgs),
    /// Measure any Nacos-compatible server, or two in turns
    Bench(BenchCommand),
    #[command(flatten)]
    Document(DocumentCommand),
}

/// Flags win over environment variables, and these over the file.
#[derive(Debug, Default, Args)]
pub(crate) struct ServerArgs {
    /// TOML file with settings, or the `application.properties` of a Nacos server
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Where all data is kept [default: data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Address to listen on [default: all, IPv4 and IPv6]
    #[arg(long, value_name = "ADDR")]
    pub(crate) bind: Option<IpAddr>,

    /// HTTP port; gRPC is served there too, and on this port + 1000 [default: 8848]
    #[arg(long)]
    pub(crate) port: Option<u16>,

    /// Any setting; `nacre settings` lists them
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn flags_do_not_clash() {
        Cli::command().debug_assert();
    }

    #[test]
    fn server_is_the_default_command() {
        let short = Cli::try_parse_from(["nacre", "--port", "9000", "--set", "a=b", "--set", "c=d"]).unwrap();
        assert!(short.command.is_none());
        assert_eq!(short.server.port, Some(9000));
        assert_eq!(short.server.set, ["a=b", "c=d"]);
        let long = Cli::try_parse_from(["nacre", "server", "--bind", "::1"]).unwrap();
        let Some(Command::Server(arguments)) = long.command else { panic!("not the server") };
        assert_eq!(arguments.bind, Some("::1".parse().unwrap()));
    }
}
