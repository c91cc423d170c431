//! `regwatch source add`: look at a page and propose how to watch it.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
use crate::cli::progress::WaitingSign;
use crate::cli::reload::take_over;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{self, Config};
use crate::convert::pdf_text;
use crate::domain::bundle::{BundlePart, FIRST};
use crate::domain::docket::DOCKET;
use crate::domain::entry::{Document, Entry, LINKS};
use crate::domain::id::SourceId;
use crate::domain::source::{Source, SourceKind};
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Verdict;
use crate::extract::{
    Guess, LeftOut, RawDocument, goes_on, left_out, needs_browser, next_by_header, propose, propose_pdf,
    title, wanted_after,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// The address of the page.
    url: Url,
    /// The source's id [default: derived from the address].
    #[arg(long)]
    id: Option<SourceId>,
    /// Inspect this file instead of the page.
    #[arg(long, value_name = "BODY")]
    file: Option<PathBuf>,
    /// Write the proposal to sources/ID.toml beside the main file. A main file that includes nothing yet gets an
    /// include of
    /// sources/*.toml.
    #[arg(long)]
    write: bool,
}

/// What was found of a page.
struct Proposal {
    source: Source,
    text: String,
    document: Document,
    /// What is not read, and what else to look at.
    warnings: Vec<String>,
}

/// So many entries are shown as they are read.
const SHOWN_ENTRIES: usize = 5;

/// So much of a field is shown.
const MAX_SHOWN_CHARS: usize = 80;

/// So many fields of an entry are shown.
const MAX_SHOWN_FIELDS: usize = 8;

pub(super) async fn run(add: Add, context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let id = match add.id.clone() {
        Some(id) => id,
        None => id_of(&add.url)?,
    };
    anyhow::ensure!(config.source(&id).is_none(), "a source {id} already exists; give another --id");
    let proposal =
        WaitingSign::for_long("inspecting the page", Box::pin(proposal(&id, &add, &config))).await?;
    let path = if add.write { Some(write(&proposal, &context.config)?) } else { None };
    let taken_over = path.is_some() && take_over(context.config()?).await?.is_some();
    let output = context.output;
    let entries = &proposal.document.entries;
    if output.json {
        let written = path.as_ref().map(|path| path.display().to_string());
        output.object(&serde_json::json!({
            "id": id, "kind": proposal.source.kind.name(), "entries": entries.len(),
            "first": &entries[..entries.len().min(SHOWN_ENTRIES)], "warnings": proposal.warnings,
            "toml": proposal.text, "written": written, "taken_over": taken_over,
        }))?;
    } else {
        output.line(proposal.text.trim_end())?;
        if !entries.is_empty() {
            let shown = entries.len().min(SHOWN_ENTRIES);
            output.line(format!("\n# The first {shown} of {}, as read:", entries.len()))?;
            for entry in &entries[..shown] {
                output.line(format!("#   {}", shown_entry(entry)))?;
            }
        }
        if let Some(path) = path {
            output.line(format!("\n# written to {}", path.display()))?;
            if taken_over {
                output.line("# in force in the daemon, which reads it now")?;
            }
        }
    }
    Ok(Exit::Done)
}

/// An entry on one line.
fn shown_entry(entry: &Entry) -> String {
    let fields = entry.fields.iter().filter(|(name, _)| name.as_str() != LINKS).take(MAX_SHOWN_FIELDS);
    let fields = fields.map(|(name, text)| format!("{name}: {}", shorten(&one_line(text), MAX_SHOWN_CHARS)));
    let title = shorten(&one_line(&entry.title), MAX_SHOWN_CHARS);
    std::iter::once(title).chain(fields).collect::<Vec<_>>().join(" · ")
}

/// What was looked at.
struct FetchedPage {
    body: Bytes,
    content_type: Option<String>,
    url: Url,
    /// The header `Link`.
    link: Option<String>,
    /// Whether a browser had to show it.
    in_browser: bool,
}

impl FetchedPage {
    fn page(&self) -> RawDocument<'_> {
        RawDocument { body: &self.body, content_type: self.content_type.as_deref(), url: &self.url }
    }

    /// The guesses at how it could be read. Of a PDF the text is looked at.
    async fn guesses(&self) -> anyhow::Result<Vec<Guess>> {
        if !self.body.starts_with(b"%PDF-") {
            return Ok(propose(&self.page()));
        }
        let text = pdf_text(&self.body).await.context("failed to extract the text of the PDF")?;
        Ok(propose_pdf(&String::from_utf8_lossy(&text)))
    }
}

