//! From publication to mail, by the schedules and witnesses that ship: how long it takes, and how often a whole list is
//! asked for meanwhile. A day is played with a clock that is set, each tick a read of the program's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, Uri};
use chrono::{DateTime, TimeDelta, Utc};
use regwatch::check::{Checker, ReadOptions, announced_at};
use regwatch::clock::{Clock, ManualClock};
use regwatch::domain::due::{due_at, due_when_announced};
use regwatch::domain::matching::Watchlist;
use regwatch::domain::source::{RequestSettings, Source};
use regwatch::fetch::Fetcher;
use regwatch::registry::Registry;
use regwatch::settings::StoreSettings;
use regwatch::store::Store;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::bodies::{self, Size};
use crate::install::shipped;
use crate::proxy::Reply;

/// A publisher: what lies at each path, and how often whole files were asked for.
#[derive(Debug, Clone, Default)]
struct Publisher {
    files: Arc<Mutex<HashMap<String, Reply>>>,
    whole: Arc<Mutex<usize>>,
}

impl Publisher {
    fn put(&self, path: &str, reply: Reply) {
        self.files.lock().unwrap().insert(path.to_owned(), reply);
    }

    fn answer(&self, list: &str, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
        let reply = self.files.lock().unwrap().get(uri.path()).cloned();
        let Some(reply) = reply else { return Response::builder().status(404).body(Body::empty()).unwrap() };
        let is_part = headers.contains_key("range");
        if uri.path() == list && !is_part {
            *self.whole.lock().unwrap() += 1;
        }
        let mut answer = Response::builder().status(if is_part { 206 } else { reply.status });
        for (name, value) in &reply.headers {
            answer = answer.header(*name, value);
        }
        let body = if is_part {
            let end = reply.body.len().min(64 << 10);
            answer = answer.header("content-range", format!("bytes 0-{}/{}", end - 1, reply.body.len()));
            reply.body.slice(..end)
        } else {
            reply.body
        };
        answer.body(Body::from(body)).unwrap()
    }
}

/// A shipped source whose publisher is on this machine.
struct Day {
    source: Source,
    publisher: Publisher,
    checker: Checker,
    store: Store,
    clock: ManualClock,
    _server: JoinSet<()>,
    _folder: TempDir,
}

const START: &str = "2026-11-24T05:00:00Z";

/// Minutes after the start at which editions are published: in an office's morning and evening, and on the hour.
const EDITIONS: [i64; 5] = [67, 181, 302, 433, 540];

/// So long an edition's announcement comes before the list itself, in one case of these.
const ANNOUNCED_EARLY: i64 = 12;

impl Day {
    async fn of(id: &str) -> Self {
        let config = shipped();
        let mut source = config.source(&id.parse().unwrap()).unwrap().clone();
        let publisher = Publisher::default();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let here = format!("http://{}", listener.local_addr().unwrap());
        let is_itself = source.request.witness.as_ref().is_some_and(|witness| witness.url == source.url);
        source.url = format!("{here}{}", source.url.path()).parse().unwrap();
        source.guard.min_entries = 1;
        if let Some(witness) = &mut source.request.witness {
            let path = if is_itself { source.url.path() } else { "/witness" };
            witness.url = format!("{here}{path}").parse().unwrap();
        }
        let (server, list) = (publisher.clone(), source.url.path().to_owned());
        let router = Router::new()
            .fallback(async move |uri: Uri, headers: HeaderMap| server.answer(&list, &uri, &headers));
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreSettings::Sled { path: folder.path().join("db") }).unwrap();
        let clock = ManualClock::starting_at(START.parse().unwrap());
        let mut settings = config.fetch.clone();
        settings.allow_private = vec!["127.0.0.1".parse().unwrap()];
        settings.host_interval = std::time::Duration::ZERO;
        settings.only_here = None;
        let checker = Checker::new(
            store.clone(),
            Arc::new(Fetcher::new(settings.clone())),
            Registry::new(Watchlist::new(config.companies.clone()).unwrap()),
            Arc::new(clock.clone()),
            settings.full_read_every,
            settings.max_freshness,
        );
        Self { source, publisher, checker, store, clock, _server: task, _folder: folder }
    }

    /// From now on the list is in this edition.
    fn publish(&self, edition: usize) {
        let rows = 20 + edition;
        let size = Size { rows, bytes: rows * 200, has_tracked: false };
        for (address, reply) in bodies::of(&self.source, size) {
            let path = address.parse::<url::Url>().unwrap().path().to_owned();
            let etag = ("etag", format!("\"{edition}-{path}\""));
            let headers = reply.headers.iter().cloned().chain([etag]).collect();
            self.publisher.put(&path, Reply { headers, ..reply });
        }
    }

    fn announce(&self, edition: usize) {
        self.publisher.put("/witness", Reply::of("application/xml", format!("<rss>edition {edition}</rss>")));
    }

    /// How long each edition took to be found, in seconds.
    async fn play(&self) -> Vec<i64> {
        let start: DateTime<Utc> = START.parse().unwrap();
        let jitter = TimeDelta::from_std(shipped().daemon.jitter).unwrap() / 2;
        let at = |edition: usize| start + TimeDelta::minutes(EDITIONS[edition]);
        self.announce(0);
        self.publish(0);
        let (mut announced, mut published, mut found) = (0, 0, Vec::new());
        while found.len() < EDITIONS.len() {
            let state = self.store.known(&self.source.id).await.unwrap().state;
            let due = due_at(&self.source, state.as_ref(), start, self.clock.now()).unwrap();
            self.clock.set(due.max(self.clock.now()) + jitter);
            let now = self.clock.now();
            assert!(now < start + TimeDelta::days(2), "{}: {found:?}", self.source.id);
            // The second edition is announced before the list has it.
            let early = |edition| TimeDelta::minutes(if edition == 1 { ANNOUNCED_EARLY } else { 0 });
            if announced < EDITIONS.len() && at(announced) - early(announced) <= now {
                announced += 1;
                self.announce(announced);
            }
            if published < EDITIONS.len() && at(published) <= now {
                published += 1;
                self.publish(published);
            }
            let read = self.checker.read(&self.source, ReadOptions::default()).await;
            assert!(read.verdict.is_read(), "{read:?}");
            if !read.changes.is_empty() {
                assert!(published > found.len(), "{read:?}");
                found.push((now - at(found.len())).num_seconds());
            }
        }
        found
    }
}

