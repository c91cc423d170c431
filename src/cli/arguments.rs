//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::app::LogFormat;

const EXAMPLES: &str = "\
Examples:
  regwatch demo                                    try it out, without network or configuration
  regwatch init /etc/regwatch                      write a commented configuration to start from
  regwatch check now                               read every source once and show what changed
  regwatch sub add ann@example.org --company hikvision --confirmed
  regwatch daemon                                  keep reading, on schedule
  regwatch status                                  show whether all is well

Exit codes:
  0  done
  1  error
  2  wrong usage
  3  something changed (check now --exit-code), a supplier is listed (screen)
  4  a source could not be read
  5  something needs a person (status, doctor)
  6  the evidence is not sound (evidence verify)
  65 given up, return the message to its sender (mail ingest)
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

    /// The log filter for standard error: a level, or a list such as `info,regwatch::fetch=debug`
    /// [default: info for the daemon, error otherwise].
    #[arg(long, global = true, value_name = "FILTER", env = "REGWATCH_LOG")]
    pub log: Option<String>,

    /// The format of log lines.
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
    Daemon(super::daemon::Daemon),
    /// Check the installation; each finding comes with its fix.
    ///
    /// Takes up to a minute. Exits with 5 if it finds anything.
    Doctor,
    /// Have the daemon reload its configuration. It refuses an invalid one and keeps the old one in force. SIGHUP
    /// does the same.
    Reload,
    /// Show at a glance whether all is well, and what needs you.
    ///
    /// The first line is a sentence. What needs you follows, each with the command for it. Works with and without a
    /// daemon. Exits with 0 if all is well, with 5 if something needs a person, and with 1 on an error.
    Status(super::status::Status),
    /// Try it out: two days of made-up pages on this machine, without network or configuration.
    Demo(super::demo::Demo),
    /// Manage sources.
    #[command(subcommand)]
    Source(super::source::SourceVerb),
    /// Manage tracked companies.
    #[command(subcommand)]
    Company(super::company::CompanyVerb),
    /// Measure name matching on labelled files.
    #[command(subcommand)]
    Eval(super::eval::Eval),
    /// Compare suppliers with the watched lists as they were read last. Exits with 3 if one is listed.
    Screen(super::screen::Screen),
    /// List and show changes.
    #[command(subcommand)]
    Changes(super::changes::Changes),
    /// Export and verify evidence: what was read and when.
    #[command(subcommand)]
    Evidence(super::evidence::EvidenceVerb),
    /// Export changes and entries as FollowTheMoney or CSV.
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
    /// Run dated captures of a source through the whole pipeline, and show what it would have reported and when.
    Backtest(super::backtest::BacktestArguments),
    /// Import an archive of a source as its history, so that it is known since when an entry has been listed.
    /// Notifies nobody.
    Backfill(super::backfill::BackfillArguments),
    /// Manage subscribers.
    #[command(subcommand)]
    Sub(super::sub::Sub),
    /// Manage outgoing mail.
    #[command(subcommand)]
    Outbox(super::outbox::Outbox),
    /// Manage the suppression list: addresses that get no mail.
    #[command(subcommand)]
    Suppression(super::suppression::SuppressionVerb),
    /// Test and preview mail.
    #[command(subcommand)]
    Mail(super::mail::Mail),
    /// Check and show the configuration.
    #[command(subcommand)]
    Config(super::config::ConfigVerb),
    /// Manage access tokens for feeds, the calendar and the API.
    #[command(subcommand)]
    Token(super::token::TokenVerb),
    /// Manage webhooks: receivers that are notified of changes by HTTP.
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
    /// Print the man page, or write the pages of all commands.
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
