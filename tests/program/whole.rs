//! A part is never taken for the whole: lists in several pages, files cut off or parted in the wrong
//! place, pages that are being made, text of which letters are lost.

use super::{Home, Site};

fn rows(numbers: std::ops::RangeInclusive<usize>) -> String {
    numbers.map(|number| format!("<tr><td>Maker {number} Ltd</td><td>X</td></tr>")).collect()
}

fn page(numbers: std::ops::RangeInclusive<usize>, foot: &str) -> String {
    format!(
        "<!DOCTYPE html><html><body><table class=\"t\"><tr><th>Name</th><th>Country</th></tr>{}</table>{foot}</body></html>",
        rows(numbers)
    )
}

fn source(url: &str, path: &str, settings: &str) -> String {
    format!(
        "[[source]]\nid = \"list\"\ntitle = \"List\"\nurl = \"{url}{path}\"\nschedule = \"0 6 * * *\"\n\
         guard = {{ max_drop = \"50%\" }}\n{settings}\n"
    )
}

const TABLE: &str = "kind = \"html-table\"\nselector = \"table.t\"\ncolumns = { Name = \"name\", Country = \"country\" }\nkey = [\"name\"]";
const CSV: &str = "kind = \"csv\"\ncolumns = { Name = \"name\", Country = \"country\" }\nkey = [\"name\"]";

