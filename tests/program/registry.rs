//! When the company registry changes: what stands already is told once, as a notice.

use super::daemon::{Daemon, RUNS};
use super::home::list_source;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

/// Hikvision by a name that no list has, and by these.
fn hikvision(names: &str) -> String {
    format!("[[company]]\nid = \"hikvision\"\nname = \"Hikvision of Nowhere GmbH\"\naliases = [{names}]\n")
}

const ZTE_TRACKED: &str = "[[company]]\nid = \"zte\"\nname = \"ZTE Corporation\"\naliases = [{ name = \"ZTE\", kind = \"short\" }]\n";

/// A home whose list was read once, and Ann, who follows Hikvision.
fn tracking(companies: &str) -> (Site, Home) {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::watching_list(&site);
    home.track(&list_source(&site.url), companies);
    home.subscribe("ann@example.org", "hikvision");
    (site, home)
}

fn titles(notices: &serde_json::Value) -> Vec<(&str, &str)> {
    notices
        .as_array()
        .unwrap()
        .iter()
        .map(|notice| (notice["kind"].as_str().unwrap(), notice["title"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_name_added_later_tells_what_stands_once_as_a_notice_and_not_as_news() {
    let (site, home) = tracking(&hikvision(""));
    home.check(0);
    home.track(&list_source(&site.url), &hikvision("\"Hangzhou Hikvision\""));
    let report = home.run(&["check", "now", "--exit-code", "--json"]).expect(0).json();
    let source = &report["sources"][0];
    assert_eq!(source["changes"], serde_json::json!([]));
    let notices = titles(&source["notices"]);
    assert_eq!(notices.len(), 1, "{report}");
    assert_eq!(notices[0].0, "already-listed");
    assert_eq!(report["mails_queued"], 1);

    let letters = home.letters();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!(letter.kind, "notice");
    assert!(
        letter.subject.starts_with("[notice] Hangzhou Hikvision already listed on "),
        "{}",
        letter.subject
    );
    assert!(letter.text.replace('\n', " ").contains("This is not a new change: "), "{}", letter.text);
    assert!(letter.text.contains("Listed since    12 March 2021"), "{}", letter.text);
    assert!(!letter.text.contains("What changed") && !letter.html.contains("<ins"), "{}", letter.text);

    let report = home.check(0);
    assert_eq!(report["sources"][0]["notices"], serde_json::json!([]));
    assert_eq!(home.letters().len(), 1);
}

#[test]
fn a_company_added_at_the_first_sight_or_before_it_makes_no_notice() {
    let (_site, home) = tracking(&hikvision("\"Hangzhou Hikvision\""));
    let report = home.check(0);
    assert_eq!(report["sources"][0]["named"], 1);
    assert_eq!(report["sources"][0]["notices"], serde_json::json!([]));
    let shown = home.run(&["check", "now"]).expect(0).stdout;
    assert!(!shown.contains("notice"), "{shown}");
    assert!(home.letters().is_empty());
}

#[test]
fn what_was_told_stays_told_when_a_company_goes_and_comes_back() {
    let (site, home) = tracking(&hikvision("\"Hangzhou Hikvision\""));
    let source = list_source(&site.url);
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    assert_eq!(home.letters().len(), 1);
    home.track(&source, ZTE_TRACKED);
    home.check(0);
    let kept = home.run(&["changes", "list", "--company", "hikvision", "--json"]).expect(0).json();
    assert_eq!(kept["changes"].as_array().unwrap().len(), 1, "{kept}");
    home.track(&source, &hikvision("\"Hangzhou Hikvision\", \"Hikvision\""));
    assert_eq!(home.check(0)["sources"][0]["notices"], serde_json::json!([]));
    assert_eq!(home.letters().len(), 1);
}

#[test]
fn a_source_that_cannot_be_read_does_not_keep_back_what_stands() {
    let (site, home) = tracking(&hikvision(""));
    home.check(0);
    site.answer("/list", 500, &[], "oops");
    home.track(&list_source(&site.url), &hikvision("\"Hangzhou Hikvision\""));
    let report = home.check(4);
    assert_eq!(report["sources"][0]["notices"].as_array().unwrap().len(), 1);
    assert_eq!(home.letters().len(), 1);
}

#[test]
fn a_running_daemon_takes_the_registry_over_and_tells_what_stands() {
    let (site, home) = tracking(&hikvision(""));
    let mut daemon = Daemon::start(&home, RUNS);
    daemon.wait_until_it_says("source read");
    let source = list_source(&site.url);
    home.track(&source, &format!("{}{ZTE_TRACKED}", hikvision("\"Hangzhou Hikvision\"")));
    let told = home.run(&["company", "reload", "--json"]).expect(0).json();
    assert_eq!((&told["companies"], &told["mails_queued"]), (&2.into(), &1.into()), "{told}");
    assert_eq!(told["notices"].as_array().unwrap().len(), 2, "{told}");
    assert_eq!(told["needs_restart"], false);
    assert_eq!(home.letters().len(), 1, "nobody follows ZTE");
    home.subscribe("bob@example.org", "zte");
    let said = home.run(&["company", "reload"]).expect(0).stdout;
    assert_eq!(said, "2 companies tracked, no further entries name them\n");

    home.track(&source.replace("15 */2", "20 */2"), ZTE_TRACKED);
    let said = home.run(&["company", "reload"]).expect(0).stdout;
    assert!(said.contains("need a restart"), "{said}");
    home.track(&source, "[[company]]\nid = \"zte\"\nname = \"Technology\"\n");
    let refused = home.run(&["company", "reload"]).expect(1).stderr;
    assert!(refused.contains("times in"), "{refused}");
}

#[test]
fn what_changed_while_nobody_ran_is_told_at_the_start() {
    let (site, home) = tracking(&hikvision(""));
    home.check(0);
    let asked = site.asked().len();
    home.track(&list_source(&site.url), &hikvision("\"Hangzhou Hikvision\""));
    let mut daemon = Daemon::start(&home, "already listed");
    daemon.wait_until_it_says(": stored in the Maildir");
    assert_eq!(site.asked().len(), asked, "no page was read for it");
    assert_eq!(home.letters().len(), 1);
}
