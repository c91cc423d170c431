//! Suppliers held against the lists, with and without a daemon, by files of every sort.

use encoding_rs::GB18030;
use serde_json::Value;

use super::daemon::{Daemon, RUNS};
use super::{HIKVISION, HUAWEI, Home, Site, ZTE, covered_list, home};

const ALIASES: &str = "name,aka\nBasalt Shipping LLC,Lavaline\nQuartz Chemie GmbH,\n";

/// A home that watches an FCC-style list and one of names with aliases.
fn watched() -> (Site, Home) {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    site.page("/names.csv", ALIASES);
    let sources = format!(
        "{}\n[[source]]\nid = \"names\"\nkind = \"csv\"\ntitle = \"Names\"\nurl = \"{}/names.csv\"\n\
         schedule = \"@daily\"\ncolumns = {{ name = \"name\", aka = \"aka\" }}\nkey = [\"name\"]\nstale_after = \"3d\"\n\
         misses = \"Owners of who is named.\"\n\
         listing = {{ effect = \"Nobody may ship with them\", authority = \"Shipping Act, section 3\" }}\n",
        home::list_source(&site.url),
        site.url
    );
    (site, Home::with_sources(&sources))
}

fn answers(report: &Value) -> Vec<(&str, &str)> {
    let names = report["names"].as_array().unwrap();
    names.iter().map(|name| (name["name"].as_str().unwrap(), name["answer"].as_str().unwrap())).collect()
}

#[test]
fn suppliers_are_screened_from_every_sort_of_file_and_names_stay_as_they_were_written() {
    let (_site, home) = watched();
    home.check(0);
    let table = "Nr,Name\n1,Lavaline\n2,海康威视\n3,\"Bluebird, Inc\"\n4,Huawei Technologies Company\n";
    let expected = [
        ("Lavaline", "listed"),
        ("海康威视", "listed"),
        ("Bluebird, Inc", "clear"),
        ("Huawei Technologies Company", "listed"),
    ];
    for (file, body) in [
        ("plain.csv", table.as_bytes().to_vec()),
        ("marked.csv", format!("\u{feff}{table}").into_bytes()),
        ("office.csv", GB18030.encode(table).0.into_owned()),
    ] {
        std::fs::write(home.path(file), body).unwrap();
        let report = home.run(&["screen", file, "--json"]).expect(3).json();
        assert_eq!(answers(&report), expected, "{file}");
    }
    // What was written is read again: the answers name the suppliers in a column of that name.
    home.run(&["screen", "plain.csv", "--format", "xlsx", "--out", "answers.xlsx"]).expect(3);
    let again = home.run(&["screen", "answers.xlsx", "--json"]).expect(3).json();
    assert_eq!(answers(&again)[2], ("Bluebird, Inc", "clear"));
    let csv = home.run(&["screen", "plain.csv", "--format", "csv"]).expect(3).stdout;
    assert!(csv.contains("Lavaline,listed,names,Basalt Shipping LLC,Lavaline,1.00,"), "{csv}");
    home.run(&["screen", "plain.csv", "--format", "html", "--out", "report.html"]).expect(3);
    let html = std::fs::read_to_string(home.path("report.html")).unwrap();
    for words in
        ["Listed (3)", "Clear (1)", "海康威视", "Nobody may ship with them (Shipping Act, section 3)"]
    {
        assert!(html.contains(words), "{words:?} is missing in:\n{html}");
    }
    let shown = home.run(&["screen", "plain.csv"]).expect(3).stdout;
    assert!(
        shown.contains("clear  Bluebird, Inc") && shown.contains("3 listed, 0 exposed, 0 possible, 1 clear")
    );
}

#[test]
fn an_answer_says_since_when_with_what_effect_and_what_it_rests_on() {
    let (site, home) = watched();
    home.check(0);
    site.page("/names.csv", format!("{ALIASES}Gneiss Video Corp,\n"));
    home.check(0);
    std::fs::write(home.path("s.csv"), "name\nGneiss Video Corporation\nBluebird\nLavaline\n").unwrap();
    let report = home.run(&["screen", "s.csv", "--json"]).expect(3).json();
    let [new, clear, old] = [0, 1, 2].map(|place| &report["names"][place]);
    let finding = &new["listed"][0];
    assert_eq!((finding["list"].as_str(), finding["was_added"].as_bool()), (Some("names"), Some(true)));
    assert_eq!(old["listed"][0]["was_added"], false);
    assert_eq!(finding["effect"], "Nobody may ship with them");
    assert_eq!(finding["authority"], "Shipping Act, section 3");
    assert!(finding["reason"].as_str().unwrap().contains("shared: gneiss"), "{finding}");
    assert_eq!(clear["looked_at"], serde_json::json!(["covered-list", "names"]));
    assert_eq!(report["lists"][1]["does_not_show"], "Owners of who is named.");
    assert!(report["lists"].as_array().unwrap().iter().all(|list| list["read_at"].is_string()));

    // What cannot be believed is held, and what is not there is not read: either is said with each clean name.
    site.page("/list", "<html><title>Just a moment...</title><body>Checking your browser</body></html>");
    site.answer("/names.csv", 503, &[], "busy");
    home.check(4);
    let report = home.run(&["screen", "s.csv", "--json"]).expect(3).json();
    assert_eq!(report["names"][1]["answer"], "clear");
    assert_eq!(report["names"][1]["quarantined"], serde_json::json!(["covered-list"]));
    assert_eq!(report["names"][1]["stale"], serde_json::json!(["names"]));
    let csv = home.run(&["screen", "s.csv", "--format", "csv"]).expect(3).stdout;
    assert!(csv.contains("stale: names; quarantined: covered-list"), "{csv}");
}

#[test]
fn a_daemon_answers_the_same() {
    let (_site, home) = watched();
    home.check(0);
    std::fs::write(home.path("s.csv"), "name\nLavaline\nBluebird\n").unwrap();
    let alone = home.run(&["screen", "s.csv", "--json"]).expect(3).json();
    let _daemon = Daemon::start(&home, RUNS);
    let asked = home.run(&["screen", "s.csv", "--json"]).expect(3).json();
    assert_eq!(asked["names"], alone["names"]);
}

#[test]
fn nothing_is_said_where_nothing_is_known() {
    let (_site, home) = watched();
    std::fs::write(home.path("s.csv"), "supplier\nBluebird\n").unwrap();
    let refused = home.run(&["screen", "s.csv"]).expect(1);
    assert!(
        refused.stderr.contains("no column \"name\"") && refused.stderr.contains("supplier"),
        "{refused:?}"
    );
    let refused = home.run(&["screen", "s.csv", "--column", "Supplier"]).expect(1);
    assert!(refused.stderr.contains("no list was read yet"), "{refused:?}");
    home.check(0);
    home.run(&["screen", "s.csv", "--column", "Supplier"]).expect(0);
    let help = home.run(&["screen", "--help"]).expect(0).stdout;
    assert!(help.contains("3  somebody is listed"), "{help}");
}