fn reason(report: &serde_json::Value) -> String {
    report["sources"][0]["reason"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_list_in_several_pages_is_read_whole() {
    let site = Site::start();
    site.page(
        "/list",
        page(1..=5, "<nav class=\"pager\"><a rel=\"next\" href=\"/list/page/2\">Next</a></nav>"),
    );
    site.page("/list/page/2", page(6..=8, "<p>Showing 6 to 8 of 8 entries</p>"));
    let home = Home::with_sources(&source(&site.url, "/list", TABLE));
    assert_eq!(home.check(0)["sources"][0]["entries"], 8);
    site.page("/list/page/2", page(6..=9, "<p>Showing 6 to 9 of 9 entries</p>"));
    let report = home.check(0);
    let changes = report["sources"][0]["changes"].as_array().unwrap();
    assert_eq!(
        (changes.len(), &changes[0]["kind"], &changes[0]["title"]),
        (1, &"added".into(), &"Maker 9 Ltd".into())
    );
    site.answer("/list/page/2", 500, &[], "");
    assert!(reason(&home.check(4)).contains("/list/page/2 answered 500"));
    // Without its second page the list would have lost four.
    site.page("/list", page(1..=5, "<p>Showing 1 to 5 of 9 entries</p>"));
    assert!(reason(&home.check(4)).contains("a part of it: \"Showing 1 to 5 of 9\""));
    let one = source(&site.url, "/list", &format!("{TABLE}\none_page = true"));
    assert_eq!(Home::with_sources(&one).check(0)["sources"][0]["entries"], 5);
}

#[test]
fn json_is_asked_for_to_its_end() {
    let site = Site::start();
    let answer =
        |path: &str, body: &str| site.answer(path, 200, &[("content-type", "application/json")], body);
    answer("/api", r#"{"count":3,"next":"/api/2","results":[{"name":"A Ltd"},{"name":"B Ltd"}]}"#);
    answer("/api/2", r#"{"count":3,"next":null,"results":[{"name":"C Ltd"}]}"#);
    let json =
        "kind = \"json\"\nentries = \"$.results[*]\"\nfields = { name = \"$.name\" }\nkey = [\"name\"]";
    let home = Home::with_sources(&source(&site.url, "/api", json));
    assert_eq!(home.check(0)["sources"][0]["entries"], 3);
    answer("/api", r#"{"count":3,"next":null,"results":[{"name":"A Ltd"},{"name":"B Ltd"}]}"#);
    assert!(reason(&home.check(4)).contains("count: 3, with 2 entries"));
}

#[test]
fn a_body_that_ends_within_a_table_or_a_row_is_held_at_first_sight_as_well() {
    let site = Site::start();
    let whole = page(1..=9, "").replace("</body></html>", "");
    let cut = &whole[..whole.find("<tr><td>Maker 8").unwrap()];
    site.page("/list", cut);
    let home = Home::with_sources(&source(&site.url, "/list", TABLE));
    assert!(reason(&home.check(4)).contains("cut off within <table>"));
    site.page("/list", whole.as_str());
    assert_eq!(home.check(0)["sources"][0]["entries"], 9);
    site.page("/list", cut);
    assert!(reason(&home.check(4)).contains("cut off within <table>"));
}

#[test]
fn a_file_whose_rows_are_parted_in_the_wrong_place_is_held() {
    let site = Site::start();
    let csv = |rows: &str| {
        let body = format!("Name,Country\n{rows}D Ltd,X\nE Ltd,X\n");
        site.answer("/l.csv", 200, &[("content-type", "text/csv; charset=utf-8")], body);
    };
    csv("A Ltd,X\n\"B, Ltd\",X\nC Ltd,X\n");
    let home = Home::with_sources(&source(&site.url, "/l.csv", CSV));
    home.check(0);
    for (broken, words) in [
        ("\"A Ltd,X\n\"B, Ltd\",X\nC Ltd,X\n", "begins on line 2"),
        ("A Ltd,X\nB, Ltd,X\nC Ltd,X\n", "row 3 (it has 3 columns, expected 2)"),
        ("A Ltd,X\n\"B, Ltd\",X\nC Ltd\n", "row 4 (it has no delimiter"),
    ] {
        csv(broken);
        let reason = reason(&home.check(4));
        assert!(reason.contains(words), "{words}: {reason}");
    }
    let whole = "Name,Country\nA Ltd,X\n\"B, Ltd\",X\nC Ltd,X\nD Ltd,X\nE Ltd,Freed";
    site.answer("/l.csv", 200, &[("content-type", "text/csv; charset=utf-8")], whole);
    assert!(reason(&home.check(4)).contains("its end, which was there before, is missing"));
}

#[test]
fn a_page_that_is_being_made_or_has_lost_letters_is_held_while_it_differs() {
    let site = Site::start();
    site.page("/list", page(1..=6, ""));
    let home = Home::with_sources(&source(&site.url, "/list", TABLE));
    home.check(0);
    let notice = "<p>This list is currently being updated. Please check back later.</p>";
    site.page("/list", page(1..=5, notice));
    let words = reason(&home.check(4));
    assert!(words.contains("it says itself that it is being updated"), "{words}");
    site.page("/list", page(1..=6, notice));
    assert_eq!(home.check(0)["sources"][0]["changes"], serde_json::json!([]), "it says what is known");
}

#[test]
fn one_malformed_item_is_left_out_of_a_feed_and_said() {
    let site = Site::start();
    let feed = |second: &str| {
        let body = format!(
            "<?xml version='1.0'?><rss version='2.0'><channel><title>News</title><item><guid>1</guid><title>One</title></item>{second}</channel></rss>"
        );
        site.answer("/list", 200, &[("content-type", "application/rss+xml")], body);
    };
    feed("<item><guid>2</guid><title>Two</title></item>");
    let home = Home::with_sources(&source(&site.url, "/list", "kind = \"feed\""));
    home.check(0);
    feed(
        "<item><guid>2</guid><title>Two & <b Co</title></item><item><guid>3</guid><title>Three</title></item>",
    );
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"][0]["title"], "Three");
    assert!(reason(&report).contains("1 malformed item was left out: \"Two &"), "{report}");
}

#[test]
fn a_source_of_too_many_entries_says_which_setting_to_raise() {
    let site = Site::start();
    site.page("/list", page(1..=9, ""));
    let limited = source(&site.url, "/list", TABLE).replace("max_drop", "max_entries = 8, max_drop");
    let words = reason(&Home::with_sources(&limited).check(4));
    assert!(words.contains("there are more than ") && words.contains("(guard.max_entries is 8)"), "{words}");
}
