//! Against a real Postfix: a queue on disk, users that are not there, TLS.

use std::process::Command;
use std::sync::Arc;

use regwatch::domain::outbox::Outcome;
use regwatch::settings::SmtpSecurity;
use tokio::task::JoinSet;

use crate::mta::Mta;
use crate::{await_that, from, mail, patient, relay, send, settings};

#[tokio::test]
async fn a_burst_of_mails_arrives_once_and_byte_for_byte() {
    let Some(mta) = Mta::start("") else { return };
    let transport = Arc::new(relay(&settings(mta.port, SmtpSecurity::None), patient()));
    let names: Vec<String> = (0..40).map(|number| format!("mail number {number}")).collect();
    let mut sending = JoinSet::new();
    for name in names.clone() {
        let transport = Arc::clone(&transport);
        sending.spawn(async move { send(&transport, &name).await });
    }
    for outcome in sending.join_all().await {
        assert_eq!(outcome.name(), "sent");
    }
    transport.close().await;
    let arrived = mta.mailbox(names.len());
    assert_eq!(arrived.len(), names.len());
    for name in &names {
        let (_, bytes) = mail(name, "ann@example.org");
        // A mailbox has the line ends of its machine, and Postfix's own headers in front.
        let composed = String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
        assert_eq!(arrived.iter().filter(|mail| mail.ends_with(&composed)).count(), 1, "{name}");
    }
}

#[tokio::test]
async fn nobody_there_is_final_and_harms_no_other_mail() {
    let Some(mta) = Mta::start("") else { return };
    let transport = relay(&settings(mta.port, SmtpSecurity::None), patient());
    let (lost, bytes) = mail("lost", "bob@example.org");
    let Outcome::NoMailbox { reason } = transport.deliver(&lost, &from(), &bytes).await else {
        panic!("not refused")
    };
    assert!(reason.contains("550 5.1.1") && reason.contains("User unknown"), "{reason}");
    assert_eq!(send(&transport, "found").await.name(), "sent");
    assert_eq!(mta.mailbox(1).len(), 1);
    assert_eq!(mta.log().matches(" connect from ").count(), 2, "one of them asked whether it listens");
}

#[tokio::test]
async fn come_again_later_is_taken_at_its_word() {
    let greylisting =
        "smtpd_recipient_restrictions = check_recipient_access inline:{ann@example.org=DEFER}, reject";
    let Some(mta) = Mta::start(greylisting) else { return };
    let transport = relay(&settings(mta.port, SmtpSecurity::None), patient());
    let Outcome::Deferred { reason } = send(&transport, "a mail").await else { panic!("not deferred") };
    assert!(reason.contains(": 450 4."), "{reason}");
    mta.stop();
    assert_eq!(send(&transport, "a mail").await.name(), "channel down");
    mta.configure("");
    mta.resume();
    assert_eq!(send(&transport, "a mail").await.name(), "sent");
    assert_eq!(mta.mailbox(1).len(), 1);
}

#[tokio::test]
async fn a_relay_restarted_between_two_mails_is_not_noticed() {
    let Some(mta) = Mta::start("") else { return };
    let transport = relay(&settings(mta.port, SmtpSecurity::None), patient());
    assert_eq!(send(&transport, "before").await.name(), "sent");
    mta.mailbox(1);
    mta.stop();
    mta.resume();
    assert_eq!(send(&transport, "after").await.name(), "sent");
    assert_eq!(mta.mailbox(2).len(), 2);
}

#[tokio::test]
async fn a_connection_that_the_relay_closed_for_resting_is_not_noticed() {
    let Some(mta) = Mta::start("smtpd_timeout = 1s") else { return };
    let transport = relay(&settings(mta.port, SmtpSecurity::None), patient());
    assert_eq!(send(&transport, "before").await.name(), "sent");
    await_that("Postfix has closed it", || mta.log().contains("timeout after"));
    assert_eq!(send(&transport, "after").await.name(), "sent");
    assert_eq!(mta.mailbox(2).len(), 2);
}

#[tokio::test]
async fn a_mail_too_large_for_the_relay_is_told_as_such() {
    let Some(mta) = Mta::start("message_size_limit = 300") else { return };
    let transport = relay(&settings(mta.port, SmtpSecurity::None), patient());
    let Outcome::Failed { reason } = send(&transport, "a mail").await else { panic!("not refused") };
    assert!(reason.contains("552 5.3.4"), "{reason}");
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_gets_no_mail() {
    let Some(mta) = Mta::start("smtpd_tls_security_level = may") else { return };
    for host in ["localhost", "127.0.0.1"] {
        let settings = regwatch::settings::SmtpSettings {
            host: host.to_owned(),
            ..settings(mta.port, SmtpSecurity::StartTls)
        };
        let Outcome::ChannelDown { reason } = send(&relay(&settings, patient()), "a mail").await else {
            panic!("not refused")
        };
        assert!(reason.contains("certificate"), "{reason}");
    }
    assert!(!mta.log().contains("ann@example.org"), "{}", mta.log());
}

#[test]
fn a_certificate_the_machine_trusts_is_enough_for_starttls() {
    let Some(mta) = Mta::start("smtpd_tls_security_level = encrypt\nsmtpd_tls_loglevel = 1") else { return };
    let home = tempfile::tempdir().unwrap();
    let transport = format!("smtp://localhost:{}", mta.port);
    let configuration = format!(
        "[store]\nurl = \"sled:state/db\"\n\
         [mail]\nfrom = \"alerts@tracker.example\"\ntransport = \"{transport}\"\ntls = \"starttls\"\n\
         [fetch]\ncontact = \"ops@tracker.example\"\n"
    );
    std::fs::write(home.path().join("regwatch.toml"), configuration).unwrap();
    let mut program = Command::new(assert_cmd::cargo::cargo_bin!("regwatch"));
    program.current_dir(home.path()).env("SSL_CERT_FILE", mta.certificate());
    program.args(["--config", "regwatch.toml", "mail", "test", "ann@example.org"]);
    let ran = program.output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    assert_eq!(mta.mailbox(1).len(), 1);
    assert!(mta.log().contains("TLS connection established"), "{}", mta.log());
}
