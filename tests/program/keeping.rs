//! What moves the baseline, and what never does.

use super::home::list_source;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list, watched};

const DENIED: &str = "<html><head><title>Access Denied</title></head><body>no</body></html>";

/// A home whose list was read once.
fn read_once() -> (Site, Home) {
    let (site, home) = watched();
    home.check(0);
    (site, home)
}

#[track_caller]
fn verdict(report: &serde_json::Value) -> (&str, &str) {
    let source = &report["sources"][0];
    (source["verdict"].as_str().unwrap(), source["reason"].as_str().unwrap_or_default())
}

#[test]
fn a_block_page_is_held_and_shown_and_changes_nothing() {
    let (site, home) = read_once();
    home.subscribe("ann@example.org", "hikvision");
    site.page("/list", DENIED);
    let report = home.check(4);
    assert_eq!(verdict(&report).0, "suspect");
    assert!(verdict(&report).1.contains("block page"), "{report}");
    assert_eq!(home.run(&["source", "show", "covered-list", "--held"]).expect(0).stdout, DENIED);

    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let report = home.check(0);
    let kinds: Vec<_> =
        report["sources"][0]["changes"].as_array().unwrap().iter().map(|change| &change["kind"]).collect();
    assert_eq!(kinds, ["amended"], "compared with what stood before the block");
    home.run(&["source", "show", "covered-list", "--held"]).expect(1);
}

#[test]
fn a_page_without_the_structure_or_without_most_entries_is_suspect() {
    let (site, home) = read_once();
    for (page, reason) in [
        ("<html><body><p>Under construction</p></body></html>".to_owned(), "structure"),
        (covered_list(&[HUAWEI]), "min_entries"),
        (covered_list(&[HUAWEI, ("Somebody Else", "", "May 1, 2026")]), "max_drop"),
        (String::new(), "no body"),
    ] {
        site.page("/list", page);
        let report = home.check(4);
        assert_eq!(verdict(&report).0, "suspect", "{report}");
        assert!(verdict(&report).1.contains(reason), "{reason}: {report}");
    }
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    assert_eq!(home.check(0)["sources"][0]["changes"], serde_json::json!([]));
}

#[test]
fn an_error_of_the_server_is_a_failed_read_that_names_it() {
    let (site, home) = read_once();
    site.answer("/list", 500, &[], "oops");
    let report = home.check(4);
    assert_eq!(verdict(&report).0, "failed");
    assert!(verdict(&report).1.contains("500 Internal Server Error"), "{report}");
}

#[test]
fn only_an_accepted_read_gives_validators() {
    let site = Site::start();
    let list = covered_list(&[HUAWEI, ZTE, HIKVISION]);
    let html = ("content-type", "text/html");
    site.answer("/list", 200, &[html, ("etag", "\"good\"")], list.clone());
    let home = Home::watching_list(&site);
    home.check(0);
    site.answer("/list", 200, &[html, ("etag", "\"blocked\"")], DENIED);
    home.check(4);
    assert_eq!(verdict(&home.check(4)).0, "suspect", "a block page that comes again is no 304");
    site.answer("/list", 200, &[html, ("etag", "\"good\"")], list);
    assert_eq!(verdict(&home.check(0)).0, "not-modified");
    let asked = site.asked();
    assert!(asked[0].headers.get("if-none-match").is_none());
    for later in &asked[1..] {
        assert_eq!(later.headers["if-none-match"], "\"good\"");
    }
}

