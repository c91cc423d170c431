//! Dated captures through the whole pipeline: what would have been told, and when.

use std::process::Command;

use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

/// A home that watches a list and never reads it, with captures of four days: one row more, a block page, then a row
/// less and another amended.
fn captured() -> (Site, Home) {
    let site = Site::start();
    let home = Home::watching_list(&site);
    std::fs::create_dir(home.path("captures")).unwrap();
    let block = "<html><title>Just a moment...</title><body>Checking your browser</body></html>".to_owned();
    for (file, body) in [
        ("2026-05-14.html", covered_list(&[HUAWEI, ZTE])),
        ("2026-05-21_table.html", covered_list(&[HUAWEI, ZTE, HIKVISION])),
        ("2026-06-02.html", block),
        ("2026-06-23.html", covered_list(&[HUAWEI, HIKVISION_AMENDED])),
    ] {
        std::fs::write(home.path("captures").join(file), body).unwrap();
    }
    std::fs::write(home.path("captures/notes.txt"), "saved by hand").unwrap();
    home.amend("max_drop = \"20%\"", "max_drop = \"40%\"");
    (site, home)
}

fn events(report: &serde_json::Value) -> Vec<(&str, &str, &str)> {
    let changes = report["changes"].as_array().unwrap();
    changes
        .iter()
        .map(|event| {
            (
                event["kind"].as_str().unwrap(),
                event["title"].as_str().unwrap(),
                &event["found_at"].as_str().unwrap()[..10],
            )
        })
        .collect()
}

const EXPECTED: [(&str, &str, &str); 3] = [
    ("added", "Hangzhou Hikvision Digital Technology Company", "2026-05-21"),
    ("amended", "Hangzhou Hikvision Digital Technology Company", "2026-06-23"),
    ("removed", "ZTE Corporation", "2026-06-23"),
];

#[test]
fn captures_give_their_events_and_mails_the_same_each_time_and_touch_nothing() {
    let (site, home) = captured();
    let first = home.run(&["backtest", "covered-list", "captures", "--json"]).expect(0);
    let report = first.json();
    let mut found = events(&report);
    found.sort_by_key(|(kind, _, day)| (*day, *kind));
    assert_eq!(found, EXPECTED);
    assert_eq!(report["captures"][0]["baseline"], true);
    assert_eq!(report["captures"][2]["verdict"], "suspect");
    for event in report["changes"].as_array().unwrap() {
        assert!(event["told_at"].as_str().unwrap() >= event["found_at"].as_str().unwrap(), "{event}");
    }
    let mails = report["mails"].as_array().unwrap();
    assert!(mails.iter().any(|mail| mail["text"].as_str().unwrap().contains("Hikvision")), "{mails:?}");
    assert_eq!(home.run(&["backtest", "covered-list", "captures", "--json"]).expect(0).stdout, first.stdout);
    let shown = home.run(&["backtest", "covered-list", "captures"]).expect(0).stdout;
    assert_eq!(home.run(&["backtest", "covered-list", "captures"]).expect(0).stdout, shown);
    for words in ["(baseline)", "suspect: ", "==== ", "ZTE Corporation"] {
        assert!(shown.contains(words), "{words:?} is missing in:\n{shown}");
    }
    assert!(!home.path("state").exists(), "no store, no mail");
    assert!(site.asked().is_empty());
}

#[test]
fn a_period_and_a_company_are_asked_for() {
    let (_site, home) = captured();
    let of = |arguments: &[&str]| {
        let all = [&["backtest", "covered-list", "captures", "--json"], arguments].concat();
        home.run(&all).expect(0).json()
    };
    assert_eq!(events(&of(&["--company", "zte"])), [EXPECTED[2]]);
    assert_eq!(events(&of(&["--to", "2026-05-31"])), [EXPECTED[0]]);
    let later = of(&["--from", "2026-06-01", "--company", "hikvision"]);
    assert_eq!(events(&later), [EXPECTED[1]]);
    assert!(
        later["mails"].as_array().unwrap().iter().all(|mail| mail["at"].as_str().unwrap() >= "2026-06-01")
    );
    home.run(&["backtest", "covered-list", "captures", "--company", "nobody"]).expect(1);
    let refused = home.run(&["backtest", "covered-lst", "captures"]).expect(1);
    assert!(refused.stderr.contains("did you mean"), "{refused:?}");
    let refused = home.run(&["backtest", "covered-list", "config"]).expect(1);
    assert!(refused.stderr.contains("YYYY-MM-DD"), "{refused:?}");
}

#[test]
fn the_history_of_a_file_in_git_is_an_archive() {
    let (_site, home) = captured();
    let repository = home.path("history");
    let git = |at: &str, arguments: &[&str]| {
        let run = Command::new("git")
            .arg("-C")
            .arg(&repository)
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
            .args(arguments)
            .env("GIT_COMMITTER_DATE", at)
            .env("GIT_AUTHOR_DATE", at)
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
    };
    std::fs::create_dir(&repository).unwrap();
    git("", &["init", "--quiet"]);
    for (file, at) in [
        ("2026-05-14.html", "2026-05-14T08:30:00Z"),
        ("2026-05-21_table.html", "2026-05-21T08:30:00Z"),
        ("2026-06-23.html", "2026-06-23T08:30:00Z"),
    ] {
        std::fs::copy(home.path("captures").join(file), repository.join("list.html")).unwrap();
        git(at, &["add", "list.html"]);
        git(at, &["commit", "--quiet", "--message", "saved"]);
    }
    for place in [&["history"][..], &["history/list.html"], &["history", "--path", "list.html"]] {
        let report = home.run(&[&["backtest", "covered-list", "--json"], place].concat()).expect(0).json();
        let mut found = events(&report);
        found.sort_by_key(|(kind, _, day)| (*day, *kind));
        assert_eq!(found, EXPECTED, "{place:?}");
        assert_eq!(report["captures"][1]["read_at"], "2026-05-21T08:30:00Z");
    }
}

#[test]
fn a_web_archive_is_one() {
    let (site, home) = captured();
    let mut archive = Vec::new();
    for (file, at) in [
        ("2026-05-14.html", "2026-05-14T08:30:00Z"),
        ("2026-05-21_table.html", "2026-05-21T08:30:00Z"),
        ("2026-06-23.html", "2026-06-23T08:30:00Z"),
    ] {
        let body = std::fs::read_to_string(home.path("captures").join(file)).unwrap();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}");
        archive.extend(
            format!(
                "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {}/list\r\nWARC-Date: {at}\r\n\
                 Content-Type: application/http; msgtype=response\r\nContent-Length: {}\r\n\r\n{answer}\r\n\r\n",
                site.url,
                answer.len()
            )
            .into_bytes(),
        );
    }
    std::fs::write(home.path("list.warc"), archive).unwrap();
    let report = home.run(&["backtest", "covered-list", "list.warc", "--json"]).expect(0).json();
    let mut found = events(&report);
    found.sort_by_key(|(kind, _, day)| (*day, *kind));
    assert_eq!(found, EXPECTED);
    home.amend("/list\"", "/other\"");
    let refused = home.run(&["backtest", "covered-list", "list.warc"]).expect(1);
    assert!(refused.stderr.contains("it holds no answer of"), "{refused:?}");
}
