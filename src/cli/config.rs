//! `regwatch config`: is it valid, and what does it say.

use clap::Subcommand;

use super::Context;
use super::check::counted;
use super::exit::Exit;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigVerb {
    /// Check the configuration and print every error with its place.
    Check,
    /// Print the configuration in force, with defaults and without secrets.
    Show,
}

pub(super) fn run(verb: &ConfigVerb, context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    match verb {
        ConfigVerb::Check if context.output.json => context.output.object(&serde_json::json!({
            "valid": true,
            "sources": config.sources.len(),
            "companies": config.companies.len(),
        }))?,
        ConfigVerb::Check => {
            context.output.item(&format!(
                "{} is valid: {}, {}",
                config.path.display(),
                counted(config.sources.len(), "source", "sources"),
                counted(config.companies.len(), "company", "companies"),
            ))?;
            if let Some(why) = &config.fetch.only_here {
                context.output.item(&format!("regwatch reads no site outside this machine yet: {why}"))?;
            }
        }
        ConfigVerb::Show if context.output.json => {
            let shown: toml::Table = crate::config::show(&config).parse()?;
            context.output.object(&shown)?;
        }
        ConfigVerb::Show => context.output.line(crate::config::show(&config).trim_end())?,
    }
    Ok(Exit::Done)
}
