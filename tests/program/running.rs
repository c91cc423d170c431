//! Changed while it runs: taking over the files, pausing, adding and removing sources, all without a restart.

use crate::daemon::{Daemon, RUNS};
use crate::home::list_source;
use crate::{HIKVISION, HUAWEI, ZTE, covered_list, watched};

/// A second list of the site.
fn second(url: &str) -> String {
    list_source(url).replace("\"covered-list\"\nkind", "\"second\"\nkind").replace("/list\"", "/second\"")
}

#[test]
fn a_hangup_takes_over_a_new_source_and_reads_it_at_once() {
    let (site, home) = watched();
    site.page("/second", covered_list(&[HUAWEI, ZTE]));
    home.amend("jitter = \"0s\"", "jitter = \"1h\"");
    let mut daemon = Daemon::start(&home, RUNS);
    home.configure_also(&second(&site.url));
    daemon.signal("-HUP");
    daemon.wait_until_it_says("reloaded the configuration");
    site.wait_until_asked("/second", 1);
    daemon.wait_until_it_says("source read");
    let sources = home.run(&["source", "list", "--json"]).expect(0).json();
    assert_eq!(sources["sources"][1]["id"], "second");
    daemon.end();
}

#[test]
fn a_reload_says_what_became_different_and_what_needs_a_restart() {
    let (site, home) = watched();
    site.page("/second", covered_list(&[HUAWEI, ZTE]));
    let _daemon = Daemon::start(&home, RUNS);
    home.amend("15 */2 * * *", "20 */2 * * *");
    home.configure_also(&second(&site.url));
    home.amend("jitter = \"0s\"", "jitter = \"0s\"\nsocket = \"../state/db.sock\"");
    let taken = home.run(&["reload", "--json"]).expect(0).json();
    assert_eq!(taken["sources"], 2);
    assert_eq!(taken["added"], serde_json::json!(["second"]));
    assert_eq!(taken["changed"], serde_json::json!(["covered-list"]));
    assert_eq!(taken["removed"], serde_json::json!([]));
    assert_eq!(taken["needs_restart"], serde_json::json!([]));
    home.configure(&second(&site.url), "maildir:../state/other-mail");
    let taken = home.run(&["reload", "--json"]).expect(0).json();
    assert_eq!(taken["removed"], serde_json::json!(["covered-list"]));
    home.run(&["mail", "test", "ann@example.org"]).expect(0);
    assert!(home.path("state/other-mail/new").read_dir().unwrap().count() > 0, "mail goes the new way");
}

#[test]
fn a_bad_configuration_is_refused_with_its_line_and_the_old_one_stays() {
    let (_site, home) = watched();
    let mut daemon = Daemon::start(&home, RUNS);
    home.amend("15 */2 * * *", "61 * * * *");
    daemon.signal("-HUP");
    daemon.wait_until_it_says("failed to reload the configuration");
    assert!(
        daemon.last_line().contains("regwatch.toml:") && daemon.last_line().contains("61"),
        "{}",
        daemon.last_line()
    );
    home.amend("61 * * * *", "15 */2 * * *");
    home.check(0);
    home.run(&["reload"]).expect(0);
}

#[test]
fn without_a_daemon_a_reload_says_that_nobody_takes_it_over() {
    let (_site, home) = watched();
    let refused = home.run(&["reload"]).expect(1).stderr;
    assert!(refused.contains("no daemon listens on"), "{refused}");
}

#[test]
fn a_paused_source_is_left_alone_unless_it_is_named_until_it_is_resumed() {
    let (site, home) = watched();
    home.check(0);
    let asked = site.asked().len();
    let paused = home.run(&["source", "pause", "covered-list", "--json"]).expect(0).json();
    assert_eq!(paused, serde_json::json!({ "id": "covered-list", "paused": true, "until": null }));
    assert_eq!(home.check(0)["sources"], serde_json::json!([]));
    assert_eq!(site.asked().len(), asked);
    let status = home.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["sources"]["paused"], &status["sources"]["in_time"]), (&1.into(), &0.into()));
    let listed = home.run(&["source", "list", "--state", "paused"]).expect(0).stdout;
    assert!(listed.contains("covered-list"), "{listed}");
    assert_eq!(
        home.run(&["check", "now", "covered-list", "--json"]).expect(0).json()["sources"][0]["entries"],
        3
    );
    {
        let mut daemon = Daemon::start(&home, RUNS);
        home.run(&["source", "resume", "covered-list"]).expect(0);
        home.run(&["source", "pause", "covered-list", "--until", "2999-01-01"]).expect(0);
        daemon.end();
    }
    let refused = home.run(&["source", "pause", "covered-list", "--until", "2020-01-01"]).expect(1).stderr;
    assert!(refused.contains("is not in the future"), "{refused}");
    home.run(&["source", "resume", "covered-list"]).expect(0);
    assert_eq!(home.check(0)["sources"].as_array().unwrap().len(), 1);
}

#[test]
fn a_source_that_another_process_resumes_is_read_by_the_daemon_since_it_is_due() {
    let (site, home) = watched();
    home.run(&["source", "pause", "covered-list"]).expect(0);
    let mut daemon = Daemon::start(&home, RUNS);
    home.run(&["source", "list"]).expect(0);
    assert!(site.asked().is_empty(), "it is paused");
    home.run(&["source", "resume", "covered-list"]).expect(0);
    daemon.wait_until_it_says("source read");
    assert!(!site.asked().is_empty());
}

#[test]
fn a_source_is_changed_and_removed_where_it_stands_and_the_daemon_takes_it_over() {
    let (site, home) = watched();
    home.configure_also(&format!("# The second list.\n{}", second(&site.url)));
    site.page("/second", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let mut daemon = Daemon::start(&home, RUNS);
    let set =
        ["source", "edit", "second", "--set", "schedule=@daily", "--set", "groups=[\"lists\"]", "--json"];
    assert_eq!(home.run(&set).expect(0).json()["taken_over"], true);
    daemon.wait_until_it_says("reloaded the configuration");
    let grouped = home.run(&["source", "list", "--group", "lists", "--json"]).expect(0).json();
    assert_eq!(grouped["sources"].as_array().unwrap().len(), 1);
    let refused = home.run(&["source", "edit", "second", "--set", "schedule=never"]).expect(1).stderr;
    assert!(refused.contains("schedule"), "{refused}");
    home.run(&["source", "remove", "second"]).expect(0);
    let text = std::fs::read_to_string(home.path("config/regwatch.toml")).unwrap();
    assert!(!text.contains("/second") && text.contains("/list"), "{text}");
    let left = home.run(&["source", "list", "--json"]).expect(0).json();
    assert_eq!(left["sources"].as_array().unwrap().len(), 1);
}

#[test]
fn who_mistypes_an_id_is_told_what_was_likely_meant() {
    let (_site, home) = watched();
    for verb in [
        &["source", "show", "coverd-list"][..],
        &["source", "pause", "coverd-list"],
        &["source", "edit", "coverd-list", "--unset", "guard"],
        &["source", "remove", "coverd-list"],
        &["check", "now", "coverd-list"],
    ] {
        let refused = home.run(verb).expect(1).stderr;
        assert!(refused.contains("did you mean \"covered-list\"?"), "{verb:?}: {refused}");
    }
    let refused = home.run(&["sub", "add", "a@example.org", "--company", "hikvison"]).expect(1).stderr;
    assert!(refused.contains("did you mean \"hikvision\"?"), "{refused}");
}
