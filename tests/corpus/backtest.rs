//! Dated captures of the real pages through the whole pipeline: exactly their known events.

use std::fs;
use std::path::Path;

use regwatch::archive::{self, Wanted};
use regwatch::backtest::{self, Backtest, Question};
use regwatch::config;

/// A configuration with this source, and whom the FCC's list names.
const CONFIG: &str = r#"
[store]
url = "sled:state"

[mail]
from = "regwatch <alerts@tracker.example>"
transport = "maildir:mail"

[fetch]
contact = "ops@tracker.example"

[[source]]
id = "source"
title = "A source"
schedule = "15 */2 * * *"
"#;

const COMPANIES: &str = r#"
[[company]]
id = "kaspersky"
name = "AO Kaspersky Lab"
aliases = ["Kaspersky Lab", "Kaspersky Lab, Inc."]
"#;

async fn run(captures: &Path, source: &str) -> Backtest {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("regwatch.toml");
    fs::write(&path, format!("{CONFIG}{source}\n{COMPANIES}")).unwrap();
    let config = config::load(&path).unwrap();
    let source = &config.sources[0];
    let captures = archive::read(captures, source, &Wanted::default()).unwrap();
    let question = Question { companies: Vec::new(), from: None };
    let outcome = Box::pin(backtest::run(&config, source, &captures, &question)).await.unwrap();
    for seen in &outcome.captures {
        println!("{}: {}, {} entries, {:?}", seen.capture, seen.verdict, seen.entries, seen.reason);
    }
    outcome
}

fn events(outcome: &Backtest) -> Vec<(String, String, String)> {
    let told = outcome
        .changes
        .iter()
        .map(|event| (event.found_at.date_naive().to_string(), event.kind.to_string(), event.title.clone()));
    told.collect()
}

#[tokio::test]
async fn the_dated_tables_of_the_covered_list_give_their_events_and_one_mail() {
    let Some(corpus) = crate::corpus() else { return };
    let captures = tempfile::tempdir().unwrap();
    for day in
        ["2026-05-14_table.html", "2026-05-21_table.csv", "2026-06-23_table.csv", "2026-07-20_table.csv"]
    {
        fs::copy(corpus.join("fcc_covered_list").join(day), captures.path().join(day)).unwrap();
    }
    let kind = "kind = \"fcc-covered-list\"\nurl = \"https://www.fcc.gov/supplychain/coveredlist\"\n";
    let outcome = run(captures.path(), kind).await;
    let expected = [
        ("2026-06-23", "amended", "Uncrewed aircraft systems (UAS) and UAS critical components"),
        ("2026-07-20", "amended", "Kaspersky Lab, Inc"),
        ("2026-07-20", "added", "Digitalsystem Technology Inc"),
    ];
    let expected = expected.map(|(day, kind, title)| (day.to_owned(), kind.to_owned(), title.to_owned()));
    assert_eq!(events(&outcome), expected);
    assert_eq!(outcome.mails.len(), 1);
    assert!(outcome.mails[0].subject.contains("Kaspersky"), "{}", outcome.mails[0].subject);
    assert!(
        outcome.changes.iter().all(|event| event.told_at.is_some() == (event.title == "Kaspersky Lab, Inc"))
    );
}

#[tokio::test]
async fn the_versions_of_the_cuba_restricted_list_give_theirs() {
    let Some(corpus) = crate::corpus() else { return };
    let kind = "kind = \"page-text\"\nurl = \"https://www.state.gov/cuba-restricted-list\"\nkeep = [\".classic-block-wrapper\"]\n";
    let outcome = run(&corpus.join("page_versions/state_cuba_restricted"), kind).await;
    assert!(outcome.captures.iter().all(|seen| seen.verdict.is_read()));
    let days: Vec<String> =
        events(&outcome).into_iter().map(|(day, kind, _)| format!("{day} {kind}")).collect();
    assert_eq!(days, ["2025-07-14 amended", "2025-07-21 amended"]);
    assert!(outcome.mails.is_empty());
}
