//! What the operator is told, once, of trouble with reading.

use super::home::list_source;
use super::{HIKVISION, HUAWEI, Home, ZTE, covered_list, watched};

const OPERATOR: &str = "[operator]\naddress = \"ops@tracker.example\"\n";
const OPS: &str = "ops@tracker.example";
const DENIED: &str = "<html><head><title>Access Denied</title></head><body>no</body></html>";

/// The trouble that lasts, beside the first start that every new home has.
#[track_caller]
fn open_incidents(home: &Home) -> Vec<serde_json::Value> {
    let listed = home.run(&["incident", "list", "--json"]).expect(0).json();
    let is_first_start = |incident: &serde_json::Value| incident["kind"] == "first-start";
    let (first_start, trouble): (Vec<_>, Vec<_>) =
        listed["incidents"].as_array().unwrap().iter().cloned().partition(is_first_start);
    assert_eq!(first_start.len(), 1, "a first start is shown for a day");
    trouble
}

#[test]
fn a_held_source_is_told_to_the_operator_once_and_once_more_when_it_recovers() {
    let (site, home) = watched();
    home.configure_also(OPERATOR);
    home.check(0);
    site.page("/list", DENIED);
    for _ in 0..4 {
        let report = home.check(4);
        assert_eq!(report["mails_queued"], 0, "subscribers are not told");
    }
    let letters = home.trouble_told_to(OPS);
    assert_eq!(letters.len(), 1, "one incident is one mail");
    assert_eq!(letters[0].subject, "[regwatch] Covered List looks wrong and waits for you");
    for words in ["the title is \"Access Denied\"", "regwatch review show covered-list"] {
        assert!(letters[0].text.contains(words), "{words:?} is missing in:\n{}", letters[0].text);
    }
    assert_eq!(open_incidents(&home).len(), 1);
    let list = home.run(&["source", "list"]).expect(0).stdout;
    assert!(list.contains("held since"), "{list}");

    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    home.check(0);
    home.check(0);
    let mut subjects: Vec<String> =
        home.trouble_told_to(OPS).into_iter().map(|letter| letter.subject).collect();
    subjects.sort();
    assert_eq!(
        subjects,
        [
            "[regwatch] Covered List looks wrong and waits for you",
            "[regwatch] Over: Covered List is read again"
        ]
    );
    assert!(open_incidents(&home).is_empty());
    let all = home.run(&["incident", "list", "--all"]).expect(0).stdout;
    assert!(all.contains("held") && all.contains("covered-list"), "{all}");
}

#[test]
fn accepting_what_is_held_ends_the_incident() {
    let (site, home) = watched();
    home.configure_also(OPERATOR);
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ("Somebody Else", "", "May 1, 2026")]));
    home.check(4);
    home.run(&["review", "accept", "covered-list"]).expect(0);
    assert_eq!(home.trouble_told_to(OPS).len(), 2);
    assert!(open_incidents(&home).is_empty());
}

#[test]
fn without_an_operator_s_address_incidents_are_shown_and_nobody_is_mailed() {
    let (site, home) = watched();
    home.check(0);
    site.page("/list", DENIED);
    home.check(4);
    assert_eq!(open_incidents(&home)[0]["kind"], "held");
    assert!(home.letters().is_empty());
    home.configure_also(OPERATOR);
    home.check(4);
    assert_eq!(home.trouble_told_to(OPS).len(), 1, "who is named later is told then");
}

#[test]
fn a_source_that_fails_three_times_in_a_row_is_an_incident() {
    let (site, home) = watched();
    home.configure_also(OPERATOR);
    home.check(0);
    site.answer("/list", 500, &[], "oops");
    home.check(4);
    home.check(4);
    assert!(open_incidents(&home).is_empty());
    home.check(4);
    home.check(4);
    let letters = home.trouble_told_to(OPS);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].subject, "[regwatch] Covered List cannot be read");
}

#[test]
fn when_nothing_can_be_reached_that_is_one_incident() {
    let home = Home::with_sources("");
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let named = |id: &str| {
        list_source(&format!("http://{nobody}")).replace("\"covered-list\"\nkind", &format!("\"{id}\"\nkind"))
    };
    home.configure(&[named("one"), named("two"), named("three")].concat(), "maildir:../state/mail");
    home.configure_also(OPERATOR);
    for _ in 0..4 {
        home.check(4);
    }
    let letters = home.trouble_told_to(OPS);
    assert_eq!(letters.len(), 1, "{letters:#?}");
    assert_eq!(letters[0].subject, "[regwatch] No source can be reached");
    let incidents = open_incidents(&home);
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0]["members"], serde_json::json!(["one", "two", "three"]));
}
