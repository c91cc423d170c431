//! Every mail as its reader gets it: with example data, and with the worst that a page, a file of companies or
//! an operator's hand may put into it.

use chrono::{DateTime, TimeDelta, Utc};
use strum::VariantArray as _;

use super::tests::{HOSTILE, company, hostile, told};
use super::*;
use crate::domain::email::EmailAddress;
use crate::domain::health::SourceHealth;
use crate::domain::id::{IncidentId, MailId};
use crate::domain::inbound::{ConfirmToken, Purpose, ReplyKind, Selection};
use crate::domain::incident::{Incident, IncidentKind, Notification};
use crate::domain::keyed_link::{LinkKey, WebAddresses};
use crate::domain::listed::ListedOn;
use crate::domain::mail_kind::MailKind;
use crate::domain::matching::Watchlist;
use crate::domain::outbox::Mail;
use crate::domain::retraction::Retraction;
use crate::domain::subscription::{Filter, Preference, Subscriber, Wish};
use crate::domain::text::is_deceptive;
use crate::domain::topic::Topic;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

fn web() -> WebAddresses {
    WebAddresses::new(&"https://tracker.example".parse().unwrap(), LinkKey::new([7; 32]))
}

/// Holds a mail against its snapshots.
#[track_caller]
fn check(name: &str, mail: &Rendered) {
    assert!(mail.subject.chars().count() <= 70, "{}", mail.subject);
    for text in [&mail.subject, &mail.text, &mail.html] {
        assert!(text.chars().all(|c| c == '\n' || !is_deceptive(c)), "{text}");
    }
    for tag in ["<script", "<b>", "<a href=\"https://evil", "href=\"javascript"] {
        assert!(!mail.html.contains(tag), "{tag} in {}", mail.html);
    }
    insta::assert_snapshot!(format!("{name}.txt"), format!("Subject: {}\n\n{}", mail.subject, mail.text));
    insta::assert_snapshot!(format!("{name}.html"), mail.html);
}

#[test]
fn every_kind_of_mail_reads_as_it_was_written() {
    let (reader, mailbox) = (address("reader@example.org"), address("watch@tracker.example"));
    let (help_address, web) = (address("help@tracker.example"), web());
    let service = MailFoot {
        name: "Example Watch",
        mailbox: &mailbox,
        help_address: &help_address,
        postal_address: Some("Example Watch\n1 Example Street, 10115 Berlin"),
        web: Some(&web),
    };
    for &kind in MailKind::VARIANTS {
        check(&format!("example-{kind}"), &example(kind, &reader, &service).unwrap());
    }
}

/// A name without a blank, longer than any line.
fn endless() -> String {
    "海康威视<b>".repeat(60)
}

/// A reader of companies with hostile names.
struct HostileReader {
    subscriber: Subscriber,
    watchlist: Watchlist,
    mailbox: EmailAddress,
    web: WebAddresses,
    health: Vec<SourceHealth>,
}

impl HostileReader {
    fn new() -> Self {
        let watchlist = vec![company("hikvision", HOSTILE, HOSTILE), company("zte", &endless(), &endless())];
        let mut subscriber = Subscriber::new(address("ann@example.org"));
        for topic in Self::companies() {
            let wish = Wish {
                topic: &topic,
                only: Filter::default(),
                confirmed: true,
                channel: HOSTILE,
                agreed_to: None,
            };
            subscriber.follow(wish, at("2026-11-02T09:00:00Z"));
        }
        let mailbox = address("watch+%x@tracker.example");
        let health = vec![health(HOSTILE, 84, None), health(HOSTILE, 0, Some("2026-11-20T06:00:00Z"))];
        Self { subscriber, watchlist: Watchlist::new(watchlist).unwrap(), mailbox, web: web(), health }
    }

    fn companies() -> Vec<Topic> {
        ["hikvision", "zte"].map(|id| id.parse().unwrap()).into()
    }

    fn selection() -> Selection {
        let mut only = Filter::default();
        only.take_kind("removed");
        only.sources.insert("covered-list".parse().unwrap());
        Selection { topics: Self::companies(), only, ways: Vec::new() }
    }

    fn service(&self) -> MailFoot<'_> {
        MailFoot {
            name: HOSTILE,
            mailbox: &self.mailbox,
            help_address: &self.mailbox,
            postal_address: Some(HOSTILE),
            web: Some(&self.web),
        }
    }

    fn answered(&self, said: &ReplyKind, listed: &[ListedOn]) -> Rendered {
        let addressed = Addressed {
            subscriber: &self.subscriber,
            service: self.service(),
            watchlist: &self.watchlist,
            missed: 12,
            listed,
            takes_mail: true,
            health: &self.health,
            now: at("2026-11-24T07:00:00Z"),
        };
        answer(said, &addressed).unwrap()
    }
}

