//! What is told of the difference between two reads, what is held, and what is proposed to be passed over.

use std::fmt::Write as _;

use super::{Home, Site};

const NAMES: [&str; 12] = [
    "Hangzhou Hikvision Digital Technology Co., Ltd.",
    "Amber Works",
    "Basalt Trading",
    "Cobalt Mill",
    "Dolomite Yard",
    "Emerald Docks",
    "Feldspar Line",
    "Granite Post",
    "Halite House",
    "Indigo Press",
    "Jasper Forge",
    "Kyanite Farm",
];

/// A list whose dates are written by `date` from the number of the row.
fn list(names: &[&str], date: impl Fn(usize) -> String) -> String {
    let mut rows = String::new();
    for (number, name) in names.iter().enumerate() {
        write!(rows, "<tr><td>{name}</td><td>{}</td></tr>", date(number + 1)).unwrap();
    }
    format!(
        "<html><head><title>A list</title></head><body><table class=t><tr><th>Name</th><th>Date</th></tr>{rows}</table></body></html>"
    )
}

fn iso(day: usize) -> String {
    format!("2020-03-{day:02}")
}

fn with_remark(day: usize) -> String {
    format!("2020-03-{day:02} (85 FR 1{day:03})")
}

fn home(site: &Site, kind: &str) -> Home {
    let home = Home::with_sources(&format!(
        "[[source]]\nid = \"list\"\ntitle = \"A list\"\nurl = \"{}/list\"\nschedule = \"@daily\"\n{kind}\n",
        site.url
    ));
    home.subscribe("ann@example.org", "hikvision");
    home
}

const TABLE: &str = "kind = \"html-table\"\nselector = \"table.t\"\ncolumns = { Name = \"name\", Date = \"date\" }\nkey = [\"name\"]";

fn kinds(report: &serde_json::Value) -> Vec<String> {
    let changes = report["sources"][0]["changes"].as_array().unwrap();
    changes.iter().map(|change| format!("{} {}", change["kind"], change["title"]).replace('"', "")).collect()
}

#[test]
fn one_step_in_many_entries_is_held_as_one_finding_and_the_rest_is_told() {
    let site = Site::start();
    site.page("/list", list(&NAMES, iso));
    let home = home(&site, TABLE);
    home.configure_also("[operator]\naddress = \"ops@tracker.example\"\n");
    home.check(0);
    let more = [&NAMES[..], &["Hikvision Europe B.V."]].concat();
    site.page("/list", list(&more, with_remark));
    let report = home.check(0);
    assert_eq!(kinds(&report), ["added Hikvision Europe B.V."]);
    assert_eq!(report["sources"][0]["verdict"], "good");
    let told = home.trouble_told_to("ops@tracker.example");
    assert_eq!(told.len(), 1, "the operator is told that something waits");
    assert!(told[0].text.contains("12 of 12 entries differ"), "{}", told[0].text);
    let held = home.run(&["review", "list", "--json"]).expect(0).json();
    let reason = held["held"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("12 of 12 entries differ in \"date\"") && reason.contains("2020-03-01"),
        "{reason}"
    );
    assert_eq!(kinds(&home.check(0)), [""; 0], "it stays held");
    assert_eq!(home.run(&["review", "list", "--json"]).expect(0).json()["held"].as_array().unwrap().len(), 1);

    let report = home.run(&["review", "accept", "list", "--untold", "--json"]).expect(0).json();
    assert_eq!(kinds(&report), [""; 0]);
    assert_eq!(kinds(&home.check(0)), [""; 0]);
    assert_eq!(home.run(&["review", "list", "--json"]).expect(0).json()["held"], serde_json::json!([]));
    assert_eq!(home.letters_to("ann@example.org").len(), 1, "of the addition");
}

