//! People write through a real Postfix, which hands their mail to `regwatch mail ingest`.

use std::fs;
use std::process::Command;

use regwatch::domain::email::EmailAddress;
use regwatch::domain::outbox::Outcome;
use regwatch::settings::SmtpSecurity;

use crate::deployed::{IMPATIENT, Installation, files_of};
use crate::mta::Mta;
use crate::{await_that, have, mail, patient, relay, settings};

const POSTALIAS: &str = "/usr/sbin/postalias";

/// Ann writes.
pub async fn write(mta: &Mta, to: &str, subject: &str) {
    let (mail, _) = mail(subject, to);
    let ann: EmailAddress = "ann@example.org".parse().unwrap();
    let message = format!(
        "From: Ann <ann@example.org>\r\nTo: <{to}>\r\nSubject: {subject}\r\n\
         Message-ID: <{}@example.org>\r\n\r\nRegards\r\n",
        mail.id
    );
    let transport = relay(&settings(mta.port, SmtpSecurity::None), patient());
    let outcome = transport.deliver(&mail, &ann, message.as_bytes()).await;
    assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
    transport.close().await;
}

/// Where answering the question in a mail leads.
pub fn confirmation(asked: &str) -> String {
    let token = asked.lines().find_map(|line| line.strip_prefix("confirm ")).unwrap();
    format!("watch+confirm-{token}@tracker.example")
}

/// The `[inbox]` of an installation to which nobody hands over by LMTP.
fn without_lmtp(inbox: &str) -> String {
    inbox.split("# Where mail is handed over through LMTP").next().unwrap().to_owned()
}

#[tokio::test]
async fn people_subscribe_through_a_transport_and_nothing_is_lost_while_the_service_is_broken() {
    let Some(service) = Installation::new(without_lmtp) else { return };
    service.install("transport.pipe", "regwatch-transport");
    let settings = format!("{}{IMPATIENT}", service.file("main.cf"));
    let Some(mta) = Mta::start_with(&settings, &service.file("master.cf")) else { return };
    write(&mta, "watch@tracker.example", "subscribe hikvision").await;
    let asked = service.answers(1).remove(0);

    // With its configuration gone the program cannot say what to do: Postfix keeps the mail.
    let configuration = fs::read(service.config()).unwrap();
    fs::remove_file(service.config()).unwrap();
    write(&mta, &confirmation(&asked), "Yes, please").await;
    await_that("Postfix keeps the mail", || mta.log().contains("status=deferred"));
    // At once: half a configuration is another one.
    let whole = service.config().with_extension("new");
    fs::write(&whole, configuration).unwrap();
    fs::rename(whole, service.config()).unwrap();

    let answers = service.answers(2);
    assert!(answers[1].contains("Subject: You now follow Hikvision"), "{}", answers[1]);
    service.expect_ann();
}

/// Starts a Postfix in which the mailbox is an alias.
fn with_alias(service: &Installation, aliases: &str) -> Option<Mta> {
    let file = service.install(aliases, "regwatch-aliases");
    if !have(&[POSTALIAS]) {
        return None;
    }
    // Before it starts: a process of Postfix that found no table says so for as long as it lives.
    let made = Command::new(POSTALIAS).arg(format!("hash:{}", file.display())).status().unwrap();
    assert!(made.success());
    let settings = format!("{}{IMPATIENT}", service.file("main.alias.cf"));
    Mta::start_with(&settings, "local unix - n n - - local\n")
}

#[tokio::test]
async fn people_subscribe_through_an_alias_for_the_program() {
    let Some(service) = Installation::new(without_lmtp) else { return };
    let Some(mta) = with_alias(&service, "aliases.pipe") else { return };
    write(&mta, "watch@tracker.example", "subscribe hikvision").await;
    let asked = service.answers(1).remove(0);
    write(&mta, &confirmation(&asked), "Yes, please").await;
    let answers = service.answers(2);
    assert!(answers[1].contains("Subject: You now follow Hikvision"), "{}", answers[1]);
    service.expect_ann();
}

#[tokio::test]
async fn people_subscribe_through_an_alias_for_a_maildir() {
    let with_maildir = |inbox: &str| format!("{}maildir = \"../state/inbox\"\n", without_lmtp(inbox));
    let Some(service) = Installation::new(with_maildir) else { return };
    let Some(mta) = with_alias(&service, "aliases.maildir") else { return };
    let _daemon = service.start();
    write(&mta, "watch@tracker.example", "subscribe hikvision").await;
    let asked = service.answers(1).remove(0);
    write(&mta, &confirmation(&asked), "Yes, please").await;
    let answers = service.answers(2);
    assert!(answers[1].contains("Subject: You now follow Hikvision"), "{}", answers[1]);
    let put_away = || files_of(&service.path("lib/state/inbox/.Processed/cur")).len();
    await_that("both are put away", || put_away() == 2);
    service.expect_ann();
}
