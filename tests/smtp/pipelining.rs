//! Against relays that take commands ahead of their answers (RFC 2920): Postfix and smtp-sink do in the other
//! tests; here are those that refuse what was sent ahead, or half of it.

use regwatch::settings::SmtpSecurity;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::scripted::{ACCEPTED, END, Relay, script};
use crate::{patient, relay, send, settings};

const OFFERS: [&str; 2] = ["220 relay.test", "250-relay.test\r\n250-8BITMIME\r\n250 pipelining"];

async fn says(stream: &mut TcpStream, words: &str) {
    stream.write_all(format!("{words}\r\n").as_bytes()).await.unwrap();
}

/// All that comes until this was said.
async fn hears(stream: &mut TcpStream, end: &str) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        assert!(stream.read_buf(&mut heard).await.unwrap() > 0, "{}", String::from_utf8_lossy(&heard));
    }
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn a_relay_that_offers_it_hears_a_mail_in_two_pieces_the_first_before_it_says_a_word() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    #[allow(clippy::disallowed_methods, reason = "it ends with the test")]
    let relay_ = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        says(&mut stream, OFFERS[0]).await;
        for offer in &OFFERS[1..] {
            assert!(hears(&mut stream, "\r\n").await.starts_with("EHLO"));
            says(&mut stream, offer).await;
        }
        let mut heard = Vec::new();
        for _ in 0..2 {
            heard.push(hears(&mut stream, "DATA\r\n").await);
            says(&mut stream, "250 sender\r\n250 recipient\r\n354 go on").await;
            // One read: the text and the final dot leave at once.
            let mut text = vec![0; 64 * 1024];
            let length = stream.read(&mut text).await.unwrap();
            assert!(text[..length].ends_with(b"\r\n.\r\n"), "{length} bytes");
            says(&mut stream, "250 taken").await;
        }
        heard
    });
    let transport = relay(&settings(port, SmtpSecurity::None), patient());
    assert_eq!(send(&transport, "one").await.name(), "sent");
    assert_eq!(send(&transport, "two").await.name(), "sent");
    for heard in relay_.await.unwrap() {
        let verbs: Vec<_> = heard.lines().map(|line| &line[..4]).collect();
        assert_eq!(verbs, ["MAIL", "RCPT", "DATA"]);
    }
}

/// Sends two mails to a relay that refuses the first so, and takes the second; gives what each connection heard.
async fn refused(answers: &[&'static str], expected: &str, connections: usize) -> Vec<Vec<String>> {
    let again = if connections == 1 { vec![] } else { vec![script(&[&OFFERS, &ACCEPTED])] };
    let first = script(&[&OFFERS, answers, &["250 reset"], &ACCEPTED]);
    let relay_ = Relay::following([vec![first], again].concat()).await;
    let transport = relay(&settings(relay_.port, SmtpSecurity::None), patient());
    let outcome = send(&transport, "refused").await;
    assert_eq!(outcome.name(), expected, "{answers:?}: {outcome:?}");
    assert_eq!(send(&transport, "taken").await.name(), "sent", "{answers:?}");
    let heard = relay_.heard();
    assert_eq!(heard.len(), connections, "{heard:?}");
    heard
}

#[tokio::test]
async fn what_was_sent_ahead_and_refused_leaves_the_connection_usable() {
    for (answers, expected) in [
        (["250 sender", "550 5.1.1 nobody", "503 5.5.1 need RCPT"], "no mailbox"),
        (["250 sender", "451 4.3.0 later", "554 5.5.1 no valid recipients"], "deferred"),
        (["250 sender", "250 recipient", "452 4.3.1 no space"], "deferred"),
    ] {
        let heard = refused(&answers, expected, 1).await;
        let rset = heard[0].iter().position(|line| line == "RSET");
        assert_eq!(rset, Some(4), "every answer is read before: {heard:?}");
    }
}

#[tokio::test]
async fn a_relay_that_waits_for_the_text_of_a_mail_it_refused_is_hung_up_on() {
    for (answers, expected) in [
        (["250 sender", "550 5.1.1 nobody", "354 go on"], "no mailbox"),
        (["250 sender", "451 4.3.0 later", "421 closing"], "deferred"),
    ] {
        let heard = refused(&answers, expected, 2).await;
        assert_eq!(heard[0].len(), 4, "no text, no dot, no other mail: {heard:?}");
    }
}

/// What becomes of a mail where the relay hears three commands at once and hangs up, and one by one so.
async fn choked(answers: &[&'static str], expected: &str, phase: &str) {
    let silent = script(&[&OFFERS, &[END]]);
    let relay_ = Relay::following(vec![silent, script(&[&OFFERS, answers, &[END]])]).await;
    let transport = relay(&settings(relay_.port, SmtpSecurity::None), patient());
    let outcome = send(&transport, "a mail").await;
    assert_eq!(outcome.name(), expected, "{outcome:?}");
    assert!(format!("{outcome:?}").contains(phase), "{outcome:?}");
}

#[tokio::test]
async fn on_which_of_the_commands_a_relay_chokes_shows_when_they_come_one_by_one() {
    choked(&[], "channel down", "naming the sender").await;
    choked(&["250 sender"], "deferred", "naming the recipient").await;
    choked(&["250 sender", "250 recipient"], "deferred", "asking to hand over").await;
}
