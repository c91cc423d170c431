//! Dated captures of the real pages through the whole pipeline: exactly their known events.

use std::fs;
use std::path::Path;
use std::process::Command;

use regwatch::archive::{self, CaptureFilter};
use regwatch::backtest::{self, Backtest, BacktestQuestion};
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
    let captures = archive::read(captures, source, &CaptureFilter::default()).unwrap();
    let question = BacktestQuestion { companies: Vec::new(), from: None };
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

/// What became of the Covered List between the dated tables.
fn known_events() -> Vec<(String, String, String)> {
    let known = [
        ("2026-06-23", "amended", "Uncrewed aircraft systems (UAS) and UAS critical components"),
        ("2026-07-20", "amended", "Kaspersky Lab, Inc"),
        ("2026-07-20", "added", "Digitalsystem Technology Inc"),
    ];
    known.map(|(day, kind, title)| (day.to_owned(), kind.to_owned(), title.to_owned())).into()
}

#[tokio::test]
async fn the_history_in_git_of_the_rows_of_the_covered_list_gives_the_same_events() {
    let Some(corpus) = crate::corpus() else { return };
    let repository = tempfile::tempdir().unwrap();
    let git = |day: &str, arguments: &[&str]| {
        let run = Command::new("git")
            .args(["-c", "user.name=A keeper", "-c", "user.email=keeper@tracker.example"])
            .args(arguments)
            .current_dir(repository.path())
            .env("GIT_COMMITTER_DATE", format!("{day}T12:00:00Z"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
    };
    git("2026-05-21", &["init", "--quiet"]);
    for day in ["2026-05-21", "2026-06-23", "2026-07-20"] {
        let table = corpus.join(format!("fcc_covered_list/{day}_table.csv"));
        fs::copy(table, repository.path().join("table.csv")).unwrap();
        git(day, &["add", "table.csv"]);
        git(day, &["commit", "--quiet", "--message", "saved"]);
    }
    let kind = "kind = \"fcc-covered-list\"\nurl = \"https://www.fcc.gov/supplychain/coveredlist\"\n";
    let outcome = run(repository.path(), kind).await;
    assert_eq!(events(&outcome), known_events());
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
    assert_eq!(events(&outcome), known_events());
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
