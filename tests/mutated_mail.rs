//! Ten thousand random and mutated messages through the one function behind every way in.
//!
//! A test binary of its own: it looks at how much memory the process ever used.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Duration};
use mail_parser::MessageParser;
use regwatch::app::watchlist;
use regwatch::clock::ManualClock;
use regwatch::config::load;
use regwatch::domain::mail_kind::MailKind;
use regwatch::mail::InboundEnvelope;
use regwatch::registry::Registry;
use regwatch::store::Store;
use regwatch::subscribe::{Inbox, InboxParts, Ingested, SubscriberLock};
use tokio::task::JoinSet;

const MESSAGES: u64 = 10_000;

/// Inboxes that take a share of them in, at the same time: each waits for its disk most of it.
const INBOXES: u64 = 4;

/// What the process may ever have used; a debug build with all its parts takes about a third of it.
const MAX_RESIDENT_KIB: u64 = 400 * 1024;

/// What senders write in every place, and no answer may carry.
const MARK: &str = "Zwiebelkuchen";

/// So many messages come in an hour.
const MESSAGES_AN_HOUR: u64 = 500;

/// Questions that may leave in an hour.
const MAX_QUESTIONS_AN_HOUR: u64 = 300;

const CONFIG: &str = r#"
[mail]
from = "regwatch <alerts@tracker.example>"
[inbox]
address = "watch@tracker.example"
authserv_id = "mx.tracker.example"
[fetch]
contact = "ops@tracker.example"
[[company]]
id = "hikvision"
name = "Hangzhou Hikvision Digital Technology Co., Ltd."
aliases = ["Hikvision"]
[[company]]
id = "zte"
name = "ZTE Corporation"
aliases = [{ name = "ZTE", kind = "short" }]
"#;

/// Bodies and the headers that go with them; each asks for something in its own way.
const SEEDS: [&str; 12] = [
    "Subject: subscribe hikvision\r\n\r\nZwiebelkuchen\r\n",
    "Subject: =?utf-8?q?Zwiebelkuchen?=\r\n\r\nsubscribe zte, Zwiebelkuchen\r\nunsubscribe\r\nlist\r\n",
    "Subject: help\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsubscribe zte\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Zwiebelkuchen</p>\r\n--b--\r\n",
    "Subject: Re: Please confirm\r\nContent-Transfer-Encoding: base64\r\n\r\nc3Vic2NyaWJlIFp3aWViZWxrdWNoZW4K\r\n",
    "Subject: \r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nsubscribe =E6=B5=B7=E5=BA=B7 Zwiebelkuchen\r\n> list\r\n-- \r\nAnn\r\n",
    "Subject: confirm abcdefghijklmnopqrstuvwxyz\r\n\r\nZwiebelkuchen\r\n",
    "Subject: Fwd: AW: pause\r\nX-Long: Zwiebelkuchen\r\n folded\r\n\r\nZwiebelkuchen\r\n",
    "Subject: resume\r\nContent-Type: text/html\r\n\r\n<b>subscribe zte Zwiebelkuchen</b>\r\n",
    "Subject: unsubscribe Zwiebelkuchen\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: list\r\n\r\nsubscribe zte\r\n--a--\r\n",
    "Subject: list\r\nAuthentication-Results: mx.tracker.example; dmarc=pass\r\n\r\n",
    "Subject: subscribe hikvision only Zwiebelkuchen\r\nContent-Type: text/plain; charset=\"iso-2022-jp\"\r\n\r\n\u{1b}$B3$\u{1b}(B\r\n",
    "Subject: subscribe hikvison http://zwiebelkuchen.example/\r\nReply-To: Zwiebelkuchen <eve@evil.example>\r\n\r\n",
];

