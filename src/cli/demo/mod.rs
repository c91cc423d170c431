//! `regwatch demo`: the whole job on made-up pages, without network or configuration.
//!
//! An origin on this machine serves two days of pages; everything else is the
//! real thing: a configuration file is written and read, sources are read over
//! HTTP, mail goes into a Maildir. Nothing knows that it is a demonstration.

mod letter;
mod open;
mod origin;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use self::letter::DemoMail;
use self::origin::Origin;
use super::check;
use super::exit::Exit;
use super::output::Output;
use crate::app::App;
use crate::check::ReadOptions;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::control::{Ask, ProgressReporter, command};
use crate::domain::report::CheckReport;
use crate::domain::topic::Topic;

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Keep everything in this new folder [default: a new temporary folder].
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Keep running: open the mails and pages, and change the watched pages with keys or buttons.
    #[arg(long, conflicts_with = "json")]
    open: bool,
}

/// How somebody goes on with a page of their own.
const OWN_PAGE: &str = "\
Now a page of your own:
  regwatch init my-watch
  regwatch --config my-watch/config/regwatch.toml source add https://… --write";

const SUBSCRIBER: &str = "compliance@integrator.example";

pub(super) async fn run(demo: Demo, output: Output) -> anyhow::Result<Exit> {
    let folder = match demo.keep {
        Some(folder) => folder,
        None => tempfile::Builder::new().prefix("regwatch-demo-").tempdir()?.keep(),
    };
    let origin = Origin::start(folder.clone()).await?;
    let config = write_config(&folder, origin.address(), demo.open)?;
    let app = App::open(config.clone(), Arc::new(SystemClock)).await?;
    let outcome = two_days(&app, &origin, &config, output).await;
    app.close().await?;
    let reports = outcome?;
    let letters = DemoMail::read_all(&folder.join("state/mail"))?;
    show_letters(&letters, &folder, &reports, output)?;
    if demo.open {
        open::keep_open(&config, &origin, &folder, output).await?;
    }
    say(output, &format!("\n{OWN_PAGE}"))?;
    Ok(Exit::Done)
}

/// Writes the demonstration's configuration and reads it as any other.
fn write_config(folder: &Path, origin: &str, has_pages: bool) -> anyhow::Result<Config> {
    let path = folder.join("config/regwatch.toml");
    let mut text = include_str!("regwatch.toml").replace("{origin}", origin);
    if has_pages {
        // Free a moment ago, and so most likely still when the daemon listens there.
        let place = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let _ = write!(text, "\n[web]\nlisten = \"{place}\"\nbase_url = \"http://{place}/\"\n");
    }
    std::fs::create_dir_all(folder.join("config"))
        .and_then(|()| std::fs::write(&path, text))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(crate::config::load(&path)?)
}

async fn two_days(
    app: &App,
    origin: &Origin,
    config: &Config,
    output: Output,
) -> anyhow::Result<[CheckReport; 2]> {
    let subscribe = command::Subscribe {
        address: SUBSCRIBER.parse()?,
        topics: config.companies.iter().map(|company| Topic::from(&company.id)).collect(),
        confirmed: true,
    };
    execute(app, subscribe).await?;
    say(output, "DAY ONE: regwatch sees every source for the first time; that is the baseline.\n")?;
    let first = check(app, config, output).await?;
    origin.begin_day_two();
    say(output, "\nDAY TWO: regwatch reads the pages again.\n")?;
    let second = check(app, config, output).await?;
    Ok([first, second])
}

async fn check(app: &App, config: &Config, output: Output) -> anyhow::Result<CheckReport> {
    let check = command::Check { sources: Vec::new(), options: ReadOptions::default() };
    let checked = execute(app, check).await?;
    if !output.json {
        check::show(&checked, &config.companies, output)?;
    }
    Ok(checked)
}

async fn execute<A: Ask>(app: &App, ask: A) -> anyhow::Result<A::Reply> {
    let progress = ProgressReporter::unheard();
    Ok(app.service().execute(ask, &progress).await?)
}

fn say(output: Output, text: &str) -> anyhow::Result<()> {
    if output.json { Ok(()) } else { output.line(text) }
}

/// Keeps the HTML of mails as files that a browser shows.
fn keep_pages(letters: &[DemoMail], folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for (index, letter) in letters.iter().enumerate() {
        let page = folder.join(format!("mail-{}.html", index + 1));
        std::fs::write(&page, &letter.html).with_context(|| format!("cannot write {}", page.display()))?;
        pages.push(page);
    }
    Ok(pages)
}

fn show_letters(
    letters: &[DemoMail],
    folder: &Path,
    reports: &[CheckReport],
    output: Output,
) -> anyhow::Result<()> {
    let pages = keep_pages(letters, folder)?;
    let maildir = folder.join("state/mail");
    if output.json {
        let days: Vec<_> = reports.iter().map(CheckReport::printed).collect();
        return output.object(&serde_json::json!({ "days": days, "maildir": maildir, "html": pages }));
    }
    for letter in letters {
        output.line("\nTHE MAIL, as its reader sees it:\n")?;
        output.line(letter.to_string().trim_end())?;
    }
    output.line(format!("\nMaildir  {}", maildir.display()))?;
    for page in pages {
        output.line(format!("HTML     {}", page.display()))?;
    }
    Ok(())
}
