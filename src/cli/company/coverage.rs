//! Which lists and dockets show a company, and which gaps there are.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::Context;
use crate::cli::output::Output;
use crate::config::Config;
use crate::control::{CompanyOnSource, command};
use crate::domain::company::{AliasKind, Company};
use crate::domain::id::SourceId;
use crate::domain::source::Source;
use crate::domain::text::error_chain;
use crate::domain::verdict::Verdict;

/// What shows a company.
#[derive(Debug, Serialize)]
pub(super) struct CompanyCoverage {
    /// Every watched source.
    sources: Vec<Covering>,
    /// What would go unseen, in words.
    gaps: Vec<String>,
}

/// A watched source, as far as a company is concerned.
#[derive(Debug, Serialize)]
struct Covering {
    id: SourceId,
    title: String,
    /// Whether its entries are names that somebody put on a list.
    is_list: bool,
    /// Whether every change of it concerns the company, named or not.
    is_bound: bool,
    /// How many entries name the company now; empty if that is not known.
    entries: Option<usize>,
    verdict: Option<Verdict>,
}

/// What shows a company, by the configuration and by how its sources stand.
pub(super) async fn of(company: &Company, context: &Context) -> anyhow::Result<CompanyCoverage> {
    let config = context.config()?;
    let asked = context.ask(command::ListCoverage { company: company.id.clone() }).await;
    let (standing, unknown) = match asked {
        Ok(standing) => (standing, None),
        // The names are worth showing where the store is not to be had.
        Err(error) => (
            Vec::new(),
            Some(format!("the state of the sources is unknown: {}", error_chain(error.as_ref()))),
        ),
    };
    let standing: BTreeMap<SourceId, CompanyOnSource> =
        standing.into_iter().map(|covering| (covering.source.clone(), covering)).collect();
    let sources: Vec<Covering> =
        config.sources.iter().map(|source| covering(source, company, standing.get(&source.id))).collect();
    let mut gaps = gaps(&config, company, &sources);
    gaps.extend(unknown);
    Ok(CompanyCoverage { sources, gaps })
}

fn covering(source: &Source, company: &Company, standing: Option<&CompanyOnSource>) -> Covering {
    Covering {
        id: source.id.clone(),
        title: source.title.clone(),
        is_list: source.kind.is_list(),
        is_bound: source.companies.contains(&company.id),
        entries: standing.map(|standing| standing.entries),
        verdict: standing.and_then(|standing| standing.verdict),
    }
}

/// What would go unseen of a company.
fn gaps(config: &Config, company: &Company, sources: &[Covering]) -> Vec<String> {
    let mut gaps = Vec::new();
    let unread: Vec<&str> = sources
        .iter()
        .filter(|source| source.entries.is_some() && !source.verdict.is_some_and(Verdict::is_read))
        .map(|source| source.id.as_str())
        .collect();
    if !unread.is_empty() {
        gaps.push(format!("no good read at present: {}", unread.join(", ")));
    }
    if !config
        .sources
        .iter()
        .any(|source| source.kind.docket().is_some() && source.companies.contains(&company.id))
    {
        gaps.push(
            "no docket is bound to it: regwatch does not report an order in its case that does not name it"
                .to_owned(),
        );
    }
    if !company.aliases.iter().any(|alias| alias.kind == AliasKind::NativeScript) {
        gaps.push("no name in its own script: regwatch misses a text with only that name".to_owned());
    }
    if company.identifiers.is_empty() {
        gaps.push("no number: regwatch misses an entry under another name".to_owned());
    }
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in &*config.dormant {
        for group in &source.catalogue.groups {
            groups.entry(group).or_default().push(source.id.as_str());
        }
    }
    gaps.extend(
        groups
            .iter()
            .map(|(group, ids)| format!("the group {group} is off, entirely or in part: {}", ids.join(", "))),
    );
    let of_no_group = config.dormant.iter().filter(|source| source.catalogue.groups.is_empty());
    gaps.extend(of_no_group.map(|source| {
        let why = source.catalogue.off.as_deref().unwrap_or("no reason is given");
        format!("{} is off: {why}", source.id)
    }));
    gaps
}

impl CompanyCoverage {
    /// On a terminal.
    pub(super) fn show(&self, output: Output) -> anyhow::Result<()> {
        let rows = self.sources.iter().map(|source| {
            let kind = if source.is_list { "list" } else { "text" };
            let shows = match (source.is_bound, source.entries) {
                (true, _) => "every change concerns it".to_owned(),
                (false, Some(0)) => "does not name it; would show it".to_owned(),
                (false, Some(1)) => "names it in 1 entry".to_owned(),
                (false, Some(entries)) => format!("names it in {entries} entries"),
                (false, None) => "would show it".to_owned(),
            };
            let verdict =
                source.verdict.map_or_else(|| "never read".to_owned(), |verdict| verdict.to_string());
            [source.id.to_string(), kind.to_owned(), verdict, shows]
        });
        output.line("")?;
        output.table(["WATCHED", "KIND", "STATE", "SHOWS"], rows)?;
        self.gaps.iter().try_for_each(|gap| output.item(&format!("gap: {gap}")))
    }
}