#[test]
fn what_is_held_and_accepted_is_told_and_what_goes_back_is_forgotten() {
    let site = Site::start();
    site.page("/list", list(&NAMES, iso));
    let home = home(&site, TABLE);
    home.check(0);
    site.page("/list", list(&NAMES, with_remark));
    assert_eq!(kinds(&home.check(0)), [""; 0]);
    site.page("/list", list(&NAMES, iso));
    assert_eq!(kinds(&home.check(0)), [""; 0]);
    assert_eq!(home.run(&["review", "list", "--json"]).expect(0).json()["held"], serde_json::json!([]));
    site.page("/list", list(&NAMES, with_remark));
    home.check(0);
    let report = home.run(&["review", "accept", "list", "--json"]).expect(0).json();
    assert_eq!(kinds(&report).len(), 12);
}

#[test]
fn a_party_under_another_spelling_is_one_amendment_that_shows_both_names() {
    let site = Site::start();
    site.page("/list", list(&NAMES, iso));
    let home = home(&site, TABLE);
    home.check(0);
    let mut renamed = NAMES;
    renamed[0] = "Hangzhou Hikvision Digital Technologies Co., Ltd.";
    site.page("/list", list(&renamed, iso));
    assert_eq!(kinds(&home.check(0)), [format!("amended {}", renamed[0])]);
    let letters = home.letters_to("ann@example.org");
    assert_eq!(letters.len(), 1);
    for name in ["Technology", "Technologies"] {
        assert!(letters[0].text.contains(name), "{}", letters[0].text);
    }
}

#[test]
fn what_changes_at_every_read_in_its_digits_is_told_and_proposed_as_noise_until_it_is_accepted() {
    let page = |seats: u32| {
        format!(
            "<html><head><title>Notice</title></head><body><main><h1>Notice</h1><p>Hikvision equipment is covered.</p>\
             <p>Free seats in room B: {seats}</p></main></body></html>"
        )
    };
    let site = Site::start();
    site.page("/list", page(900));
    let home = home(&site, "kind = \"page-text\"\nkeep = [\"main\"]");
    home.check(0);
    for seats in [912, 1_003, 7] {
        home.run(&["source", "noise", "accept", "list"]).expect(1);
        site.page("/list", page(seats));
        assert_eq!(kinds(&home.check(0)), ["amended Notice"], "told until somebody says that it is nothing");
    }
    let shown = home.run(&["source", "show", "list"]).expect(0).stdout;
    assert!(shown.contains("proposed noise"), "{shown}");
    assert!(shown.contains("regwatch source noise accept list"), "{shown}");
    home.run(&["source", "noise", "accept", "list"]).expect(0);
    site.page("/list", page(1_200));
    assert_eq!(kinds(&home.check(0)), [""; 0]);
    site.page("/list", page(1_300).replace("covered", "not covered"));
    assert_eq!(kinds(&home.check(0)), ["amended Notice"]);
}

#[test]
fn an_item_taken_out_of_a_feed_is_told_when_a_second_look_of_the_same_check_agrees() {
    let feed = |items: &[u32]| {
        let mut all = String::new();
        for item in items {
            write!(
                all,
                "<item><title>Matter {item} of Hikvision</title><link>https://agency.test/n/{item}</link><guid>n{item}</guid>\
                 <pubDate>{item:02} Nov 2026 10:00:00 GMT</pubDate></item>"
            )
            .unwrap();
        }
        format!("<rss version='2.0'><channel><title>News</title>{all}</channel></rss>")
    };
    let site = Site::start();
    site.answer("/list", 200, &[("content-type", "application/rss+xml")], feed(&[9, 8, 7]));
    let home = home(&site, "kind = \"feed\"");
    home.check(0);
    let before = site.asked().len();
    site.answer("/list", 200, &[("content-type", "application/rss+xml")], feed(&[9, 7]));
    assert_eq!(kinds(&home.check(0)), ["removed Matter 8 of Hikvision"]);
    assert_eq!(site.asked().len(), before + 2, "looked for once more");
    assert_eq!(kinds(&home.check(0)), [""; 0]);
}
