//! `regwatch source add`: look at a page and propose how to watch it.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use toml::Value;
use url::Url;

use crate::app::fetcher;
use crate::check::{look, try_saved};
use crate::cli::Context;
use crate::cli::check::counted;
use crate::cli::exit::Exit;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{self, Config};
use crate::domain::id::SourceId;
use crate::domain::source::Source;
use crate::domain::text::one_line;
use crate::domain::verdict::Verdict;
use crate::extract::{Page, propose, title};

#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// The address of the page.
    url: Url,
    /// The source's handle [default: made of the address].
    #[arg(long)]
    id: Option<SourceId>,
    /// Look at this file in place of the page.
    #[arg(long, value_name = "BODY")]
    file: Option<PathBuf>,
    /// Write the proposal into sources/ID.toml beside the main file.
    #[arg(long)]
    write: bool,
}

/// What was found of a page.
struct Proposal {
    source: Source,
    text: String,
    entries: usize,
}

pub(super) async fn run(add: Add, context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let id = match add.id.clone() {
        Some(id) => id,
        None => id_of(&add.url)?,
    };
    anyhow::ensure!(config.source(&id).is_none(), "there is a source {id} already; --id names another");
    let proposal = proposal(&id, &add, &config).await?;
    let path = if add.write { Some(write(&proposal, &context.config)?) } else { None };
    let screen = context.screen;
    if screen.json {
        let written = path.as_ref().map(|path| path.display().to_string());
        screen.object(&serde_json::json!({
            "id": id, "kind": proposal.source.kind.name(), "entries": proposal.entries,
            "toml": proposal.text, "written": written,
        }))?;
    } else {
        screen.line(proposal.text.trim_end())?;
        if let Some(path) = path {
            screen.line(format!("\n# written to {}", path.display()))?;
        }
    }
    Ok(Exit::Done)
}

/// Looks at the page and tries every guess on it; the first that reads it is proposed.
async fn proposal(id: &SourceId, add: &Add, config: &Config) -> anyhow::Result<Proposal> {
    let (body, content_type, url) = page(id, add, config).await?;
    let page = Page { body: &body, content_type: content_type.as_deref(), url: &url };
    let name = title(&page).map_or_else(|| id.to_string(), |title| one_line(&title));
    for settings in propose(&page) {
        let source = config::read_source(&source_text(id, &name, &add.url, &settings, None))?;
        let trial = try_saved(&source, body.clone(), Vec::new()).await;
        let entries = trial.document.map_or(0, |document| document.entries.len());
        let may_be_empty = source.guard.min_entries == 0;
        if trial.verdict == Verdict::Good && (entries > 0 || may_be_empty) {
            let min_entries = (!may_be_empty).then_some(entries * 4 / 5);
            let settings = source_text(id, &name, &add.url, &settings, min_entries.filter(|min| *min > 0));
            let today = SystemClock.now().format("%Y-%m-%d");
            let found = counted(entries, "entry", "entries");
            let text = format!(
                "# Proposed by `regwatch source add` from what stood there on {today}: {found}.\n\
                 # `regwatch source test {id}` shows them. Look at the key, the schedule and the minimum.\n{settings}"
            );
            return Ok(Proposal { source: config::read_source(&text)?, text, entries });
        }
    }
    anyhow::bail!(
        "no kind of source reads {}: expected a feed, a list in CSV, JSON or XML, a table with headers, or text",
        add.url
    )
}

/// The saved page, or what is there now; with its content type and the address that answered.
async fn page(id: &SourceId, add: &Add, config: &Config) -> anyhow::Result<(Bytes, Option<String>, Url)> {
    if let Some(path) = &add.file {
        let body = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        return Ok((body.into(), None, add.url.clone()));
    }
    // Of what kind it is does not matter to who only asks for it.
    let source = config::read_source(&source_text(id, "A page", &add.url, "kind = \"feed\"\n", None))?;
    let answer = look(&fetcher(config), &source, &SystemClock).await.map_err(anyhow::Error::msg)?;
    let content_type = answer.header("content-type").map(str::to_owned);
    Ok((answer.body, content_type, answer.url))
}

