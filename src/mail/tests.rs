//! What a mail is made of, byte by byte, and its way into a Maildir and into memory.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use chrono::{DateTime, Utc};
use mail_parser::{MessageParser, MimeHeaders};

use super::*;
use crate::domain::id::MailId;
use crate::domain::keyed_link::{LinkKey, LinkPurpose, WebAddresses};
use crate::domain::mail_kind::MailKind;
use crate::domain::outbox::{Mail, Outcome, Thread};
use crate::render::Rendered;
use crate::settings::{Sender, TransportSettings};

fn sender(name: Option<&str>) -> Sender {
    Sender { name: name.map(str::to_owned), address: "alerts@tracker.example".parse().unwrap() }
}

fn rendered(subject: &str) -> Rendered {
    Rendered {
        kind: MailKind::Alert,
        subject: subject.to_owned(),
        text: "Größe: 海康威视\nFrom the start\n.\n-- \nfoot".to_owned(),
        html: format!("<p>海康威视 = {}</p>\n.\n", "x".repeat(3_000)),
        attachment: None,
    }
}

fn date() -> DateTime<Utc> {
    "2026-11-24T06:05:00Z".parse().unwrap()
}

/// By what a subscriber's wish to leave is known.
fn seal(address: &str) -> String {
    LinkKey::new([7; 32]).seal(LinkPurpose::Unsubscribe, &address.parse().unwrap())
}

fn thread() -> Thread {
    Thread { id: format!("{:032x}@tracker.example", 7), topic: "Hikvision: Größe".to_owned() }
}

fn composed(from: &Sender, rendered: &Rendered, message_id: &str) -> Result<Vec<u8>, MailError> {
    compose(&Letter {
        from,
        to: &"ann@example.org".parse().unwrap(),
        help: &"help+%x@tracker.example".parse().unwrap(),
        rendered,
        message_id,
        thread: Some(&thread()),
        dkim: None,
        date: date(),
        list: Some(ListUnsubscribe {
            mailbox: &"watch+%x@tracker.example".parse().unwrap(),
            key: LinkKey::new([7; 32]),
            web: None,
        }),
        occasion: MailPurpose::Alert,
    })
}

fn mail(id: &str) -> Mail {
    let recipient = "ann@example.org".parse().unwrap();
    let (subject, message_id) = ("subject".to_owned(), "id@tracker.example".to_owned());
    Mail::queued(MailId::derive(&[id]), recipient, subject, message_id, Vec::new(), date())
}

#[test]
fn a_mail_reads_back_as_it_was_meant() {
    let from = sender(Some("Überwachung, \"FCC\""));
    let rendered = rendered("Hikvision: Größe geändert – 海康威视");
    let bytes = composed(&from, &rendered, "id@tracker.example").unwrap();
    let message = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(message.subject(), Some(rendered.subject.as_str()));
    let from = message.from().and_then(|from| from.first()).unwrap();
    assert_eq!(from.name(), Some("Überwachung, \"FCC\""));
    assert_eq!(from.address(), Some("alerts@tracker.example"));
    assert_eq!(message.message_id(), Some("id@tracker.example"));
    assert_eq!(message.date().map(mail_parser::DateTime::to_timestamp), Some(date().timestamp()));
    let text = message.body_text(0).unwrap().replace("\r\n", "\n");
    assert_eq!(text.trim_end(), rendered.text);
    assert_eq!(message.body_html(0).unwrap().replace("\r\n", "\n").trim_end(), rendered.html.trim_end());
    let kinds: Vec<_> = message.parts.iter().filter_map(|part| part.content_type()?.subtype()).collect();
    assert_eq!(kinds, ["alternative", "plain", "html"]);
}

#[test]
fn the_headers_tell_machines_what_it_is() {
    let bytes = composed(&sender(None), &rendered("s"), "id@tracker.example").unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let head = text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    for line in [
        "Auto-Submitted: auto-generated",
        "X-Regwatch-Kind: alert",
        "X-Auto-Response-Suppress: All",
        "List-Id: <alerts.tracker.example>",
        &*format!(
            "List-Unsubscribe: <mailto:watch+%25x@tracker.example?subject=unsubscribe%20{}>",
            seal("ann@example.org")
        ),
        "List-Help: <mailto:watch+%25x@tracker.example?subject=help>",
        "List-Subscribe: <mailto:watch+%25x@tracker.example?subject=subscribe>",
        "List-Owner: <mailto:help+%25x@tracker.example>",
        "List-Post: NO",
        "Reply-To: help+%x@tracker.example",
        "References: <00000000000000000000000000000007@tracker.example>",
        "In-Reply-To: <00000000000000000000000000000007@tracker.example>",
        "Date: Tue, 24 Nov 2026 06:05:00 +0000",
        "MIME-Version: 1.0",
    ] {
        assert!(head.lines().any(|found| found == line), "{line} is missing in:\n{head}");
    }
    assert!(!head.contains("Precedence") && !head.contains("List-Unsubscribe-Post"), "{head}");
}

