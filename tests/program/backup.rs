//! The state in one file: taken while the daemon runs, restored elsewhere, refused where it is not whole; and a store
//! that gives back what it does not need.

use std::fs;

use crate::daemon::{Daemon, RUNS};
use crate::home::{Home, list_source};
use crate::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Site, ZTE, covered_list, watched, watched_in_folder};

/// A home in which a reader was told of a change.
fn told() -> (Site, Home) {
    told_of(watched())
}

/// The same, with a store in a folder: for what a server does by itself, or with a clock of its own.
fn told_in_folder() -> (Site, Home) {
    told_of(watched_in_folder())
}

fn told_of((site, home): (Site, Home)) -> (Site, Home) {
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    (site, home)
}

/// What the program says of the state.
fn state_of(home: &Home) -> [serde_json::Value; 3] {
    [&["changes", "list", "--json"][..], &["sub", "list", "--json"], &["outbox", "list", "--json"]]
        .map(|verb| home.run(verb).expect(0).json())
}

#[test]
fn a_backup_is_taken_while_the_daemon_runs_and_restored_into_an_empty_place() {
    let (site, home) = told();
    let before = state_of(&home);
    let file = home.path("first.backup");
    let mut daemon = Daemon::start(&home, RUNS);
    let taken = home.run(&["store", "backup", file.to_str().unwrap(), "--json"]).expect(0).json();
    assert!(
        taken["records"].as_u64().unwrap() > 10 && taken["sha256"].as_str().unwrap().len() == 64,
        "{taken}"
    );
    let first = home.run(&["status"]).expect(0).stdout;
    assert!(first.contains("0 minutes old"), "{first}");
    assert!(!home.path("state/db.backup").exists(), "what was fetched is gone");
    let again = home.run(&["store", "backup", file.to_str().unwrap()]).expect(1).stderr;
    assert!(again.contains("not overwritten"), "{again}");
    daemon.end();
    let refused = home.run(&["store", "restore", file.to_str().unwrap()]).expect(1).stderr;
    assert!(refused.contains("already has a store"), "{refused}");

    let other = Home::with_sources(&list_source(&site.url));
    let restored = other.run(&["store", "restore", file.to_str().unwrap(), "--json"]).expect(0).json();
    assert_eq!(restored["records"], taken["records"]);
    other.run(&["store", "verify"]).expect(0);
    assert_eq!(state_of(&other), before);
    let asked = site.asked().len();
    other.check(0);
    assert_eq!(site.asked().len(), asked + 1);
    assert_eq!(other.letters().len(), 0, "nothing is told twice");
}

#[test]
fn a_store_that_was_lost_is_restored_although_its_mark_is_there() {
    let (_site, home) = told_in_folder();
    let before = state_of(&home);
    let file = home.path("first.backup");
    home.run(&["store", "backup", file.to_str().unwrap()]).expect(0);
    fs::remove_dir_all(home.path("state/db")).unwrap();
    home.run(&["status"]).expect(1);
    home.run(&["store", "restore", file.to_str().unwrap()]).expect(0);
    assert_eq!(state_of(&home), before);
}

#[test]
fn a_backup_that_was_cut_short_or_changed_is_refused_and_nothing_is_made() {
    let (site, home) = told();
    let file = home.path("first.backup");
    home.run(&["store", "backup", file.to_str().unwrap()]).expect(0);
    let whole = fs::read(&file).unwrap();
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let behind = [&whole[..], &whole[..]].concat();
    for bad in
        [&whole[..whole.len() / 2], &whole[..whole.len() - 1], &whole[..0], &changed, &behind, b"hello"]
    {
        fs::write(&file, bad).unwrap();
        let other = Home::with_sources(&list_source(&site.url));
        let refused = other.run(&["store", "restore", file.to_str().unwrap()]).expect(1).stderr;
        assert!(refused.contains("cannot restore") && refused.contains("Nothing was restored"), "{refused}");
        assert!(!other.path("state/db").exists(), "{refused}");
        assert!(!other.path("state/db.repaired").exists(), "{refused}");
        assert!(!other.path("state/db.lock").exists(), "{refused}");
    }
}