#[test]
fn hostile_names_stay_text_in_every_answer() {
    let mut reader = HostileReader::new();
    let token = || ConfirmToken::of(0x5eed_0000_0000_0000_0000_0000_0000_0000);
    let purpose = Purpose::Subscribe(HostileReader::selection());
    check("hostile-confirmation", &reader.answered(&ReplyKind::Confirm(purpose, token()), &[]));
    let on = |title: &str, more| ListedOn {
        source_title: title.to_owned(),
        entries: vec![(HOSTILE.to_owned(), "2021-03-12".parse().ok()), (endless(), None)],
        more,
        is_read: true,
        misses: Some(HOSTILE.to_owned()),
    };
    let none = |title: &str, is_read| ListedOn { entries: Vec::new(), is_read, ..on(title, 0) };
    let listed = [
        on(HOSTILE, 0),
        on(&endless(), 3),
        none(HOSTILE, true),
        none(&endless(), true),
        none(HOSTILE, false),
    ];
    check("hostile-welcome", &reader.answered(&ReplyKind::Welcome(HostileReader::selection()), &listed));
    check("hostile-goodbye", &reader.answered(&ReplyKind::Goodbye(HostileReader::companies()), &[]));
    check("hostile-help", &reader.answered(&ReplyKind::Unknown(HostileReader::companies()), &[]));
    let now = at("2026-11-24T06:00:00Z");
    for (name, value) in [("digest", "daily"), ("quiet", "22:00-07:00"), ("attestation", "weekly")] {
        reader.subscriber.take(Preference::of(name, value).unwrap(), now);
    }
    reader.subscriber.begin_pause(Some(at("2026-12-24T00:00:00Z")), now);
    check("hostile-list", &reader.answered(&ReplyKind::Preferred, &[]));
    check("welcome-while-paused", &reader.answered(&ReplyKind::Welcome(HostileReader::selection()), &[]));
    check("paused", &reader.answered(&ReplyKind::Paused, &[]));
}

#[test]
fn what_else_is_answered_reads_as_it_was_written() {
    let mut reader = HostileReader::new();
    check("resumed", &reader.answered(&ReplyKind::Resumed(Some(at("2026-11-02T09:00:00Z"))), &[]));
    check("never", &reader.answered(&ReplyKind::Never, &[]));
    check("expired", &reader.answered(&ReplyKind::Expired, &[]));
    reader.subscriber.leave(None, at("2026-11-24T07:00:00Z"));
    check("standing", &reader.answered(&ReplyKind::Standing, &[]));
    check("list-of-nothing", &reader.answered(&ReplyKind::List, &[]));
    check("goodbye-to-all", &reader.answered(&ReplyKind::Goodbye(Vec::new()), &[]));
}

#[test]
fn a_hostile_page_stays_text_in_an_alert() {
    check("hostile-alert", &told(&[hostile()]));
}

fn health(title: &str, good: u32, failing_since: Option<&str>) -> SourceHealth {
    SourceHealth {
        source: "covered-list".parse().unwrap(),
        title: title.to_owned(),
        last_good_at: (good > 0).then(|| at("2026-11-24T06:00:00Z")),
        failing_since: failing_since.map(at),
        good,
        unread: 3,
    }
}

#[test]
fn a_hostile_title_stays_text_in_an_attestation() {
    let reader = HostileReader::new();
    let health = [health(HOSTILE, 84, None), health(&endless(), 0, Some("2026-11-20T06:00:00Z"))];
    let mail = attestation(&Attestation {
        reader: &reader.subscriber,
        since: at("2026-11-16T08:00:00Z"),
        until: at("2026-11-23T08:00:00Z"),
        seen: SeenChanges::default(),
        health: &health,
        watchlist: &reader.watchlist,
        service: MailFoot { web: None, ..reader.service() },
    });
    check("hostile-attestation", &mail.unwrap());
}

#[test]
fn hostile_words_stay_text_in_a_retraction() {
    let (reader, change) = (HostileReader::new(), hostile());
    let mail = Mail::queued(
        MailId::derive(&["told"]),
        reader.subscriber.address.clone(),
        HOSTILE.to_owned(),
        "told@tracker.example".to_owned(),
        vec![change.id.clone()],
        at("2026-11-24T06:05:00Z"),
    );
    let reason = Some(format!("{HOSTILE} {}", endless()));
    let taken_back =
        Retraction::of(&change, std::slice::from_ref(&change), reason, at("2026-11-24T09:00:00Z"));
    let mail = retraction(&Withdrawal {
        retraction: &taken_back,
        mail: &mail,
        changes: vec![&change],
        zone: chrono_tz::Tz::UTC,
        now: at("2026-11-24T09:00:00Z"),
        service: MailFoot { web: None, ..reader.service() },
    });
    check("hostile-retraction", &mail.unwrap());
}

#[test]
fn what_a_site_answers_stays_text_in_what_the_operator_is_told() {
    let incident = |kind, closed_at| Incident {
        id: IncidentId::derive(&["hostile"]),
        kind,
        source: (kind != IncidentKind::Outage).then(|| "covered-list".parse().unwrap()),
        title: HOSTILE.to_owned(),
        reason: format!("{HOSTILE} {}", endless()),
        members: (0..22).map(|number| format!("source-{number}").parse().unwrap()).collect(),
        opened_at: at("2026-11-20T06:00:00Z"),
        reopened_at: None,
        closed_at,
        told_at: None,
        times_told: 0,
        end_told_at: None,
        ending: None,
    };
    let now = at("2026-11-24T06:00:00Z");
    let kinds = [
        IncidentKind::Held,
        IncidentKind::Failing,
        IncidentKind::Outage,
        IncidentKind::Mailbox,
        IncidentKind::Relay,
        IncidentKind::Undelivered,
    ];
    let begun = kinds.map(|kind| (Notification::Begun, incident(kind, None)));
    let over = (Notification::Over, incident(IncidentKind::Failing, Some(now - TimeDelta::hours(3))));
    let told: Vec<(Notification, &Incident)> =
        begun.iter().chain([&over]).map(|(telling, incident)| (*telling, incident)).collect();
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    check("hostile-incidents", &incidents(HOSTILE, &told, day, now).unwrap());
}
