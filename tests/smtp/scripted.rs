//! Against relays that follow a script: connections that die while they rest, answers out of
//! step, and a man in the middle.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use regwatch::domain::outbox::Outcome;
use regwatch::settings::SmtpSecurity;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::{patient, relay, send, settings, with_log_in};

/// What the relay answers in one connection, in order; the first is the greeting. `END` closes,
/// `HOLD` keeps silent for ever, a text without CR LF is sent as it is with one behind it.
type Script = Vec<&'static str>;

pub const END: &str = "END";
pub const HOLD: &str = "HOLD";
/// Asks for the message and reads none of it.
const DEAF: &str = "354 go on, nobody listens";
/// An answer that never ends.
const ENDLESS: &str = "ENDLESS";
/// The greeting and the answer to EHLO, which is said once.
pub const HELLO: [&str; 2] = ["220 relay.test", "250 relay.test"];
pub const ACCEPTED: [&str; 4] = ["250 sender", "250 recipient", "354 go on", "250 taken"];

pub fn script(parts: &[&[&'static str]]) -> Script {
    parts.concat()
}

pub struct Relay {
    pub port: u16,
    /// What each connection was told, line by line; of a message only its final dot.
    heard: Arc<Mutex<Vec<Vec<String>>>>,
    holding: Arc<Notify>,
}

impl Relay {
    /// One script for each connection to come.
    pub async fn following(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let relay = Self { port, heard: Arc::default(), holding: Arc::default() };
        let (heard, holding) = (Arc::clone(&relay.heard), Arc::clone(&relay.holding));
        #[allow(clippy::disallowed_methods, reason = "the relay ends with the test's runtime")]
        tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                heard.lock().unwrap().push(Vec::new());
                let (heard, holding) = (Arc::clone(&heard), Arc::clone(&holding));
                tokio::spawn(serve(stream, script, heard, holding));
            }
        });
        relay
    }

    pub fn heard(&self) -> Vec<Vec<String>> {
        self.heard.lock().unwrap().clone()
    }
}

async fn serve(
    stream: tokio::net::TcpStream,
    script: Script,
    heard: Arc<Mutex<Vec<Vec<String>>>>,
    holding: Arc<Notify>,
) {
    let index = heard.lock().unwrap().len() - 1;
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    let mut is_message = false;
    for (step, answer) in script.into_iter().enumerate() {
        if step > 0 {
            loop {
                let Ok(Some(line)) = lines.next_line().await else { return };
                if !is_message || line == "." {
                    heard.lock().unwrap()[index].push(line);
                    break;
                }
            }
        }
        match answer {
            END => return,
            ENDLESS => {
                let line = format!("250-{}\r\n", "and more ".repeat(100));
                while writing.write_all(line.as_bytes()).await.is_ok() {}
            }
            HOLD => {
                holding.notify_one();
                std::future::pending::<()>().await;
            }
            DEAF => {
                let _ = writing.write_all(format!("{DEAF}\r\n").as_bytes()).await;
                std::future::pending::<()>().await;
            }
            answer => {
                is_message = answer.starts_with("354");
                let _ = writing.write_all(format!("{answer}\r\n").as_bytes()).await;
            }
        }
    }
}

#[tokio::test]
async fn a_connection_is_used_for_the_next_mail() {
    let relay_ = Relay::following(vec![script(&[&HELLO, &ACCEPTED, &ACCEPTED, &["221 bye"]])]).await;
    let transport = relay(&settings(relay_.port, SmtpSecurity::None), patient());
    assert_eq!(send(&transport, "one").await.name(), "sent");
    assert_eq!(send(&transport, "two").await.name(), "sent");
    transport.close().await;
    assert_eq!(relay_.heard().len(), 1);
    assert_eq!(relay_.heard()[0].last().map(String::as_str), Some("QUIT"));
}

#[tokio::test]
async fn what_the_relay_says_of_a_mail_it_took_is_kept_on_one_line_of_bounded_length() {
    let long = ["250-2.0.0 Ok:\u{1b}[31m queued\r\n250 as ", &"ABC".repeat(200)].concat();
    let answers: &[(&str, String)] = &[
        ("250 2.0.0 Ok: queued as 4F2C", "250 2.0.0 Ok: queued as 4F2C".to_owned()),
        (
            Box::leak(long.into_boxed_str()),
            format!("250 2.0.0 Ok:[31m queued as {}…", &"ABC".repeat(72)[..215]),
        ),
    ];
    for (answer, shown) in answers {
        let relay_ = Relay::following(vec![script(&[&HELLO, &ACCEPTED[..3], &[answer]])]).await;
        let outcome = send(&relay(&settings(relay_.port, SmtpSecurity::None), patient()), "one").await;
        assert_eq!(outcome, Outcome::Sent { reply: Some(shown.clone()) });
    }
}

