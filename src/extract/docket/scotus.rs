//! Dockets of the Supreme Court: the JSON behind its feeds, and its pages.
//!
//! The pages came in three templates: plain tables with headers drawn of tildes
//! (`.htm`, until 2017), a table of proceedings, and a card for each proceeding.
//! What they have in common is the proof: the words `Proceedings and Orders`,
//! the case's number, and rows that begin with a day. Proceedings have no
//! numbers; they are known by their day and by what they say.

use std::collections::HashSet;
use std::sync::LazyLock;

use chrono::NaiveDate;
use ego_tree::NodeId;
use regex::Regex;
use scraper::{ElementRef, Selector};
use serde::Deserialize;
use url::Url;

use super::{Docket, DocketEntry, is_innermost, pattern};
use crate::domain::entry::Completeness;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;
use crate::extract::date::days;
use crate::extract::html::{self, Markup, TextLines, selector};
use crate::extract::xml::unexpected;
use crate::extract::{RawDocument, json};

/// So many parties are kept.
const MAX_PARTIES: usize = 32;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScotusResponse {
    case_number: String,
    #[serde(default)]
    petitioner_title: Option<String>,
    #[serde(default)]
    respondent_title: Option<String>,
    #[serde(rename = "ProceedingsandOrder")]
    proceedings: Vec<ScotusProceeding>,
    #[serde(default)]
    petitioner: Option<Vec<Counsel>>,
    #[serde(default)]
    respondent: Option<Vec<Counsel>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScotusProceeding {
    date: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    links: Option<Vec<ScotusDocument>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScotusDocument {
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    document_url: Option<String>,
}

/// Counsel, of whom the party alone is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Counsel {
    #[serde(default)]
    party_name: Option<String>,
}

pub(super) fn read_json(page: &RawDocument<'_>) -> Result<Docket, Unreadable> {
    let answer: ScotusResponse = json::parse(page)?;
    let number = number_in(&answer.case_number).unwrap_or_else(|| one_line(&answer.case_number));
    let titles = [answer.petitioner_title, answer.respondent_title];
    let titles = titles.iter().flatten().map(|title| one_line(&html::unescape(title)));
    let caption = titles.filter(|title| !title.is_empty()).collect::<Vec<_>>().join(" v. ");
    let mut parties = Parties::default();
    for (role, counsel) in [("Petitioner", answer.petitioner), ("Respondent", answer.respondent)] {
        for name in counsel.into_iter().flatten().filter_map(|counsel| counsel.party_name) {
            parties.add(role, &html::unescape(&name));
        }
    }
    let mut entries = Vec::with_capacity(answer.proceedings.len());
    for proceeding in answer.proceedings {
        entries.push(proceeding.into_entry(page.url, &number)?);
    }
    Ok(docket(entries, number, &without_role(&caption), &parties.0.join("\n")))
}

impl ScotusProceeding {
    fn into_entry(self, page: &Url, number: &str) -> Result<DocketEntry, Unreadable> {
        // The text may hold links, to an opinion or to an order.
        let said = Markup::parse(self.text.as_deref().unwrap_or_default(), page)?;
        let mut documents: Vec<(String, Url)> = Vec::new();
        for paper in self.links.into_iter().flatten() {
            let Some(address) = paper.document_url.and_then(|address| page.join(address.trim()).ok()) else {
                continue;
            };
            let label = one_line(&paper.description.unwrap_or_default());
            documents.push((if label.is_empty() { "document".to_owned() } else { label }, address));
        }
        documents.extend(said.links_in(said.tree.root_element()));
        let filed = day(&self.date).or_else(|| days(&self.date).first().copied());
        Ok(DocketEntry {
            filed,
            entered: if filed.is_none() { one_line(&self.date) } else { String::new() },
            text: one_line(&said.text()),
            url: documents.first().map(|(_, address)| address.clone()).or_else(|| case_page(page, number)),
            documents,
            ..DocketEntry::default()
        })
    }
}

/// The page of a case, for a reader: that of the JSON is none.
fn case_page(address: &Url, number: &str) -> Option<Url> {
    address.join(&format!("/search.aspx?filename=/docket/docketfiles/html/public/{number}.html")).ok()
}

fn docket(mut entries: Vec<DocketEntry>, number: String, caption: &str, parties: &str) -> Docket {
    for entry in &mut entries {
        entry.docket.clone_from(&number);
        caption.clone_into(&mut entry.caption);
        parties.clone_into(&mut entry.parties);
    }
    Docket { entries, completeness: Completeness::Whole, number, is_honestly_empty: false }
}

/// The parties by their roles, each once.
#[derive(Default)]
struct Parties(Vec<String>);

impl Parties {
    fn add(&mut self, role: &str, name: &str) {
        let line = format!("{role}: {}", one_line(name));
        if self.0.len() < MAX_PARTIES && !one_line(name).is_empty() && !self.0.contains(&line) {
            self.0.push(line);
        }
    }
}

/// Petitions, applications, motions and cases of original jurisdiction: `24-966`, `24A100`, `22M60`, `22O156`.
static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:No\.?\s*)?(?<number>\d{2}(?:-|[AMO]-?)\d+)\b"));

fn number_in(text: &str) -> Option<String> {
    NUMBER.captures(text.trim()).map(|found| found["number"].to_owned())
}

/// The day as the court writes it beside a proceeding: `Apr 01 2022`. Other days have a comma.
fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(&one_line(text), "%b %d %Y").ok()
}

