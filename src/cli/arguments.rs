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
  3  something changed (check now --exit-code), somebody is listed (screen)
  4  some source could not be read
  5  something needs a person (status, doctor)
  6  evidence that is not sound (evidence verify)
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
    /// Check that the installation is set up well; each finding comes with its fix.
    ///
    /// Takes up to a minute. Exits with 5 where something was found.
    Doctor,
    /// Have the daemon reload its configuration. An invalid one is refused, and the former stays in force. SIGHUP
    /// does the same.
    Reload,
    /// Show at a glance whether all is well, and what needs you.
    Status(super::status::Status),
    /// See it work: two days of made-up pages on this machine, no network, no configuration.
    Demo(super::demo::Demo),
    /// Manage sources.
    #[command(subcommand)]
    Source(super::source::SourceVerb),
    /// Manage tracked companies.
    #[command(subcommand)]
    Company(super::company::CompanyVerb),
    /// Measure how well names are matched, on labelled files.
    #[command(subcommand)]
    Eval(super::eval::Eval),
    /// Hold suppliers against the lists that are watched, as they were read last. Exits with 3 where one is listed.
    Screen(super::screen::Screen),
    /// List and show changes.
    #[command(subcommand)]
    Changes(super::changes::Changes),
    /// Export and verify evidence: what was read and when.
    #[command(subcommand)]
    Evidence(super::evidence::EvidenceVerb),
    /// Export changes and entries for others, as FollowTheMoney or CSV.
    #[command(subcommand)]
    Export(super::export::ExportVerb),
    /// Review quarantined reads and possible matches.
    #[command(subcommand)]
    Review(super::review::Review),
    /// List incidents: trouble with reading, mail or the store.
    #[command(subcommand)]
    Incident(super::incident::IncidentVerb),
    /// Read the stored bodies of a source again, and compare with the changes that were reported.
    Replay(super::replay::ReplayArguments),
    /// Run dated captures of a source through everything, and say what would have been told and when.
    Backtest(super::backtest::BacktestArguments),
    /// Take an archive of a source in as its history, so that it is known since when what stands there does. Nobody is
    /// told.
    Backfill(super::backfill::BackfillArguments),
    /// Manage subscribers.
    #[command(subcommand)]
    Sub(super::sub::Sub),
    /// Manage outgoing mail.
    #[command(subcommand)]
    Outbox(super::outbox::Outbox),
    /// Manage the suppression list: addresses that are sent nothing.
    #[command(subcommand)]
    Suppression(super::suppression::SuppressionVerb),
    /// Test and preview mail.
    #[command(subcommand)]
    Mail(super::mail::Mail),
    /// Check and show the configuration.
    #[command(subcommand)]
    Config(super::config::ConfigVerb),
    /// Manage tokens by which programs ask for feeds, the calendar and the API.
    #[command(subcommand)]
    Token(super::token::TokenVerb),
    /// Manage receivers that are told of changes by HTTP.
    #[command(subcommand)]
    Webhook(super::webhook::WebhookVerb),
    /// Manage who may log in to the pages.
    #[command(subcommand)]
    Web(super::web::WebVerb),
    /// Manage the store: size, backups, repair.
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
