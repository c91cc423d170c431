//! Mail against relays as operators have them: Postfix's test sink in its failure modes, a real
//! Postfix, and relays that follow a script to do what no honest relay does.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod deployed;
mod faulty;
#[path = "../left_out/mod.rs"]
mod left_out;
mod lmtp;
mod machine;
mod mta;
mod opportunistic;
mod pipe;
mod pipelining;
mod postfix;
mod refusing;
mod scripted;
mod sink;

use std::time::Duration;

use chrono::DateTime;
use regwatch::domain::email::EmailAddress;
use regwatch::domain::id::MailId;
use regwatch::domain::outbox::{Mail, Outcome};
use regwatch::mail::{Letter, MailPurpose, Smtp, Timeouts, Transport, compose, message_id};
use regwatch::render::Rendered;
use regwatch::settings::{Sender, SmtpCredentials, SmtpSecurity, SmtpSettings};

use self::machine::{Running, await_listener, await_that, free_port, have, is_root};

/// Short enough for a test, long enough for a busy machine.
fn patient() -> Timeouts {
    let wait = Duration::from_secs(20);
    Timeouts {
        connect: wait,
        greeting: wait,
        command: wait,
        data: wait,
        message: wait,
        final_dot: wait,
        idle: wait,
    }
}

/// A relay on this machine.
fn settings(port: u16, security: SmtpSecurity) -> SmtpSettings {
    SmtpSettings { host: "127.0.0.1".to_owned(), port, security, credentials: None }
}

/// The same, asking for a log-in.
fn with_log_in(port: u16) -> SmtpSettings {
    let credentials = SmtpCredentials { user: "watcher".to_owned(), password: "correct horse".into() };
    SmtpSettings { credentials: Some(credentials), ..settings(port, SmtpSecurity::None) }
}

/// The transport under test.
fn relay(settings: &SmtpSettings, timeouts: Timeouts) -> Transport {
    Transport::Smtp(Box::new(Smtp::open(settings, timeouts).unwrap()))
}

/// The sender of every mail here.
fn from() -> EmailAddress {
    "alerts@tracker.example".parse().unwrap()
}

/// A mail and its bytes; the same name gives the same mail.
fn mail(name: &str, recipient: &str) -> (Mail, Vec<u8>) {
    let id = MailId::derive(&[name]);
    let message_id = message_id(&[7; 32], &id, "tracker.example");
    let recipient = recipient.parse().unwrap();
    let mail = Mail::queued(id, recipient, name.to_owned(), message_id, Vec::new(), DateTime::UNIX_EPOCH);
    let rendered = Rendered {
        kind: regwatch::domain::mail_kind::MailKind::Alert,
        subject: name.to_owned(),
        text: "before\n.\n..two\nFrom after".to_owned(),
        html: "<p>海康威视</p>".to_owned(),
        attachment: None,
    };
    let letter = Letter {
        from: &Sender { name: None, address: from() },
        to: &mail.recipient,
        help: &from(),
        rendered: &rendered,
        message_id: &mail.message_id,
        thread: None,
        date: DateTime::UNIX_EPOCH,
        dkim: None,
        list: None,
        occasion: MailPurpose::Alert,
    };
    let bytes = compose(&letter).unwrap();
    (mail, bytes)
}

/// Delivers a mail of this name.
async fn send(transport: &Transport, name: &str) -> Outcome {
    let (mail, bytes) = mail(name, "ann@example.org");
    transport.deliver(&mail, &from(), &bytes).await
}
