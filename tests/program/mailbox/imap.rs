//! An ordinary mailbox at a real Dovecot.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::dovecot::Dovecot;
use super::{
    Home, Site, WATCH, await_kind, await_letters, await_subject, await_that, converse, from_ann, home,
    with_picture,
};
use crate::daemon::{Daemon, RUNS};

const OPEN: &str = "opened the mailbox";
const OPERATOR: &str = "[operator]\naddress = \"ops@tracker.example\"\nfailures = 1\n";

fn watching(site: &Site, dovecot: &Dovecot) -> Home {
    let home = home(site, "");
    home.amend("[daemon]", &format!("{}\n[daemon]", dovecot.table(&home.path("config"))));
    home
}

#[test]
fn a_mailbox_carries_the_whole_conversation() {
    let Some(dovecot) = Dovecot::start() else { return };
    let site = Site::start();
    let home = watching(&site, &dovecot);
    home.check(0);
    let mut daemon = Daemon::start(&home, RUNS);
    daemon.wait_until_it_says(OPEN);
    // It looks by itself every five minutes: that it answers within one is IDLE's doing.
    converse(&home, &site, |to, message| dovecot.deliver(to, message));
    await_that("all is put away", || dovecot.messages(".Processed").len() == 4);
    assert!(dovecot.messages("").is_empty() && dovecot.messages(".Failed").is_empty());
}

/// What a Dovecot offers that was told to hide these.
fn able_but_for(hidden: &[&str]) -> String {
    let able = ["IMAP4rev1", "LITERAL+", "IDLE", "UIDPLUS", "MOVE", "NAMESPACE"];
    let able: Vec<&str> = able.into_iter().filter(|able| !hidden.contains(able)).collect();
    format!("imap_capability = {}", able.join(" "))
}

#[test]
fn a_server_that_cannot_move_carries_the_whole_conversation_as_well() {
    let Some(dovecot) = Dovecot::start_with(&able_but_for(&["MOVE"])) else { return };
    let site = Site::start();
    let home = watching(&site, &dovecot);
    home.check(0);
    let _daemon = Daemon::start(&home, OPEN);
    converse(&home, &site, |to, message| dovecot.deliver(to, message));
    await_that("all is copied", || dovecot.messages(".Processed").len() == 4);
    await_that("all is removed", || dovecot.messages("").is_empty());
}

#[test]
fn where_a_single_message_cannot_be_removed_it_stays_marked_and_is_not_taken_again() {
    let Some(dovecot) = Dovecot::start_with(&able_but_for(&["MOVE", "UIDPLUS"])) else { return };
    let site = Site::start();
    let home = watching(&site, &dovecot);
    home.check(0);
    let daemon = Daemon::start(&home, OPEN);
    converse(&home, &site, |to, message| dovecot.deliver(to, message));
    await_that("all is copied", || dovecot.messages(".Processed").len() == 4);
    let is_marked = |file: &std::path::PathBuf| file.to_str().unwrap().ends_with('T');
    await_that("all is marked", || dovecot.messages("").iter().filter(|file| is_marked(file)).count() == 4);
    let before = home.letters_to("ann@example.org").len();
    drop(daemon);
    let _daemon = Daemon::start(&home, OPEN);
    dovecot.deliver(WATCH, &from_ann("5", "help"));
    await_letters(&home, "ann@example.org", before + 1);
    await_that("the last is copied", || dovecot.messages(".Processed").len() == 5);
    assert_eq!(home.letters_to("ann@example.org").len(), before + 1);
}

#[test]
fn where_the_server_does_not_say_what_comes_it_is_found_in_time() {
    let Some(dovecot) = Dovecot::start_with(&able_but_for(&["IDLE"])) else { return };
    let site = Site::start();
    let home = watching(&site, &dovecot);
    dovecot.deliver(WATCH, &from_ann("1", "help"));
    let _daemon = Daemon::start(&home, OPEN);
    await_letters(&home, "ann@example.org", 1);
}