#[test]
fn new_extraction_settings_read_the_stored_body_anew_and_alarm_nobody() {
    let page = |status: &str| {
        format!(
            "<html><title>Cases</title><table id=\"cases\"><tr><th>Case</th><th>Status</th><th>Note</th></tr>\
             <tr><td>Hikvision v. FCC</td><td>{status}</td><td>argued</td></tr>\
             <tr><td>ZTE v. FCC</td><td>open</td><td>filed</td></tr></table></html>"
        )
    };
    let source = |url: &str, columns: &str| {
        format!(
            "[[source]]\nid = \"cases\"\nkind = \"html-table\"\ntitle = \"Cases\"\nurl = \"{url}/cases\"\n\
             schedule = \"0 6 * * *\"\nselector = \"#cases\"\ncolumns = {columns}\nkey = [\"case\"]\n"
        )
    };
    let site = Site::start();
    site.page("/cases", page("open"));
    let home = Home::with_sources(&source(&site.url, "{ Case = \"case\", Status = \"status\" }"));
    home.check(0);
    let wider = "{ Case = \"case\", Status = \"status\", Note = \"note\" }";
    home.configure(&source(&site.url, wider), "maildir:../state/mail");
    let report = home.check(0);
    assert_eq!(report["sources"][0]["baseline"], false);
    assert_eq!(report["sources"][0]["changes"], serde_json::json!([]));
    site.page("/cases", page("decided"));
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"][0]["fields"][0]["after"], "decided");
}

#[test]
fn a_dry_run_tells_and_keeps_nothing() {
    let (site, home) = read_once();
    home.subscribe("ann@example.org", "hikvision");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    for _ in 0..2 {
        let report = home.run(&["check", "now", "--dry-run", "--json"]).expect(0).json();
        assert_eq!(report["sources"][0]["changes"][0]["kind"], "amended");
        assert_eq!(report["mails_queued"], 0);
    }
    assert!(home.letters().is_empty());
    assert_eq!(home.check(0)["mails_queued"], 1);
}

#[test]
fn a_source_that_cannot_be_reached_holds_up_no_other() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let dead = list_source("http://127.0.0.1:9").replace("\"covered-list\"", "\"dead\"");
    let home = Home::with_sources(&format!("{dead}\n{}", list_source(&site.url)));
    let report = home.check(4);
    assert_eq!(report["sources"][0]["verdict"], "failed");
    assert_eq!(report["sources"][1]["verdict"], "good");
}

#[test]
fn a_server_that_lies_with_its_304s_is_caught_told_and_not_believed_again() {
    let html = ("content-type", "text/html");
    let tag = ("etag", "\"for ever\"");
    let site = Site::start();
    site.answer("/list", 200, &[html, tag], covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::watching_list(&site);
    home.amend("host_interval = \"0s\"", "host_interval = \"0s\"\nfull_read_every = 2");
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    // The page changes, and the server goes on calling it by the same name.
    site.answer("/list", 200, &[html, tag], covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    for _ in 0..2 {
        assert_eq!(verdict(&home.check(0)).0, "not-modified");
    }
    let report = home.check(0);
    assert_eq!(verdict(&report).0, "good", "the occasional full read");
    assert!(verdict(&report).1.contains("had answered 304, not modified, 2 times"), "{report}");
    assert_eq!(home.letters().len(), 1, "the change is told");
    let asked = site.asked().len();
    for _ in 0..3 {
        assert_eq!(verdict(&home.check(0)).0, "good");
    }
    assert!(site.asked()[asked..].iter().all(|asked| asked.headers.get("if-none-match").is_none()));
    let shown = home.run(&["source", "show", "covered-list"]).expect(0).stdout;
    assert!(shown.contains("304"), "{shown}");
}

#[test]
fn what_robots_txt_keeps_programs_from_is_not_read_and_the_line_is_told() {
    let (site, home) = watched();
    site.answer("/robots.txt", 200, &[], "User-agent: *\nDisallow: /list");
    let report = home.check(4);
    assert_eq!(verdict(&report).0, "failed");
    assert!(verdict(&report).1.contains("robots.txt in line 2: Disallow: /list"), "{report}");
    assert!(site.asked().is_empty());
    let kind = "kind = \"fcc-covered-list\"";
    home.amend(kind, &format!("{kind}\nrobots = {{ ignore = true, because = \"the host agreed\" }}"));
    home.check(0);
}
