//! The tables `[[web.operator]]`: who may log in to the pages, and as what.

use std::path::Path;

use secrecy::ExposeSecret;

use super::node::{AllowedKeys, ConfigNode};
use super::{secret, value};
use crate::domain::spelling::none_of;
use crate::settings::{OperatorLogin, PasswordHash, Role};

pub(super) const OPERATOR: AllowedKeys =
    AllowedKeys { heading: "[[web.operator]]", names: &["name", "role", "password_hash_file"] };

/// Reads the tables. No two of them have one name.
pub(super) fn operators(list: &ConfigNode<'_>, folder: &Path) -> Option<Vec<OperatorLogin>> {
    let mut operators: Vec<OperatorLogin> = Vec::new();
    let mut is_whole = true;
    for node in list.items("tables")? {
        match operator(&node, folder) {
            Some(operator) if operators.iter().any(|known| known.name == operator.name) => {
                node.fault(format_args!("names {:?} a second time", operator.name));
                is_whole = false;
            }
            Some(operator) => operators.push(operator),
            None => is_whole = false,
        }
    }
    is_whole.then_some(operators)
}

fn operator(node: &ConfigNode<'_>, folder: &Path) -> Option<OperatorLogin> {
    let table = node.table(&OPERATOR)?;
    let name =
        table.require("name", "the name to log in with, such as \"ann\"").and_then(|node| node.parse(name));
    let role = table.or("role", Role::Operator, |node| node.parse(role));
    let password = table.optional("password_hash_file", |node| {
        let path = value::path_from(folder, node.line()?);
        let hash = secret::read_file(&path).and_then(|hash| {
            PasswordHash::of(hash.expose_secret()).map_err(|fault| format!("{} {fault}", path.display()))
        });
        hash.map(|hash| (hash, path.clone())).map_err(|fault| node.fault(fault)).ok()
    });
    let (password, password_file) = password.ok()?.unzip();
    Some(OperatorLogin { name: name?, role: role?, password, password_file })
}

fn name(text: &str) -> Result<String, String> {
    let is_fit = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@+".contains(&byte));
    if is_fit {
        return Ok(text.to_owned());
    }
    Err(format!("found {text:?}, expected at most 64 letters, digits and . _ - @ +"))
}

fn role(text: &str) -> Result<Role, String> {
    match text {
        "reader" => Ok(Role::Reader),
        "operator" => Ok(Role::Operator),
        other => Err(none_of(other, &["reader", "operator"])),
    }
}
