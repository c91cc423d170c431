//! Against `smtp-sink`, which Postfix brings: an honest relay that fails where it is told to.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use regwatch::domain::outbox::Outcome;
use regwatch::mail::Timeouts;
use regwatch::settings::SmtpSecurity;

use crate::{Running, await_listener, free_port, have, is_root, mail, patient, relay, send, settings};

const SINK: &str = "/usr/sbin/smtp-sink";

fn sink(flags: &[&str]) -> (Running, u16) {
    let port = free_port();
    let mut command = Command::new(SINK);
    if is_root() {
        command.args(["-u", "nobody"]);
    }
    let address = format!("127.0.0.1:{port}");
    let child = command.args(flags).args([address.as_str(), "64"]).stdin(Stdio::null()).spawn().unwrap();
    let running = Running(child);
    await_listener(port);
    (running, port)
}

#[tokio::test]
async fn what_arrives_is_what_was_composed() {
    if !have(&[SINK]) {
        return;
    }
    let dumps = tempfile::tempdir().unwrap();
    fs::set_permissions(dumps.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let template = format!("{}/mail.", dumps.path().display());
    let (_sink, port) = sink(&["-d", &template]);
    let transport = relay(&settings(port, SmtpSecurity::None), patient());
    for name in ["one", "two", "three"] {
        assert_eq!(send(&transport, name).await.name(), "sent");
    }
    transport.close().await;
    let mut bodies: Vec<String> = read_all(dumps.path());
    bodies.sort();
    assert_eq!(bodies.len(), 3);
    for name in ["one", "two", "three"] {
        let (_, bytes) = mail(name, "ann@example.org");
        let sent = String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
        let found = bodies.iter().filter(|body| body.replace("\r\n", "\n").contains(sent.trim_end())).count();
        assert_eq!(found, 1, "{name} in {bodies:#?}");
    }
}

fn read_all(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

#[track_caller]
fn check(flags: &[&str], timeouts: Timeouts, expected: &str) {
    let (_sink, port) = sink(flags);
    let transport = relay(&settings(port, SmtpSecurity::None), timeouts);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(send(&transport, "a mail"));
    assert_eq!(outcome.name(), expected, "{flags:?}: {outcome:?}");
}

/// Mails sent one after the other over one connection.
const MAILS: u32 = 50;

/// With Nagle's algorithm and delayed acknowledgement each mail would wait 40 ms for its final dot, if that left
/// in a piece of its own.
#[tokio::test]
async fn mails_on_one_connection_do_not_wait_for_the_final_dot() {
    if !have(&[SINK]) {
        return;
    }
    let (_sink, port) = sink(&[]);
    let transport = relay(&settings(port, SmtpSecurity::None), patient());
    send(&transport, "the one that connects").await;
    let start = std::time::Instant::now();
    for number in 0..MAILS {
        assert_eq!(send(&transport, &format!("mail {number}")).await.name(), "sent");
    }
    let each = start.elapsed() / MAILS;
    assert!(each < Duration::from_millis(20), "{each:?} a mail");
}

#[test]
fn every_way_in_which_a_relay_fails_has_its_outcome() {
    if !have(&[SINK]) {
        return;
    }
    check(&["-r", "mail"], patient(), "deferred");
    check(&["-r", "rcpt"], patient(), "deferred");
    check(&["-r", "data"], patient(), "deferred");
    check(&["-r", "."], patient(), "deferred");
    check(&["-f", "connect"], patient(), "channel down");
    check(&["-f", "mail"], patient(), "channel down");
    check(&["-f", "rcpt"], patient(), "failed");
    check(&["-f", "data"], patient(), "failed");
    check(&["-f", "."], patient(), "failed");
    check(&["-f", "ehlo"], patient(), "channel down");
    check(&["-r", "connect"], patient(), "channel down");
    check(&["-Q", "connect"], patient(), "channel down");
    check(&["-Q", "mail"], patient(), "channel down");
    check(&["-Q", "rcpt"], patient(), "busy");
    check(&["-Q", "data"], patient(), "busy");
    check(&["-Q", "."], patient(), "busy");
    check(&["-q", "helo,ehlo"], patient(), "channel down");
    check(&["-q", "mail"], patient(), "channel down");
    check(&["-q", "rcpt"], patient(), "deferred");
    check(&["-q", "data"], patient(), "deferred");
    check(&["-q", "."], patient(), "unknown");
}

#[test]
fn a_relay_that_keeps_silent_has_its_outcome_too() {
    if !have(&[SINK]) {
        return;
    }
    let short = Duration::from_millis(200);
    check(&["-W", "ehlo:30"], Timeouts { greeting: short, ..patient() }, "channel down");
    check(&["-p", "-W", "mail:30"], Timeouts { command: short, ..patient() }, "channel down");
    // To commands sent ahead it answers in another order, or all at once.
    check(&["-p", "-W", "rcpt:30"], Timeouts { command: short, ..patient() }, "deferred");
    check(&["-p", "-W", "data:30"], Timeouts { data: short, ..patient() }, "deferred");
    check(&["-W", ".:30"], Timeouts { message: short, final_dot: short, ..patient() }, "unknown");
}

/// The kernel goes on taking connections for it, and acknowledges what is sent.
#[tokio::test]
async fn a_relay_that_freezes_costs_its_time_and_is_used_again_when_it_thaws() {
    if !have(&[SINK]) {
        return;
    }
    let (sink, port) = sink(&[]);
    let signal = |name: &str| {
        let pid = sink.0.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    };
    let short = Duration::from_millis(300);
    let timeouts = Timeouts { command: short, greeting: short, ..patient() };
    let transport = relay(&settings(port, SmtpSecurity::None), timeouts);
    assert_eq!(send(&transport, "before").await.name(), "sent");
    signal("-STOP");
    let Outcome::ChannelDown { reason } = send(&transport, "meanwhile").await else { panic!("not noticed") };
    assert!(reason.ends_with("no answer in time while connecting"), "{reason}");
    signal("-CONT");
    let thawed = relay(&settings(port, SmtpSecurity::None), patient());
    assert_eq!(send(&thawed, "after").await.name(), "sent");
}

#[tokio::test]
async fn a_relay_that_is_not_there_is_the_channels_fault() {
    let transport = relay(&settings(free_port(), SmtpSecurity::None), patient());
    assert_eq!(send(&transport, "a mail").await.name(), "channel down");
}

#[tokio::test]
async fn a_relay_without_starttls_gets_nothing_where_it_is_asked_for() {
    if !have(&[SINK]) {
        return;
    }
    let (_sink, port) = sink(&[]);
    let transport = relay(&settings(port, SmtpSecurity::StartTls), patient());
    assert_eq!(send(&transport, "a mail").await.name(), "channel down");
}