#[test]
fn a_store_gives_back_what_it_does_not_need_and_says_the_same_as_before() {
    let (site, home) = told_in_folder();
    for round in 0..12 {
        let long = format!(", round {round} {}", "of many words ".repeat(2000));
        site.page("/list", covered_list(&[HUAWEI, ZTE, (HIKVISION.0, &long, HIKVISION.2)]));
        home.check(0);
    }
    let before = state_of(&home);
    let stats = home.run(&["store", "stats", "--json"]).expect(0).json();
    assert!(
        stats["size"]["bytes"].as_u64().unwrap() > 0 && stats["kinds"][0]["records"].as_u64().unwrap() > 0
    );
    let compacted = home.run(&["store", "compact", "--json"]).expect(0).json();
    assert!(compacted["bytes"].as_u64() <= compacted["bytes_before"].as_u64(), "{compacted}");
    assert!(!home.path("state/db.before-compacting").exists());
    home.run(&["store", "verify"]).expect(0);
    assert_eq!(state_of(&home), before);
    let daemon = Daemon::start(&home, RUNS);
    let refused = home.run(&["store", "compact"]).expect(1).stderr;
    assert!(refused.contains("in use by process"), "{refused}");
    drop(daemon);
}

#[test]
fn what_is_old_enough_is_let_go_of_and_nothing_that_is_needed() {
    let (site, home) = told_in_folder();
    home.amend(
        "[store]",
        "[store]\nkeep_sent_mails = \"1d\"\nkeep_bodies = \"1d\"\nkeep_read_details = \"1d\"",
    );
    let young = home.run(&["store", "stats", "--json"]).expect(0).json();
    assert_eq!((&young["releasable"]["mails"], &young["releasable"]["reads"]), (&0.into(), &0.into()));
    let in_a_week = |arguments: &[&str]| {
        let program = home.program();
        let mut faked = std::process::Command::new("faketime");
        faked.arg("+7 days").arg(program.get_program()).args(program.get_args()).args(arguments);
        faked.env("NO_COLOR", "1").current_dir(home.path(""));
        crate::home::run(&mut faked)
    };
    let told = in_a_week(&["store", "tidy", "--json"]).expect(0).json();
    assert_eq!((&told["released"]["mails"], &told["released"]["reads"]), (&1.into(), &2.into()), "{told}");
    assert_eq!(told["released"]["bodies"], 0, "both bodies prove the change: {told}");
    assert!(told["bodies_removed"].as_u64().unwrap() >= 1, "{told}");
    home.run(&["store", "verify"]).expect(0);
    let mail = home.run(&["outbox", "list", "--json"]).expect(0).json();
    let id = mail["mails"][0]["id"].as_str().or(mail[0]["id"].as_str()).unwrap().to_owned();
    home.run(&["outbox", "show", &id]).expect(0);
    let changes = home.run(&["changes", "list", "--json"]).expect(0).json();
    assert!(changes.to_string().contains("sha256"), "the line of proof stays: {changes}");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    in_a_week(&["check", "now", "--json"]).expect(0);
    home.run(&["store", "verify"]).expect(0);
}

#[test]
fn an_export_is_lines_of_json_and_imported_it_says_the_same() {
    let (site, home) = told();
    let before = state_of(&home);
    let file = home.path("all.jsonl");
    let daemon = Daemon::start(&home, RUNS);
    let exported = home.run(&["store", "export", file.to_str().unwrap(), "--json"]).expect(0).json();
    drop(daemon);
    let text = fs::read_to_string(&file).unwrap();
    let printed = home.run(&["store", "export", "-"]).expect(0).stdout;
    assert!(printed.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{printed}");
    let refused = home.run(&["store", "backup", "-"]).expect(1).stderr;
    assert!(refused.contains("expected a file"), "{refused}");
    assert!(!home.path("-").exists() && !std::path::Path::new("-").exists());
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len() as u64, exported["records"].as_u64().unwrap() + 2);
    assert!(
        lines
            .iter()
            .any(|line| line["tree"] == "subscribers" && line["record"]["address"] == "ann@example.org"),
        "{text}"
    );
    fs::write(&file, printed).unwrap();
    let other = Home::with_sources(&list_source(&site.url));
    other.run(&["store", "import", file.to_str().unwrap()]).expect(0);
    other.run(&["store", "verify"]).expect(0);
    assert_eq!(state_of(&other), before);
    let cut = &text[..text.len() / 2];
    for bad in [
        cut.to_owned(),
        text.replace("ann@example.org", "eve@example.org"),
        format!("{text}{text}"),
        String::new(),
    ] {
        fs::write(&file, bad).unwrap();
        let empty = Home::with_sources(&list_source(&site.url));
        let refused = empty.run(&["store", "import", file.to_str().unwrap()]).expect(1).stderr;
        assert!(refused.contains("cannot restore") && refused.contains(": line "), "{refused}");
        assert!(!empty.path("state/db").exists());
    }
}
