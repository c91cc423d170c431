//! Many connections at once, and such that die in the middle of what they say.

use std::path::Path;
use std::process::Command;
use std::thread;

use super::client::Client;
use super::{Home, Site, WATCH, await_that, from_ann, home};
use crate::daemon::{Daemon, RUNS};
use crate::left_out::left_out;

/// As many as the service takes at once.
const CONNECTIONS: usize = 20;

const MESSAGES_EACH: usize = 10;

/// Whom their domain vouches for is answered however many others are.
const VOUCHED: &str = "Authentication-Results: mx.tracker.example; dmarc=pass header.from=";

fn watching(site: &Site) -> Home {
    home(site, "authserv_id = \"mx.tracker.example\"\n[inbox.lmtp]\nlisten = \"unix:../state/lmtp.sock\"\n")
}

/// Hands a message over, after connections that die over it: within it, behind its end without having heard
/// the answer, and in the middle of the dot that ends it.
fn hand_over_after_deaths(socket: &Path, sender: &str, message: &str, number: usize) {
    let (first, _) = message.split_at(message.len() / 2);
    let said = match number % 4 {
        0 => None,
        1 => Some(first.to_owned()),
        2 => Some(format!("{message}.\r\n")),
        _ => Some(format!("{message}.\r")),
    };
    if let Some(said) = said {
        let mut dying = Client::connect_to(socket);
        assert!(dying.begin(sender, &[WATCH]).last().unwrap().starts_with("354"));
        dying.say(&said);
    }
    let replies = Client::connect_to(socket).hand_over(sender, &[WATCH], message);
    let answers = replies.iter().filter(|reply| reply.starts_with("250 2.0.0")).count();
    assert_eq!(answers, 1, "{replies:?}");
}

#[test]
fn of_many_connections_at_once_nothing_is_lost_and_nothing_answered_twice() {
    let site = Site::start();
    let home = watching(&site);
    let socket = home.path("state/lmtp.sock");
    let _daemon = Daemon::start(&home, RUNS);
    let senders: Vec<Vec<String>> = (0..CONNECTIONS)
        .map(|line| (0..MESSAGES_EACH).map(|number| format!("ann{number}@line{line}.example")).collect())
        .collect();
    thread::scope(|scope| {
        for senders in &senders {
            let socket = &socket;
            scope.spawn(move || {
                for (number, sender) in senders.iter().enumerate() {
                    let message = from_ann(sender, "help").replace("ann@example.org", sender);
                    let (_, domain) = sender.split_once('@').unwrap();
                    let message = format!("{VOUCHED}{domain}\r\n{message}");
                    hand_over_after_deaths(socket, sender, &message, number);
                }
            });
        }
    });
    let all = CONNECTIONS * MESSAGES_EACH;
    await_that("everybody is answered", || home.letters().len() >= all);
    let mut answered: Vec<String> = home.letters().into_iter().map(|letter| letter.to).collect();
    answered.sort();
    let mut expected = senders.concat();
    expected.sort();
    assert_eq!(answered, expected);
}

#[test]
fn smtp_source_hands_over_through_twenty_connections() {
    const SMTP_SOURCE: &str = "/usr/sbin/smtp-source";
    if !Path::new(SMTP_SOURCE).exists() {
        left_out("LMTP by many connections of another client", "smtp-source is not installed");
        return;
    }
    let site = Site::start();
    let home = watching(&site);
    let mut daemon = Daemon::start(&home, RUNS);
    let mut source = Command::new(SMTP_SOURCE);
    source.args(["-L", "-s", "20", "-m", "200", "-l", "3000", "-f", "ann@example.org", "-t", WATCH]);
    let output = source.arg(format!("unix:{}", home.path("state/lmtp.sock").display())).output().unwrap();
    // It gives up at the first answer that is not the one it expects.
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    daemon.end();
    let answered = home.letters_to("ann@example.org").len();
    assert_eq!(answered, 10, "so many a day, whoever writes");
}
