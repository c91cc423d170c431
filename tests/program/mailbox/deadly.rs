//! A message at which the process dies, whatever the way by which it came.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use super::{Home, Site, WATCH, await_kind, await_subject, await_that, from_ann, home, put};
use crate::daemon::{Daemon, RUNS};
use crate::home::{FIRST_START, files_of};

/// What is said once a message is begun; from here on the test is what kills.
const LOOKED_AT: &str = "reading message";
const SAID: [(&str, &str); 1] = [("REGWATCH_LOG", "debug")];

/// A message at which one looks long enough to be killed over it.
fn deadly() -> String {
    let message = from_ann("deadly", "help");
    let (head, _) = message.split_once("\r\n\r\n").unwrap();
    format!("{head}\r\nContent-Type: text/html\r\n\r\n{}", "<p><b>a</b> <i>b</i></p>\r\n".repeat(9_000))
}

fn watching(site: &Site, ways: &str) -> Home {
    let home = home(site, ways);
    home.configure_also("[operator]\naddress = \"ops@tracker.example\"\n");
    home
}

#[test]
fn in_a_maildir_it_is_put_aside_after_three_deaths_and_holds_nobody_up() {
    let site = Site::start();
    let home = watching(&site, "maildir = \"../state/inbox\"");
    drop(Daemon::start(&home, RUNS));
    put(&home, "1.deadly", &deadly());
    put(&home, "2.help", &from_ann("1", "help"));
    for _ in 0..3 {
        // Killed with SIGKILL.
        drop(Daemon::start_with(&home, &SAID, LOOKED_AT));
    }
    assert!(
        home.letters().iter().all(|letter| letter.subject == FIRST_START),
        "the test came too late to kill"
    );
    let _daemon = Daemon::start(&home, RUNS);
    await_that("it is put aside", || home.path("state/inbox/.Failed/new/1.deadly").exists());
    await_kind(&home, "help");
    await_subject(&home, "[regwatch] Incoming mail is not being read");
    assert!(files_of(&home.path("state/inbox/new")).is_empty());

    // A person puts it back.
    std::fs::rename(home.path("state/inbox/.Failed/new/1.deadly"), home.path("state/inbox/new/3.again"))
        .unwrap();
    await_that("it is taken in", || home.path("state/inbox/.Processed/cur/3.again:2,S").exists());
    await_subject(&home, "[regwatch] Over: incoming mail is being read again");
}

#[test]
fn what_failed_before_a_restart_is_counted_after_it() {
    let site = Site::start();
    let home = watching(&site, "maildir = \"../state/inbox\"");
    drop(Daemon::start(&home, RUNS));
    std::fs::create_dir(home.path("state/inbox/new/1.folder")).unwrap();
    for strikes in 1..=2 {
        let daemon = Daemon::start(&home, "trying again");
        assert!(daemon.last_line().contains(&format!("strikes={strikes}")), "{}", daemon.last_line());
    }
    let _daemon = Daemon::start(&home, "aside for a person");
    await_that("it is put aside", || home.path("state/inbox/.Failed/new/1.folder").exists());
}

#[test]
fn through_a_pipe_it_goes_back_to_its_sender_after_three_deaths() {
    let site = Site::start();
    let home = watching(&site, "");
    for _ in 0..3 {
        let mut program = home.program();
        program.args(["mail", "ingest"]).envs(SAID).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut process = program.stderr(Stdio::piped()).spawn().unwrap();
        process.stdin.take().unwrap().write_all(deadly().as_bytes()).unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        assert!(log.any(|line| line.unwrap().contains(LOOKED_AT)));
        process.kill().unwrap();
        assert_eq!(process.wait().unwrap().code(), None);
    }
    let given_up = home.hand_over(&[], &deadly().replace("\r\n", "\n")).expect(65);
    assert!(given_up.stdout.contains("given-up"), "{given_up:?}");
    let help = home.hand_over(&[], &from_ann("1", "help").replace("\r\n", "\n")).expect(0);
    assert!(help.stdout.contains("answered"), "{help:?}");
}

#[test]
fn through_lmtp_it_goes_back_to_its_sender_after_three_deaths() {
    let site = Site::start();
    let port = super::free_port();
    let home = watching(&site, &format!("[inbox.lmtp]\nlisten = \"127.0.0.1:{port}\"\n"));
    for _ in 0..3 {
        let mut daemon = Daemon::start_with(&home, &SAID, RUNS);
        let client = std::thread::spawn(move || {
            super::client::hand_over(port, "ann@example.org", &[WATCH], &deadly())
        });
        daemon.wait_until_it_says(LOOKED_AT);
        drop(daemon);
        let replies = client.join().unwrap();
        assert_eq!(replies.last().unwrap(), "", "nobody answered: {replies:?}");
    }
    let _daemon = Daemon::start(&home, RUNS);
    let replies = super::client::hand_over(port, "ann@example.org", &[WATCH], &deadly());
    assert!(replies.last().unwrap().starts_with("554 5.3.0"), "{replies:?}");
}
