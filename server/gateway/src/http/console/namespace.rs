//! Namespaces over HTTP.

use nacre_config::{Error, NamespaceInfo};
use serde::Serialize;
use uuid::Uuid;

use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::code::Code;
use crate::http::config::refuse;
use crate::http::failure::Failure;
use crate::http::routes::Style;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Model<'a> {
    namespace: &'a str,
    namespace_show_name: &'a str,
    namespace_desc: Option<&'a str>,
    quota: u32,
    config_count: u64,
    #[serde(rename = "type")]
    kind: u8,
}

impl<'a> Model<'a> {
    fn new(info: &'a NamespaceInfo) -> Self {
        Self {
            namespace: &info.id,
            namespace_show_name: &info.name,
            namespace_desc: info.description.as_deref(),
            quota: info.quota,
            config_count: info.config_count,
            kind: info.kind,
        }
    }
}

/// v1: the list, or with `show=all` one namespace, or with `checkNamespaceIdExist=true` whether one
/// exists.
pub(in crate::http) async fn read(call: &Call) -> Result<Answer, Failure> {
    if call.get("show").as_deref() == Some("all") {
        let id = call.present("namespaceId")?;
        let found = call.state.config.namespace(&id);
        let info = found.ok_or_else(|| Failure::internal(format!("namespaceId [ {id} ] not exist")))?;
        return Ok(Answer::bare(Model::new(&info)));
    }
    if call.get("checkNamespaceIdExist").as_deref() == Some("true") {
        let id = call.present("customNamespaceId")?;
        // The built-in namespace has no row of its own, so its id counts as free.
        return Ok(Answer::bare(call.state.config.has_namespace(&id)));
    }
    list(call).await
}

/// All namespaces, the built-in one first.
pub(in crate::http) async fn list(call: &Call) -> Result<Answer, Failure> {
    let infos = call.state.config.namespaces();
    let models: Vec<_> = infos.iter().map(Model::new).collect();
    Ok(if call.style == Style::Wrapped { Answer::data(models) } else { Answer::result(200, None, models) })
}

/// v2: one namespace.
pub(in crate::http) async fn detail(call: &Call) -> Result<Answer, Failure> {
    let id = call.present("namespaceId")?;
    let found = call.state.config.namespace(&id);
    let info = found
        .ok_or_else(|| Failure::refused(404, Code::NAMESPACE_NOT_EXIST, format!("namespaceId [ {id} ] not exist")))?;
    Ok(Answer::data(Model::new(&info)))
}

/// Creates a namespace. In v1 a blank id is made up, and a known one is answered `false`.
pub(in crate::http) async fn create(call: &Call) -> Result<Answer, Failure> {
    let description = call.filled("namespaceDesc");
    let config = &call.state.config;
    if call.style == Style::Wrapped {
        let id = call.required("namespaceId")?;
        let name = call.required("namespaceName")?;
        let created = config.create_namespace(&id, &name, description.as_deref()).await;
        return created.map(|()| Answer::data(true)).map_err(|error| refuse_namespace(&error));
    }
    let id = call.present("customNamespaceId")?;
    let name = call.present("namespaceName")?;
    let id = if crate::check::is_blank(&id) { Uuid::new_v4().to_string() } else { id.trim().to_owned() };
    match config.create_namespace(&id, &name, description.as_deref()).await {
        Ok(()) => Ok(Answer::bare(true)),
        Err(Error::NamespaceExists { .. } | Error::InvalidParameter { .. }) => Ok(Answer::bare(false)),
        Err(error) => Err(refuse(&error)),
    }
}

/// Renames a namespace. A missing one is answered as if it had been there in v2, `false` in v1.
pub(in crate::http) async fn update(call: &Call) -> Result<Answer, Failure> {
    let description = call.filled("namespaceDesc");
    let is_v2 = call.style == Style::Wrapped;
    let (id, name) = if is_v2 {
        (call.required("namespaceId")?, call.required("namespaceName")?)
    } else {
        (call.present("namespace")?, call.present("namespaceShowName")?)
    };
    match call.state.config.update_namespace(&id, &name, description.as_deref()).await {
        Ok(known) => Ok(Answer::data(known || is_v2)),
        Err(error) if is_v2 => Err(refuse_namespace(&error)),
        Err(Error::InvalidParameter { .. }) => Ok(Answer::data(false)),
        Err(error) => Err(refuse(&error)),
    }
}

/// Removes a namespace; its configs and services stay. A missing one is removed already.
pub(in crate::http) async fn remove(call: &Call) -> Result<Answer, Failure> {
    let id = call.present("namespaceId")?;
    let removed = call.state.config.delete_namespace(&id).await;
    removed.map(|_| Answer::data(true)).map_err(|error| refuse_namespace(&error))
}

fn refuse_namespace(error: &Error) -> Failure {
    match error {
        Error::NamespaceExists { .. } | Error::InvalidParameter { .. } => {
            Failure::refused(400, Code::NAMESPACE_ILLEGAL, error.to_string())
        }
        error => refuse(error),
    }
}