#[tokio::test]
async fn a_connection_that_died_while_it_rested_is_replaced() {
    for farewell in [END, "421 relay.test idle too long", "221 bye"] {
        let died = script(&[&HELLO, &ACCEPTED, &[farewell]]);
        let relay_ = Relay::following(vec![died, script(&[&HELLO, &ACCEPTED])]).await;
        let transport = relay(&settings(relay_.port, SmtpSecurity::None), patient());
        assert_eq!(send(&transport, "one").await.name(), "sent");
        assert_eq!(send(&transport, "two").await.name(), "sent", "after {farewell}");
        assert_eq!(relay_.heard().len(), 2);
    }
}

#[tokio::test]
async fn a_connection_that_rested_too_long_is_not_trusted() {
    let once = || script(&[&HELLO, &ACCEPTED, &ACCEPTED]);
    let relay_ = Relay::following(vec![once(), once()]).await;
    let timeouts = regwatch::mail::Timeouts { idle: Duration::ZERO, ..patient() };
    let transport = relay(&settings(relay_.port, SmtpSecurity::None), timeouts);
    assert_eq!(send(&transport, "one").await.name(), "sent");
    assert_eq!(send(&transport, "two").await.name(), "sent");
    assert_eq!(relay_.heard().len(), 2);
}

#[tokio::test]
async fn a_refused_recipient_leaves_the_connection_usable() {
    let refused = ["250 sender", "550 5.1.1 nobody here", "250 reset"];
    let relay_ = Relay::following(vec![script(&[&HELLO, &refused, &ACCEPTED])]).await;
    let transport = relay(&settings(relay_.port, SmtpSecurity::None), patient());
    let Outcome::NoMailbox { reason } = send(&transport, "one").await else { panic!("not refused") };
    assert_eq!(reason, format!("127.0.0.1:{}: 550 5.1.1 nobody here", relay_.port));
    assert_eq!(send(&transport, "two").await.name(), "sent");
    assert_eq!(relay_.heard().len(), 1);
}

#[tokio::test]
async fn a_delivery_broken_off_never_lends_its_answer_to_the_next() {
    let held = script(&[&HELLO, &ACCEPTED[..3], &[HOLD]]);
    let refusing = script(&[&HELLO, &ACCEPTED[..3], &["550 5.7.1 refused"]]);
    let relay_ = Relay::following(vec![held, refusing]).await;
    let transport = relay(&settings(relay_.port, SmtpSecurity::None), patient());
    tokio::select! {
        outcome = send(&transport, "one") => panic!("answered {outcome:?}"),
        () = relay_.holding.notified() => {}
    }
    assert_eq!(send(&transport, "two").await.name(), "dead", "5.7.1 is held against us");
}

#[tokio::test]
async fn a_connection_that_went_silent_while_it_rested_costs_its_time_and_no_mail() {
    let silent = script(&[&HELLO, &ACCEPTED, &[HOLD]]);
    let relay_ = Relay::following(vec![silent, script(&[&HELLO, &ACCEPTED])]).await;
    let timeouts = regwatch::mail::Timeouts { command: Duration::from_millis(200), ..patient() };
    let transport = relay(&settings(relay_.port, SmtpSecurity::None), timeouts);
    assert_eq!(send(&transport, "one").await.name(), "sent");
    assert_eq!(send(&transport, "two").await.name(), "sent");
    assert_eq!(relay_.heard().len(), 2);
}

