//! What telling costs: `cargo bench --bench mail`. One change, told to so many readers: put into words, kept
//! in the outbox, sent, and kept as sent, beside what `smtp-source` alone sends in the same minute; first into
//! `smtp-sink`, which keeps nothing, then into a real Postfix, which forces every mail to its disk.
//!
//! Needs Postfix, which brings `smtp-sink` and `smtp-source`, and root to start it.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, or has failed")]

#[path = "../src/allocator.rs"]
mod allocator;
#[path = "../tests/store/fixture.rs"]
#[allow(dead_code, reason = "the tests of the store use the rest")]
mod fixture;
#[path = "../tests/left_out/mod.rs"]
mod left_out;
#[path = "../tests/smtp/machine.rs"]
mod machine;
#[path = "../tests/smtp/mta.rs"]
#[allow(dead_code, reason = "the tests of mail use the rest")]
mod mta;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use regwatch::clock::{Clock, SystemClock};
use regwatch::deliver::{Deliverer, DelivererParts};
use regwatch::dispatch::{BatchWindow, Composer, ComposerParts, Dispatcher};
use regwatch::domain::company::{Alias, AliasKind, Company};
use regwatch::domain::email::EmailAddress;
use regwatch::domain::matching::Watchlist;
use regwatch::domain::outbox::Doubt;
use regwatch::mail::Transport;
use regwatch::registry::Registry;
use regwatch::settings::{MailSettings, Pace, Sender, SmtpSecurity, SmtpSettings, TransportSettings};
use regwatch::store::Store;

use fixture::{Home, changed, company, keep, page, source};
use machine::{Running, await_listener, await_that, free_port, have, is_root};
use mta::Mta;

/// Readers who are told of the change.
const READERS: usize = 10_000;

/// Connections, ours and those of `smtp-source`.
const CONNECTIONS: usize = 20;

/// Where all readers are, for `smtp-source` knows but one.
const DOMAIN: &str = "reader.example";

/// Measured so often.
const ROUNDS: usize = 3;

const SINK: &str = "/usr/sbin/smtp-sink";
const SOURCE: &str = "/usr/sbin/smtp-source";

fn main() {
    if !have(&[SINK, SOURCE]) {
        return;
    }
    let port = free_port();
    let mut sink = Command::new(SINK);
    sink.args(["-u", "nobody"]).arg(format!("127.0.0.1:{port}")).arg("1024");
    let _sink = Running(sink.stdin(Stdio::null()).spawn().unwrap());
    await_listener(port);
    measure("smtp-sink", port, || {});
    // Every mail is taken, forced to the disk and then let go.
    let settings = "default_transport = discard:\nsmtpd_relay_restrictions = permit_mynetworks, reject\nin_flow_delay = 0";
    if let Some(mta) = Mta::start_with(settings, "discard unix - - n - - discard\n") {
        measure("a real Postfix", mta.port, || mta.await_idle());
    }
}

/// Ours and `smtp-source`'s turn about, so that a machine that grows slower does so for both; each begins when
/// the relay has done with what it took from the other.
fn measure(into: &str, port: u16, await_idle: impl Fn()) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("{READERS} mails over {CONNECTIONS} connections into {into}, mails/s");
    println!(
        "  in the outbox      sent      both  smtp-source   sent of that   processor, µs a mail: sent  smtp-source"
    );
    let rate = |time: Duration| f64::from(u32::try_from(READERS).unwrap()) / time.as_secs_f64();
    for _ in 0..ROUNDS {
        await_idle();
        let Told { queueing, sending, processor, bytes } = runtime.block_on(tell(port));
        await_idle();
        let before = processor_time().children;
        let alone = smtp_source(port, bytes);
        let theirs = a_mail(processor_time().children.saturating_sub(before));
        let (sent, alone, ours) = (rate(sending), rate(alone), a_mail(processor));
        let share = 100.0 * sent / alone;
        let (queued, both) = (rate(queueing), rate(queueing + sending));
        println!(
            "  {queued:>13.0} {sent:>9.0} {both:>9.0} {alone:>12.0} {share:>12.0} % {ours:>28} {theirs:>12}"
        );
    }
}

/// Processor time for all mails, in microseconds for each.
fn a_mail(all: Duration) -> u128 {
    all.as_micros() / READERS as u128
}

/// Processor time used until now, in steps of 10 ms.
struct ProcessorTime {
    /// By this process.
    own: Duration,
    /// By those that it started and waited for.
    children: Duration,
}

