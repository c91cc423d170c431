//! Whether an installation is set up well: every finding with its fix, and none where there is nothing.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use crate::home::{Home, list_source};
use crate::{Site, watched, watched_in_folder};

/// What is wrong in which area, as the program finds it.
fn findings(home: &Home, code: i32) -> BTreeMap<String, Vec<String>> {
    let json = home.run(&["doctor", "--json"]).expect(code).json();
    let mut findings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in json["findings"].as_array().unwrap() {
        assert!(!finding["fix"].as_str().unwrap().is_empty(), "{finding}");
        let (area, what) = (finding["area"].as_str().unwrap(), finding["what"].as_str().unwrap());
        findings.entry(area.to_owned()).or_default().push(what.to_owned());
    }
    findings
}

#[test]
fn an_installation_that_is_set_up_well_has_no_finding() {
    let (site, home) = watched();
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    home.configure(&list_source(&site.url), &format!("smtp://{}", relay.local_addr().unwrap()));
    home.configure_also("[operator]\naddress = \"ops@desk.example\"\n");
    // Its records of mail are nobody's to publish, and the site is on this machine.
    home.amend("contact = \"ops@tracker.example\"", "contact = \"ops@desk.example\"");
    home.check(0);
    home.run(&["store", "backup", home.path("a.backup").to_str().unwrap()]).expect(0);
    let found = findings(&home, 5);
    // The sender's domain is the one that examples are written with.
    assert_eq!(found.keys().collect::<Vec<_>>(), ["configuration"], "{found:?}");
    assert!(found["configuration"][0].contains("mail.from"), "{found:?}");
}

#[test]
fn placeholders_a_folder_in_place_of_a_relay_and_a_missing_backup_are_found() {
    let (_site, home) = watched_in_folder();
    home.check(0);
    let found = findings(&home, 5);
    let configuration = found["configuration"].join("\n");
    for expected in ["placeholder", "reaches nobody", "nobody gets a mail"] {
        assert!(configuration.contains(expected), "{expected}: {found:?}");
    }
    assert!(found["backup"][0].contains("no backup"), "{found:?}");
    assert!(!found.contains_key("sources") && !found.contains_key("store"), "{found:?}");
    let words = home.run(&["doctor"]).expect(5).stdout;
    assert!(words.contains("    fix: regwatch store backup FILE"), "{words}");
}

#[test]
fn a_line_that_is_not_valid_is_a_finding() {
    let (_site, home) = watched();
    home.amend("15 */2 * * *", "61 * * * *");
    let found = findings(&home, 5);
    assert!(found["configuration"][0].contains("regwatch.toml:"), "{found:?}");
    home.amend("jitter", "jiter");
    let found = findings(&home, 5);
    assert_eq!(found["configuration"].len(), 2, "each fault is one: {found:?}");
}

#[test]
fn what_cannot_be_reached_and_who_may_enter_is_found() {
    let site = Site::start();
    site.answer("/list", 503, &[], "down");
    let gone = list_source("http://127.0.0.1:9").replace("\"covered-list\"\nkind", "\"gone\"\nkind");
    let home = Home::in_folder(&format!("{}\n{gone}", list_source(&site.url)));
    home.configure(&format!("{}\n{gone}", list_source(&site.url)), "smtp://127.0.0.1:9");
    home.run(&["source", "list"]).expect(0);
    std::fs::set_permissions(home.path("state/db"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let found = findings(&home, 5);
    assert_eq!(found["sources"].len(), 2, "{found:?}");
    assert!(found["sources"].iter().any(|what| what == "covered-list: answered 503"), "{found:?}");
    assert!(found["relay"][0].contains("127.0.0.1:9"), "{found:?}");
    assert!(found["permissions"][0].contains("users other than its owner"), "{found:?}");
}
