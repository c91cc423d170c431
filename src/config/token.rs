//! The secret by which a source knows who asks, from a file or from the environment.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::node::{ConfigNode, ConfigTable, FaultNoted};
use super::{secret, value};
use crate::domain::source::SourceKind;
use crate::domain::token::{SourceToken, TokenPlace};

/// Shorter secrets would be found, and hidden, in texts that do not mean them.
const MIN_TOKEN_CHARS: usize = 8;

/// Reads `token_file` or `token_variable`, and `token_as`.
pub(super) fn token(
    table: &ConfigTable<'_>,
    folder: &Path,
    kind: &SourceKind,
) -> Result<Option<SourceToken>, FaultNoted> {
    let place = table.or("token_as", kind.default_token_place(), |node| node.parse(place));
    let file = table.optional("token_file", |node| from_file(node, folder));
    let variable = table.optional("token_variable", from_variable);
    let given = [table.get("token_file"), table.get("token_variable")];
    match (given, table.get("token_as")) {
        ([Some(_), Some(node)], _) => {
            node.fault("is given beside token_file, expected one of the two");
            return Err(FaultNoted);
        }
        ([None, None], Some(node)) => {
            node.fault("is given without a token, expected token_file or token_variable as well");
            return Err(FaultNoted);
        }
        _ => {}
    }
    let place = place.ok_or(FaultNoted)?;
    Ok(file?.or(variable?).map(|secret| SourceToken::new(secret, place)))
}

fn place(text: &str) -> Result<TokenPlace, String> {
    text.parse().map_err(|()| {
        format!(
            "found {text:?}, expected a header such as \"Authorization: Token {{}}\" or a parameter such as \"?api_key={{}}\", {{}} standing for the token"
        )
    })
}

fn from_file(node: &ConfigNode<'_>, folder: &Path) -> Option<SecretString> {
    let path = value::path_from(folder, node.line()?);
    let secret = secret::read_file(&path).map_err(|error| node.fault(error)).ok()?;
    fit(node, secret)
}

fn from_variable(node: &ConfigNode<'_>) -> Option<SecretString> {
    let name = node.line()?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name || name.starts_with(|c: char| c.is_ascii_digit()) {
        node.fault("is not the name of an environment variable, expected letters, digits and _");
        return None;
    }
    let Some(secret) = secret::variable(name) else {
        node.fault(format_args!("names {name}, which is not set, expected the token in it"));
        return None;
    };
    fit(node, secret)
}

fn fit(node: &ConfigNode<'_>, secret: SecretString) -> Option<SecretString> {
    let text = secret.expose_secret();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_plain || text.len() < MIN_TOKEN_CHARS {
        node.fault(format_args!(
            "leads to no token, expected at least {MIN_TOKEN_CHARS} printable ASCII characters without blanks"
        ));
        return None;
    }
    Some(secret)
}
