//! What a person decides on reads that were held back, and what is confirmed by a second read.

use super::home::list_source;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

const OTHERS: [(&str, &str, &str); 3] = [
    ("Hytera Communications Corporation", ", radios.", "March 12, 2021"),
    ("Dahua Technology Company", ", cameras.", "March 12, 2021"),
    ("China Mobile International USA Inc.", ", services.", "March 25, 2022"),
];

/// A list of six, of which two are gone: more than may go at once.
fn dropped() -> (Site, Home) {
    let site = Site::start();
    site.page("/list", covered_list(&[&[HUAWEI, ZTE, HIKVISION][..], &OTHERS].concat()));
    let home = Home::watching_list(&site);
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    site.page("/list", covered_list(&[&[HIKVISION_AMENDED][..], &OTHERS].concat()));
    home.check(4);
    (site, home)
}

#[test]
fn a_held_read_is_listed_and_shows_what_would_change() {
    let (_site, home) = dropped();
    let held = home.run(&["review", "list", "--json"]).expect(0).json();
    assert_eq!(held["held"][0]["source"], "covered-list");
    assert!(
        home.run(&["review", "list"]).expect(0).stdout.contains("2 of 6 entries disappeared in one read")
    );
    let review = home.run(&["review", "show", "covered-list", "--json"]).expect(0).json();
    assert_eq!((&review["entries"], &review["obstacle"]), (&4.into(), &serde_json::Value::Null));
    let kinds: Vec<&str> =
        review["changes"].as_array().unwrap().iter().map(|change| change["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["amended", "removed", "removed"]);
    let shown = home.run(&["review", "show", "covered-list"]).expect(0).stdout;
    for words in
        ["held since", "because", "if it were accepted: 4 entries, 3 changes", "removed  Covered List"]
    {
        assert!(shown.contains(words), "{words:?} is missing in:\n{shown}");
    }
    assert!(home.letters().is_empty(), "looking changes nothing");
}

#[test]
fn what_is_accepted_moves_the_baseline_and_is_told_like_any_change() {
    let (_site, home) = dropped();
    let report = home.run(&["review", "accept", "covered-list", "--json"]).expect(0).json();
    assert_eq!(report["sources"][0]["changes"].as_array().unwrap().len(), 3);
    assert_eq!(report["mails_queued"], 1);
    let letters = home.letters();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].text.contains("and by any affiliate"), "{}", letters[0].text);
    let report = home.check(0);
    assert_eq!(
        (&report["sources"][0]["verdict"], &report["sources"][0]["changes"]),
        (&"good".into(), &serde_json::json!([]))
    );
    assert_eq!(
        home.run(&["changes", "list", "--json"]).expect(0).json()["changes"].as_array().unwrap().len(),
        3
    );
    let nothing = home.run(&["review", "accept", "covered-list"]).expect(1);
    assert!(nothing.stderr.contains("no read of covered-list is quarantined"), "{nothing:?}");
    home.run(&["review", "show", "covered-list"]).expect(1);
}

#[test]
fn what_is_rejected_is_let_go_and_not_held_again() {
    let (site, home) = dropped();
    home.run(&["review", "reject", "covered-list"]).expect(0);
    assert_eq!(home.run(&["review", "list", "--json"]).expect(0).json()["held"], serde_json::json!([]));
    home.check(4);
    assert_eq!(home.run(&["review", "list", "--json"]).expect(0).json()["held"], serde_json::json!([]));
    let source = home.run(&["source", "show", "covered-list", "--json"]).expect(0).json();
    assert!(source["status"]["state"]["rejected"]["at"].is_string(), "{source}");
    site.page("/list", covered_list(&OTHERS));
    home.check(4);
    assert_eq!(home.run(&["review", "list", "--json"]).expect(0).json()["held"].as_array().unwrap().len(), 1);
}

