//! `regwatch company add|edit|remove`: the files changed in place, and what that finds.

use std::path::{Path, PathBuf};

use clap::Args;

use super::facts::{CompanyFacts, addition};
use super::reload::put_in_force;
use crate::cli::Context;
use crate::config::{Config, Edit, Revision};
use crate::control::{Client, InForce, StoreOwner};
use crate::domain::id::CompanyId;
use crate::settings::StoreSettings;

#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// The company's id, such as hikvision.
    id: CompanyId,
    /// The full name.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    facts: CompanyFacts,
    /// The file to write to, relative to the main file's folder [default: companies/ID.toml].
    #[arg(long = "into", value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Change {
    /// The company's id.
    id: CompanyId,
    /// Another full name.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    facts: CompanyFacts,
    /// A name, number, category or source to remove, as it is written.
    #[arg(long = "without", value_name = "TEXT")]
    without: Vec<String>,
    /// Remove the parent.
    #[arg(long, conflicts_with = "parent")]
    no_parent: bool,
}

pub(super) async fn add(add: Add, context: &Context) -> anyhow::Result<()> {
    let (mut edit, _) = Edit::begin(&context.config)?;
    edit.add(&add.facts.of(add.id, add.name), add.file.as_deref())?;
    finish(edit, context).await
}

pub(super) async fn edit(change: Change, context: &Context) -> anyhow::Result<()> {
    let (mut edit, _) = Edit::begin(&context.config)?;
    let facts = change.facts.of(change.id.clone(), String::new());
    let revision = Revision {
        name: change.name,
        is_independent: change.no_parent,
        without: change.without,
        ..addition(facts)
    };
    if revision == Revision::default() {
        anyhow::bail!("no changes given; see `regwatch company edit --help`");
    }
    edit.revise(&change.id, &revision)?;
    finish(edit, context).await
}

pub(super) async fn remove(id: &CompanyId, context: &Context) -> anyhow::Result<()> {
    let (mut edit, _) = Edit::begin(&context.config)?;
    edit.remove(id)?;
    finish(edit, context).await
}

async fn finish(edit: Edit, context: &Context) -> anyhow::Result<()> {
    let (written, config) = write(edit)?;
    let in_force = in_force(config.clone(), context).await?;
    let output = context.output;
    if output.json {
        return output.object(&serde_json::json!({ "written": written, "in_force": in_force }));
    }
    tell(&written, in_force.as_ref(), &config, context)
}

/// Writes what was gathered; gives the files and the configuration as it is now.
pub(super) fn write(edit: Edit) -> anyhow::Result<(Vec<PathBuf>, Config)> {
    let config = edit.check()?;
    Ok((edit.write()?, config))
}

/// Puts the files in force, where there is something that they could bear on: a daemon, or state.
pub(super) async fn in_force(config: Config, context: &Context) -> anyhow::Result<Option<InForce>> {
    let has_store = match &config.store {
        StoreSettings::Sled { path } => path.exists(),
        StoreSettings::Postgres { .. } => true,
    };
    let is_there = || async { Client::connect(&config.daemon.socket, &StoreOwner::of(&config.store)).await };
    if !has_store && is_there().await?.is_none() {
        return Ok(None);
    }
    let taken = put_in_force(config, context).await;
    taken.map(Some).map_err(|error| error.context("the files are written but not in force yet"))
}

/// In words: the files, then what putting them in force found.
pub(super) fn tell(
    written: &[PathBuf],
    in_force: Option<&InForce>,
    config: &Config,
    context: &Context,
) -> anyhow::Result<()> {
    for path in written {
        context.output.line(format!("{} {}", verb(path), path.display()))?;
    }
    match in_force {
        Some(in_force) => in_force.show(&config.companies, context.output),
        None => Ok(()),
    }
}

fn verb(path: &Path) -> &'static str {
    if path.exists() { "wrote" } else { "removed" }
}
