//! The API as an OpenAPI document, made from the table of routes, and a page that shows it.
//!
//! What the table has is in the document: a route cannot be forgotten.

mod describe;

use std::sync::LazyLock;

use axum::response::Response;
use http::StatusCode;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{
    HttpMethod, InfoBuilder, LicenseBuilder, OpenApiBuilder, Required, ResponseBuilder, Schema, ServerBuilder,
};

use self::describe::{Described, Parameter};
use super::answer::{Answer, respond};
use super::call::Call;
use super::routes::{self, BodyKind, Operation, Route, Style, Verb};

const PAGE: &str = include_str!("openapi/page.html");
const SCRIPT: &str = include_str!("openapi/page.js");

/// The document.
pub(super) fn document(call: &Call) -> Answer {
    static PATHS: LazyLock<utoipa::openapi::Paths> = LazyLock::new(paths);
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Nacre")
        .version(call.state.version)
        .description(Some(
            "The HTTP API, that of Nacos 2.x. Parameters stand in the query or in a form body, whatever the verb.",
        ))
        .license(Some(license))
        .build();
    let context = call.state.settings.context_path.trim_end_matches('/');
    let server = ServerBuilder::new().url(if context.is_empty() { "/" } else { context }).build();
    let document = OpenApiBuilder::new().info(info).servers(Some([server])).paths(PATHS.clone()).build();
    Answer::bare(document)
}

/// The page on which people read the document and try it.
pub(super) fn page() -> Answer {
    whole("text/html;charset=UTF-8", PAGE)
}

/// The page's script: pages of this server run no other one.
pub(super) fn script() -> Answer {
    whole("text/javascript;charset=UTF-8", SCRIPT)
}

fn whole(content_type: &'static str, text: &'static str) -> Answer {
    let response: Response = respond(StatusCode::OK, Some(content_type), text);
    Answer::Whole(Box::new(response))
}

fn paths() -> utoipa::openapi::Paths {
    let mut paths = PathsBuilder::new();
    for route in routes::all() {
        for (verb, operation) in route.operations {
            let (path, ends) = template(route.path);
            paths = paths.path(path, PathItem::new(method(*verb), described(route, *verb, *operation, &ends)));
        }
    }
    paths.build()
}

/// The verb that stands for an operation; where any will do it is the one that changes nothing.
fn method(verb: Verb) -> HttpMethod {
    match verb {
        Verb::Get | Verb::Any => HttpMethod::Get,
        Verb::Post => HttpMethod::Post,
        Verb::Put => HttpMethod::Put,
        Verb::Delete => HttpMethod::Delete,
        Verb::Patch => HttpMethod::Patch,
    }
}

/// A route's path with names for its variable parts.
fn template(path: &'static str) -> (String, Vec<&'static str>) {
    let names: &[&'static str] = match path {
        "/v2/ns/instance/statuses/{}" => &["key"],
        _ => &["namespaceId", "serviceName"],
    };
    let count = path.matches("{}").count();
    let named =
        names.iter().take(count).fold(path.to_owned(), |path, name| path.replacen("{}", &format!("{{{name}}}"), 1));
    (named, names.iter().take(count).copied().collect())
}

fn tag(path: &str) -> &'static str {
    let is = |part: &str| path.split('/').nth(2) == Some(part);
    if is("ns") {
        "Naming"
    } else if is("cs") {
        "Configuration"
    } else if is("console") {
        "Console"
    } else if is("core") {
        "Nodes"
    } else if is("auth") {
        "Users"
    } else {
        "Operation"
    }
}

