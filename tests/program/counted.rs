//! Requests to an API that allows only so many: each counts, whoever sends it and whatever becomes of it.

use std::process::Stdio;

use super::daemon::{Daemon, RUNS};
use super::home::list_source;
use super::{HUAWEI, Home, Site, ZTE, covered_list};

/// A home whose list may be requested so often a day.
fn home(site: &Site, requests: u32) -> Home {
    let quota = format!("quota = {{ requests = {requests}, within = \"1d\" }}\nschedule =");
    Home::with_sources(&list_source(&site.url).replacen("schedule =", &quota, 1))
}

/// Has a read killed after its request was sent and before it was answered.
fn killed(site: &Site, home: &Home) {
    let before = site.asked().len();
    site.hold("/list");
    let mut run = home.program();
    let mut run = run.args(["check", "now"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Where it is not sent, the program ends by itself.
    while site.asked().len() == before && run.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    site.release("/list");
}

#[test]
fn a_read_that_is_killed_again_and_again_never_exceeds_the_quota() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE]));
    let home = home(&site, 3);
    for _ in 0..6 {
        killed(&site, &home);
    }
    assert_eq!(site.asked().len(), 3);
}

#[test]
fn dry_runs_and_trials_count_and_a_read_at_any_rate_as_well() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE]));
    let home = home(&site, 4);
    home.run(&["source", "test", "covered-list"]).expect(0);
    home.run(&["check", "now", "--dry-run"]).expect(0);
    let mut daemon = Daemon::start(&home, RUNS);
    site.wait_until_asked("/list", 3);
    home.run(&["source", "test", "covered-list"]).expect(0);
    let refused = home.run(&["source", "test", "covered-list"]);
    assert!(refused.stdout.contains("its quota"), "the daemon counted it: {refused:?}");
    daemon.end();

    let refused = home.run(&["check", "now", "--dry-run"]);
    assert!(refused.stdout.contains("its quota"), "{refused:?}");
    assert_eq!(site.asked().len(), 4);
    home.run(&["check", "now", "--force"]).expect(0);
    assert_eq!(site.asked().len(), 5);
    home.run(&["doctor"]);
    assert_eq!(site.asked().len(), 5, "the doctor takes none");
}