/// Looks at the page and tries every guess on it; the first that reads all of it is proposed, or else
/// the first that reads it, with what it leaves out.
async fn proposal(id: &SourceId, add: &Add, config: &Config) -> anyhow::Result<Proposal> {
    let looked = looked_at(id, add, config).await?;
    let title = title(&looked.page()).map_or_else(|| id.to_string(), |title| one_line(&title));
    let draft = SourceDraft { id, title: &title, url: &add.url, in_browser: looked.in_browser };
    let mut best: Option<ReadingGuess> = None;
    for guess in looked.guesses().await? {
        let Some(tried) = tried(&draft, guess, &looked).await? else { continue };
        // Of a page whose list is not read whole, another table is no better for being small.
        let is_smaller = |best: &ReadingGuess| tried.is_table() && tried.entries() * 2 < best.entries();
        if best.as_ref().is_some_and(is_smaller) {
            continue;
        }
        let is_whole = !tried.left.is_much();
        if is_whole || best.is_none() {
            best = Some(tried);
        }
        if is_whole {
            break;
        }
    }
    let Some(best) = best else {
        anyhow::bail!(
            "no kind of source reads {}: expected a feed, a docket, a list in CSV, XLSX, PDF, JSON or XML, a table with headers, or text",
            add.url
        )
    };
    best.into_proposal(&draft, &looked)
}

/// A guess that reads the page.
struct ReadingGuess {
    source: Source,
    settings: String,
    document: Document,
    left: LeftOut,
    leaves_out: Vec<String>,
    may_be_empty: bool,
}

async fn tried(
    draft: &SourceDraft<'_>,
    guess: Guess,
    looked: &FetchedPage,
) -> anyhow::Result<Option<ReadingGuess>> {
    let Guess { settings, leaves_out } = guess;
    let may_be_empty = config::read_source(&draft.text(&settings, None))?.guard.min_entries == 0;
    // Whether it reads the page does not depend on how long such lists usually are.
    let min_entries = (!may_be_empty).then_some(1);
    let source = config::read_source(&draft.text(&settings, min_entries))?;
    let has_pages = matches!(
        source.kind,
        SourceKind::HtmlTable(_)
            | SourceKind::HtmlList(_)
            | SourceKind::PageText(_)
            | SourceKind::Json(_)
            | SourceKind::Xml(_)
    );
    let mut settings = settings;
    let mut found = read_as(&source, looked).await;
    if found.is_none() && has_pages {
        // The first of several pages is no whole list; what it holds shows all the same.
        let one_page = format!("{settings}one_page = true\n");
        found = read_as(&config::read_source(&draft.text(&one_page, min_entries))?, looked).await;
        if !is_followed(&source, looked) {
            settings = one_page;
        }
    }
    let Some(document) = found else { return Ok(None) };
    if document.entries.is_empty() && !may_be_empty && !document.is_honestly_empty {
        return Ok(None);
    }
    settings.push_str(&dockets(&source, &document));
    let left = left_out(&source.kind, &looked.page(), &document);
    Ok(Some(ReadingGuess { source, settings, document, left, leaves_out, may_be_empty }))
}

/// What a source reads of the page, where it would be believed.
async fn read_as(source: &Source, looked: &FetchedPage) -> Option<Document> {
    let trial = try_saved(source, looked.body.clone(), Vec::new()).await;
    trial.document.filter(|_| trial.verdict == Verdict::Good)
}

/// Whether the further pages of a list are read with the first.
fn is_followed(source: &Source, looked: &FetchedPage) -> bool {
    let first = BundlePart {
        name: FIRST.to_owned(),
        url: looked.url.clone(),
        content_type: looked.content_type.clone(),
        body: &looked.body,
    };
    matches!(wanted_after(&source.kind, &[first], looked.link.as_deref()), Ok(Some(_)))
}

/// The setting that holds a docket to its case, where there is one.
fn dockets(source: &Source, document: &Document) -> String {
    let is_of_one = source.kind.docket().is_some() && !matches!(source.kind, SourceKind::CourtRss(_));
    let numbers: BTreeSet<&str> =
        document.entries.iter().filter_map(|entry| entry.fields.get(DOCKET)).map(String::as_str).collect();
    match numbers.first().filter(|_| is_of_one && numbers.len() == 1) {
        // The API of CourtListener names its case by another number.
        Some(number) if number.contains(|c: char| !c.is_ascii_digit()) => {
            format!("dockets = {}\n", Value::from(vec![*number]))
        }
        _ => String::new(),
    }
}

impl ReadingGuess {
    fn entries(&self) -> usize {
        self.document.entries.len()
    }

    fn is_table(&self) -> bool {
        matches!(self.source.kind, SourceKind::HtmlTable(_))
    }

    fn into_proposal(self, draft: &SourceDraft<'_>, looked: &FetchedPage) -> anyhow::Result<Proposal> {
        let warnings = self.warnings(looked);
        let entries = self.document.entries.len();
        let min_entries = (!self.may_be_empty).then_some(entries * 4 / 5).filter(|min| *min > 0);
        let settings = draft.text(&self.settings, min_entries);
        let today = SystemClock.now().format("%Y-%m-%d");
        let found = counted(entries, "entry", "entries");
        let notes: String = warnings.iter().map(|warning| format!("# Check this: {warning}.\n")).collect();
        let text = format!(
            "# Proposed by `regwatch source add` from what stood there on {today}: {found}.\n\
             # `regwatch source test {}` shows them. Look at the key, the schedule and the minimum.\n{notes}{settings}",
            draft.id
        );
        Ok(Proposal { source: config::read_source(&text)?, text, document: self.document, warnings })
    }