#[tokio::test]
async fn an_answer_out_of_place_is_not_taken_for_consent() {
    let cases: [(&[&str], &str); 3] = [
        (&["250 sender", "250 recipient", "250 not 354"], "deferred"),
        (&["250 sender", "250 recipient", "354 go on", "354 again"], "unknown"),
        (&["250 sender", "250 recipient", "354 go on", "what"], "unknown"),
    ];
    for (answers, expected) in cases {
        let relay_ = Relay::following(vec![script(&[&HELLO, answers, &["250 reset"]])]).await;
        let transport = relay(&settings(relay_.port, SmtpSecurity::None), patient());
        let outcome = send(&transport, "one").await;
        assert_eq!(outcome.name(), expected, "{answers:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn an_answer_that_never_ends_is_cut_off() {
    let whole = script(&[&HELLO, &ACCEPTED]);
    let outcomes = ["channel down", "channel down", "deferred", "deferred", "unknown"];
    for (spoiled, expected) in outcomes.into_iter().enumerate().map(|(index, expected)| (index + 1, expected))
    {
        let answers = whole[..spoiled].iter().copied().chain([ENDLESS]).collect();
        let relay_ = Relay::following(vec![answers]).await;
        let outcome = send(&relay(&settings(relay_.port, SmtpSecurity::None), patient()), "one").await;
        assert_eq!(outcome.name(), expected, "after {:?}: {outcome:?}", &whole[..spoiled]);
    }
}

/// Larger than what the kernel keeps for a reader that does not read.
const LARGE_BYTES: usize = 32 << 20;

#[tokio::test]
async fn a_relay_that_stops_reading_has_not_got_the_mail() {
    let relay_ = Relay::following(vec![script(&[&HELLO, &ACCEPTED[..2], &[DEAF]])]).await;
    let timeouts = regwatch::mail::Timeouts { message: Duration::from_millis(500), ..patient() };
    let transport = relay(&settings(relay_.port, SmtpSecurity::None), timeouts);
    let (mail, _) = crate::mail("large", "ann@example.org");
    let outcome = transport.deliver(&mail, &crate::from(), &vec![b'x'; LARGE_BYTES]).await;
    let Outcome::Deferred { reason } = outcome else { panic!("{outcome:?}") };
    assert!(reason.ends_with("no answer in time while handing over the message"), "{reason}");
}

/// What becomes of a mail to an address with other letters than ASCII at a relay that offers this.
async fn to_juergen(offer: &'static str) -> (Outcome, Vec<String>) {
    let relay_ = Relay::following(vec![script(&[&["220 relay.test", offer], &ACCEPTED])]).await;
    let transport = relay(&settings(relay_.port, SmtpSecurity::None), patient());
    let (mail, bytes) = crate::mail("foreign", "jürgen@example.org");
    let outcome = transport.deliver(&mail, &crate::from(), &bytes).await;
    (outcome, relay_.heard().concat())
}

#[tokio::test]
async fn an_address_with_other_letters_goes_to_a_relay_that_takes_them_and_is_named_otherwise() {
    let (outcome, heard) = to_juergen("250-relay.test\r\n250-8BITMIME\r\n250 SMTPUTF8").await;
    assert_eq!(outcome.name(), "sent", "{outcome:?}");
    assert!(heard.iter().any(|line| line.starts_with("MAIL") && line.contains("SMTPUTF8")), "{heard:?}");
    assert!(heard.iter().any(|line| line.contains("<jürgen@example.org>")), "{heard:?}");
    let (outcome, heard) = to_juergen("250 relay.test").await;
    let Outcome::Failed { reason } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("does not offer SMTPUTF8"), "{reason}");
    assert!(!heard.iter().any(|line| line.starts_with("MAIL")), "{heard:?}");
}

#[tokio::test]
async fn a_relay_hears_ehlo_once_where_nothing_changes_over_to_tls() {
    let relay_ = Relay::following(vec![script(&[&HELLO, &ACCEPTED])]).await;
    let transport = relay(&settings(relay_.port, SmtpSecurity::None), patient());
    assert_eq!(send(&transport, "one").await.name(), "sent");
    let heard = relay_.heard().concat();
    assert_eq!(heard.iter().filter(|line| line.starts_with("EHLO")).count(), 1, "{heard:?}");
}

#[tokio::test]
async fn a_refused_log_in_is_told_without_the_log_in() {
    let relay_ = Relay::following(vec![script(&[
        &["220 relay.test", "250-relay.test\r\n250 AUTH PLAIN"],
        &["535 5.7.8 no: AHdhdGNoZXIAY29ycmVjdCBob3JzZQ== correct horse"],
    ])])
    .await;
    let transport = relay(&with_log_in(relay_.port), patient());
    let outcome = send(&transport, "one").await;
    let reason = format!("127.0.0.1:{}: 535 5.7.8 while logging in", relay_.port);
    assert_eq!(outcome, Outcome::ChannelDown { reason });
    assert_eq!(relay_.heard()[0][1], "AUTH PLAIN AHdhdGNoZXIAY29ycmVjdCBob3JzZQ==");
    assert!(!format!("{transport:?}").contains("horse"));
}

#[tokio::test]
async fn plain_text_slipped_in_behind_starttls_is_not_read_as_an_answer() {
    let injected =
        "220 ready\r\n250-relay.test\r\n250 AUTH PLAIN\r\n250 sender\r\n250 recipient\r\n354 go\r\n250 taken";
    let relay_ = Relay::following(vec![script(&[
        &["220 relay.test", "250-relay.test\r\n250 STARTTLS", injected],
        &[HOLD],
    ])])
    .await;
    let transport = relay(&settings(relay_.port, SmtpSecurity::StartTls), patient());
    assert_eq!(send(&transport, "one").await.name(), "channel down");
    assert!(!relay_.heard().concat().iter().any(|line| line.starts_with("MAIL")));
}
