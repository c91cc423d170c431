//! Whether an installation is set up well, and what to do where it is not.
//!
//! Every finding names its fix. The checks run together and each ends within its time, so that all of it is done
//! within a minute even where no network answers. Nothing is changed, and no read of a source is kept.
//!
//! Deliberately absent: whether the running service needs somebody, which is `status`'s.

mod network;
mod place;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::clock::Clock;
use crate::config::{Config, ConfigError, load};
use crate::domain::source::SourceKind;
use crate::settings::TransportSettings;

/// Something that should be put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorFinding {
    /// What it is about: `configuration`, `programs`, `permissions`, `disk`, `store`, `daemon`, `backup`, `clock`,
    /// `dns`, `relay` or `sources`.
    pub area: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub fix: String,
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// What should be put right; empty where all is well.
    pub findings: Vec<DoctorFinding>,
    /// What was looked at, and could be.
    pub examined: Vec<&'static str>,
}

impl DoctorFinding {
    fn new(area: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { area, what: what.into(), fix: fix.into() }
    }
}

/// The longest that any check takes.
const WITHIN: Duration = Duration::from_secs(40);

/// Looks at an installation.
pub async fn examine(path: &Path, clock: Arc<dyn Clock>) -> Examination {
    let config = match load(path) {
        Ok(config) => config,
        Err(error) => {
            return Examination { findings: faults(&error), examined: vec!["configuration"] };
        }
    };
    let (here, reachable, dns, relay) = tokio::join!(
        place::findings(&config, &clock),
        network::sources(&config, &clock),
        network::dns(&config.mail),
        network::relay(&config.mail)
    );
    let mut findings = of_configuration(&config);
    findings.extend(programs(&config));
    findings.extend(here);
    findings.extend(dns);
    findings.extend(relay);
    findings.extend(reachable);
    let examined = vec![
        "configuration",
        "programs",
        "permissions",
        "disk",
        "daemon",
        "store",
        "backup",
        "dns",
        "relay",
        "sources",
        "clock",
    ];
    Examination { findings, examined }
}

/// A configuration that is not valid, a finding a fault.
fn faults(error: &ConfigError) -> Vec<DoctorFinding> {
    let fix = "correct this line; docs/CONFIGURATION.md has every key";
    error.faults().iter().map(|fault| DoctorFinding::new("configuration", fault.to_string(), fix)).collect()
}

fn of_configuration(config: &Config) -> Vec<DoctorFinding> {
    let mut findings = Vec::new();
    if let Some(why) = &config.fetch.only_here {
        findings.push(DoctorFinding::new(
            "configuration",
            why.clone(),
            "put your own addresses into these lines",
        ));
    }
    if let TransportSettings::Maildir { path } = &config.mail.transport {
        findings.push(DoctorFinding::new(
            "configuration",
            format!("mail goes into the folder {} and reaches nobody", path.display()),
            "set your relay in mail.transport, such as \"smtp://user@relay.example:587\", then `regwatch mail test ADDRESS`",
        ));
    }
    if config.operator.address.is_none() {
        findings.push(DoctorFinding::new(
            "configuration",
            "nobody gets a mail when a source or the service is in trouble",
            "[operator] address = \"YOU@YOUR.DOMAIN\"",
        ));
    }
    if config.sources.is_empty() {
        findings.push(DoctorFinding::new(
            "configuration",
            "no source is watched",
            "regwatch source add ADDRESS --write",
        ));
    }
    if config.companies.is_empty() {
        findings.push(DoctorFinding::new("configuration", "no company is tracked", "regwatch company add"));
    }
    findings
}

/// Programs that sources need and that cannot be run.
fn programs(config: &Config) -> Vec<DoctorFinding> {
    let runs = |program: &std::ffi::OsStr, argument: &str| {
        let mut command = std::process::Command::new(program);
        command.arg(argument).stdin(std::process::Stdio::null());
        command.output().is_ok()
    };
    let mut findings = Vec::new();
    let is_pdf = |kind: &SourceKind| matches!(kind, SourceKind::PdfText(_));
    if config.sources.iter().any(|source| is_pdf(&source.kind)) && !runs("pdftotext".as_ref(), "-v") {
        findings.push(DoctorFinding::new(
            "programs",
            "cannot run pdftotext, which sources of the kind pdf-text need",
            "apt-get install poppler-utils",
        ));
    }
    let needs_browser = config.sources.iter().any(|source| source.request.in_browser);
    if let Some(browser) = config.fetch.browser.as_ref().filter(|_| needs_browser)
        && !runs(browser.program.as_os_str(), "--version")
    {
        findings.push(DoctorFinding::new(
            "programs",
            format!("cannot run {}, which sources with render = \"browser\" need", browser.program.display()),
            "apt-get install chromium, and set its path in fetch.browser",
        ));
    }
    findings
}