/// The median from publication to mail of a day, and how often the whole list was asked for.
async fn median_of(id: &str) -> (TimeDelta, usize) {
    let day = Day::of(id).await;
    let mut found = day.play().await;
    found.sort_unstable();
    let collected = TimeDelta::from_std(shipped().mail.group_within).unwrap();
    let whole = *day.publisher.whole.lock().unwrap();
    (TimeDelta::seconds(found[found.len() / 2]) + collected, whole)
}

#[tokio::test]
async fn the_median_from_publication_to_mail_is_ten_minutes_and_no_list_is_fetched_all_the_time() {
    for id in ["ofac-sdn", "ofac-non-sdn", "un-sanctions", "uk-sanctions-list", "eu-financial-sanctions"] {
        let (median, whole) = median_of(id).await;
        assert!(median <= TimeDelta::minutes(10), "{id}: {median}");
        // Two for each edition, one where it was late, two at first sight, and some that no witness spares.
        assert!(whole <= 2 * EDITIONS.len() + 5, "{id}: {whole} whole reads");
    }
}

/// When either of two sources is read next, by their schedules and by what one announces of the other.
async fn next_read(day: &Day, source: &Source, start: DateTime<Utc>) -> DateTime<Utc> {
    let state = day.store.known(&source.id).await.unwrap().state;
    let due = due_at(source, state.as_ref(), start, day.clock.now()).unwrap();
    let announced = announced_at(&day.store, source, state.as_ref()).await.unwrap();
    due_when_announced(due, state.as_ref(), announced)
}

/// The list behind a wall, of which no route has a copy, and the agency's notices. Some minutes after the start a notice
/// of the list is published.
async fn told_of_the_notice_after(minutes: i64) -> TimeDelta {
    let config = shipped();
    let day = Day::of("fcc-covered-list").await;
    let list = Source {
        request: RequestSettings { routes: Vec::new(), ..day.source.request.clone() },
        ..day.source.clone()
    };
    let mut notices = config.source(&"fcc-public-notices".parse().unwrap()).unwrap().clone();
    notices.url = day.source.url.join("/notices").unwrap();
    let feed = |titles: &[&str]| {
        let items: String = titles
            .iter()
            .map(|title| format!("<item><title>{title}</title><guid>{title}</guid></item>"))
            .collect();
        let feed = format!("<rss version=\"2.0\"><channel><title>Notices</title>{items}</channel></rss>");
        day.publisher.put("/notices", Reply::of("application/rss+xml", feed));
    };
    feed(&["A notice of antennas"]);
    day.publisher.put(list.url.path(), Reply::status(403));
    let start: DateTime<Utc> = START.parse().unwrap();
    let published = start + TimeDelta::minutes(minutes);
    loop {
        let (of_list, of_notices) =
            (next_read(&day, &list, start).await, next_read(&day, &notices, start).await);
        let source = if of_list <= of_notices { &list } else { &notices };
        day.clock.set(of_list.min(of_notices).max(day.clock.now()) + TimeDelta::seconds(30));
        let now = day.clock.now();
        assert!(now < start + TimeDelta::days(1), "nobody is told");
        if now >= published {
            feed(&["DA 26-1: PSHSB announces an update of the Covered List", "A notice of antennas"]);
        }
        let read = day.checker.read(source, ReadOptions::default()).await;
        if read.reason.is_some_and(|reason| reason.contains("its followers are told of 1 announcement")) {
            return now - published + TimeDelta::from_std(config.mail.group_within).unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_announced_of_a_list_behind_a_wall_is_mailed_within_two_hours() {
    // Before the list failed often enough, and long after.
    for minutes in [20, 150, 433] {
        let told = Box::pin(told_of_the_notice_after(minutes)).await;
        assert!(told <= TimeDelta::hours(2), "{minutes}: {told}");
    }
}

#[tokio::test]
async fn what_the_agency_announces_is_mailed_within_two_hours() {
    for id in ["fcc-covered-list", "fcc-public-notices"] {
        let (median, _) = median_of(id).await;
        assert!(median <= TimeDelta::hours(2), "{id}: {median}");
    }
}
