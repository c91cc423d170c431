//! What the pages cost over a large store: `cargo bench --bench pages`. 5,000 sources, 100,000 changes.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

#[path = "../src/allocator.rs"]
mod allocator;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use divan::Bencher;
use regwatch::clock::ManualClock;
use regwatch::config::StoreSettings;
use regwatch::domain::catalogue::Catalogue;
use regwatch::domain::change::{Change, ChangeKind, EntryChange, Evidence, FieldChange};
use regwatch::domain::company::{AliasKind, Company};
use regwatch::domain::id::{BodyHash, ChangeId, CompanyId, SourceId};
use regwatch::domain::matching::{Match, Watchlist};
use regwatch::domain::noise::Noise;
use regwatch::domain::read_state::ReadState;
use regwatch::domain::snapshot::Validators;
use regwatch::domain::source::{Request, Source, SourceKind};
use regwatch::registry::Registry;
use regwatch::store::{ChangeSearch, ReadCommit, Store};
use regwatch::view::{Order, SourceFilter, ViewParts, Views};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const SOURCES: usize = 5_000;
const CHANGES: usize = 100_000;
const AT_ONCE: usize = 1_000;

/// Made once for all of them.
static LARGE: LazyLock<(TempDir, Views, Runtime)> = LazyLock::new(large);

fn main() {
    divan::main();
}

fn at(minutes: usize) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(i64::try_from(minutes).unwrap())
}

fn source(number: usize) -> Source {
    let kind = SourceKind::Feed;
    Source {
        id: format!("source-{number}").parse().unwrap(),
        title: format!("Register number {number} of the agency"),
        url: format!("https://agency-{}.test/{number}", number % 40).parse().unwrap(),
        guard: kind.default_guard(),
        kind,
        schedule: "0 */2 * * *".parse().unwrap(),
        timezone: chrono_tz::UTC,
        companies: Vec::new(),
        noise: Noise::default(),
        request: Request::default(),
        stale_after: None,
        quiet_after: None,
        misses: None,
        catalogue: Catalogue::default(),
        listing: None,
    }
}

fn company(number: usize) -> CompanyId {
    format!("company-{}", number % 300).parse().unwrap()
}

/// A change of some eighty words, some of them its own.
fn change(source: &SourceId, number: usize) -> Change {
    let words = |seed: usize| {
        (0..40).map(|word| format!("word{} ", (number * 31 + word * seed) % 20_000)).collect::<String>()
    };
    let after = format!("Company {} is added: {}", number % 300, words(7));
    let evidence = Evidence {
        url: "https://agency.test/".to_owned(),
        read_at: at(number),
        status: 200,
        sha256: BodyHash::of(&number.to_be_bytes()),
    };
    let found =
        Match::by_alias(company(number), "Company".to_owned(), AliasKind::Trade).at("text", &after, 0..7);
    Change {
        id: ChangeId::derive(&["bench", &number.to_string()]),
        source: source.clone(),
        source_title: "Register of the agency".to_owned(),
        entry: EntryChange {
            kind: if number.is_multiple_of(3) { ChangeKind::Added } else { ChangeKind::Amended },
            key: format!("entry-{}", number % 5_000),
            title: format!("Entry number {number}"),
            date: None,
            url: None,
            fields: vec![FieldChange {
                name: "text".to_owned(),
                before: Some(words(3)),
                after: Some(after.clone()),
            }],
            context: vec![("text".to_owned(), after)],
        },
        found_at: at(number),
        ordinal: 0,
        found_together: 1,
        matches: vec![found],
        possible: Vec::new(),
        numbers: regwatch::domain::event::Numbers::default(),
        retracted_at: None,
        previous: evidence.clone(),
        evidence,
    }
}

fn large() -> (TempDir, Views, Runtime) {
    let (folder, runtime) = (tempfile::tempdir().unwrap(), Runtime::new().unwrap());
    let store = Store::open(&StoreSettings::Sled { path: folder.path().join("db") }).unwrap();
    let sources: Vec<Source> = (0..SOURCES).map(source).collect();
    runtime.block_on(async {
        for source in &sources {
            let mut state = ReadState::good(source.id.clone(), Validators::default(), at(CHANGES));
            for day in 0..30 {
                state.tally = state.tally.counting(day % 7 != 0, at(CHANGES) - TimeDelta::days(30 - day));
            }
            store.commit(ReadCommit::of(state)).await.unwrap();
        }
        for begin in (0..CHANGES).step_by(AT_ONCE) {
            let id = &sources[begin / AT_ONCE].id;
            let known = store.known(id).await.unwrap();
            let changes =
                (begin..begin + AT_ONCE).map(|number| change(&sources[number % SOURCES].id, number));
            let commit = ReadCommit { changes: changes.collect(), ..ReadCommit::of(known.state.unwrap()) };
            store.commit(commit.computed_from(known.version)).await.unwrap();
        }
    });
    let companies =
        (0..300).map(|number| Company::new(company(number), format!("Company {number} Limited"))).collect();
    let views = Views::new(ViewParts {
        store,
        sources: sources.into(),
        registry: Registry::new(Watchlist::new(companies).unwrap()),
        clock: Arc::new(ManualClock::starting_at(at(CHANGES))),
    });
    (folder, views, runtime)
}

#[divan::bench(args = ["state", "change", "due"], max_time = Duration::from_secs(10))]
fn all_sources(bencher: Bencher, order: &str) {
    let (_, views, runtime) = &*LARGE;
    let order = Order::ALL.iter().find(|(name, _)| *name == order).unwrap().1;
    let filter = SourceFilter { order, limit: 100, ..SourceFilter::default() };
    bencher.bench_local(|| runtime.block_on(views.overview(&filter)).unwrap());
}

#[divan::bench(args = ["", "word7", "word7 word14 company", "company", "nowhere"], max_time = Duration::from_secs(10))]
fn changes_by_words(bencher: Bencher, words: &str) {
    let (_, views, runtime) = &*LARGE;
    let search = || ChangeSearch { words: words.to_owned(), limit: 50, ..ChangeSearch::default() };
    bencher.bench_local(|| runtime.block_on(views.search(search())).unwrap());
}

#[divan::bench(max_time = Duration::from_secs(10))]
fn changes_of_a_company_in_a_month(bencher: Bencher) {
    let (_, views, runtime) = &*LARGE;
    let search = || ChangeSearch {
        company: Some(company(7)),
        since: Some(at(20_000).date_naive()),
        until: Some(at(64_640).date_naive()),
        limit: 50,
        ..ChangeSearch::default()
    };
    bencher.bench_local(|| runtime.block_on(views.search(search())).unwrap());
}

#[divan::bench(max_time = Duration::from_secs(10))]
fn one_company(bencher: Bencher) {
    let (_, views, runtime) = &*LARGE;
    bencher.bench_local(|| runtime.block_on(views.company(&company(7))).unwrap());
}
