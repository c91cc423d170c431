//! `regwatch token`: by what programs ask for feeds, the calendar and the API.

use std::collections::BTreeSet;

use anyhow::bail;
use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::Context;
use super::exit::Exit;
use super::source::moment;
use crate::control::command;
use crate::domain::access_token::{AccessScope, AccessToken};

#[derive(Debug, Subcommand)]
pub(super) enum TokenVerb {
    /// Create a token and print it. It is shown only once: the store keeps its hash.
    Add(Add),
    /// List tokens and their scopes, newest first.
    List,
    /// Revoke a token at once.
    Revoke {
        /// The token's id, or the beginning of it.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// Its owner or purpose; the audit log records its actions under this name.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What it may do; repeatable. feeds: feeds and the calendar; only such a token may be part of an address. read:
    /// everything that names no person. operate: check, accept, reject, retract. subscribers: see and change
    /// subscribers.
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<AccessScope>,
    /// Its last day (UTC), such as 2027-06-30 [default: none].
    #[arg(long, value_name = "DATE")]
    until: Option<NaiveDate>,
}

/// A longer name is cut in the audit log.
const MAX_NAME_CHARS: usize = 80;

pub(super) async fn run(verb: TokenVerb, context: &Context) -> anyhow::Result<Exit> {
    let output = context.output;
    match verb {
        TokenVerb::Add(Add { name, scopes, until }) => {
            let name = name.trim().to_owned();
            if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
                bail!("--name: found {name:?}, expected 1 to {MAX_NAME_CHARS} characters");
            }
            let scopes: BTreeSet<AccessScope> = scopes.into_iter().collect();
            let made = context.ask(command::AddToken { name, scopes, last_day: until }).await?;
            if output.json {
                let mut shown = shown(&made.token);
                shown["token"] = made.text.into();
                output.object(&shown)?;
            } else {
                output.line(&made.text)?;
            }
        }
        TokenVerb::List => {
            let tokens = context.ask(command::ListTokens {}).await?;
            if output.json {
                output
                    .object(&serde_json::json!({ "tokens": tokens.iter().map(shown).collect::<Vec<_>>() }))?;
            } else {
                output.table(HEADINGS, tokens.iter().map(row))?;
            }
        }
        TokenVerb::Revoke { id } => {
            let token = context.ask(command::RevokeToken { id }).await?;
            if output.json {
                output.object(&shown(&token))?;
            } else {
                output.table(HEADINGS, [row(&token)])?;
            }
        }
    }
    Ok(Exit::Done)
}

/// A token for programs. Its hash is nobody's business.
fn shown(token: &AccessToken) -> serde_json::Value {
    serde_json::json!({
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes,
        "created_at": token.created_at,
        "last_day": token.last_day,
        "revoked_at": token.revoked_at,
    })
}

const HEADINGS: [&str; 5] = ["TOKEN", "NAME", "SCOPES", "MADE", "ENDS"];

fn row(token: &AccessToken) -> [String; 5] {
    let scopes: Vec<String> = token.scopes.iter().map(ToString::to_string).collect();
    let ends = match (token.revoked_at, token.last_day) {
        (Some(at), _) => format!("revoked {}", moment(at)),
        (None, Some(day)) => format!("after {day}"),
        (None, None) => "never".to_owned(),
    };
    [token.id.clone(), token.name.clone(), scopes.join(" "), moment(token.created_at), ends]
}
