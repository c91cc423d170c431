//! What is caught and what is not, measured on pages of our own, each read exactly as `source add`
//! proposes it: in the first round some pages change, some only look different and some break; in the
//! second the broken ones are back.
//!
//! `REGWATCH_SEED` and `REGWATCH_PAGES` say other pages and more of them:
//! `REGWATCH_SEED=7 REGWATCH_PAGES=400 cargo nextest run --test program measured --no-capture`.

mod pages;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use self::pages::{Fate, Page};
use super::{Home, Site};

/// How often what was planted was found.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    changes: usize,
    caught: usize,
    noise: usize,
    alarms: usize,
    broken: usize,
    believed: usize,
    /// Told again when all is as it was.
    again: usize,
}

/// A home in which every page is watched as it is proposed.
fn watching(site: &Site, pages: &[Page]) -> Home {
    let home = Home::with_sources("");
    for page in pages {
        site.answer(&page.path, 200, &[("content-type", page.content_type())], page.body(0));
    }
    for page in pages {
        let url = format!("{}{}", site.url, page.path);
        let added = home.run(&["source", "add", &url, "--id", &page.id, "--write"]);
        assert_eq!(added.code, Some(0), "{}: {}", page.id, added.stderr);
    }
    home
}

/// The reports of a round by the source's id.
fn round(home: &Home) -> BTreeMap<String, Value> {
    let report = home.run(&["check", "now", "--json"]).json();
    let sources = report["sources"].as_array().unwrap().iter();
    sources.map(|source| (source["id"].as_str().unwrap().to_owned(), source.clone())).collect()
}

fn has_changes(report: &Value) -> bool {
    report["changes"].as_array().is_some_and(|changes| !changes.is_empty())
}

fn is_good(report: &Value) -> bool {
    matches!(report["verdict"].as_str(), Some("good" | "not-modified"))
}

#[expect(clippy::print_stdout, reason = "the figures are what is measured")]
fn measure(seed: u64, count: usize) {
    let site = Site::start();
    let pages: Vec<Page> = (0..count).map(|number| Page::of(seed, number)).collect();
    let home = watching(&site, &pages);
    let mut wrong = String::new();
    let mut note = |page: &Page, words: &str, report: &Value| {
        let _ = writeln!(
            wrong,
            "{} ({:?}): {words}: {} {}",
            page.id, page.fate, report["verdict"], report["reason"]
        );
    };
    for report in round(&home).into_values() {
        assert!(is_good(&report) && !has_changes(&report), "{report:#}");
    }
    for page in &pages {
        let (status, body) = page.answer();
        site.answer(&page.path, status, &[("content-type", page.content_type())], body);
    }
    let mut figures = Figures::default();
    let first = round(&home);
    for page in &pages {
        let report = &first[&page.id];
        match &page.fate {
            Fate::Change { needle, .. } => {
                figures.changes += 1;
                let said = report["changes"].to_string();
                if is_good(report) && said.contains(needle.as_str()) {
                    figures.caught += 1;
                } else {
                    note(page, "the change was not told", report);
                }
            }
            Fate::Noise | Fate::Same => {
                figures.noise += 1;
                if has_changes(report) || !is_good(report) {
                    figures.alarms += 1;
                    note(page, "an alarm that was not true", report);
                }
            }
            Fate::Broken(_) => {
                figures.broken += 1;
                if has_changes(report) || is_good(report) {
                    figures.believed += 1;
                    note(page, "what was broken was believed", report);
                }
            }
        }
    }
    for page in &pages {
        site.answer(&page.path, 200, &[("content-type", page.content_type())], page.body(2));
    }
    for (id, report) in round(&home) {
        if has_changes(&report) || !is_good(&report) {
            figures.again += 1;
            let page = pages.iter().find(|page| page.id == id).unwrap();
            note(page, "told again", &report);
        }
    }
    let Figures { changes, caught, noise, alarms, broken, believed, again } = figures;
    println!(
        "seed {seed}, {count} pages: {caught} of {changes} changes caught, {alarms} of {noise} others told, \
         {believed} of {broken} broken ones believed, {again} told again"
    );
    assert!(wrong.is_empty(), "{wrong}");
    assert!(changes > 0 && noise > 0 && broken > 0, "too few pages to measure anything");
}

fn setting(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

#[test]
fn every_planted_change_is_caught_and_nothing_else_is_told() {
    let count = setting("REGWATCH_PAGES").and_then(|count| usize::try_from(count).ok()).unwrap_or(40);
    match setting("REGWATCH_SEED") {
        Some(seed) => measure(seed, count),
        None => [1, 2].into_iter().for_each(|seed| measure(seed, count)),
    }
}
