//! The program is killed again and again while changes arrive and mail flows, as a single check and as the
//! daemon: no alert is lost, and no more copies arrive than mails were under way at a kill.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::daemon::{Daemon, RUNS};
use super::home::list_source;
use super::sink::Sink;
use super::{HUAWEI, Home, Site, ZTE, covered_list};

/// How often a check is killed.
const KILLS: usize = 100;

/// How often the daemon is, which takes longer to start.
const DAEMON_KILLS: usize = 40;

/// Mails sent at once.
const CONCURRENCY: usize = 4;

/// Under way at a kill: while a mail is on its way, the one before it is being kept as sent.
const UNDER_WAY: usize = 2 * CONCURRENCY;

/// Who is told of every change.
const READERS: usize = 6;

/// Draws numbers from a seed, the same ones each time (Steele's `SplitMix64`).
pub struct Draws(pub u64);

impl Draws {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

fn list(number: usize) -> String {
    let text = format!(", version {number}.");
    covered_list(&[HUAWEI, ZTE, ("Hikvision", &text, "March 12, 2021")])
}

/// How a process lived.
struct Life {
    /// How long, from when it asked for the page.
    lasted: Duration,
    /// Whether it had not ended when it was killed.
    was_killed: bool,
}

/// What is killed.
#[derive(Debug, Clone, Copy)]
enum Victim {
    /// The process of `check now`, which reads and sends by itself.
    Check,
    /// The daemon, which reads and sends for a `check now`.
    Daemon,
}

/// Changes the page, has it read and what changed sent, and kills who does it so long after it asked.
fn live(victim: Victim, home: &Home, site: &Site, number: usize, longest: Duration) -> Life {
    let daemon = match victim {
        Victim::Check => None,
        Victim::Daemon => Some(Daemon::start(home, RUNS)),
    };
    site.page("/list", list(number));
    let asked = site.asked().len();
    let mut check = home.program();
    check.args(["check", "now"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = check.spawn().unwrap();
    site.wait_until_asked("/list", asked + 1);
    let begin = Instant::now();
    while begin.elapsed() < longest && process.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let was_killed = process.try_wait().unwrap().is_none();
    match daemon {
        // Who asked it ends by itself when nobody is there any more.
        Some(mut daemon) => {
            daemon.signal("-KILL");
            assert_eq!(daemon.exit_code(), None);
        }
        None => drop(process.kill()),
    }
    process.wait().unwrap();
    Life { lasted: begin.elapsed(), was_killed }
}

#[test]
fn killed_a_hundred_times_while_mail_flows_it_loses_no_alert_and_doubles_only_what_was_under_way() {
    check_kills(Victim::Check, KILLS, 0x5eed_0001);
}

#[test]
fn a_daemon_killed_again_and_again_loses_no_alert_and_doubles_only_what_was_under_way() {
    check_kills(Victim::Daemon, DAEMON_KILLS, 0x5eed_0002);
}

#[allow(clippy::print_stdout, reason = "the figures are shown")]
fn check_kills(victim: Victim, least: usize, seed: u64) {
    let Some(sink) = Sink::start("being killed while mail flows") else { return };
    let site = Site::start();
    site.page("/list", list(0));
    let home = Home::with_sources("");
    home.configure(&list_source(&site.url), &format!("smtp://127.0.0.1:{}", sink.port));
    home.amend("group_within = \"0s\"", &format!("group_within = \"0s\"\nconcurrency = {CONCURRENCY}"));
    for reader in 0..READERS {
        home.subscribe(&format!("reader{reader}@example.org"), "hikvision");
    }
    home.check(0);

    // One whole life tells within which time a kill can hurt. It is another on every machine, and on a
    // busy one another each time: the time follows, so that one life in four ends before its kill.
    let mut longest = live(victim, &home, &site, 1, Duration::from_secs(60)).lasted;
    let mut draws = Draws(seed);
    let (mut kills, mut lives) = (0, 0);
    while kills < least {
        lives += 1;
        assert!(lives < 10 * least, "{kills} kills in {lives} lives");
        let share = u32::try_from(draws.next() % 1_000).unwrap();
        let life = live(victim, &home, &site, lives + 1, longest * share / 1_000);
        kills += usize::from(life.was_killed);
        longest = longest * if life.was_killed { 105 } else { 85 } / 100;
    }
    home.check(0);
    // What was in doubt at a kill would wait a quarter of an hour.
    home.run(&["outbox", "retry"]).expect(0);
    let open = home.run(&["outbox", "list", "--limit", "100000", "--json"]).expect(0).json();
    let mails = open["mails"].as_array().unwrap();
    assert!(mails.iter().all(|mail| mail["state"] == "sent"), "{open}");

    let changes = home.run(&["changes", "list", "--limit", "1000", "--json"]).expect(0).json();
    let changes = changes["changes"].as_array().unwrap();
    let copies = sink.copies();
    let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
    for copy in &copies {
        *by_id.entry(&copy.message_id).or_default() += 1;
    }
    for change in changes {
        let id = change["id"].as_str().unwrap();
        for reader in 0..READERS {
            let to = format!("reader{reader}@example.org");
            let is_told = copies.iter().any(|copy| copy.to == to && copy.text.contains(&id[..16]));
            assert!(is_told, "{to} was not told of {id}");
        }
    }
    let duplicates: usize = by_id.values().map(|copies| copies - 1).sum();
    let most: usize = by_id.values().copied().max().unwrap_or_default();
    let in_doubt: u64 = mails.iter().map(|mail| mail["in_doubt"].as_u64().unwrap()).sum();
    println!(
        "{kills} kills of a {victim:?} (seed {seed:#x}): {} changes, {} mails, {} copies; lost 0, duplicates {duplicates} \
         (at most {UNDER_WAY} under way a kill, {most} copies of one mail at most, {in_doubt} in doubt)",
        changes.len(),
        by_id.len(),
        copies.len(),
    );
    assert_eq!(by_id.len(), mails.len(), "a mail that was sent is at the sink, and nothing else is");
    assert!(duplicates <= kills * UNDER_WAY, "{duplicates} duplicates");
    assert!(duplicates as u64 <= in_doubt, "a copy that nobody counted: {duplicates} of {in_doubt}");
    assert!(mails.len() >= 10 * READERS, "mail flowed while it was killed: {}", mails.len());
}