#[test]
fn a_mailbox_that_was_numbered_anew_is_read_anew_and_nobody_is_answered_twice() {
    let Some(mut dovecot) = Dovecot::start() else { return };
    let site = Site::start();
    let home = watching(&site, &dovecot);
    // The first cannot be given out, and is struck under its number.
    dovecot.deliver(WATCH, &from_ann("1", "help"));
    let lock =
        |mode| fs::set_permissions(&dovecot.messages("")[0], fs::Permissions::from_mode(mode)).unwrap();
    lock(0o000);
    let mut daemon = Daemon::start(&home, OPEN);
    daemon.wait_until_it_says("trying again");
    dovecot.deliver(WATCH, &from_ann("2", "list"));
    await_letters(&home, "ann@example.org", 1);
    await_that("it is put away", || dovecot.messages(".Processed").len() == 1);
    let before = dovecot.uid_validity();

    // Its indexes are lost, and what was taken in lies in the mailbox again: the numbers now mean others.
    lock(0o600);
    dovecot.stop();
    let processed = dovecot.messages(".Processed").remove(0);
    fs::rename(&processed, dovecot.path("mail/watch/new/0.again")).unwrap();
    dovecot.renumber();
    dovecot.resume();
    await_letters(&home, "ann@example.org", 2);
    await_that("all is put away", || dovecot.messages(".Processed").len() == 2);
    assert_ne!(dovecot.uid_validity(), before);
    assert!(dovecot.messages("").is_empty() && dovecot.messages(".Failed").is_empty());
    assert_eq!(home.letters_to("ann@example.org").len(), 2);
}

#[test]
fn a_message_that_was_taken_in_and_not_moved_is_not_answered_twice() {
    let Some(dovecot) = Dovecot::start() else { return };
    let site = Site::start();
    let home = watching(&site, &dovecot);
    home.configure_also(OPERATOR);
    let mut daemon = Daemon::start(&home, RUNS);
    daemon.wait_until_it_says(OPEN);
    let processed = dovecot.path("mail/watch/.Processed");
    let lock = |mode| fs::set_permissions(&processed, fs::Permissions::from_mode(mode)).unwrap();
    await_that("the folder is there", || processed.exists());
    lock(0);
    dovecot.deliver(WATCH, &from_ann("1", "help"));
    await_letters(&home, "ann@example.org", 1);
    await_subject(&home, "[regwatch] Incoming mail is not being read");
    // Killed between the commit and the move, and what was in the way is gone.
    drop(daemon);
    assert_eq!(dovecot.messages("").len(), 1);
    lock(0o700);

    let _daemon = Daemon::start(&home, OPEN);
    await_that("it is put away", || dovecot.messages(".Processed").len() == 1);
    await_subject(&home, "[regwatch] Over: incoming mail is being read again");
    assert_eq!(home.letters_to("ann@example.org").len(), 1);
    assert_eq!(home.trouble_told_to("ops@tracker.example").len(), 2);
}

#[test]
fn a_server_that_restarts_is_found_again() {
    let Some(mut dovecot) = Dovecot::start() else { return };
    let site = Site::start();
    let home = watching(&site, &dovecot);
    let mut daemon = Daemon::start(&home, RUNS);
    daemon.wait_until_it_says(OPEN);
    dovecot.stop();
    daemon.wait_until_it_says("cannot take in mail");
    dovecot.resume();
    dovecot.deliver(WATCH, &from_ann("1", "help"));
    daemon.wait_until_it_says(OPEN);
    await_letters(&home, "ann@example.org", 1);
}

#[test]
fn who_writes_with_a_large_picture_is_heard() {
    let Some(dovecot) = Dovecot::start() else { return };
    let site = Site::start();
    let home = watching(&site, &dovecot);
    dovecot.deliver(WATCH, &with_picture("1", "unsubscribe"));
    let _daemon = Daemon::start(&home, OPEN);
    await_kind(&home, "confirmation");
    await_that("it is put away", || dovecot.messages(".Processed").len() == 1);
    // It lies there whole.
    assert!(fs::metadata(&dovecot.messages(".Processed")[0]).unwrap().len() > 1_000_000);
}

