//! Against a server of somebody else's making (aiosmtpd) that fails mail by mail, in every phase, on the
//! connections it keeps for the next.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use regwatch::domain::outbox::Outcome;
use regwatch::mail::Transport;
use regwatch::settings::SmtpSecurity;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use crate::left_out::left_out;
use crate::{from, mail, patient, relay, settings};

/// Debian's `python3-aiosmtpd`, which its own Python alone finds.
const PYTHON: &str = "/usr/bin/python3";

const SERVER: &str = include_str!("faulty.py");

/// What the server said of each recipient, and who waits for it.
#[derive(Default)]
struct Said {
    taken: Mutex<Vec<String>>,
    late: Mutex<BTreeMap<String, Arc<Notify>>>,
    idle: Notify,
}

impl Said {
    fn late(&self, recipient: &str) -> Arc<Notify> {
        Arc::clone(self.late.lock().unwrap().entry(recipient.to_owned()).or_default())
    }

    async fn follow(self: Arc<Self>, mut lines: Lines<BufReader<ChildStdout>>) {
        while let Ok(Some(line)) = lines.next_line().await {
            match line.split_once(' ') {
                Some(("taken", recipient)) => self.taken.lock().unwrap().push(recipient.to_owned()),
                Some(("late", recipient)) => self.late(recipient).notify_one(),
                _ => self.idle.notify_one(),
            }
        }
    }
}

struct Server {
    process: Child,
    port: u16,
    said: Arc<Said>,
}

impl Server {
    /// Starts one that keeps a connection for so long; none where the machine cannot.
    async fn start(idle_seconds: &str) -> Option<Self> {
        let has = Command::new(PYTHON).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        if !has.is_ok_and(|status| status.success()) {
            left_out("relays", "python3-aiosmtpd is not installed");
            return None;
        }
        let mut command = tokio::process::Command::new(PYTHON);
        command.args(["-c", SERVER, idle_seconds]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().unwrap().parse().unwrap();
        let said = Arc::new(Said::default());
        #[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(Arc::clone(&said).follow(lines));
        Some(Self { process, port, said })
    }

    fn relay(&self) -> Arc<Transport> {
        Arc::new(relay(&settings(self.port, SmtpSecurity::None), patient()))
    }

    /// All that it took, once it has ended.
    async fn taken(mut self) -> Vec<String> {
        drop(self.process.stdin.take());
        self.process.wait().await.unwrap();
        while Arc::strong_count(&self.said) > 1 {
            tokio::task::yield_now().await;
        }
        let taken = self.said.taken.lock().unwrap();
        taken.clone()
    }
}

/// Delivers to a recipient who says how it fails; nothing where it was dropped because the answer is late.
async fn deliver(transport: &Transport, said: &Said, recipient: &str) -> Option<Outcome> {
    let (mail, bytes) = mail(recipient, recipient);
    let (late, from) = (said.late(recipient), from());
    tokio::select! {
        outcome = transport.deliver(&mail, &from, &bytes) => Some(outcome),
        () = late.notified() => None,
    }
}

/// The ways to fail, and what becomes of a mail by each; `late` ones are dropped.
const FAULTS: &[(&str, &str)] = &[
    ("rcpt-450471", "deferred"),
    ("rcpt-550511", "no mailbox"),
    ("rcpt-550", "failed"),
    ("rcpt-452422", "full"),
    ("rcpt-421470", "busy"),
    ("rcpt-drop", "deferred"),
    ("rcpt-late", "dropped"),
    ("data-451430", "deferred"),
    ("data-554571", "dead"),
    ("data-421", "busy"),
    ("data-drop", "deferred"),
    ("data-late", "dropped"),
    ("dot-451", "deferred"),
    ("dot-552522", "full"),
    ("dot-554", "failed"),
    ("dot-550511", "no mailbox"),
    ("dot-421432", "busy"),
    ("dot-drop", "unknown"),
    ("dot-late", "dropped"),
];

/// How often each happens, among as many mails that meet no fault.
const TIMES: usize = 12;

#[tokio::test]
async fn whatever_befalls_one_mail_every_other_gets_its_own_answer() {
    let Some(server) = Server::start("60").await else { return };
    let transport = server.relay();
    let places = Arc::new(Semaphore::new(4));
    let mut sending = JoinSet::new();
    let each = FAULTS.iter().flat_map(|fault| [*fault, ("dot-none", "sent")]);
    let all = std::iter::repeat_n(each, TIMES).flatten().enumerate();
    for (number, (fault, expected)) in all {
        let (transport, said, places) =
            (Arc::clone(&transport), Arc::clone(&server.said), Arc::clone(&places));
        let recipient = format!("{fault}-{number}@example.org");
        sending.spawn(async move {
            let _place = places.acquire().await.unwrap();
            let outcome = deliver(&transport, &said, &recipient).await;
            let name = outcome.as_ref().map_or("dropped", Outcome::name);
            assert_eq!(name, expected, "{recipient}: {outcome:?}");
            (recipient, name)
        });
    }
    let outcomes = sending.join_all().await;
    let mut told: Vec<String> =
        outcomes.into_iter().filter(|(_, name)| *name == "sent").map(|(recipient, _)| recipient).collect();
    transport.close().await;
    let mut taken = server.taken().await;
    // Nobody can know of a delivery that was dropped behind its final dot.
    taken.retain(|recipient| !recipient.starts_with("dot-late"));
    taken.sort();
    told.sort();
    assert_eq!(taken, told, "nothing was taken twice, and nothing in secret");
}

#[tokio::test]
async fn a_goodbye_to_a_connection_that_rests_is_not_taken_for_consent() {
    let Some(server) = Server::start("0.3").await else { return };
    let transport = server.relay();
    for number in 0..3 {
        let outcome = deliver(&transport, &server.said, &format!("dot-none-{number}@example.org")).await;
        assert_eq!(outcome, Some(Outcome::Sent { reply: Some("250 2.0.0 taken".to_owned()) }));
        server.said.idle.notified().await;
    }
    assert_eq!(server.taken().await.len(), 3);
}