#[test]
fn a_page_that_gives_no_entries_cannot_be_accepted_and_says_why() {
    let (site, home) = dropped();
    site.page("/list", "<html><head><title>Request Rejected</title></head></html>");
    home.check(4);
    let review = home.run(&["review", "show", "covered-list", "--json"]).expect(0).json();
    assert_eq!(review["score"], 0.0);
    let words = "answered 200, but the title is \"Request Rejected\" (F5)";
    assert_eq!(review["held"]["quality"]["signs"][0]["words"], words);
    let refused = home.run(&["review", "accept", "covered-list"]).expect(1);
    assert!(refused.stderr.contains("cannot be accepted"), "{refused:?}");
    for words in
        ["gives no entries that could be accepted", "regwatch source add", "review reject covered-list"]
    {
        assert!(refused.stderr.contains(words), "{words}: {refused:?}");
    }
    assert!(home.letters().is_empty());
}

fn confirming(url: &str, guard: &str) -> String {
    list_source(url).replace("max_drop = \"20%\"", &format!("max_drop = \"20%\", {guard}"))
}

#[test]
fn a_removal_waits_for_a_second_read_where_that_is_asked_for() {
    let site = Site::start();
    let six = [&[HUAWEI, ZTE, HIKVISION][..], &OTHERS].concat();
    site.page("/list", covered_list(&six));
    let home = Home::with_sources(&confirming(&site.url, "confirm_reads = 2, confirm_delay = \"0s\""));
    home.subscribe("bob@example.org", "zte");
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    site.page("/list", covered_list(&[&[HUAWEI, HIKVISION_AMENDED][..], &OTHERS].concat()));
    let report = home.check(0);
    let source = &report["sources"][0];
    assert_eq!(source["changes"].as_array().unwrap().len(), 1, "what is amended does not wait: {source}");
    let reason = source["reason"].as_str().unwrap();
    assert!(reason.contains("\"ZTE Corporation\" is missing; a second look"), "{reason}");
    let shown = home.run(&["source", "show", "covered-list"]).expect(0).stdout;
    assert!(shown.contains("not yet gone"), "{shown}");

    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"][0]["kind"], "removed");
    assert_eq!(home.letters_to("bob@example.org").len(), 1);
    assert_eq!(home.letters_to("ann@example.org").len(), 1);
    assert_eq!(home.check(0)["sources"][0]["changes"], serde_json::json!([]));
}

#[test]
fn a_removal_is_not_confirmed_before_its_time_and_an_entry_that_returns_was_never_gone() {
    let site = Site::start();
    let six = [&[HUAWEI, ZTE, HIKVISION][..], &OTHERS].concat();
    site.page("/list", covered_list(&six));
    let home = Home::with_sources(&confirming(&site.url, "confirm_reads = 2, confirm_delay = \"1h\""));
    home.check(0);
    site.page("/list", covered_list(&six[1..]));
    for _ in 0..3 {
        assert_eq!(home.check(0)["sources"][0]["changes"], serde_json::json!([]));
    }
    site.page("/list", covered_list(&six));
    let report = home.check(0);
    assert_eq!(
        (&report["sources"][0]["changes"], &report["sources"][0]["reason"]),
        (&serde_json::json!([]), &serde_json::Value::Null)
    );
}

#[test]
fn a_drop_that_enough_reads_agree_on_is_believed_where_that_is_asked_for() {
    let site = Site::start();
    let six = [&[HUAWEI, ZTE, HIKVISION][..], &OTHERS].concat();
    site.page("/list", covered_list(&six));
    let home = Home::with_sources(&confirming(&site.url, "confirm_drop = 3, confirm_delay = \"0s\""));
    home.check(0);
    site.page("/list", covered_list(&six[2..]));
    home.check(4);
    home.check(4);
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"].as_array().unwrap().len(), 2);
}

/// A section under one heading, whose sentences go when the page breaks off.
const NOTICE: &str = "<!DOCTYPE html><html lang=\"en\"><head><title>Notice</title></head><body><main><h1>Covered equipment</h1>\
    <p>Hikvision is covered.</p><p>ZTE is covered.</p></main></body></html>";