#[test]
fn with_links_of_their_own_a_reader_leaves_by_one_click() {
    let web = WebAddresses::new(&"https://tracker.example".parse().unwrap(), LinkKey::new([7; 32]));
    let links = web.of(&"ann@example.org".parse().unwrap());
    let mailbox = "watch@tracker.example".parse().unwrap();
    let letter = Letter {
        from: &sender(None),
        to: &"ann@example.org".parse().unwrap(),
        help: &"help@tracker.example".parse().unwrap(),
        rendered: &rendered("s"),
        message_id: "id@tracker.example",
        thread: None,
        dkim: None,
        date: date(),
        list: Some(ListUnsubscribe { mailbox: &mailbox, key: LinkKey::new([7; 32]), web: Some(&web) }),
        occasion: MailPurpose::Alert,
    };
    let head = |letter: &Letter| {
        let text = String::from_utf8(compose(letter).unwrap()).unwrap();
        text.split("\r\n\r\n").next().unwrap().to_owned()
    };
    let shown = head(&letter);
    for line in [
        &*format!(
            "List-Unsubscribe: <{}>, <mailto:watch@tracker.example?subject=unsubscribe%20{}>",
            links.unsubscribe,
            seal("ann@example.org"),
        ),
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ] {
        assert!(shown.lines().any(|found| found == line), "{line} is missing in:\n{shown}");
    }
    let operator = head(&Letter { list: None, occasion: MailPurpose::Incident, ..letter });
    assert!(!operator.contains("List-"), "{operator}");
}

#[test]
fn the_same_letter_gives_the_same_bytes_fit_for_the_wire() {
    let compose_it =
        || composed(&sender(Some("ü")), &rendered(&"ü".repeat(300)), "id@tracker.example").unwrap();
    let bytes = compose_it();
    assert_eq!(bytes, compose_it());
    assert!(bytes.is_ascii());
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    assert!(text.split("\r\n").all(|line| line.len() <= 998));
}

#[test]
fn a_hostile_subject_or_name_adds_no_header() {
    let hostile = "x\r\nBcc: victim@example.org\r\n\r\nbody\u{0}\u{202e}";
    let bytes = composed(&sender(Some(hostile)), &rendered(hostile), "id@tracker.example").unwrap();
    let message = MessageParser::default().parse(&bytes).unwrap();
    assert!(message.bcc().is_none());
    assert_eq!(message.subject(), Some("x Bcc: victim@example.org body"));
    let head = String::from_utf8(bytes).unwrap();
    assert!(!head.split("\r\n\r\n").next().unwrap().contains("\nBcc"), "{head}");
}

#[test]
fn an_id_that_could_leave_its_header_is_refused() {
    let long = format!("{}@b", "a".repeat(250));
    for bad in ["", "a", "@b", "a@", "a@b\r\nBcc: x", "a@b>", "ä@b", "a b@c", &long] {
        let result = composed(&sender(None), &rendered("s"), bad);
        assert!(matches!(result, Err(MailError::MessageId { .. })), "{bad:?} was taken");
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn maildir(path: &Path) -> Transport {
    Transport::open(&TransportSettings::Maildir { path: path.to_owned() }).unwrap()
}

/// What becomes of a mail that lies in a folder: it was handed to nobody, and its history says so.
fn stored_in(path: &Path) -> Outcome {
    Outcome::Sent { reply: Some(format!("stored in the Maildir {}", path.display())) }
}

#[tokio::test]
async fn a_mail_delivered_twice_is_one_file_even_after_it_was_read() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("state/mail");
    let (transport, from) = (maildir(&path), "alerts@tracker.example".parse().unwrap());
    assert!(transport.is_idempotent());
    for _ in 0..2 {
        assert_eq!(transport.deliver(&mail("a"), &from, b"one\r\ntwo\r\n").await, stored_in(&path));
    }
    let names = files(&path.join("new"));
    assert_eq!(names.len(), 1);
    assert_eq!(fs::read(path.join("new").join(&names[0])).unwrap(), b"one\ntwo\n");
    fs::rename(path.join("new").join(&names[0]), path.join("cur").join(format!("{}:2,S", names[0]))).unwrap();
    assert_eq!(maildir(&path).deliver(&mail("a"), &from, b"one\r\ntwo\r\n").await, stored_in(&path));
    assert_eq!(files(&path.join("new")), Vec::<String>::new());
    assert_eq!(transport.deliver(&mail("b"), &from, b"other").await, stored_in(&path));
    assert_eq!(files(&path.join("new")).len(), 1);
    assert_eq!(files(&path.join("tmp")), Vec::<String>::new());
}

#[tokio::test]
async fn half_a_mail_left_by_a_crash_is_written_anew() {
    let home = tempfile::tempdir().unwrap();
    let (transport, from) = (maildir(home.path()), "alerts@tracker.example".parse().unwrap());
    let name = format!("{}.regwatch", mail("a").id);
    fs::write(home.path().join("tmp").join(&name), "half of a longer text").unwrap();
    assert_eq!(transport.deliver(&mail("a"), &from, b"whole").await, stored_in(home.path()));
    assert_eq!(fs::read(home.path().join("new").join(&name)).unwrap(), b"whole");
}

#[tokio::test]
async fn a_maildir_is_the_owners_alone_and_its_loss_is_the_channels_fault() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("mail");
    let (transport, from) = (maildir(&path), "alerts@tracker.example".parse().unwrap());
    for folder in ["", "tmp", "new", "cur"] {
        assert_eq!(fs::metadata(path.join(folder)).unwrap().permissions().mode() & 0o777, 0o700, "{folder}");
    }
    fs::remove_dir_all(&path).unwrap();
    let outcome = transport.deliver(&mail("a"), &from, b"x").await;
    assert!(matches!(outcome, Outcome::ChannelDown { .. }), "{outcome:?}");
}

