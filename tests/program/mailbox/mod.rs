//! Mail that comes in by itself: from a Maildir, from a real Dovecot, and through LMTP.

mod client;
mod crowd;
mod deadly;
mod dovecot;
mod imap;
mod lmtp;
mod maildir;

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::home::{Letter, list_source};
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

const WATCH: &str = "watch@tracker.example";

/// A home whose mailbox has these further keys and tables.
fn home(site: &Site, ways_in: &str) -> Home {
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    Home::with_sources(&format!("[inbox]\naddress = \"{WATCH}\"\n{ways_in}\n{}", list_source(&site.url)))
}

/// A message from Ann; `name` makes it one of its own.
fn from_ann(name: &str, subject: &str) -> String {
    format!(
        "From: Ann <ann@example.org>\r\nTo: {WATCH}\r\nSubject: {subject}\r\n\
         Message-ID: <{name}@example.org>\r\n\r\nRegards\r\nAnn\r\n"
    )
}

/// A message from Ann to which a picture is attached that is larger than what is looked at of a message.
fn with_picture(name: &str, subject: &str) -> String {
    let attached = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nRegards\r\n--b\r\n\
                    Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let message = from_ann(name, subject);
    let (head, _) = message.split_once("\r\n\r\n").unwrap();
    format!("{head}\r\n{attached}{}--b--\r\n", "aGVsbG8sIHBpY3R1cmU=\r\n".repeat(50_000))
}

/// Puts a message into the Maildir as mail servers do: written elsewhere, then moved.
fn put(home: &Home, name: &str, message: &str) {
    let draft = home.path("state/inbox/tmp").join(name);
    fs::write(&draft, message.replace("\r\n", "\n")).unwrap();
    fs::rename(draft, home.path("state/inbox/new").join(name)).unwrap();
}

/// The token in a question.
#[track_caller]
fn token(letter: &Letter) -> String {
    assert_eq!(letter.kind, "confirmation");
    let line = letter.text.lines().find_map(|line| line.strip_prefix("confirm "));
    line.unwrap_or_else(|| panic!("{}", letter.text)).trim().to_owned()
}

/// Asks again and again, for a minute.
#[track_caller]
fn await_that(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The letters to an address, once there are so many.
#[track_caller]
fn await_letters(home: &Home, address: &str, count: usize) -> Vec<Letter> {
    await_that(&format!("{address} has {count} letters"), || home.letters_to(address).len() >= count);
    home.letters_to(address)
}

/// Has the conversation that this is all about: Ann asks, confirms, is told, and leaves. `write` brings a
/// message to a recipient, by the way that is tried.
fn converse(home: &Home, site: &Site, write: impl Fn(&str, &str)) {
    let ann = "ann@example.org";
    write(WATCH, &from_ann("1", "subscribe hikvision"));
    let asked = await_letters(home, ann, 1).remove(0);
    let confirm = format!("watch+confirm-{}@tracker.example", token(&asked));
    write(&confirm, &from_ann("2", "Yes, please"));
    await_kind(home, "welcome");

    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    assert_eq!(home.check(0)["mails_queued"], 1);
    await_letters(home, ann, 3);

    write(WATCH, &from_ann("3", "unsubscribe"));
    let letters = await_letters(home, ann, 4);
    let asked = letters.iter().filter(|letter| letter.kind == "confirmation");
    let token = asked.map(token).find(|token| !confirm.contains(token)).unwrap();
    write(WATCH, &from_ann("4", &format!("confirm {token}")));
    await_kind(home, "goodbye");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    assert_eq!(home.check(0)["mails_queued"], 0);
}

#[track_caller]
fn await_kind(home: &Home, kind: &str) {
    await_that(kind, || home.letters().iter().any(|letter| letter.kind == kind));
}

#[track_caller]
fn await_subject(home: &Home, subject: &str) {
    await_that(subject, || home.letters().iter().any(|letter| letter.subject == subject));
}
