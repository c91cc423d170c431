//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::app::LogFormat;

const EXAMPLES: &str = "\
Examples:
  regwatch demo                                    see it work, without network or configuration
  regwatch init /etc/regwatch                      write a commented configuration to start from
  regwatch check now                               read every source once and tell what changed
  regwatch sub add ann@example.org --company hikvision --confirmed
  regwatch daemon                                  keep reading, on schedule
  regwatch status                                  see at a glance whether all is well

Exit codes:
  0  done
  1  error
  2  wrong usage
  3  something changed (check now --exit-code)
  4  some source could not be read
  5  something needs a person (status, doctor)
  65 tried again and again in vain, return it (mail ingest)
  75 try again later (mail ingest)";

/// Watches public regulatory pages and emails the people concerned what changed, why it concerns
/// them, and the proof.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, propagate_version = true)]
pub(super) struct Arguments {
    /// The main configuration file; the last one given counts.
    #[arg(
        long,
        overrides_with = "config",
        global = true,
        value_name = "FILE",
        default_value = "config/regwatch.toml",
        env = "REGWATCH_CONFIG"
    )]
    pub config: PathBuf,

    /// Print one JSON object on standard output instead of words.
    #[arg(long, global = true)]
    pub json: bool,

    /// What is logged to standard error: a level, or a list such as `info,regwatch::fetch=debug`
    /// [default: info for the daemon, error otherwise].
    #[arg(long, global = true, value_name = "FILTER", env = "REGWATCH_LOG")]
    pub log: Option<String>,

    /// How log lines look.
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,

    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Write a commented configuration to start from.
    Init(super::init::Init),
    /// Read sources now.
    #[command(subcommand)]
    Check(super::check::Check),
    /// Read sources on schedule and send mail until stopped.
    Daemon,
    /// Look whether the installation is set up well; each finding comes with its fix.
    ///
    /// Takes up to a minute. Exits with 5 where something was found.
    Doctor,
    /// Have the daemon take over what the files say now. A configuration that is not valid is refused, and what is
    /// in force stays. SIGHUP does the same.
    Reload,
    /// Show at a glance how all stands, and what needs you.
    Status(super::status::Status),
    /// See it work: two days of made-up pages on this machine, no network, no configuration.
    Demo(super::demo::Demo),
    /// What is watched.
    #[command(subcommand)]
    Source(super::source::SourceVerb),
    /// Who is tracked.
    #[command(subcommand)]
    Company(super::company::CompanyVerb),
    /// How well names are matched, on labelled files.
    #[command(subcommand)]
    Eval(super::eval::Eval),
    /// What changed.
    #[command(subcommand)]
    Changes(super::changes::Changes),
    /// What waits for a person's word: reads that were held back.
    #[command(subcommand)]
    Review(super::review::Review),
    /// Trouble with reading.
    #[command(subcommand)]
    Incident(super::incident::IncidentVerb),
    /// Read the stored bodies of a source anew, and compare with what was told.
    Replay(super::replay::ReplayArguments),
    /// Who is told.
    #[command(subcommand)]
    Sub(super::sub::Sub),
    /// Mail on its way.
    #[command(subcommand)]
    Outbox(super::outbox::Outbox),
    /// Addresses that nothing is sent to.
    #[command(subcommand)]
    Suppression(super::suppression::SuppressionVerb),
    /// Whether mail arrives.
    #[command(subcommand)]
    Mail(super::mail::Mail),
    /// What is configured.
    #[command(subcommand)]
    Config(super::config::ConfigVerb),
    /// Who may log in to the pages.
    #[command(subcommand)]
    Web(super::web::WebVerb),
    /// Look after the store: size, backups, repair.
    #[command(subcommand)]
    Store(super::store::StoreVerb),
    /// Print completions for a shell.
    Completions(super::manual::Completions),
    /// Print the man page, or write those of all commands.
    Man(super::manual::Man),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