#[test]
fn a_section_that_lost_its_end_or_speaks_another_language_is_not_an_amended_one() {
    let site = Site::start();
    site.page("/notice", NOTICE);
    let home = Home::with_sources(&format!(
        "[[source]]\nid = \"notice\"\nkind = \"page-text\"\ntitle = \"Notice\"\nurl = \"{}/notice\"\nschedule = \"@daily\"\nkeep = [\"main\"]\n",
        site.url
    ));
    home.check(0);
    let held = |page: &str, words: &str| {
        site.page("/notice", page);
        let source = home.check(4)["sources"][0].clone();
        assert_eq!(source["verdict"], "suspect", "{source}");
        assert!(source["reason"].as_str().unwrap().contains(words), "{source}");
    };
    held(NOTICE.split("<p>ZTE").next().unwrap(), "the page breaks off");
    let translated = NOTICE.replace("\"en\"", "\"es\"").replace("is covered", "queda incluida");
    held(&translated, "the page is in another language");
    site.page("/notice", NOTICE.replace("\"en\"", "\"es\""));
    assert_eq!(home.check(0)["sources"][0]["changes"], serde_json::json!([]));
    site.page("/notice", NOTICE.replace("ZTE is", "ZTE and its subsidiaries are"));
    assert_eq!(home.check(0)["sources"][0]["changes"].as_array().unwrap().len(), 1);
}

#[test]
fn a_moment_told_from_now_in_a_cell_of_its_own_is_no_change_and_a_number_beside_it_is() {
    let site = Site::start();
    let list = |note: &str| {
        let items: Vec<_> =
            ["Hikvision", "ZTE"].map(|name| serde_json::json!({ "name": name, "note": note })).into();
        serde_json::json!({ "items": items }).to_string()
    };
    site.answer("/list", 200, &[("content-type", "application/json")], list("posted 3 days ago"));
    let home = Home::with_sources(&format!(
        "[[source]]\nid = \"list\"\nkind = \"json\"\ntitle = \"List\"\nurl = \"{}/list\"\nschedule = \"@daily\"\nentries = \"$.items[*]\"\nfields = {{ name = \"$.name\", note = \"$.note\" }}\nkey = [\"name\"]\n",
        site.url
    ));
    home.check(0);
    let changes = |note| {
        site.answer("/list", 200, &[("content-type", "application/json")], list(note));
        home.check(0)["sources"][0]["changes"].as_array().unwrap().len()
    };
    assert_eq!(changes("posted 4 days ago"), 0);
    assert_eq!(changes("posted 4 days ago, viewed 31 times"), 2);
    assert_eq!(changes("posted 4 days ago, viewed 32 times"), 2);
}

#[test]
fn a_part_of_a_list_is_accepted_once_the_settings_say_that_it_is_all_there_is_to_read() {
    let site = Site::start();
    let rows = "<table><tr><th>Name<th>Country<tr><td>Alpha<td>X<tr><td>Beta<td>Y<tr><td>Gamma<td>Z</table>";
    let source = |more: &str| {
        format!(
            "[[source]]\nid = \"names\"\nkind = \"html-table\"\ntitle = \"Names\"\nurl = \"{}/names\"\n\
             schedule = \"@daily\"\nselector = \"table\"\ncolumns = {{ Name = \"name\", Country = \"country\" }}\nkey = [\"name\"]\n{more}",
            site.url
        )
    };
    site.page("/names", format!("<html><body>{rows}</body></html>"));
    let home = Home::with_sources(&source(""));
    home.check(0);
    site.page(
        "/names",
        format!("<html><body>{}<p>Showing 1 to 3 of 57 entries</p></body></html>", rows.replace('Y', "W")),
    );
    assert_eq!(home.check(4)["sources"][0]["verdict"], "suspect");
    let refused = home.run(&["review", "accept", "names"]).expect(1).stderr;
    assert!(refused.contains("one_page = true for names"), "{refused}");
    home.configure(&source("one_page = true\n"), "maildir:../state/mail");
    let report = home.run(&["review", "accept", "names", "--json"]).expect(0).json();
    assert_eq!(report["sources"][0]["changes"][0]["title"], "Beta", "{report:#}");
}
