//! `regwatch config`: is it valid, and what does it say.

use clap::Subcommand;

use super::Context;
use super::check::counted;
use super::exit::Exit;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigVerb {
    /// Tell whether the configuration is valid, and every fault with its place.
    Check,
    /// Print the configuration in force, defaults filled in, secrets left out.
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
            context.output.line(
                format!(
                    "{} is valid: {}, {}",
                    config.path.display(),
                    counted(config.sources.len(), "source", "sources"),
                    counted(config.companies.len(), "company", "companies"),
                ) + &config.fetch.only_here.as_ref().map_or_else(String::new, |why| {
                    format!("\nno site but this machine's is read yet: {why}")
                }),
            )?;
        }
        ConfigVerb::Show => context.output.line(crate::config::show(&config).trim_end())?,
    }
    Ok(Exit::Done)
}