    fn warnings(&self, looked: &FetchedPage) -> Vec<String> {
        let mut warnings: Vec<String> = self.leaves_out.iter().map(|text| one_line(text)).collect();
        if self.left.lost > 0 {
            let examples: Vec<String> = self.left.examples.iter().map(|text| format!("{text:?}")).collect();
            warnings.push(format!(
                "{} of the table's {} are in no entry: {}",
                self.left.lost,
                counted(self.left.cells, "cell", "cells"),
                examples.join(", ")
            ));
        }
        if self.left.tables > 0 {
            warnings.push(format!(
                "{} of the page not read",
                counted(self.left.tables, "other table is", "other tables are")
            ));
        }
        let by_header = || {
            let next = next_by_header(looked.link.as_deref()?, &looked.url)?;
            Some(format!("its header Link names a next page, {next}"))
        };
        if let Some(words) = goes_on(&looked.page()).or_else(by_header) {
            let follows = if self.settings.contains("one_page = true") {
                "and does not say where, so only this page is read (one_page)"
            } else {
                "check that all of it is read"
            };
            warnings.push(format!("this is a part of a longer list, {words}: {follows}"));
        }
        if looked.in_browser {
            warnings.push("scripts build the page, so a browser loads it first".to_owned());
        }
        warnings
    }
}

/// The saved page, or what is there now. A page that scripts put together is looked at in a browser.
async fn looked_at(id: &SourceId, add: &Add, config: &Config) -> anyhow::Result<FetchedPage> {
    if let Some(path) = &add.file {
        let body = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let looked = FetchedPage {
            body: body.into(),
            content_type: None,
            url: add.url.clone(),
            link: None,
            in_browser: false,
        };
        anyhow::ensure!(
            !needs_browser(&looked.page()),
            "scripts build this page in the reader's browser; expected the page as saved by a browser, or no --file"
        );
        return Ok(looked);
    }
    let looked = asked(id, add, config, false).await?;
    if !needs_browser(&looked.page()) {
        return Ok(looked);
    }
    let shown = asked(id, add, config, true).await;
    shown.with_context(|| {
        format!("scripts build {} in the reader's browser, and no browser could load it", add.url)
    })
}

async fn asked(id: &SourceId, add: &Add, config: &Config, in_browser: bool) -> anyhow::Result<FetchedPage> {
    // Of what kind it is does not matter to who only asks for it.
    let draft = SourceDraft { id, title: "A page", url: &add.url, in_browser };
    let kind = if in_browser { "kind = \"page-text\"\nkeep = [\"body\"]\n" } else { "kind = \"feed\"\n" };
    let source = config::read_source(&draft.text(kind, None))?;
    let answer = look(&fetcher(config, Arc::new(SystemClock)), &source, &SystemClock)
        .await
        .map_err(anyhow::Error::msg)?;
    let content_type = answer.header("content-type").map(str::to_owned);
    let link = answer.header("link").map(str::to_owned);
    Ok(FetchedPage { body: answer.body.bytes(), content_type, url: answer.url, link, in_browser })
}

/// What is the same in all that is tried.
struct SourceDraft<'a> {
    id: &'a SourceId,
    title: &'a str,
    url: &'a Url,
    in_browser: bool,
}

impl SourceDraft<'_> {
    fn text(&self, settings: &str, min_entries: Option<usize>) -> String {
        let render = if self.in_browser { "render = \"browser\"\n" } else { "" };
        source_text(self.id, self.title, self.url, &format!("{settings}{render}"), min_entries)
    }
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
    id.trim_end_matches('-').parse().context("cannot derive an id from the address; give one with --id")
}

/// The pattern that finds what is written.
const PATTERN: &str = "sources/*.toml";

/// Writes the proposal beside the main file; taken back where the configuration is not valid with it.
fn write(proposal: &Proposal, main: &Path) -> anyhow::Result<PathBuf> {
    let folder = main.parent().unwrap_or(Path::new("")).join("sources");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join(format!("{}.toml", proposal.source.id));
    let mut file = fs::File::create_new(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let written = file.write_all(proposal.text.as_bytes()).and_then(|()| file.sync_all());
    let included =
        written.map_err(anyhow::Error::from).and_then(|()| Ok(config::add_include(main, PATTERN)?));
    let is_included_now = matches!(included, Ok(true));
    let taken = included.and_then(|_| Ok(config::load(main)?));
    match taken {
        Ok(config) if config.source(&proposal.source.id).is_some() => Ok(path),
        outcome => {
            let _ = fs::remove_file(&path);
            if is_included_now {
                let _ = config::take_back_include(main, PATTERN);
            }
            let reason = outcome
                .err()
                .unwrap_or_else(|| anyhow::anyhow!("{} does not include {PATTERN}", main.display()));
            Err(reason.context(format!("failed to write {}", path.display())))
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