#[test]
fn a_maildir_that_is_a_file_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("mail");
    fs::write(&path, "").unwrap();
    assert!(matches!(Transport::open(&TransportSettings::Maildir { path }), Err(MailError::Maildir { .. })));
}

#[tokio::test]
async fn memory_keeps_every_copy_and_answers_as_told() {
    let (transport, memory) = Transport::memory();
    let from = "alerts@tracker.example".parse().unwrap();
    memory.answer(Outcome::Unknown { reason: "lost".to_owned() });
    memory.answer(Outcome::Failed { reason: "no".to_owned() });
    for _ in 0..3 {
        transport.deliver(&mail("a"), &from, b"x").await;
    }
    assert_eq!(memory.delivered().len(), 2);
    assert!(!transport.is_idempotent());
}

/// The library's builder panics on it.
#[test]
fn a_line_feed_in_a_display_name_makes_no_header() {
    for name in ["Watch\r\nBcc: eve@example.org", "Watch\nBcc: eve@example.org", "\n"] {
        let bytes = composed(&sender(Some(name)), &rendered("subject"), "id@tracker.example").unwrap();
        assert_eq!(MessageParser::default().parse(&bytes).unwrap().bcc(), None, "{name:?}");
    }
}

/// The header of what is said on an occasion, to a subscriber or somebody else.
fn head_of(occasion: MailPurpose, thread: Option<&Thread>, is_known: bool) -> String {
    let web = WebAddresses::new(&"https://tracker.example".parse().unwrap(), LinkKey::new([7; 32]));
    let mailbox = "watch@tracker.example".parse().unwrap();
    let bytes = compose(&Letter {
        from: &sender(Some("Überwachung")),
        to: &"ann@example.org".parse().unwrap(),
        help: &"help@tracker.example".parse().unwrap(),
        rendered: &rendered("海康威视: Covered List entry amended"),
        message_id: "id@tracker.example",
        thread,
        dkim: None,
        date: date(),
        list: is_known.then_some(ListUnsubscribe {
            mailbox: &mailbox,
            key: LinkKey::new([7; 32]),
            web: Some(&web),
        }),
        occasion,
    });
    let text = String::from_utf8(bytes.unwrap()).unwrap();
    text.split("\r\n\r\n").next().unwrap().replace("\r\n", "\n")
}

#[test]
fn each_occasion_has_its_header() {
    let (thread, reply_to) = (thread(), "watch+confirm-abc@tracker.example");
    let answer = MailPurpose::Answer { to: Some("question@example.org"), reply_to };
    insta::assert_snapshot!("alert.head", head_of(MailPurpose::Alert, Some(&thread), true));
    insta::assert_snapshot!("digest.head", head_of(MailPurpose::Alert, None, true));
    let retraction = MailPurpose::Retraction { of: "told@tracker.example" };
    insta::assert_snapshot!("retraction.head", head_of(retraction, Some(&thread), true));
    insta::assert_snapshot!("answer-to-a-reader.head", head_of(answer, None, true));
    insta::assert_snapshot!("answer-to-a-stranger.head", head_of(answer, None, false));
    insta::assert_snapshot!("incident.head", head_of(MailPurpose::Incident, Some(&thread), false));
}
