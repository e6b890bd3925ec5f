//! `nacre service set-instance` and `set-cluster`: what operators decide over the heads of instances.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{
    admin::{detail, known, of_service, rows, table},
    key, pair,
};
use crate::command::{
    Failure, Target,
    api::{Api, Request},
    output::{self, Cell, Table},
};

#[derive(Debug, Args)]
pub(crate) struct SetInstance {
    /// Name of the service
    name: String,

    /// Address of the instance
    #[arg(long)]
    ip: String,

    /// Port of the instance
    #[arg(long)]
    port: u16,

    /// Cluster of the instance [default: where it is]
    #[arg(long)]
    cluster: Option<String>,

    /// Hand the instance out to clients, or hide it
    #[arg(long, value_name = "true|false")]
    enabled: Option<bool>,

    /// Share of the traffic
    #[arg(long)]
    weight: Option<f64>,

    /// Entry of the metadata to set; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    metadata: Vec<(String, String)>,

    #[command(flatten)]
    target: Target,
}

/// How the health of persistent instances is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Checker {
    /// A connection
    Tcp,
    /// A GET that is answered by 200
    Http,
    /// A query
    Mysql,
    /// By whoever sets it
    None,
}

#[derive(Debug, Args)]
pub(crate) struct SetCluster {
    /// Name of the service
    name: String,

    /// Cluster within the service
    #[arg(long, default_value = "DEFAULT")]
    cluster: String,

    /// How the health of persistent instances is found out
    #[arg(long, value_enum)]
    checker: Checker,

    /// Path that an HTTP check asks for
    #[arg(long, default_value = "/")]
    path: String,

    /// Headers of an HTTP check: `name:value|name:value`
    #[arg(long, default_value = "")]
    headers: String,

    /// User of a MySQL check
    #[arg(long)]
    user: Option<String>,

    /// Password of a MySQL check
    #[arg(long, env = "NACRE_CHECK_PASSWORD", hide_env_values = true)]
    check_password: Option<String>,

    /// Query of a MySQL check
    #[arg(long)]
    query: Option<String>,

    /// Port that is checked [default: that of each instance]
    #[arg(long, value_name = "PORT")]
    check_port: Option<u16>,

    #[command(flatten)]
    target: Target,
}

pub(super) async fn set_instance(arguments: &SetInstance) -> Result<(), Failure> {
    if arguments.enabled.is_none() && arguments.weight.is_none() && arguments.metadata.is_empty() {
        return Err(Failure::usage("nothing to set: give --enabled, --weight or --metadata"));
    }
    let target = &arguments.target;
    let key = key(target, &arguments.name)?;
    let api = Api::connect(&target.place.access).await?;
    let (ip, port, cluster) = (arguments.ip.as_str(), arguments.port, arguments.cluster.as_deref());
    let present = rows(&api, target, &key).await?.into_iter().find(|row| row.is_at(ip, port, cluster));
    let present = present.ok_or_else(|| Failure::not_found(format!("no instance of {key} at {ip}:{port}")))?;
    let request = of_service(Request::patch("/v1/ns/instance"), target, &key)?.with("ip", ip).with("port", port);
    let request = request.with("clusterName", present.cluster()).with("cluster", present.cluster());
    // A weight that is not sent may be reset.
    let request = request.with("weight", arguments.weight.unwrap_or(present.weight));
    let mut request = request.with("enabled", arguments.enabled.unwrap_or(present.enabled));
    if !arguments.metadata.is_empty() {
        let set: serde_json::Map<_, _> =
            arguments.metadata.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
        request = request.with("metadata", serde_json::Value::Object(set));
    }
    api.ask(request).await?;
    let after = rows(&api, target, &key).await?;
    let after: Vec<_> = after.into_iter().filter(|row| row.is_at(ip, port, Some(present.cluster()))).collect();
    output::show(target.output(), &after, || table(&after))
}

pub(super) async fn set_cluster(arguments: &SetCluster) -> Result<(), Failure> {
    let target = &arguments.target;
    let key = key(target, &arguments.name)?;
    let checker = match arguments.checker {
        Checker::Tcp => json!({"type": "TCP"}),
        Checker::Http => json!({"type": "HTTP", "path": arguments.path, "headers": arguments.headers}),
        Checker::Mysql => json!({
            "type": "MYSQL", "user": arguments.user, "pwd": arguments.check_password, "cmd": arguments.query,
        }),
        Checker::None => json!({"type": "NONE"}),
    };
    let api = Api::connect(&target.place.access).await?;
    detail(&api, target, &key).await?;
    let request = of_service(Request::put("/v1/ns/cluster"), target, &key)?.with("clusterName", &arguments.cluster);
    let request = request.with("checkPort", arguments.check_port.unwrap_or(80));
    let request = request.with("useInstancePort4Check", arguments.check_port.is_none()).with("healthChecker", &checker);
    known(api.send(request).await?, target, &key)?;
    let kind = checker["type"].as_str().unwrap_or_default().to_owned();
    let value = json!({"service": key.name(), "cluster": arguments.cluster, "checker": kind});
    output::show(target.output(), &value, || {
        let mut table = Table::new(["SERVICE", "CLUSTER", "CHECKER"]);
        table.row([Cell::new(key.name()), Cell::new(&arguments.cluster), Cell::new(&kind)]);
        table
    })
}
