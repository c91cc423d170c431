//! What is watched: how it stands, and how something new comes to be watched.

use super::home::list_source;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list, watched};

const ENTITIES: &str = "<html><head><title>Entity List &amp; more</title></head><body><main><table class='usa-table'>\
    <tr><th>Name of Entity</th><th>Effective Date</th></tr>\
    <tr><td>Hangzhou Hikvision</td><td>May 1, 2026</td></tr>\
    <tr><td>ZTE Corporation</td><td>May 2, 2026</td></tr>\
    <tr><td>Somebody Else, Ltd.</td><td>May 3, 2026</td></tr></table></main></body></html>";

#[test]
fn every_source_stands_in_a_line_with_what_is_due_and_what_went_wrong() {
    let (site, home) = watched();
    let list = |code| home.run(&["source", "list"]).expect(code).stdout;
    assert!(list(0).contains("never read"), "{}", list(0));
    home.run(&["source", "errors"]).expect(0);
    home.check(0);
    let source = home.run(&["source", "list", "--json"]).expect(0).json()["sources"][0].clone();
    assert!(source["next_due_at"].as_str() > source["state"]["last_good_at"].as_str(), "{source}");
    assert!(list(0).contains(" good "), "{}", list(0));
    site.answer("/list", 500, &[], "oops");
    home.check(4);
    home.check(4);
    assert!(list(0).contains(" failed "), "{}", list(0));
    let errors = home.run(&["source", "errors"]).expect(4).stdout;
    assert!(errors.contains("500 Internal Server Error") && errors.contains(" 2 "), "{errors}");
    // However narrow the terminal is, a source is a line.
    let narrow =
        super::home::run(home.program().env("COLUMNS", "60").args(["source", "errors"])).expect(4).stdout;
    let lines: Vec<&str> = narrow.lines().collect();
    assert!(lines.len() == 3 && lines.iter().all(|line| line.chars().count() <= 60), "{narrow}");
    assert!(lines[1].starts_with("covered-list") && lines[1].ends_with('…'), "{narrow}");
    let failures = home.run(&["source", "errors", "--json"]).expect(4).json();
    assert_eq!(failures["sources"][0]["state"]["failures"], 2);
    site.page("/list", "<html><title>Access Denied</title></html>");
    home.check(4);
    assert!(list(0).contains(" held "), "{}", list(0));
}

#[test]
fn how_long_it_took_from_first_sight_to_mail_is_shown_source_by_source() {
    let (site, home) = watched();
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    let timings = || home.run(&["source", "timing", "--json"]).expect(0).json()["sources"].clone();
    assert_eq!(timings(), serde_json::json!([]));
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    let timing = timings()[0].clone();
    assert_eq!((&timing["source"], &timing["changes"]), (&"covered-list".into(), &1.into()), "{timing}");
    assert!(timing["seen_to_mailed"].as_i64().is_some_and(|seconds| seconds >= 0), "{timing}");
    assert!(timing["published_to_seen"].is_null(), "a page that says no minute: {timing}");
    let shown = home.run(&["source", "timing"]).expect(0).stdout;
    assert!(shown.contains("covered-list"), "{shown}");
}

/// A home whose sources stand in files of their own.
fn filed() -> (Site, Home) {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::with_sources("");
    home.amend("[store]", "include = [\"sources/*.toml\"]\n\n[store]");
    std::fs::create_dir_all(home.path("config/sources")).unwrap();
    std::fs::write(home.path("config/sources/list.toml"), list_source(&site.url)).unwrap();
    (site, home)
}

#[test]
fn a_page_is_looked_at_and_becomes_a_source_that_is_read() {
    let (site, home) = filed();
    site.page("/entities", ENTITIES);
    let url = format!("{}/entities", site.url);
    let add = ["source", "add", &url, "--id", "entities"];
    let proposed = home.run(&add).expect(0).stdout;
    for line in [
        "[[source]]",
        "kind = \"html-table\"",
        "title = \"Entity List & more\"",
        "selector = \"table.usa-table\"",
        "key = [\"name_of_entity\"]",
        "row_date = \"effective_date\"",
        "guard = { min_entries = 2 }",
    ] {
        assert!(proposed.lines().any(|found| found == line), "{line} is missing in:\n{proposed}");
    }
    home.run(&["source", "show", "entities"]).expect(1);
    let written = home.run(&[&add[..], &["--write", "--json"]].concat()).expect(0).json();
    assert_eq!((&written["kind"], &written["entries"]), (&"html-table".into(), &3.into()), "{written}");
    home.run(&["config", "check"]).expect(0);
    assert_eq!(home.check(0)["sources"][0]["id"], "entities");
    assert!(home.run(&add).expect(1).stderr.contains("a source entities already exists"));
    let file = written["written"].as_str().unwrap();
    let removed = home.run(&["source", "remove", "entities"]).expect(0).stdout;
    assert!(removed.contains(&format!("(removed: {file})")), "{removed}");
    assert!(!std::path::Path::new(file).exists());
}

#[test]
fn what_cannot_be_read_is_not_proposed_and_what_cannot_be_kept_is_taken_back() {
    let (site, home) = filed();
    site.page("/blocked", "<html><title>Access Denied</title><body>no</body></html>");
    site.answer("/gone", 410, &[], "gone");
    site.answer("/picture", 200, &[("content-type", "image/png")], "\u{1}\u{2}");
    for (path, words) in [("blocked", "block page"), ("gone", "410 Gone"), ("picture", "no kind of source")] {
        let refused = home.run(&["source", "add", &format!("{}/{path}", site.url)]).expect(1);
        assert!(refused.stderr.contains(words), "{path}: {}", refused.stderr);
    }
    site.page("/entities", ENTITIES);
    home.amend("sources/*.toml", "sources/list.toml");
    let refused = home.run(&["source", "add", &format!("{}/entities", site.url), "--write"]).expect(1);
    assert!(refused.stderr.contains("does not include sources/*.toml"), "{}", refused.stderr);
    assert_eq!(std::fs::read_dir(home.path("config/sources")).unwrap().count(), 1);
}

#[test]
fn a_saved_page_is_proposed_without_asking_its_host() {
    let (_site, home) = filed();
    let saved = home.path("saved.xml");
    let feed = "<?xml version='1.0'?><rss version='2.0'><channel><title>News</title>\
        <item><guid>1</guid><title>A</title></item></channel></rss>";
    std::fs::write(&saved, feed).unwrap();
    let file = saved.to_str().unwrap();
    let news =
        home.run(&["source", "add", "https://agency.invalid/news.xml", "--file", file]).expect(0).stdout;
    assert!(news.contains("id = \"agency-news\"\nkind = \"feed\"\n"), "{news}");
    let court = ["source", "add", "https://ecf.cadc.uscourts.gov/rss", "--file", file];
    assert!(home.run(&court).expect(0).stdout.contains("kind = "));
}
