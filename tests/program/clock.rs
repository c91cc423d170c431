//! A clock that is wrong and then right, as the whole program sees it. The stores are folders: a worker whose clock is not its
//! database server's does not start.

use std::fs;
use std::path::Path;
use std::process::Command;

use regwatch::clock::{Clock, SystemClock};

use super::daemon::{Daemon, RUNS};
use super::home::{Ran, list_source, run};
use super::left_out::left_out;
use super::{HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list, watched_in_folder};

const OPS: &str = "ops@tracker.example";

fn has_faketime() -> bool {
    let is_there = Command::new("faketime").arg("--version").output().is_ok_and(|ran| ran.status.success());
    if !is_there {
        left_out("a clock that is wrong", "faketime is not installed");
    }
    is_there
}

/// Runs the program at another time.
fn run_at(home: &Home, moment: &str, arguments: &[&str]) -> Ran {
    let program = home.program();
    let mut command = Command::new("faketime");
    command.args(["-f", &format!("@{moment}")]).arg(program.get_program()).args(program.get_args());
    command.args(arguments).env("TZ", "UTC").env("NO_COLOR", "1").env_remove("REGWATCH_LOG");
    // A wrong clock measures lengths of time as any: who waits for some milliseconds must not wait for years.
    command.envs([("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("DONT_FAKE_MONOTONIC", "1")]);
    run(command.current_dir(home.path("")))
}

fn told(home: &Home) -> Vec<String> {
    let mut subjects: Vec<String> =
        home.trouble_told_to(OPS).into_iter().map(|letter| letter.subject).collect();
    subjects.sort();
    subjects
}

fn changed(site: &Site) {
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
}

#[test]
fn what_was_read_by_a_clock_that_was_ahead_is_read_at_once_when_it_is_right_and_the_operator_hears_of_it() {
    if !has_faketime() {
        return;
    }
    let (site, home) = watched_in_folder();
    home.configure_also("[operator]\naddress = \"ops@tracker.example\"\n");
    home.subscribe("ann@example.org", "hikvision");
    run_at(&home, "2036-11-28 12:00:00", &["check", "now"]).expect(0);
    changed(&site);
    let mut daemon = Daemon::start(&home, RUNS);
    daemon.wait_until_it_says("source read");
    while home.letters_to("ann@example.org").is_empty() {
        daemon.wait_until_it_says("mail.id=");
    }
    assert_eq!(told(&home), ["[regwatch] The clock of this machine went back"]);
    let incidents = home.run(&["incident", "list", "--json"]).expect(0).json();
    let mut kinds: Vec<&str> =
        incidents["incidents"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["clock", "first-start"]);
    let state = home.run(&["source", "list", "--json"]).expect(0).json();
    let due: chrono::DateTime<chrono::Utc> =
        state["sources"][0]["next_due_at"].as_str().unwrap().parse().unwrap();
    assert!(*due.to_rfc3339() < *"2036", "{due}");
}

#[test]
fn an_alert_that_a_clock_put_off_which_was_ahead_leaves_once_it_is_right() {
    if !has_faketime() {
        return;
    }
    let (site, home) = watched_in_folder();
    home.check(0);
    home.subscribe("ann@example.org", "hikvision");
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    home.configure(&list_source(&site.url), &format!("smtp://{nobody}"));
    changed(&site);
    run_at(&home, "2036-11-28 12:00:00", &["check", "now"]).expect(0);
    home.configure(&list_source(&site.url), "maildir:../state/mail");
    home.check(0);
    assert_eq!(home.letters_to("ann@example.org").len(), 1);
}

/// The clock goes back under the running daemon: it reads on within its nap.
#[test]
fn a_clock_that_goes_back_under_the_daemon_stops_nothing() {
    if !has_faketime() {
        return;
    }
    let (site, home) = watched_in_folder();
    let faketime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
    if !Path::new(faketime).exists() {
        left_out("a clock that goes back under the daemon", "libfaketimeMT.so.1 is elsewhere");
        return;
    }
    let clock = home.path("clock");
    fs::write(&clock, "+300d\n").unwrap();
    let environment = [
        ("LD_PRELOAD", faketime),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    let mut daemon = Daemon::start_with(&home, &environment, "source read");
    home.subscribe("ann@example.org", "hikvision");
    changed(&site);
    fs::write(&clock, "+0d\n").unwrap();
    daemon.wait_until_it_says("source read");
    assert_eq!(
        home.run(&["changes", "list", "--json"]).expect(0).json()["changes"].as_array().unwrap().len(),
        1
    );
    daemon.end();
}

#[test]
fn a_server_s_wish_to_be_left_alone_is_heeded_by_hand_too_unless_forced() {
    let (site, home) = watched_in_folder();
    home.check(0);
    site.answer("/list", 429, &[("retry-after", "3600")], "too many");
    home.check(4);
    assert_eq!(site.asked().len(), 2);
    changed(&site);
    for _ in 0..2 {
        let report = home.check(4);
        let reason = report["sources"][0]["reason"].as_str().unwrap();
        assert!(reason.contains("asked for a pause of another") && reason.contains("--force"), "{reason}");
    }
    assert_eq!(site.asked().len(), 2, "it was left alone");
    let report = home.run(&["check", "now", "--force", "--json"]).expect(0).json();
    assert_eq!(report["sources"][0]["changes"].as_array().unwrap().len(), 1);
    assert_eq!(site.asked().len(), 3);
    home.check(0);
    assert_eq!(site.asked().len(), 4, "it answered: its wish is over");
}

#[test]
fn reads_by_hand_that_fail_put_off_no_read_of_the_schedule() {
    let (site, home) = watched_in_folder();
    home.check(0);
    site.answer("/list", 500, &[], "oops");
    let next = || {
        let listed = home.run(&["source", "list", "--json"]).expect(0).json();
        let due = listed["sources"][0]["next_due_at"].as_str().unwrap();
        due.parse::<chrono::DateTime<chrono::Utc>>().unwrap()
    };
    home.check(4);
    let first = next();
    for _ in 0..5 {
        home.check(4);
    }
    assert!(next() <= first.max(SystemClock.now()));
}
