//! `tls = "opportunistic"`: TLS where it is offered, in the clear where it is not, and nothing in between.

use std::time::Duration;

use regwatch::domain::outbox::Outcome;
use regwatch::mail::{MailError, Smtp, Timeouts};
use regwatch::settings::{SmtpSecurity, SmtpSettings};

use crate::mta::Mta;
use crate::scripted::{ACCEPTED, END, HELLO, HOLD, Relay, script};
use crate::{patient, relay, send, settings, with_log_in};

fn opportunistic(port: u16) -> SmtpSettings {
    settings(port, SmtpSecurity::Opportunistic)
}

/// What the relay answers to EHLO where it has TLS.
const OFFERS: [&str; 2] = ["220 relay.test", "250-relay.test\r\n250 STARTTLS"];

#[tokio::test]
async fn a_relay_with_tls_is_spoken_to_in_tls_whoever_vouches_for_it() {
    let Some(mta) = Mta::start("smtpd_tls_security_level = encrypt\nsmtpd_tls_loglevel = 1") else { return };
    for (count, host) in ["localhost", "127.0.0.1"].into_iter().enumerate() {
        let settings = SmtpSettings { host: host.to_owned(), ..opportunistic(mta.port) };
        assert_eq!(send(&relay(&settings, patient()), host).await.name(), "sent");
        assert_eq!(mta.mailbox(count + 1).len(), count + 1);
        assert_eq!(mta.log().matches("TLS connection established").count(), count + 1, "{}", mta.log());
    }
}

#[tokio::test]
async fn a_relay_without_tls_gets_its_mail_in_the_clear() {
    let Some(mta) = Mta::start("smtpd_tls_security_level = none\nsmtpd_tls_loglevel = 1") else { return };
    let transport = relay(&opportunistic(mta.port), patient());
    assert_eq!(send(&transport, "one").await.name(), "sent");
    assert_eq!(send(&transport, "two").await.name(), "sent");
    assert_eq!(mta.mailbox(2).len(), 2);
    assert!(!mta.log().contains("TLS"), "{}", mta.log());
}

#[tokio::test]
async fn a_relay_whose_tls_is_none_of_ours_gets_nothing() {
    let old = "smtpd_tls_security_level = may\nsmtpd_tls_protocols = TLSv1";
    let Some(mta) = Mta::start(old) else { return };
    let Outcome::ChannelDown { reason } = send(&relay(&opportunistic(mta.port), patient()), "a mail").await
    else {
        panic!("not refused")
    };
    assert!(reason.ends_with("while changing over to TLS"), "{reason}");
    assert!(!mta.log().contains("ann@example.org"), "{}", mta.log());
}

#[tokio::test]
async fn what_is_offered_and_fails_lets_no_mail_out_in_the_clear() {
    let injected = "220 ready\r\n250 relay.test\r\n250 sender\r\n250 recipient\r\n354 go\r\n250 taken";
    for answer in ["454 4.7.0 not now", "501 5.5.4 no", "502 what", END, injected, "250 not 220"] {
        let after = [&[answer][..], &ACCEPTED, &[HOLD]].concat();
        let relay_ = Relay::following(vec![script(&[&OFFERS, &after])]).await;
        let transport = relay(&opportunistic(relay_.port), patient());
        let outcome = send(&transport, "a mail").await;
        assert_eq!(outcome.name(), "channel down", "{answer}: {outcome:?}");
        let heard = relay_.heard().concat();
        assert!(!heard.iter().any(|line| line.starts_with("MAIL")), "{answer}: {heard:?}");
        let verbs: Vec<&str> = heard.iter().take(2).filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(verbs, ["EHLO", "STARTTLS"], "{answer}: {heard:?}");
    }
}

#[tokio::test]
async fn a_relay_that_keeps_silent_when_asked_for_tls_costs_its_time_and_lets_no_mail_out() {
    let relay_ = Relay::following(vec![script(&[&OFFERS, &[HOLD]])]).await;
    let timeouts = Timeouts { greeting: Duration::from_millis(300), ..patient() };
    let Outcome::ChannelDown { reason } = send(&relay(&opportunistic(relay_.port), timeouts), "a mail").await
    else {
        panic!("not refused")
    };
    assert!(reason.ends_with("no answer in time while changing over to TLS"), "{reason}");
}

#[tokio::test]
async fn an_offer_taken_away_ends_what_requires_tls_and_not_what_only_prefers_it() {
    let stripped = || script(&[&HELLO, &ACCEPTED]);
    let relay_ = Relay::following(vec![stripped(), stripped()]).await;
    let required = relay(&settings(relay_.port, SmtpSecurity::StartTls), patient());
    assert_eq!(send(&required, "a mail").await.name(), "channel down");
    assert_eq!(relay_.heard()[0].len(), 1, "EHLO and no more: {:?}", relay_.heard());
    assert_eq!(send(&relay(&opportunistic(relay_.port), patient()), "a mail").await.name(), "sent");
}

#[test]
fn nobody_logs_in_where_tls_is_a_matter_of_luck() {
    let settings = SmtpSettings { security: SmtpSecurity::Opportunistic, ..with_log_in(25) };
    let opened = Smtp::open(&settings, patient());
    assert!(matches!(opened, Err(MailError::UnprotectedLogIn { .. })), "{opened:?}");
}
