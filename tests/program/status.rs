//! At a glance: one sentence, what needs a person, and the exit code that says so.

use crate::daemon::{Daemon, RUNS};
use crate::home::{list_source, run};
use crate::{HIKVISION, HIKVISION_AMENDED, HUAWEI, ZTE, covered_list, watched, watched_in_folder};

/// Of a store in a folder: how a server is backed up only its keeper knows.
#[test]
fn where_all_is_well_it_says_so_in_a_sentence_and_ends_with_0() {
    let (_site, home) = watched_in_folder();
    home.check(0);
    let ran = home.run(&["status"]).expect(0);
    let first = ran.stdout.lines().next().unwrap();
    let expected = "1 of 1 source was read in time; 0 need you; 0 mails have failed; there is no backup yet.";
    assert_eq!(first, expected);
    let help = home.run(&["status", "--help"]).expect(0).stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("with 5 if something needs a person"), "{help}");
    let json = home.run(&["status", "--json"]).expect(0).json();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["sources", "mails", "store", "workers"]);
    let sources = serde_json::json!({
        "total": 1, "in_time": 1, "attention": 0, "failing": 0, "quarantined": 0, "paused": 0
    });
    assert_eq!(json["sources"], sources);
    assert_eq!(json["mails"], serde_json::json!({ "waiting": 0, "oldest_s": 0, "attention": 0 }));
    assert!(json["store"]["bytes"].as_u64().unwrap() > json["store"]["reclaimable"].as_u64().unwrap());
    assert_eq!(json["workers"], serde_json::json!([]), "no daemon runs");
}

#[test]
fn a_source_that_failed_often_enough_and_a_quarantined_read_need_a_person() {
    let (site, home) = watched();
    home.check(0);
    site.answer("/list", 500, &[], "oops");
    for expected in [0, 0, 5] {
        home.check(4);
        home.run(&["status"]).expect(expected);
    }
    let ran = home.run(&["status"]).expect(5);
    assert!(ran.stdout.contains("covered-list: 3 reads in a row failed"), "{ran:?}");
    assert!(ran.stdout.contains("\n    regwatch source show covered-list\n"), "{ran:?}");
    site.page("/list", "<html><head><title>Request Rejected</title></head></html>");
    home.check(4);
    let json = home.run(&["status", "--json"]).expect(5).json();
    assert_eq!((&json["sources"]["quarantined"], &json["sources"]["attention"]), (&1.into(), &1.into()));
    assert!(home.run(&["status"]).stdout.contains("regwatch review show covered-list"));
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    home.check(0);
    home.run(&["status"]).expect(0);
}

#[test]
fn a_mail_for_a_relay_out_of_reach_waits_and_needs_nobody_yet() {
    let (site, home) = watched();
    let source = list_source(&site.url);
    home.configure(&source, "smtp://127.0.0.1:9");
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    let json = home.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&json["mails"]["waiting"], &json["mails"]["attention"]), (&1.into(), &0.into()), "{json}");
}

#[test]
fn through_a_daemon_it_names_the_tasks_that_run() {
    let (_site, home) = watched();
    let mut daemon = Daemon::start(&home, RUNS);
    daemon.wait_until_it_says("source read");
    let json = home.run(&["status", "--json"]).expect(0).json();
    let workers = json["workers"].as_array().unwrap();
    let running =
        |name: &str| workers.iter().find(|worker| worker["name"] == name).map(|worker| &worker["running"]);
    for name in ["control", "reading", "sending", "telling"] {
        assert_eq!(running(name), Some(&1.into()), "{name}: {json}");
    }
}

#[test]
fn its_lines_fit_80_columns_however_long_a_reason_is() {
    let (site, home) = watched();
    home.check(0);
    site.answer("/list", 500, &[], "oops");
    for _ in 0..3 {
        home.check(4);
    }
    let proof = home.path("proof-of-everything-that-was-read.zip");
    let proof = proof.to_str().unwrap();
    home.run(&["evidence", "export", "--source", "covered-list", "--out", proof]).expect(0);
    let suppliers = home.path("suppliers.csv");
    std::fs::write(&suppliers, "name\n\"Hangzhou Hikvision Digital Technology Co., Ltd.\"\nBread Ltd.\n")
        .unwrap();
    for verb in [
        &["status"][..],
        &["source", "list"],
        &["source", "list", "--group"],
        &["source", "errors"],
        &["company", "show", "hikvision"],
        &["config", "check"],
        &["evidence", "verify", proof],
        &["mail", "dns"],
        &["screen", suppliers.to_str().unwrap()],
    ] {
        let ran = run(home.program().env("COLUMNS", "80").args(verb));
        // A record of the DNS and a path have to be copied as they are.
        let is_prose = |line: &&str| !line.contains(" IN TXT ") && !line.contains(proof);
        assert!(!ran.stdout.is_empty(), "{verb:?}: {ran:?}");
        let widest = ran.stdout.lines().filter(is_prose).map(|line| line.chars().count()).max();
        assert!(widest.unwrap_or(0) <= 80, "{verb:?}: {}", ran.stdout);
    }
}

#[test]
fn in_80_columns_the_list_of_sources_breaks_neither_ids_nor_moments_and_says_what_has_no_room() {
    let (site, home) = watched();
    let id = "the-list-of-equipment-of-an-agency";
    home.configure_also(&list_source(&site.url).replace("\"covered-list\"", &format!("\"{id}\"")));
    home.check(0);
    let listed = run(home.program().env("COLUMNS", "80").args(["source", "list"])).expect(0);
    let row = listed.stdout.lines().find(|line| line.contains(id)).unwrap_or_else(|| panic!("{listed:?}"));
    let moment = row.split("  ").map(str::trim).find(|cell| cell.starts_with("20")).unwrap();
    assert_eq!(moment.split(' ').count(), 3, "a day, a time and a zone: {}", listed.stdout);
    assert!(listed.stderr.contains("has no room for KIND"), "{}", listed.stderr);
    let all = home.run(&["source", "list"]).expect(0);
    assert!(all.stdout.contains("KIND") && all.stderr.is_empty(), "{all:?}");
}