/// A source as it stands in a file.
fn source_text(id: &SourceId, title: &str, url: &Url, settings: &str, min_entries: Option<usize>) -> String {
    let (kind, rest) = settings.split_once('\n').unwrap_or((settings, ""));
    let (schedule, zone) = (schedule(id), zone(url));
    let text = |text: &str| Value::from(text);
    let guard = min_entries.map_or_else(String::new, |min| format!("guard = {{ min_entries = {min} }}\n"));
    format!(
        "[[source]]\nid = {}\n{kind}\ntitle = {}\nurl = {}\nschedule = {}\ntimezone = {}\n{rest}{guard}",
        text(id.as_str()),
        text(title),
        text(url.as_str()),
        text(&schedule),
        text(zone),
    )
}

/// Every four hours, at a minute of its own: not all sources should be asked at once.
fn schedule(id: &SourceId) -> String {
    let mut hasher = DefaultHasher::new();
    id.as_str().hash(&mut hasher);
    format!("{} */4 * * *", hasher.finish() % 60)
}

fn zone(url: &Url) -> &'static str {
    let host = url.host_str().unwrap_or_default();
    let zones = [(".gov", "America/New_York"), (".uk", "Europe/London"), (".eu", "Europe/Brussels")];
    zones.iter().find(|(end, _)| host.ends_with(end)).map_or("UTC", |(_, zone)| zone)
}

/// A handle made of the host and the end of the path.
fn id_of(url: &Url) -> anyhow::Result<SourceId> {
    let host = url.host_str().unwrap_or_default().trim_start_matches("www.");
    let labels: Vec<&str> = host.split('.').collect();
    let site = labels.len().checked_sub(2).and_then(|at| labels.get(at)).copied().unwrap_or(host);
    let page = url.path_segments().and_then(|segments| segments.rev().find(|segment| !segment.is_empty()));
    let page = page.map(|page| page.split('.').next().unwrap_or(page)).unwrap_or_default();
    let plain: String = format!("{site}-{page}")
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let id: String = words.join("-").chars().take(64).collect();
    id.trim_end_matches('-').parse().context("no handle can be made of the address; --id names one")
}

/// Writes the proposal beside the main file; taken back where the configuration is not valid with it.
fn write(proposal: &Proposal, main: &Path) -> anyhow::Result<PathBuf> {
    let folder = main.parent().unwrap_or(Path::new("")).join("sources");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(format!("{}.toml", proposal.source.id));
    let mut file = fs::File::create_new(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let written = file.write_all(proposal.text.as_bytes()).and_then(|()| file.sync_all());
    let taken = written.map_err(anyhow::Error::from).and_then(|()| Ok(config::load(main)?));
    match taken {
        Ok(config) if config.source(&proposal.source.id).is_some() => Ok(path),
        outcome => {
            let _ = fs::remove_file(&path);
            let reason = outcome
                .err()
                .unwrap_or_else(|| anyhow::anyhow!("{} does not include sources/*.toml", main.display()));
            Err(reason.context(format!("{} was not kept", path.display())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_made_of_the_address() {
        for (url, expected) in [
            ("https://www.dhs.gov/uflpa-entity-list", "dhs-uflpa-entity-list"),
            ("https://www.gov.uk/government/publications/the-uk-sanctions-list", "gov-the-uk-sanctions-list"),
            ("https://agency.test/", "agency"),
            ("https://agency.test/a/List%20One.html?x=1", "agency-list-20one"),
            ("http://127.0.0.1:8080/list", "0-list"),
        ] {
            assert_eq!(id_of(&url.parse().unwrap()).unwrap().as_str(), expected, "{url}");
        }
    }
}