fn described(route: &Route, verb: Verb, operation: Operation, ends: &[&'static str]) -> OperationBuilder {
    let Described { summary, parameters } = describe::operation(operation, route.style == Style::Wrapped);
    let slug = route.path.replace(['/', '.', '-'], "_").replace(['{', '}'], "");
    let mut built = OperationBuilder::new()
        .operation_id(Some(format!("{verb:?}{slug}").to_lowercase()))
        .summary(Some(summary))
        .tag(tag(route.path))
        .response("200", good(route.style));
    built = if operation == Operation::Later {
        built.response("501", ResponseBuilder::new().description("This version does not have it").build())
    } else {
        built.response("default", ResponseBuilder::new().description(failure(route.style)).build())
    };
    for end in ends {
        let parameter = Parameter { name: (*end).to_owned(), kind: "string", is_required: true };
        built = built.parameter(in_place(&parameter, ParameterIn::Path));
    }
    let parameters = parameters.into_iter().filter(|parameter| !ends.contains(&parameter.name.as_str()));
    let has_form = matches!(verb, Verb::Post | Verb::Put | Verb::Patch) && operation.body() == BodyKind::Form;
    let is_publish = operation == Operation::PublishConfig;
    if has_form || is_publish {
        let form = parameters.fold(ObjectBuilder::new(), |form, parameter| {
            let form = if parameter.is_required { form.required(&parameter.name) } else { form };
            form.property(&parameter.name, schema(&parameter))
        });
        let content = ContentBuilder::new().schema(Some(Schema::from(form.build()))).build();
        let body = RequestBodyBuilder::new().content("application/x-www-form-urlencoded", content).build();
        return built.request_body(Some(body));
    }
    parameters.fold(built, |built, parameter| built.parameter(in_place(&parameter, ParameterIn::Query)))
}

fn in_place(parameter: &Parameter, place: ParameterIn) -> utoipa::openapi::path::Parameter {
    let required = if parameter.is_required { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(&parameter.name)
        .parameter_in(place)
        .required(required)
        .schema(Some(schema(parameter)))
        .build()
}

fn schema(parameter: &Parameter) -> Schema {
    let kind = match parameter.kind {
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        _ => Type::String,
    };
    Schema::from(ObjectBuilder::new().schema_type(kind).build())
}

fn good(style: Style) -> utoipa::openapi::Response {
    let content = |kind: Type| {
        ContentBuilder::new().schema(Some(Schema::from(ObjectBuilder::new().schema_type(kind).build()))).build()
    };
    if style == Style::Wrapped {
        let member = |kind: Type| Schema::from(ObjectBuilder::new().schema_type(kind).build());
        let wrapped = ObjectBuilder::new()
            .property("code", member(Type::Integer))
            .property("message", member(Type::String))
            .property(
                "data",
                Schema::from(ObjectBuilder::new().schema_type(utoipa::openapi::schema::SchemaType::AnyValue).build()),
            );
        let wrapped = ContentBuilder::new().schema(Some(Schema::from(wrapped.build()))).build();
        return ResponseBuilder::new().description("Done").content("application/json", wrapped).build();
    }
    ResponseBuilder::new()
        .description("Done: a text, or JSON")
        .content("text/plain", content(Type::String))
        .content("application/json", content(Type::Object))
        .build()
}

fn failure(style: Style) -> &'static str {
    match style {
        Style::Wrapped => "Refused: an object with code, message and data",
        Style::Loader2 => "Refused: an object whose message tells the cause",
        Style::Naming1 | Style::Config1 | Style::Console1 => "Refused: a text that tells the cause",
    }
}

/// The names of the parameters without which an operation is refused.
#[cfg(test)]
pub(super) fn required_parameters(operation: Operation, is_v2: bool) -> Vec<String> {
    let all = describe::operation(operation, is_v2).parameters.into_iter();
    all.filter(|parameter| parameter.is_required).map(|parameter| parameter.name).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Paths with verbs of the document.
    fn documented() -> BTreeSet<(String, String)> {
        let document = serde_json::to_value(paths()).expect("JSON");
        let members = |value: &serde_json::Value| value.as_object().expect("an object").clone();
        let verbs = members(&document).into_iter().flat_map(|(path, item)| {
            members(&item).into_iter().map(move |(verb, _)| (path.clone(), verb)).collect::<Vec<_>>()
        });
        verbs.collect()
    }

    #[test]
    fn the_document_has_what_the_table_has_and_nothing_else() {
        let name = |verb: &Verb| match verb {
            Verb::Any => "get".to_owned(),
            verb => format!("{verb:?}").to_lowercase(),
        };
        let table = routes::all()
            .iter()
            .flat_map(|route| route.operations.iter().map(move |(verb, _)| (template(route.path).0, name(verb))));
        assert_eq!(documented(), table.collect());
    }

    #[test]
    fn variable_parts_of_paths_have_names() {
        for route in routes::all() {
            assert!(!template(route.path).0.contains("{}"), "{}", route.path);
        }
        let item = serde_json::to_value(paths()).expect("JSON")["/v2/ns/instance/statuses/{key}"]["get"].take();
        assert_eq!((&item["parameters"][0]["name"], &item["parameters"][0]["in"]), (&"key".into(), &"path".into()));
    }
}
