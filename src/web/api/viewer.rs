//! The document about the API as a page for people: made here, without a script and without anybody else's help.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::{ApiDescription, Server, Who};
use crate::web::desk::PageFrame;
use crate::web::page;

#[derive(Template)]
#[template(path = "desk/api.html")]
struct Viewer {
    frame: PageFrame,
    about: String,
    groups: Vec<Group>,
    shapes: Vec<Shape>,
}

/// Operations of one sort.
struct Group {
    about: String,
    operations: Vec<Operation>,
}

struct Operation {
    method: String,
    path: String,
    about: String,
    needs: String,
    parameters: Vec<Field>,
    body: Option<ValueType>,
    answers: Vec<(String, String, Option<ValueType>)>,
}

/// What a value is: in words, and the shape that it leads to.
struct ValueType {
    words: String,
    shape: Option<String>,
}

struct Field {
    name: String,
    kind: ValueType,
    is_required: bool,
    about: String,
}

struct Shape {
    name: String,
    about: String,
    fields: Vec<Field>,
    values: Vec<String>,
}

pub(in crate::web) async fn page(
    State(shared): Server,
    Extension(visitor): Who,
    Extension(described): Extension<Arc<ApiDescription>>,
) -> Response {
    let document = &described.0;
    let viewer = Viewer {
        frame: PageFrame::of(&shared, &visitor, "API", "api/docs"),
        about: text(&document["info"]["description"]),
        groups: groups(document),
        shapes: shapes(document),
    };
    page::page(StatusCode::OK, &viewer)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn groups(document: &Value) -> Vec<Group> {
    let tags = document["tags"].as_array().into_iter().flatten();
    let of_tag = |tag: &Value| {
        let paths = document["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods
                .filter(|(_, operation)| operation["tags"][0] == tag["name"])
                .map(|(method, operation)| Operation::of(path, method, operation))
        });
        Group { operations: operations.collect(), about: text(&tag["description"]) }
    };
    tags.map(of_tag).filter(|group| !group.operations.is_empty()).collect()
}

impl Operation {
    fn of(path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameter = |parameter: &Value| Field {
            name: text(&parameter["name"]),
            kind: ValueType::of(&parameter["schema"]),
            is_required: parameter["required"] == true,
            about: text(&parameter["description"]),
        };
        let content = |value: &Value| {
            let media = value["content"].as_object().and_then(|content| content.values().next());
            media.map(|media| ValueType::of(&media["schema"]))
        };
        let answers = operation["responses"].as_object().into_iter().flatten();
        let answers =
            answers.map(|(status, answer)| (status.clone(), text(&answer["description"]), content(answer)));
        let ways = operation["security"].as_array().into_iter().flatten();
        let scope = ways.clone().find_map(|way| way[super::BY_TOKEN][0].as_str()).unwrap_or_default();
        let is_open = ways.clone().any(|way| way.as_object().is_some_and(serde_json::Map::is_empty));
        let needs = if is_open {
            format!("a token with the scope {scope} if the pages need a login")
        } else {
            format!("a token with the scope {scope}")
        };
        Self {
            method: method.to_uppercase(),
            path: path.to_owned(),
            about: [text(&operation["summary"]), text(&operation["description"])].join(" ").trim().to_owned(),
            needs,
            parameters: parameters.map(parameter).collect(),
            body: content(&operation["requestBody"]),
            answers: answers.collect(),
        }
    }
}

fn shapes(document: &Value) -> Vec<Shape> {
    let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
    schemas.map(|(name, schema)| Shape::of(name, schema)).collect()
}

impl Shape {
    fn of(name: &str, schema: &Value) -> Self {
        // What is flattened into another stands beside it.
        let parts = std::iter::once(schema).chain(schema["allOf"].as_array().into_iter().flatten());
        let fields = parts.flat_map(|part| {
            let required: Vec<&str> =
                part["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let fields = part["properties"].as_object().into_iter().flatten();
            fields.map(move |(name, field)| Field {
                name: name.clone(),
                kind: ValueType::of(field),
                is_required: required.contains(&name.as_str()),
                about: text(&field["description"]),
            })
        });
        let values = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Self {
            name: name.to_owned(),
            about: text(&schema["description"]),
            fields: fields.collect(),
            values: values.map(str::to_owned).collect(),
        }
    }
}

impl ValueType {
    fn of(schema: &Value) -> Self {
        if let Some(shape) = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next()) {
            return Self { words: shape.to_owned(), shape: Some(shape.to_owned()) };
        }
        for both in ["oneOf", "anyOf", "allOf"] {
            let parts = schema[both].as_array().into_iter().flatten();
            let mut parts = parts.filter(|part| part["type"] != "null");
            if let Some(part) = parts.next() {
                return Self::of(part);
            }
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if kinds.contains(&"array") {
            let inner = Self::of(&schema["items"]);
            return Self { words: format!("list of {}", inner.words), shape: inner.shape };
        }
        let values: Vec<&str> =
            schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !values.is_empty() {
            return Self { words: values.join(" | "), shape: None };
        }
        let words = match (kinds.join(" or "), schema["format"].as_str()) {
            (kinds, Some(format)) => format!("{kinds} ({format})"),
            (kinds, None) => kinds,
        };
        Self { words, shape: None }
    }
}