/// What breaks readers of mail, and what means something in it.
const PIECES: [&str; 24] = [
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\r\n\r\n",
    "=?utf-8?b?",
    "?=",
    "Content-Type: multipart/mixed; boundary=b\r\n",
    "--b\r\n",
    "--b--",
    "confirm ",
    "subscribe zte\r\n",
    MARK,
    "\u{202e}",
    "Received: by x\r\n",
    "((((((((",
    "<<<<",
    "\"",
    ";;;;",
    "@",
    ",",
    "+confirm-",
    "\r\n.\r\n",
    "Subject: help\r\n",
];

/// Headers by which machines say that they are none to be answered.
const AUTOMATIC: [&str; 6] = [
    "Auto-Submitted: auto-replied",
    "Auto-Submitted: auto-generated",
    "Precedence: bulk",
    "Precedence: list",
    "Return-Path: <>",
    "X-Regwatch-Loop: 1",
];

/// Numbers that are the same in every run (xorshift64).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).unwrap()
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| u8::try_from(self.throw(256)).unwrap()).collect()
    }
}

/// One message as its sender's server hands it over.
struct Message {
    raw: Vec<u8>,
    envelope: InboundEnvelope,
    is_automatic: bool,
}

fn message(number: u64, dice: &mut Dice) -> Message {
    let seed = SEEDS[dice.throw(SEEDS.len())];
    let head = format!(
        "From: {MARK} <ann{}@mail{}.example>\r\nTo: Watch <watch@tracker.example>\r\n\
         Message-ID: <{number}@mail.example>\r\nX-Mark: {MARK}\r\n",
        number / 3,
        number % 40
    );
    let mut raw = format!("{head}{seed}").into_bytes();
    // Every fourth as it was written, so that much is answered.
    let rounds = if number.is_multiple_of(4) { 0 } else { 1 + dice.throw(6) };
    for _ in 0..rounds {
        mutate(&mut raw, dice);
    }
    let is_marked = number.is_multiple_of(5);
    if is_marked {
        let header = AUTOMATIC[dice.throw(AUTOMATIC.len())];
        raw = [format!("{header}\r\nX-Test: 1\r\n").as_bytes(), &raw].concat();
    }
    let is_bounce = number.is_multiple_of(7);
    let sender = if is_bounce { String::new() } else { "ann@mail.example".to_owned() };
    let details = ["", "+help", "+subscribe-zte", "+confirm-abcdefghijklmnopqrstuvwxyz", "+Zwiebelkuchen"];
    let detail = details[dice.throw(details.len())];
    let recipient = (!number.is_multiple_of(3)).then(|| format!("watch{detail}@tracker.example"));
    Message {
        raw,
        envelope: InboundEnvelope { sender: Some(sender), recipient },
        is_automatic: is_marked || is_bounce,
    }
}

fn mutate(raw: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.throw(raw.len() + 1);
    let end = (at + 1 + dice.throw(40)).min(raw.len());
    let part: Vec<u8> = raw.get(at..end).unwrap_or_default().to_vec();
    match dice.throw(9) {
        0 => raw.iter_mut().skip(at).take(4).for_each(|byte| *byte ^= 0x55),
        1 => drop(raw.drain(at.min(end)..end)),
        2 => drop(raw.splice(at..at, part.repeat(1 + dice.throw(200)))),
        3 => {
            let noise = dice.bytes(1 + at % 60);
            drop(raw.splice(at..at, noise));
        }
        4 => raw.truncate(at),
        5 => raw.extend_from_slice(SEEDS[dice.throw(SEEDS.len())].as_bytes()),
        6 => {
            let nested =
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(1 + dice.throw(300));
            drop(raw.splice(at..at, nested.into_bytes()));
        }
        7 => *raw = dice.bytes(1 + at),
        _ => drop(raw.splice(at..at, PIECES[dice.throw(PIECES.len())].bytes())),
    }
}