#[test]
fn what_cannot_be_read_is_put_aside_and_holds_nobody_up() {
    let Some(dovecot) = Dovecot::start() else { return };
    let site = Site::start();
    let home = watching(&site, &dovecot);
    home.configure_also(OPERATOR);
    dovecot.deliver(WATCH, &from_ann("1", "help"));
    // Dovecot itself cannot give this one out.
    fs::set_permissions(&dovecot.messages("")[0], fs::Permissions::from_mode(0o000)).unwrap();
    dovecot.deliver(WATCH, &from_ann("3", "list"));
    let _daemon = Daemon::start(&home, OPEN);
    await_letters(&home, "ann@example.org", 1);
    await_that("it is put aside", || dovecot.messages(".Failed").len() == 1);
    await_subject(&home, "[regwatch] Incoming mail is not being read");
    // A person has looked at it.
    for message in dovecot.messages(".Failed") {
        fs::remove_file(message).unwrap();
    }
    dovecot.deliver(WATCH, &from_ann("4", "help"));
    await_subject(&home, "[regwatch] Over: incoming mail is being read again");
    assert_eq!(home.letters_to("ann@example.org").len(), 2);
}

#[test]
fn the_server_s_certificate_is_looked_at_with_either_form_of_tls() {
    let Some(dovecot) = Dovecot::start() else { return };
    let site = Site::start();
    for (tls, port) in [("implicit", dovecot.imaps), ("starttls", dovecot.imap)] {
        let home = watching(&site, &dovecot);
        home.amend("tls = \"none\"", &format!("tls = \"{tls}\""));
        home.amend(&format!("port = {}", dovecot.imap), &format!("port = {port}"));
        let mut stranger = Daemon::start(&home, RUNS);
        stranger.wait_until_it_says("cannot take in mail");
        drop(stranger);
        let trusted = dovecot.path("certificate");
        drop(Daemon::start_with(&home, &[("SSL_CERT_FILE", trusted.to_str().unwrap())], OPEN));
    }
}

#[test]
fn the_account_of_the_example_is_read() {
    let Some(dovecot) = Dovecot::start() else { return };
    let site = Site::start();
    let home = home(&site, "");
    let example =
        fs::read_to_string(format!("{}/deploy/imap/regwatch.toml", env!("CARGO_MANIFEST_DIR"))).unwrap();
    // The account's server is this machine's, on a port of its own.
    let example =
        example.replace("\"imap.provider.example\"", &format!("\"localhost\"\nport = {}", dovecot.imaps));
    home.amend(&format!("[inbox]\naddress = \"{WATCH}\"\n"), &example);
    dovecot.table(&home.path("config"));
    let trusted = dovecot.path("certificate");
    dovecot.deliver(WATCH, &from_ann("1", "help"));
    let _daemon = Daemon::start_with(&home, &[("SSL_CERT_FILE", trusted.to_str().unwrap())], OPEN);
    await_letters(&home, "ann@example.org", 1);
}

#[test]
fn a_refused_log_in_is_told_without_the_password() {
    let Some(dovecot) = Dovecot::start() else { return };
    let site = Site::start();
    let home = watching(&site, &dovecot);
    home.configure_also(OPERATOR);
    fs::write(home.path("config/imap-password"), "Zwiebelkuchen").unwrap();
    let _daemon = Daemon::start(&home, RUNS);
    await_letters(&home, "ops@tracker.example", 2);
    let told = home.trouble_told_to("ops@tracker.example").remove(0);
    assert!(told.text.contains("refuses the login of watch@tracker.example"), "{}", told.text);
    assert!(!told.text.contains("Zwiebelkuchen"));
}
