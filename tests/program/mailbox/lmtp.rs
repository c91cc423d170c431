//! A mail server on this machine hands over by LMTP.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::client::{Client, hand_over};
use super::{Site, WATCH, await_kind, await_letters, converse, free_port, from_ann, home, with_picture};
use crate::daemon::{Daemon, RUNS};
use crate::left_out::left_out;

fn watching(site: &Site) -> (super::Home, u16) {
    let port = free_port();
    (home(site, &format!("[inbox.lmtp]\nlisten = \"127.0.0.1:{port}\"\n")), port)
}

#[test]
fn lmtp_carries_the_whole_conversation() {
    let site = Site::start();
    let (home, port) = watching(&site);
    home.check(0);
    let _daemon = Daemon::start(&home, RUNS);
    converse(&home, &site, |to, message| {
        let replies = hand_over(port, "ann@example.org", &[to], message);
        assert!(replies.last().unwrap().starts_with("250 2.0.0"), "{replies:?}");
    });
}

#[test]
fn each_recipient_has_an_answer_and_a_message_that_comes_again_is_known() {
    let site = Site::start();
    let (home, port) = watching(&site);
    let _daemon = Daemon::start(&home, RUNS);
    let to = ["watch+help@tracker.example", "other@tracker.example", "watch+list@tracker.example"];
    for _ in 0..2 {
        let replies = hand_over(port, "ann@example.org", &to, &from_ann("1", "whatever"));
        let codes: Vec<&str> = replies.iter().map(|reply| &reply[..3]).collect();
        assert_eq!(codes, ["250", "250", "550", "250", "354", "250", "250"]);
    }
    await_letters(&home, "ann@example.org", 2);
    let bounce = hand_over(port, "", &[WATCH], &from_ann("2", "help"));
    assert!(bounce.last().unwrap().starts_with("250"), "it is taken and passed over: {bounce:?}");
    assert_eq!(home.letters_to("ann@example.org").len(), 2);
}

#[test]
fn a_client_that_breaks_off_or_smuggles_is_heard_as_little_as_possible() {
    let site = Site::start();
    let (home, port) = watching(&site);
    let mut daemon = Daemon::start(&home, RUNS);
    let mut broken = Client::connect(port);
    broken.say(&format!("LHLO x\r\nMAIL FROM:<ann@example.org>\r\nRCPT TO:<{WATCH}>\r\nDATA\r\n"));
    assert!(broken.hear_all(5).last().unwrap().starts_with("354"));
    broken.say(&from_ann("1", "help"));
    drop(broken);
    let second =
        format!("MAIL FROM:<eve@example.org>\r\nRCPT TO:<{WATCH}>\r\nDATA\r\n{}", from_ann("2", "help"));
    let smuggled = format!("{}\n.\n{second}", from_ann("3", "list"));
    let replies = hand_over(port, "ann@example.org", &[WATCH], &smuggled);
    assert_eq!(replies.len(), 4, "one message, one answer: {replies:?}");
    let letters = await_letters(&home, "ann@example.org", 1);
    assert_eq!(letters.len(), 1, "{letters:#?}");
    // Who is connected when it stops is told so.
    let mut late = Client::connect(port);
    late.hear();
    daemon.end();
    assert!(late.hear().starts_with("421"));
}

#[test]
fn a_socket_carries_the_whole_conversation_for_a_server_that_runs_as_another_user() {
    let site = Site::start();
    let home = home(&site, "[inbox.lmtp]\nlisten = \"unix:../state/lmtp.sock\"\n");
    let socket = home.path("state/lmtp.sock");
    home.check(0);
    // Killed, it leaves its socket's file, and takes it over at the next start.
    drop(Daemon::start(&home, RUNS));
    assert!(socket.exists());
    let mut daemon = Daemon::start(&home, RUNS);
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o666);
    converse(&home, &site, |to, message| {
        let replies = Client::connect_to(&socket).hand_over("ann@example.org", &[to], message);
        assert!(replies.last().unwrap().starts_with("250 2.0.0"), "{replies:?}");
    });
    daemon.end();
    assert!(!socket.exists());
}

#[test]
fn who_writes_with_a_large_picture_is_heard() {
    let site = Site::start();
    let (home, port) = watching(&site);
    let _daemon = Daemon::start(&home, RUNS);
    let replies = hand_over(port, "ann@example.org", &[WATCH], &with_picture("1", "unsubscribe"));
    assert!(replies.last().unwrap().starts_with("250 2.0.0"), "{replies:?}");
    await_kind(&home, "confirmation");
}

#[test]
fn swaks_hands_over() {
    if !Path::new("/usr/bin/swaks").exists() {
        left_out("LMTP by another client", "swaks is not installed");
        return;
    }
    let site = Site::start();
    let (home, port) = watching(&site);
    let _daemon = Daemon::start(&home, RUNS);
    let mut swaks = Command::new("/usr/bin/swaks");
    swaks.args(["--protocol", "LMTP", "--server", &format!("127.0.0.1:{port}")]);
    swaks.args(["--from", "ann@example.org", "--to", "watch+subscribe-zte@tracker.example", "--pipeline"]);
    let output = swaks.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    await_letters(&home, "ann@example.org", 1);
}
