//! Several workers on one database: what one does, no other does again, and what one leaves behind is taken up.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration as StdDuration, Instant};

use chrono::{DateTime, Duration, Utc};
use regwatch::domain::alert::AlertItem;
use regwatch::domain::email::EmailAddress;
use regwatch::domain::id::MailId;
use regwatch::domain::outbox::{Doubt, Mail, MailState, Outcome};
use regwatch::domain::source::SourcePause;
use regwatch::settings::{DatabaseUrl, Pace, StoreRules, StoreSettings};
use regwatch::store::{ChangeQuery, Claim, ClaimAttempt, Enrolment, FanOut, Pacing, Rung, Store, StoreError};
use tokio::task::JoinSet;

use crate::fixture::{at, changed, keep, mail, page, source};
use crate::postgres::Server;
use crate::postgres_home::Home;

/// Names the database to a process that works on it.
const DATABASE: &str = "REGWATCH_TEST_DATABASE";

/// Has such a process be a daemon that holds a claim until it is killed.
const HOLDS: &str = "REGWATCH_TEST_HOLDS";

/// Mails that two processes hand out.
const MAILS: usize = 300;

fn everything() -> ChangeQuery {
    ChangeQuery { limit: usize::MAX, ..ChangeQuery::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_goes_to_one_sender_of_one_worker() {
    let home = Home::new();
    if home.is_folder() {
        return;
    }
    let workers = [home.open(), home.open()];
    let mails = (0..120).map(|number| mail(&format!("to-{number}"), at(0))).collect();
    workers[0].dispatch(&[], mails).await.unwrap();
    let mut tasks = JoinSet::new();
    for worker in workers.iter().cycle().take(6) {
        let worker = worker.clone();
        tasks.spawn(async move {
            let mut got = Vec::new();
            let mut misses = 0;
            // What another is just claiming is passed over, and may be free again a moment later.
            while misses < 3 {
                let leased = worker.lease_due(at(0), 4, Duration::minutes(5)).await.unwrap();
                misses = if leased.is_empty() { misses + 1 } else { 0 };
                got.extend(leased.into_iter().map(|leased| leased.mail.id));
            }
            got
        });
    }
    let mut handed_out: Vec<MailId> = tasks.join_all().await.into_iter().flatten().collect();
    handed_out.sort();
    assert_eq!(handed_out.len(), 120);
    handed_out.dedup();
    assert_eq!(handed_out.len(), 120);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_workers_that_read_one_source_at_once_one_is_kept() {
    let home = Home::new();
    if home.is_folder() {
        return;
    }
    let workers = [home.open(), home.open()];
    let fcc = source("fcc");
    for sequence in 1..=12 {
        let mut tasks = JoinSet::new();
        let version = workers[0].known(&fcc).await.unwrap().version;
        for (number, worker) in (0..).zip(workers.iter().cloned()) {
            let fcc = fcc.clone();
            let body = page(sequence * 10 + number, 3_000);
            tasks.spawn(async move {
                let read = changed(&fcc, sequence, body, &["zte"]);
                worker.commit(read.computed_from(version)).await
            });
        }
        let ended = tasks.join_all().await;
        let stale = ended.iter().filter(|ended| matches!(ended, Err(StoreError::Stale { .. }))).count();
        assert_eq!((ended.iter().filter(|ended| ended.is_ok()).count(), stale), (1, 1), "{ended:?}");
    }
    let kept = workers[1].snapshots(&fcc, 99).await.unwrap();
    assert_eq!(kept.len(), 12);
    for snapshot in kept {
        assert!(workers[0].body(&snapshot.response.sha256).await.unwrap().is_some());
    }
    assert_eq!(workers[0].changes(everything()).await.unwrap().len(), 12);
    assert_eq!(workers[0].pending_alerts().await.unwrap().len(), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_on_different_sources_keep_all_of_it_and_number_every_change_once() {
    let home = Home::new();
    if home.is_folder() {
        return;
    }
    let workers = [home.open(), home.open(), home.open()];
    let mut tasks = JoinSet::new();
    for (number, worker) in (0..12_u64).zip(workers.iter().cycle()) {
        let worker = worker.clone();
        tasks.spawn(async move {
            let id = source(&format!("source-{number}"));
            for sequence in 1..=4 {
                keep(&worker, changed(&id, sequence, page(number * 100 + sequence, 2_000), &["zte"]))
                    .await
                    .unwrap();
            }
        });
    }
    // Somebody tidies up meanwhile.
    for worker in &workers {
        worker.collect_garbage().await.unwrap();
    }
    tasks.join_all().await;
    let numbered = workers[0].numbered((0..48).collect()).await.unwrap();
    assert_eq!(numbered.len(), 48, "numbers without a gap, each given once");
    for (number, change) in &numbered {
        assert!(*number < 48);
        assert!(workers[1].body(&change.evidence.sha256).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn of_two_workers_that_spread_one_alert_one_is_kept() {
    let home = Home::new();
    if home.is_folder() {
        return;
    }
    let (one, other) = (home.open(), home.open());
    keep(&one, changed(&source("fcc"), 1, page(1, 2_000), &["zte"])).await.unwrap();
    let pending = one.pending_alerts().await.unwrap();
    let alert = &pending[0].0;
    let ann: EmailAddress = "ann@example.org".parse().unwrap();
    let spread = FanOut {
        alerts: vec![alert.id.clone()],
        from: None,
        items: vec![(ann.clone(), AlertItem::of(alert), at(5))],
        reached: None,
    };
    let (first, second) = tokio::join!(one.spread(spread.clone()), other.spread(spread));
    let superseded =
        [&first, &second].into_iter().filter(|ended| matches!(ended, Err(StoreError::Superseded { .. })));
    assert_eq!(superseded.count(), 1, "{first:?} {second:?}");
    assert!(first.is_ok() || second.is_ok());
    assert_eq!(other.waiting(vec![ann]).await.unwrap().readers[0].items.len(), 1);
}

#[tokio::test]
async fn a_reader_that_is_due_is_one_worker_s_for_a_while() {
    let home = Home::new();
    if home.is_folder() {
        return;
    }
    let (one, other) = (home.open(), home.open());
    keep(&one, changed(&source("fcc"), 1, page(1, 2_000), &["zte"])).await.unwrap();
    let alert = one.pending_alerts().await.unwrap().remove(0).0;
    let reader = |number: i64| format!("reader{number}@example.org").parse::<EmailAddress>().unwrap();
    let item = |number| (reader(number), AlertItem::of(&alert), at(number));
    let items = (0..10).map(item).collect();
    one.spread(FanOut { alerts: vec![alert.id.clone()], from: None, items, reached: None }).await.unwrap();
    let first = one.due_readers(at(7), None, 5).await.unwrap();
    let second = other.due_readers(at(7), None, 99).await.unwrap();
    assert_eq!((first.len(), second.len()), (5, 3));
    let of_both: Vec<_> = first.iter().chain(&second).map(|due| due.reader.clone()).collect();
    assert_eq!(of_both, (0..8).map(reader).collect::<Vec<_>>(), "the longest due first, and nobody twice");
    let_claims_end(&home);
    assert_eq!(
        other.due_readers(at(7), None, 99).await.unwrap().len(),
        8,
        "what was not composed is due again"
    );
}

#[tokio::test]
async fn who_works_on_keeps_what_it_leased_and_what_who_ended_had_is_taken_back() {
    let home = Home::new();
    if home.is_folder() {
        return;
    }
    let (one, other) = (home.open(), home.open());
    one.dispatch(&[], vec![mail("ann", at(0)), mail("bob", at(0))]).await.unwrap();
    let of_one = one.lease_due(at(0), 1, Duration::hours(1)).await.unwrap();
    let of_other = other.lease_due(at(0), 1, Duration::hours(1)).await.unwrap();
    assert_eq!(other.reclaim_leases(at(1), Doubt::Resend).await.unwrap(), 0, "both are at work");
    one.close().await.unwrap();
    assert_eq!(other.reclaim_leases(at(1), Doubt::Resend).await.unwrap(), 1);
    let late = other.settle(&of_one[0].lease, Outcome::SENT, at(2), 0.0).await;
    assert!(matches!(late, Err(StoreError::LeaseLost { .. })), "{late:?}");
    other.settle(&of_other[0].lease, Outcome::SENT, at(2), 0.0).await.unwrap();
}

/// Has everything that was claimed end, as it does when a worker was frozen for too long.
fn let_claims_end(home: &Home) {
    let (Some(server), Home::Server { url, .. }) = (Server::shared(), home) else { return };
    let end = "UPDATE claims SET until = '-infinity'; UPDATE looks SET claimed_until = NULL";
    assert!(server.run("psql", &["-q", "-d", url.expose(), "-c", end]).status().unwrap().success());
}

async fn claim_of(worker: &Store, id: &str) -> Option<Claim> {
    match worker.claim_sources(&[source(id)]).await.unwrap().pop() {
        Some(ClaimAttempt::Held(claim)) => Some(claim),
        Some(ClaimAttempt::Taken(_)) | None => None,
    }
}

#[tokio::test]
async fn a_worker_that_was_frozen_past_its_lease_writes_nothing() {
    let home = Home::new();
    if home.is_folder() {
        return;
    }
    let (frozen, other) = (home.open(), home.open());
    let fcc = source("fcc");
    let version = frozen.known(&fcc).await.unwrap().version;
    let claim = claim_of(&frozen, "fcc").await.unwrap();
    assert!(claim_of(&other, "fcc").await.is_none());
    let_claims_end(&home);
    let taken_over = claim_of(&other, "fcc").await.unwrap();
    assert!(taken_over.was_left(), "nobody gave it back");
    // The state of the source is still the one that it read from.
    let late = frozen.commit(changed(&fcc, 1, page(1, 2_000), &["zte"]).computed_from(version)).await;
    assert!(matches!(late, Err(StoreError::ClaimLost { .. })), "{late:?}");
    assert_eq!(frozen.changes(everything()).await.unwrap().len(), 0);
    other.commit(changed(&fcc, 1, page(2, 2_000), &["zte"]).computed_from(version)).await.unwrap();
    // What it gives back is not its own.
    drop(claim);
    assert!(claim_of(&frozen, "fcc").await.is_none());
    drop(taken_over);
    frozen.claim_source(&fcc).await.unwrap();
}

#[tokio::test]
async fn what_a_worker_had_claimed_that_ends_is_free() {
    let home = Home::new();
    if home.is_folder() {
        return;
    }
    let (ended, other) = (home.open(), home.open());
    let claim = claim_of(&ended, "fcc").await.unwrap();
    assert!(claim.is_held());
    ended.close().await.unwrap();
    assert!(claim_of(&other, "fcc").await.unwrap().was_left(), "it was never given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_read_by_several_workers_is_claimed_in_batches_and_by_one_at_a_time() {
    let home = Home::new();
    if home.is_folder() {
        return;
    }
    let workers = [home.open(), home.open(), home.open()];
    let ids: Vec<_> = (0..200).map(|number| source(&format!("source-{number}"))).collect();
    let mut tasks = JoinSet::new();
    for worker in workers {
        let ids = ids.clone();
        tasks.spawn(async move {
            let mut held = Vec::new();
            for batch in ids.chunks(16) {
                let attempts = worker.claim_sources(batch).await.unwrap();
                held.extend(attempts.into_iter().filter_map(|attempt| match attempt {
                    ClaimAttempt::Held(claim) => Some(claim),
                    ClaimAttempt::Taken(_) => None,
                }));
            }
            held
        });
    }
    let held: Vec<Claim> = tasks.join_all().await.into_iter().flatten().collect();
    let mut names: Vec<_> = held.iter().map(|claim| claim.name().as_str().to_owned()).collect();
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!((all, names.len()), (200, 200), "each once, and none left out");
}

async fn is_heard(listens: bool) {
    let Some(server) = Server::shared() else { return };
    let (url, folder) = (server.database(), tempfile::tempdir().unwrap());
    let rules = StoreRules { listens, ..StoreRules::default() };
    let open = || Store::open_with(&settings(&url, folder.path()), &rules).unwrap();
    let (one, other) = (open(), open());
    let mut heard = other.watch_sources();
    let within = StdDuration::from_secs(30);
    for sequence in 1..=3 {
        keep(&one, changed(&source("fcc"), sequence, page(sequence, 2_000), &["zte"])).await.unwrap();
        let rung = tokio::time::timeout(within, heard.next()).await.unwrap();
        assert_eq!(rung, Rung::For(source("fcc")));
    }
    let pause = SourcePause { since: at(0), until: None };
    for pause in [Some(pause), None] {
        one.pause_source(&source("bis"), pause).await.unwrap();
        let rung = tokio::time::timeout(within, heard.next()).await.unwrap();
        assert_eq!(rung, Rung::For(source("bis")));
    }
    // What it writes itself it hears once.
    keep(&other, changed(&source("own"), 1, page(9, 2_000), &["zte"])).await.unwrap();
    assert_eq!(heard.next().await, Rung::For(source("own")));
    if listens {
        let hinted = tokio::time::timeout(within, other.hinted());
        one.dispatch(&[], vec![mail("ann", at(0))]).await.unwrap();
        hinted.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_writes_of_a_source_the_others_hear() {
    is_heard(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_word_from_the_server_they_look_and_hear_as_well() {
    is_heard(false).await;
}

fn enrolment(configuration: &str) -> Enrolment {
    Enrolment {
        host: "one.example".to_owned(),
        pid: 7,
        version: "0.0.0".to_owned(),
        roles: vec!["read".to_owned()],
        configuration: configuration.to_owned(),
    }
}

#[tokio::test]
async fn a_worker_with_another_configuration_than_the_one_in_force_claims_nothing() {
    let home = Home::new();
    if home.is_folder() {
        return;
    }
    let (one, other) = (home.open(), home.open());
    assert_eq!(one.generation("a").await.unwrap(), None);
    one.enrol(enrolment("a")).await.unwrap();
    other.enrol(enrolment("a")).await.unwrap();
    let first = one.propose("a", false).await.unwrap();
    assert_eq!((first.number, first.is_ours), (1, true));
    assert_eq!(other.propose("a", false).await.unwrap().number, 1, "it is in force");
    let held = claim_of(&other, "fcc").await.unwrap();
    // A new one is adopted in one step.
    one.enrol(enrolment("b")).await.unwrap();
    assert_eq!(one.propose("b", false).await.unwrap().number, 2);
    let refused = other.claim_sources(&[source("bis")]).await;
    assert!(matches!(refused, Err(StoreError::NotAdopted { generation: 2 })), "{refused:?}");
    assert!(other.claim_job("seals").await.unwrap().is_none());
    other.dispatch(&[], vec![mail("ann", at(0))]).await.unwrap();
    assert_eq!(other.lease_due(at(0), 1, Duration::minutes(5)).await.unwrap().len(), 0);
    assert!(claim_of(&one, "bis").await.is_some());
    // What it had begun it brings to its end.
    keep(&other, changed(&source("fcc"), 1, page(1, 2_000), &["zte"])).await.unwrap();
    drop(held);
    let workers = one.fellow_workers().await.unwrap();
    let stand: Vec<_> =
        workers.iter().map(|worker| (worker.generation, worker.is_current, worker.is_alive)).collect();
    assert_eq!(stand.len(), 2);
    assert!(stand.contains(&(Some(2), true, true)) && stand.contains(&(Some(1), false, true)), "{stand:?}");
    // Who starts with an old one does not bring it back, and who insists does.
    let again = other.propose("a", false).await.unwrap();
    assert_eq!((again.number, again.is_ours), (2, false));
    let again = other.propose("a", true).await.unwrap();
    assert_eq!((again.number, again.is_ours), (3, true));
    assert!(claim_of(&other, "ofac").await.is_some());
    assert_eq!(other.lease_due(at(0), 1, Duration::minutes(5)).await.unwrap().len(), 1);
    // A process that is no daemon, as a command is, claims what it is told to.
    assert!(claim_of(&home.open(), "sec").await.is_some());
}

#[tokio::test]
async fn who_ended_without_a_word_is_missed_and_forgotten_once_others_cleared_up() {
    let Some(server) = Server::shared() else { return };
    let (url, folder) = (server.database(), tempfile::tempdir().unwrap());
    let open = || Store::open(&settings(&url, folder.path())).unwrap();
    let (leaving, other) = (open(), open());
    for worker in [&leaving, &other] {
        worker.enrol(enrolment("a")).await.unwrap();
    }
    let gone = Worker::start_as(&url, HOLDS);
    let end = Instant::now() + StdDuration::from_secs(60);
    while !gone.said.lock().unwrap().iter().any(|line| line.contains("holds fcc")) {
        assert!(Instant::now() < end, "it does not begin");
        std::thread::park_timeout(StdDuration::from_millis(5));
    }
    assert_eq!(other.departed().await.unwrap(), [""; 0]);
    leaving.close().await.unwrap();
    assert_eq!(other.fellow_workers().await.unwrap().len(), 2, "it said goodbye");
    gone.end(true);
    let end = Instant::now() + StdDuration::from_secs(30);
    let mut departed = Vec::new();
    while departed.is_empty() && Instant::now() < end {
        departed = other.departed().await.unwrap();
    }
    assert_eq!(departed.len(), 1);
    assert!(claim_of(&other, "fcc").await.is_none());
    other.forget_departed(&departed).await.unwrap();
    assert!(claim_of(&other, "fcc").await.unwrap().was_left());
    assert_eq!(other.departed().await.unwrap(), [""; 0]);
    assert_eq!(other.fellow_workers().await.unwrap().len(), 1);
}

fn pacing(pace: Pace) -> Pacing<impl FnMut(&Mail) -> Result<(), DateTime<Utc>> + Send + 'static> {
    Pacing { pace, may_go: |_: &Mail| Ok(()) }
}

/// Leases all that may go at a moment, by turns.
async fn leased_by_turns(workers: &[Store], pace: Pace, now: DateTime<Utc>) -> usize {
    let (mut leased, mut misses) = (0, 0);
    for worker in workers.iter().cycle() {
        let more =
            worker.lease_due_if(now, 7, Duration::hours(1), Doubt::Resend, pacing(pace)).await.unwrap();
        leased += more.len();
        misses = if more.is_empty() { misses + 1 } else { 0 };
        if misses >= workers.len() {
            break;
        }
    }
    leased
}

#[tokio::test]
async fn two_workers_together_send_no_faster_than_the_pace() {
    let home = Home::new();
    if home.is_folder() {
        return;
    }
    let workers = [home.open(), home.open()];
    let mails = (0..100).map(|number| mail(&format!("to-{number}"), at(0))).collect();
    workers[0].dispatch(&[], mails).await.unwrap();
    let pace = Pace { domain_rate_per_minute: Some(30), ..Pace::default() };
    assert_eq!(leased_by_turns(&workers, pace, at(0)).await, 30);
    assert_eq!(leased_by_turns(&workers, pace, at(1)).await, 30, "each of those that waited has its moment");
    // One is told that the domain takes nothing more, and both leave it alone.
    workers[0].note_domain("example.org", true, at(2)).await.unwrap();
    assert_eq!(leased_by_turns(&workers[1..], pace, at(2)).await, 0);
    assert!(leased_by_turns(&workers, pace, at(10)).await > 0);
}

#[tokio::test]
async fn two_workers_together_send_no_more_in_a_minute_than_all_may() {
    let home = Home::new();
    if home.is_folder() {
        return;
    }
    let workers = [home.open(), home.open()];
    let mails = (0..60).map(|number| mail(&format!("to-{number}"), at(0))).collect();
    workers[0].dispatch(&[], mails).await.unwrap();
    let pace = Pace { rate_per_minute: Some(20), ..Pace::default() };
    assert_eq!(leased_by_turns(&workers, pace, at(0)).await, 20);
    assert_eq!(leased_by_turns(&workers, pace, at(1)).await, 20);
}

/// Steps are kept as if each were alone, whatever the server does by itself; claims pass over what others take even
/// where the server would have them be alone, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_serializable_by_itself_is_as_any() {
    const OPTIONS: &str = "-c fsync=off -c shared_buffers=16MB -c default_transaction_isolation=serializable";
    let Some(server) = Server::start(OPTIONS) else { return };
    let (url, folder) = (server.database(), tempfile::tempdir().unwrap());
    let workers = [0, 1, 2].map(|_| Store::open(&settings(&url, folder.path())).unwrap());
    let mails = (0..90).map(|number| mail(&format!("to-{number}"), at(0))).collect();
    workers[0].dispatch(&[], mails).await.unwrap();
    let mut tasks = JoinSet::new();
    for worker in workers.clone() {
        tasks.spawn(async move {
            let (mut got, mut misses, mut reads) = (0, 0, 0);
            while misses < 3 {
                let leased = worker.lease_due(at(0), 4, Duration::minutes(5)).await.unwrap();
                misses = if leased.is_empty() { misses + 1 } else { 0 };
                got += leased.len();
                let claims = worker.claim_sources(&[source("a"), source("b")]).await.unwrap();
                reads += claims.iter().filter(|attempt| matches!(attempt, ClaimAttempt::Held(_))).count();
            }
            (got, reads)
        });
    }
    let ended = tasks.join_all().await;
    assert_eq!(ended.iter().map(|(got, _)| got).sum::<usize>(), 90);
    assert!(ended.iter().map(|(_, reads)| reads).sum::<usize>() > 0);
}

/// What a process said that works on a database.
struct Worker {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
    listening: std::thread::JoinHandle<()>,
}

impl Worker {
    fn start(url: &str) -> Self {
        Self::start_as(url, "REGWATCH_TEST_WORKS")
    }

    /// The same in an environment in which this is set.
    fn start_as(url: &str, variable: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["workers::a_worker", "--exact", "--nocapture"])
            .env(DATABASE, url)
            .env(variable, "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        let listening = std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                heard.lock().unwrap().push(line);
            }
        });
        Self { child, said, listening }
    }

    fn count(&self) -> usize {
        self.said.lock().unwrap().len()
    }

    /// Ends it without warning, or waits for its end; gives all that it said.
    fn end(mut self, is_killed: bool) -> Vec<String> {
        if is_killed {
            self.child.kill().unwrap();
        }
        self.child.wait().unwrap();
        self.listening.join().unwrap();
        std::mem::take(&mut *self.said.lock().unwrap())
    }
}

fn settings(url: &str, folder: &std::path::Path) -> StoreSettings {
    StoreSettings::Postgres { url: DatabaseUrl::new(url, None).unwrap(), local: folder.join("db") }
}

/// The process of a [`Worker`]: sends mails and reads a source until there is nothing left to send.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker() {
    let Some(url) = std::env::var_os(DATABASE).and_then(|url| url.into_string().ok()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&settings(&url, folder.path())).unwrap();
    let say = |words: String| {
        let mut output = std::io::stdout().lock();
        writeln!(output, "{words}").unwrap();
        output.flush().unwrap();
    };
    if std::env::var_os(HOLDS).is_some() {
        store.enrol(enrolment("a")).await.unwrap();
        let _claim = claim_of(&store, "fcc").await.unwrap();
        say("holds fcc".to_owned());
        return std::future::pending().await;
    }
    let mut misses = 0;
    let mut reads = 0_u64;
    while misses < 3 {
        let fcc = source("fcc");
        let known = store.known(&fcc).await.unwrap();
        let sequence = known.accepted.map_or(1, |accepted| accepted.sequence + 1);
        reads += 1;
        let read = changed(&fcc, sequence, page(sequence * 7 + reads, 2_000), &["zte"]);
        let change = read.changes[0].id.clone();
        match store.commit(read.computed_from(known.version)).await {
            Ok(()) => say(format!("kept {change}")),
            Err(StoreError::Stale { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        let leased = store.lease_due(at(0), 4, Duration::hours(1)).await.unwrap();
        misses = if leased.is_empty() { misses + 1 } else { 0 };
        for leased in leased {
            if store.begin_sending(&leased.lease, at(0)).await.unwrap() {
                say(format!("sent {}", leased.mail.id));
                store.settle(&leased.lease, Outcome::SENT, at(0), 0.0).await.unwrap();
                say(format!("settled {}", leased.mail.id));
            }
        }
    }
}

/// One of two processes is killed in the midst of its work. The other one and the next take up what it left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_loses_nothing_and_nothing_is_done_twice_that_it_had_not_begun() {
    let Some(server) = Server::shared() else { return };
    let (url, folder) = (server.database(), tempfile::tempdir().unwrap());
    let store = Store::open(&settings(&url, folder.path())).unwrap();
    let names: Vec<_> = (0..MAILS).map(|number| mail(&format!("to-{number}"), at(0))).collect();
    store.dispatch(&[], names.clone()).await.unwrap();
    let (killed, living) = (Worker::start(&url), Worker::start(&url));
    let end = Instant::now() + StdDuration::from_secs(60);
    while (killed.count() < 60 || living.count() < 20) && Instant::now() < end {
        std::thread::park_timeout(StdDuration::from_millis(2));
    }
    let mut said = killed.end(true);
    let settled_by_killed = said.iter().filter(|line| line.starts_with("settled ")).count();
    assert!(settled_by_killed > 0 && settled_by_killed < MAILS, "it was killed in the midst of its work");
    let begun: Vec<String> = left_open(&said);
    said.extend(living.end(false));
    // The server may take a moment to see that the killed one is gone.
    let mut reclaimed = 0;
    while reclaimed == 0 && Instant::now() < end {
        reclaimed = store.reclaim_leases(at(1), Doubt::Resend).await.unwrap();
        if store.queue().await.unwrap().waiting == 0 {
            break;
        }
    }
    // Mails in doubt go out again later.
    said.extend(Worker::start(&url).end(false));
    for leased in store.lease_due(at(10_000), MAILS, Duration::hours(1)).await.unwrap() {
        said.push(format!("sent {}", leased.mail.id));
        store.begin_sending(&leased.lease, at(10_000)).await.unwrap();
        store.settle(&leased.lease, Outcome::SENT, at(10_000), 0.0).await.unwrap();
    }
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for id in said.iter().filter_map(|line| line.strip_prefix("sent ")) {
        *sent.entry(id.to_owned()).or_default() += 1;
    }
    for queued in &names {
        let times = sent.get(queued.mail.id.as_str()).copied().unwrap_or_default();
        let is_in_doubt = begun.iter().any(|id| id == queued.mail.id.as_str());
        assert!(
            times == 1 || (times <= 2 && times > 0 && is_in_doubt),
            "{} {times} {is_in_doubt}",
            queued.mail.id
        );
        assert_eq!(store.find_mail(queued.mail.id.as_str()).await.unwrap().state, MailState::Sent);
    }
    let kept: Vec<String> =
        store.changes(everything()).await.unwrap().iter().map(|change| change.id.to_string()).collect();
    let acknowledged: Vec<&str> = said.iter().filter_map(|line| line.strip_prefix("kept ")).collect();
    for change in &acknowledged {
        assert_eq!(kept.iter().filter(|kept| kept == change).count(), 1, "{change}");
    }
    let snapshots = store.snapshots(&source("fcc"), usize::MAX).await.unwrap().len();
    assert_eq!(kept.len(), snapshots, "every state that was accepted shows its change");
    println!(
        "{MAILS} mails by two processes, one killed: {} in doubt, {reclaimed} taken back, {} changes acknowledged",
        begun.len(),
        acknowledged.len()
    );
}

/// The mails that were sent and of which it was not said that this was kept.
fn left_open(said: &[String]) -> Vec<String> {
    let settled: Vec<&str> = said.iter().filter_map(|line| line.strip_prefix("settled ")).collect();
    let sent = said.iter().filter_map(|line| line.strip_prefix("sent "));
    sent.filter(|id| !settled.contains(id)).map(str::to_owned).collect()
}

/// Connections are cut again and again while steps are kept: who is told that a step was kept can rely on it, and who
/// is told that it was not can as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_whose_connection_was_cut_is_told_as_it_is() {
    const CUT: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let Some(server) = Server::shared() else { return };
    let (url, folder) = (server.database(), tempfile::tempdir().unwrap());
    let store = Store::open(&settings(&url, folder.path())).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let cutting = {
        let (is_over, url) = (Arc::clone(&is_over), url.clone());
        std::thread::spawn(move || {
            let mut cuts = 0;
            while !is_over.load(Ordering::SeqCst) {
                let cut = server.run("psql", &["-qAt", "-d", &url, "-c", CUT]).output().unwrap();
                cuts += u32::from(cut.status.success());
                std::thread::park_timeout(StdDuration::from_millis(40));
            }
            cuts
        })
    };
    let mut told = BTreeMap::new();
    for number in 0..150 {
        let queued = mail(&format!("to-{number}"), at(0));
        let id = queued.mail.id.clone();
        told.insert(id, store.dispatch(&[], vec![queued]).await.is_ok());
    }
    is_over.store(true, Ordering::SeqCst);
    let cuts = cutting.join().unwrap();
    drop(store);
    let store = Store::open(&settings(&url, folder.path())).unwrap();
    for (id, is_kept) in &told {
        assert_eq!(store.find_mail(id.as_str()).await.is_ok(), *is_kept, "{id}");
    }
    let kept = told.values().filter(|is_kept| **is_kept).count();
    assert!(kept > 0 && cuts > 0);
    println!("{cuts} cuts of all connections: {kept} of {} steps kept, none told otherwise", told.len());
}

/// So often the server is killed. Each time it may give the number of a transaction again that it had given to a step of
/// which nothing was on its disk.
const KILLS: usize = 4;

/// The server is killed again and again under those who write. What they were told stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_a_killed_server() {
    let Some(server) = Server::start("-c shared_buffers=32MB") else { return };
    let (url, folder) = (server.database(), tempfile::tempdir().unwrap());
    let store = Store::open(&settings(&url, folder.path())).unwrap();
    let (is_over, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for task in 0..3 {
        let (store, is_over, count) = (store.clone(), Arc::clone(&is_over), Arc::clone(&count));
        tasks.spawn(async move {
            let (mut told, mut number) = (Vec::new(), 0);
            while !is_over.load(Ordering::SeqCst) {
                let queued = mail(&format!("to-{task}-{number}"), at(0));
                number += 1;
                let id = queued.mail.id.clone();
                if store.dispatch(&[], vec![queued]).await.is_ok() {
                    told.push(id);
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
            told
        });
    }
    let more = async || {
        let wanted = count.load(Ordering::SeqCst) + 50;
        while count.load(Ordering::SeqCst) < wanted {
            tokio::time::sleep(StdDuration::from_millis(2)).await;
        }
    };
    for _ in 0..KILLS {
        more().await;
        server.restart_at_once();
    }
    more().await;
    is_over.store(true, Ordering::SeqCst);
    let told: Vec<MailId> = tasks.join_all().await.into_iter().flatten().collect();
    for id in &told {
        store.find_mail(id.as_str()).await.unwrap();
    }
    assert!(!told.is_empty());
    println!("a server that was killed {KILLS} times: {} steps acknowledged, none lost", told.len());
}