pub(super) fn read_page(markup: &Markup) -> Result<Docket, Unreadable> {
    let missing = |what: &str| Unreadable::Missing { what: what.to_owned() };
    let cells = selector("td, th")?;
    let innermost = markup.tree.select(&cells).filter(|cell| is_innermost(*cell));
    let texts: Vec<String> = innermost.map(|cell| one_line(&html::text(cell))).collect();
    if !has_heading(markup)? {
        return Err(missing("the heading Proceedings and Orders"));
    }
    let number = texts.iter().filter(|text| text.starts_with("No")).find_map(|text| number_in(text));
    let number = number.ok_or_else(|| missing("the number of the case"))?;
    let entries = Proceedings::of(markup)?.entries;
    if entries.is_empty() {
        return Err(missing("the list of proceedings"));
    }
    Ok(docket(entries, number, &caption(&texts), &parties(&markup.text()).0.join("\n")))
}

/// So many pieces of text at the beginning of an element may be a heading.
const MAX_HEADING_PIECES: usize = 8;

fn has_heading(markup: &Markup) -> Result<bool, Unreadable> {
    let places = selector("td, th, div, caption, h1, h2, h3, h4, h5")?;
    let is_one = |place: ElementRef<'_>| {
        let text: String = place.text().take(MAX_HEADING_PIECES).collect();
        let letters = text.chars().filter(|c| c.is_alphabetic()).take(32);
        letters.collect::<String>().eq_ignore_ascii_case("proceedingsandorders")
    };
    Ok(markup.tree.select(&places).any(is_one))
}

/// The labels that follow the title.
const LABELS: [&str; 4] = ["Docketed", "Linked", "Lower Ct", "Vide"];

/// What stands between the label of the title and the next label.
fn caption(texts: &[String]) -> String {
    let from = texts.iter().skip_while(|text| *text != "Title:").skip(1);
    let title = from
        .filter(|text| !text.is_empty())
        .take_while(|text| !text.ends_with(':') && !LABELS.iter().any(|label| text.starts_with(label)))
        .take(MAX_HEADING_PIECES);
    let title = title.map(String::as_str).collect::<Vec<_>>().join(" ");
    without_role(title.strip_suffix(" v.").unwrap_or(&title))
}

/// What the side that asks is called in nearly every case; cases are not quoted with it.
static ROLE: LazyLock<Regex> = LazyLock::new(|| pattern(r",\s*Petitioners?(?<end>\s+v\.|$)"));

fn without_role(caption: &str) -> String {
    ROLE.replace(caption, "$end").into_owned()
}

/// The parties beside their counsel.
fn parties(text: &str) -> Parties {
    let mut parties = Parties::default();
    let mut role = None;
    for line in text.lines().map(one_line) {
        if let Some(name) = line.strip_prefix("Party name:") {
            if let Some(role) = role {
                parties.add(role, name);
            }
        } else if line.starts_with("Attorneys for Petitioner") {
            role = Some("Petitioner");
        } else if line.starts_with("Attorneys for Respondent") {
            role = Some("Respondent");
        } else if matches!(line.as_str(), "Other" | "Other:" | "Other Attorneys") {
            role = None;
        }
    }
    parties
}

/// The proceedings of a page under construction.
struct Proceedings<'a> {
    markup: &'a Markup,
    papers: Selector,
    entries: Vec<DocketEntry>,
    /// The table of the last entry, whose rows without a day go on with it.
    table: Option<NodeId>,
}

impl<'a> Proceedings<'a> {
    fn of(markup: &'a Markup) -> Result<Self, Unreadable> {
        let papers = selector(".documentlinks")?;
        let mut proceedings = Self { markup, papers, entries: Vec::new(), table: None };
        for row in markup.tree.select(&selector("tr")?).filter(|row| is_innermost(*row)) {
            proceedings.take(row)?;
        }
        Ok(proceedings)
    }

    fn take(&mut self, row: ElementRef<'_>) -> Result<(), Unreadable> {
        let cells: Vec<ElementRef<'_>> =
            row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th")).take(4).collect();
        let Some((first, rest)) = cells.split_first() else { return Ok(()) };
        let first = one_line(&html::text(*first));
        let table = row.parent().map(|parent| parent.id());
        if let Some(filed) = day(&first) {
            let &[said] = rest else {
                let found = format!("{:?}", shorten(&one_line(&html::text(row)), 120));
                return Err(unexpected("a row of proceedings", &found));
            };
            let documents = self.markup.links_in(said);
            self.entries.push(DocketEntry {
                filed: Some(filed),
                text: self.said(said),
                documents,
                ..DocketEntry::default()
            });
            self.table = table;
        } else if first.is_empty() && self.table == table && table.is_some() {
            self.go_on(rest);
        } else {
            self.table = None;
        }
        Ok(())
    }

    /// A row without a day: more of the text, the papers of the entry above, or a rule.
    fn go_on(&mut self, cells: &[ElementRef<'_>]) {
        for cell in cells {
            let links = self.markup.links_in(*cell);
            let said = self.said(*cell);
            let labels: String = links.iter().map(|(label, _)| label.as_str()).collect();
            let folded = |text: &str| text.split_whitespace().collect::<String>();
            let is_labels = !links.is_empty() && folded(&said) == folded(&labels);
            let is_rule = said.chars().all(|c| !c.is_alphanumeric());
            let Some(entry) = self.entries.last_mut() else { return };
            if !is_rule && !is_labels {
                entry.text = one_line(&format!("{} {said}", entry.text));
            }
            entry.documents.extend(links);
        }
    }

    /// What a cell says beside the names of its papers.
    fn said(&self, cell: ElementRef<'_>) -> String {
        let papers: HashSet<NodeId> = cell.select(&self.papers).map(|papers| papers.id()).collect();
        let mut text = TextLines::default();
        html::walk(cell, &papers, |piece| text.take(&piece));
        one_line(&text.finish())
    }
}
