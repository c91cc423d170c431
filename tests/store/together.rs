//! Small steps that are handed in at the same moment: few transactions keep them, and each has its own outcome.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Stdio};

use chrono::Duration;
use regwatch::domain::outbox::{Mail, MailState};
use regwatch::settings::{DatabaseUrl, StoreSettings};
use regwatch::store::{Lease, PendingWrite, Store, StoreError};

use crate::fixture::{at, mail};
use crate::postgres::Server;

/// Mails that are settled at the same moment.
const MAILS: usize = 60;

/// A database with mails in the hands of their senders.
struct Place {
    server: &'static Server,
    url: String,
    _local: tempfile::TempDir,
    store: Store,
    leases: Vec<Lease>,
}

impl Place {
    async fn new() -> Option<Self> {
        let server = Server::shared()?;
        let (url, local) = (server.database(), tempfile::tempdir().unwrap());
        let settings = StoreSettings::Postgres {
            url: DatabaseUrl::new(&url, None).unwrap(),
            local: local.path().join("db"),
        };
        let store = Store::open(&settings).unwrap();
        let mails = (0..MAILS).map(|number| mail(&format!("to-{number}"), at(0))).collect();
        store.dispatch(&[], mails).await.unwrap();
        let handed_out = store.lease_due(at(0), MAILS, Duration::hours(1)).await.unwrap();
        let leases = handed_out.into_iter().map(|mail| mail.lease).collect();
        Some(Self { server, url, _local: local, store, leases })
    }

    fn sql(&self, text: &str) -> String {
        let ran = self.server.run("psql", &["-qAt", "-v", "ON_ERROR_STOP=1", "-d", &self.url, "-c", text]);
        let ran = { ran }.output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// Holds the mails until the end of this is called: every step on one waits.
    fn hold(&self) -> Hold {
        let mut psql = self.server.run("psql", &["-qAt", "-d", &self.url]);
        let mut psql = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        psql.stdin.as_mut().unwrap().write_all(b"BEGIN; LOCK TABLE mails; SELECT 'held';\n").unwrap();
        let mut said = String::new();
        BufReader::new(psql.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "held\n");
        Hold(psql)
    }

    /// Settles all of them at the same moment; returns what became of each.
    async fn settle(&self) -> Vec<Result<Mail, StoreError>> {
        let hold = self.hold();
        let settled: Vec<PendingWrite<Mail>> =
            self.leases.iter().map(|lease| self.store.settle_sent(lease, None, at(1))).collect();
        hold.end();
        let mut outcomes = Vec::new();
        for settled in settled {
            outcomes.push(settled.kept().await);
        }
        outcomes
    }

    async fn state(&self, lease: &Lease) -> MailState {
        self.store.find_mail(lease.mail.as_str()).await.unwrap().state
    }
}

struct Hold(Child);

impl Hold {
    fn end(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }
}

#[tokio::test]
async fn mails_that_are_settled_at_the_same_moment_share_transactions() {
    let Some(place) = Place::new().await else { return };
    assert!(place.settle().await.iter().all(Result::is_ok));
    let transactions: usize = place.sql("SELECT count(DISTINCT xmin::text) FROM mails").parse().unwrap();
    assert!(transactions < MAILS / 4, "{transactions} for {MAILS} mails");
    for lease in &place.leases {
        assert_eq!(place.state(lease).await, MailState::Sent);
    }
}

#[tokio::test]
async fn a_step_whose_lease_is_lost_keeps_no_other_from_being_kept_with_the_rest() {
    let Some(place) = Place::new().await else { return };
    let lost = &place.leases[3];
    place.store.give_back(vec![lost.clone()], at(0)).await.unwrap();
    for (lease, outcome) in place.leases.iter().zip(place.settle().await) {
        let is_lost = matches!(outcome, Err(StoreError::LeaseLost { .. }));
        assert_eq!((is_lost, outcome.is_ok()), (lease == lost, lease != lost), "{outcome:?}");
        assert_eq!(place.state(lease).await, if is_lost { MailState::Queued } else { MailState::Sent });
    }
    let transactions: usize = place.sql("SELECT count(DISTINCT xmin::text) FROM mails").parse().unwrap();
    assert!(transactions < MAILS / 4, "{transactions} for {MAILS} mails");
}

#[tokio::test]
async fn a_step_that_the_server_refuses_fails_alone() {
    let Some(place) = Place::new().await else { return };
    let refused = &place.leases[7];
    place.sql(&format!(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$; \
         CREATE TRIGGER refuse BEFORE UPDATE ON mails FOR EACH ROW WHEN (NEW.key = convert_to('{}', 'UTF8')) \
         EXECUTE FUNCTION refuse()",
        refused.mail
    ));
    for (lease, outcome) in place.leases.iter().zip(place.settle().await) {
        assert_eq!(outcome.is_ok(), lease != refused, "{outcome:?}");
        if let Err(error) = outcome {
            assert!(error.to_string().contains("not this one"), "{error}");
        }
        let expected = if lease == refused { MailState::Leased } else { MailState::Sent };
        assert_eq!(place.state(lease).await, expected);
    }
}
