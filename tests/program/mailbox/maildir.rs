//! A mail server puts what comes into a Maildir.

use std::fs;

use super::{
    Home, Site, await_kind, await_letters, await_subject, await_that, converse, from_ann, home, put,
    with_picture,
};
use crate::daemon::{Daemon, RUNS};
use crate::home::files_of;

fn watching(site: &Site) -> Home {
    home(site, "maildir = \"../state/inbox\"")
}

#[test]
fn a_maildir_carries_the_whole_conversation() {
    let site = Site::start();
    let home = watching(&site);
    home.check(0);
    let _daemon = Daemon::start(&home, RUNS);
    converse(&home, &site, |to, message| {
        let name = format!("{}.test", files_of(&home.path("state/inbox/.Processed/cur")).len());
        put(&home, &name, &format!("Delivered-To: {to}\r\n{message}"));
    });
    await_that("all is put away", || files_of(&home.path("state/inbox/.Processed/cur")).len() == 4);
    assert!(files_of(&home.path("state/inbox/new")).is_empty());
}

#[test]
fn what_a_dead_run_left_is_known_and_what_cannot_be_read_is_put_aside() {
    let site = Site::start();
    let home = watching(&site);
    home.configure_also("[operator]\naddress = \"ops@tracker.example\"\n");
    drop(Daemon::start(&home, RUNS));
    put(&home, "1.help", &from_ann("1", "help"));
    let daemon = Daemon::start(&home, RUNS);
    await_letters(&home, "ann@example.org", 1);
    let put_away = home.path("state/inbox/.Processed/cur/1.help:2,S");
    await_that("it is put away", || put_away.exists());
    drop(daemon);

    // As if it had been killed before it moved the message.
    fs::rename(&put_away, home.path("state/inbox/new/1.help")).unwrap();
    fs::create_dir(home.path("state/inbox/new/0.folder")).unwrap();
    put(&home, "3.list", &from_ann("2", "list"));
    let _daemon = Daemon::start(&home, RUNS);
    await_letters(&home, "ann@example.org", 2);
    await_that("one is put aside", || files_of(&home.path("state/inbox/.Failed/new")).len() == 1);
    await_subject(&home, "[regwatch] Incoming mail is not being read");
    assert!(put_away.exists());
    assert_eq!(home.letters_to("ann@example.org").len(), 2, "the first is not answered again");
}

#[test]
fn who_writes_with_a_large_picture_is_heard() {
    let site = Site::start();
    let home = watching(&site);
    let _daemon = Daemon::start(&home, RUNS);
    put(&home, "1.large", &with_picture("1", "unsubscribe"));
    await_kind(&home, "confirmation");
    await_that("it is put away", || home.path("state/inbox/.Processed/cur/1.large:2,S").exists());
}
