//! A mail server on this machine hands over by LMTP.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{Site, WATCH, await_letters, await_subject, converse, free_port, from_ann, home, with_picture};
use crate::daemon::{Daemon, RUNS};
use crate::left_out::left_out;

/// A client with one connection.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    fn say(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// The last line of the next reply.
    fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            if line.get(3..4) != Some("-") {
                return line.trim_end().to_owned();
            }
        }
    }

    fn hear_all(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.hear()).collect()
    }
}

/// Hands a message over, all commands up to DATA at once; gives every reply.
pub fn hand_over(port: u16, sender: &str, recipients: &[&str], message: &str) -> Vec<String> {
    let mut client = Client::connect(port);
    client.hear();
    client.say("LHLO client.example\r\n");
    client.hear();
    let recipients: Vec<String> = recipients.iter().map(|to| format!("RCPT TO:<{to}>\r\n")).collect();
    client.say(&format!("MAIL FROM:<{sender}>\r\n{}DATA\r\n", recipients.concat()));
    let mut replies = client.hear_all(recipients.len() + 2);
    if replies.last().unwrap().starts_with("354") {
        client.say(&format!("{}\r\n.\r\n", message.replace("\r\n.", "\r\n..").trim_end()));
        let taken = replies[1..].iter().filter(|reply| reply.starts_with("250")).count();
        replies.extend(client.hear_all(taken));
    }
    client.say("QUIT\r\n");
    replies
}

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
fn who_writes_with_a_large_picture_is_heard() {
    let site = Site::start();
    let (home, port) = watching(&site);
    let _daemon = Daemon::start(&home, RUNS);
    let replies = hand_over(port, "ann@example.org", &[WATCH], &with_picture("1", "unsubscribe"));
    assert!(replies.last().unwrap().starts_with("250 2.0.0"), "{replies:?}");
    await_subject(&home, "Please confirm what you asked for");
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