async fn inbox(folder: &Path, clock: &ManualClock) -> (Inbox, Store) {
    std::fs::create_dir(folder.join("config")).unwrap();
    let path = folder.join("config/regwatch.toml");
    std::fs::write(&path, CONFIG).unwrap();
    let config = load(&path).unwrap();
    let store = Store::open(&config.store).unwrap();
    let parts = InboxParts {
        store: store.clone(),
        registry: Registry::new(watchlist(&config).unwrap()),
        sources: Arc::default(),
        instance_key: store.instance_key([7; 32]).await.unwrap(),
        settings: config.inbox.unwrap(),
        mail: config.mail,
        web: None,
        takes_mail: true,
        turn: SubscriberLock::default(),
        clock: Arc::new(clock.clone()),
    };
    (Inbox::new(parts), store)
}

/// What one answer says, apart from the address it goes to.
fn words_of(bytes: &[u8], recipient: &str) -> String {
    let mail = MessageParser::default().parse(bytes).unwrap();
    assert_eq!(mail.header_raw("Auto-Submitted").map(str::trim), Some("auto-replied"));
    let parts = [
        mail.subject().map(str::to_owned),
        mail.body_text(0).map(Into::into),
        mail.body_html(0).map(Into::into),
    ];
    parts.into_iter().flatten().collect::<String>().replace(recipient, "")
}

fn peak_resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// What became of the messages of one inbox.
#[derive(Default)]
struct Outcome {
    answered: usize,
    questions: u64,
    /// How many mails go to each address.
    to: BTreeMap<String, usize>,
}

/// Takes messages in and looks at what is answered.
async fn take_in(numbers: Range<u64>) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::starting_at(DateTime::UNIX_EPOCH + Duration::days(20_000));
    let (inbox, store) = inbox(folder.path(), &clock).await;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 + numbers.start);
    let mut outcome = Outcome::default();
    for number in numbers {
        let Message { raw, envelope, is_automatic } = message(number, &mut dice);
        if number % MESSAGES_AN_HOUR == 0 {
            clock.advance(Duration::hours(1));
        }
        let ingested = inbox.ingest(raw.clone(), &envelope).await.unwrap();
        if matches!(ingested, Ingested::Answered { .. }) {
            outcome.answered += 1;
            assert!(!is_automatic, "{number}: {}", String::from_utf8_lossy(&raw));
        }
    }
    let now = regwatch::clock::Clock::now(&clock);
    for leased in store.lease_due(now, 20_000, Duration::minutes(5)).await.unwrap() {
        let recipient = leased.mail.recipient.to_string();
        let words = words_of(&leased.bytes, &recipient);
        assert!(!words.to_lowercase().contains(&MARK.to_lowercase()), "{words}");
        outcome.questions += u64::from(leased.mail.kind == Some(MailKind::Confirmation));
        *outcome.to.entry(recipient).or_default() += 1;
    }
    store.close().await.unwrap();
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn no_message_breaks_it_moves_a_machine_to_answer_or_finds_its_words_in_an_answer() {
    let share = MESSAGES / INBOXES;
    let starts = (0..INBOXES).map(|inbox| inbox * share);
    let inboxes: JoinSet<Outcome> = starts.map(|start| take_in(start..start + share)).collect();
    let (mut answered, mut questions, mut most) = (0, 0, 0);
    for outcome in inboxes.join_all().await {
        let most_questions = MAX_QUESTIONS_AN_HOUR * (share / MESSAGES_AN_HOUR + 1);
        assert!(outcome.questions <= most_questions, "{}", outcome.questions);
        answered += outcome.answered;
        questions += outcome.questions;
        most = most.max(outcome.to.values().max().copied().unwrap_or_default());
    }
    println!(
        "{answered} of {MESSAGES} answered, {questions} asked back, at most {most} mails to one address"
    );
    assert!(answered > 500, "{answered}: most of what was tried never came to be answered");
    assert!(questions > 100, "{questions}");
    assert!(most <= 50, "ten messages a day are answered, five commands each: {most}");
    let peak = peak_resident_kib();
    println!("at most {} MiB of memory", peak / 1024);
    assert!(peak < MAX_RESIDENT_KIB, "{peak} KiB");
}