fn processor_time() -> ProcessorTime {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name, in parentheses, may hold spaces; utime is the 12th field behind it (proc(5)).
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11);
    let ticks: Vec<u64> = fields.take(4).map(|field| field.parse().unwrap()).collect();
    let time = |ticks: &[u64]| Duration::from_millis(10 * ticks.iter().sum::<u64>());
    ProcessorTime { own: time(&ticks[..2]), children: time(&ticks[2..]) }
}

/// What telling one change took.
struct Told {
    /// Time to make the mails and keep them in the outbox.
    queueing: Duration,
    /// Time to send them and keep that they went out.
    sending: Duration,
    /// Processor time of the latter.
    processor: Duration,
    /// Length of a mail.
    bytes: usize,
}

async fn tell(port: u16) -> Told {
    let home = Home::new();
    let store = home.open();
    let key = store.instance_key([7; 32]).await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    subscribe(&store, &clock).await;
    let settings = settings(port);
    let composer = Composer::new(ComposerParts {
        settings: settings.clone(),
        inbox: None,
        web: None,
        sources: Arc::default(),
        instance_key: key,
    });
    let dispatcher =
        Dispatcher::new(store.clone(), registry(), settings.clone(), composer, Arc::clone(&clock));
    let deliverer = Deliverer::new(DelivererParts {
        store: store.clone(),
        transport: Arc::new(Transport::open(&settings.transport).unwrap()),
        from: settings.from.address.clone(),
        inbox: None,
        instance_key: key,
        concurrency: settings.concurrency,
        pace: settings.pace,
        on_in_doubt: settings.on_in_doubt,
        clock,
    });
    keep(&store, changed(&source("list"), 1, page(1, 100_000), &["hytera"])).await.unwrap();
    let start = Instant::now();
    assert_eq!(dispatcher.dispatch(BatchWindow::Now).await.unwrap(), READERS);
    let queueing = start.elapsed();
    let (start, before) = (Instant::now(), processor_time().own);
    assert_eq!(deliverer.deliver_due().await.unwrap().sent, READERS);
    let (sending, processor) = (start.elapsed(), processor_time().own.saturating_sub(before));
    let one = store.mails(None, 1).await.unwrap().remove(0);
    let bytes = store.message(&one.id).await.unwrap().len();
    store.close().await.unwrap();
    Told { queueing, sending, processor, bytes }
}

async fn subscribe(store: &Store, clock: &Arc<dyn Clock>) {
    let mut all = tokio::task::JoinSet::new();
    for number in 0..READERS {
        let (store, now) = (store.clone(), clock.now());
        let address: EmailAddress = format!("{number}reader@{DOMAIN}").parse().unwrap();
        all.spawn(async move {
            store.follow(&address, &[company("hytera").into()], true, "bench", now).await.unwrap();
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
}

fn registry() -> Registry {
    let hytera = Company {
        aliases: vec![Alias::new("Hytera", AliasKind::Trade)],
        ..Company::new(company("hytera"), "Hytera Communications Corporation Limited")
    };
    Registry::new(Watchlist::new(vec![hytera]).unwrap())
}

fn settings(port: u16) -> MailSettings {
    let address: EmailAddress = "alerts@tracker.example".parse().unwrap();
    let relay =
        SmtpSettings { host: "127.0.0.1".to_owned(), port, security: SmtpSecurity::None, credentials: None };
    MailSettings {
        from: Sender { name: None, address: address.clone() },
        transport: TransportSettings::Smtp(relay),
        postal_address: None,
        help_address: address,
        group_within: Duration::ZERO,
        deadline_within: Duration::ZERO,
        concurrency: CONNECTIONS,
        pace: Pace::default(),
        on_in_doubt: Doubt::Resend,
        dkim: None,
    }
}

/// How long `smtp-source` takes for as many messages of that length over as many connections, each used
/// again, each to another reader.
fn smtp_source(port: u16, bytes: usize) -> Duration {
    let mut command = Command::new(SOURCE);
    command.args(["-d", "-N", "-s", &CONNECTIONS.to_string(), "-m", &READERS.to_string()]);
    command.args(["-l", &bytes.to_string(), "-f", "alerts@tracker.example"]);
    command.args(["-t", &format!("reader@{DOMAIN}"), &format!("127.0.0.1:{port}")]);
    let start = Instant::now();
    assert!(command.status().unwrap().success());
    start.elapsed()
}
