use chrono::{DateTime, Duration, Utc};

use crate::domain::assess::{Past, assess};
use crate::domain::entry::{Completeness, Document, Entry, EntryDate, Resemblance};
use crate::domain::matching::Watchlist;
use crate::domain::noise::Noise;
use crate::domain::pending::Pending;
use crate::domain::response::ResponseMeta;
use crate::domain::snapshot::Baseline;
use crate::domain::source::{Source, SourceKind};

fn source() -> Source {
    Source {
        id: "news".parse().unwrap(),
        title: "News".to_owned(),
        url: "https://agency.test/feed".parse().unwrap(),
        noise: Noise::of(SourceKind::Feed.default_noise()),
        ..Source::sample(SourceKind::Feed)
    }
}

/// An item of a day of 2026's November.
fn item(day: u32) -> Entry {
    let mut item =
        Entry::new(format!("n{day}"), format!("Matter {day}")).with("text", format!("Order {day}"));
    let date = chrono::NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
    item.date = Some(EntryDate::Day(date));
    item.url = Some(format!("https://agency.test/n/{day}"));
    item
}

fn items(days: &[u32]) -> Vec<Entry> {
    days.iter().map(|day| item(*day)).collect()
}

/// A feed that is read again and again.
struct Reads {
    baseline: Option<Baseline>,
    pending: Vec<Pending>,
    count: i64,
}

impl Reads {
    fn of(items: Vec<Entry>) -> Self {
        let mut reads = Self { baseline: None, pending: Vec::new(), count: 0 };
        assert_eq!(reads.read(items), [""; 0]);
        reads
    }

    /// What a read tells, as `kind title`.
    fn read(&mut self, items: Vec<Entry>) -> Vec<String> {
        self.count += 1;
        let document = Document::new(items, Completeness::Window, Resemblance::Item);
        let read = ResponseMeta {
            read_at: DateTime::<Utc>::UNIX_EPOCH + Duration::seconds(self.count),
            ..ResponseMeta::sample(self.count.to_string().as_bytes())
        };
        let past = Past { baseline: self.baseline.as_ref(), pending: &self.pending, ..Past::default() };
        let found = assess(&source(), past, document, read, &Watchlist::new(Vec::new()).unwrap()).unwrap();
        self.pending = found.pending;
        if let Some(baseline) = found.baseline {
            self.baseline = Some(baseline);
        }
        found.changes.iter().map(|change| format!("{} {}", change.entry.kind, change.entry.title)).collect()
    }
}

#[test]
fn what_leaves_at_the_end_or_comes_back_there_is_no_news() {
    let mut reads = Reads::of(items(&[9, 8, 7, 6]));
    assert_eq!(reads.read(items(&[10, 9, 8, 7])), ["added Matter 10"]);
    assert_eq!(reads.read(items(&[10, 9, 8, 7, 6, 5, 4])), [""; 0]);
    assert_eq!(reads.read(items(&[10, 9])), [""; 0]);
    assert_eq!(reads.read(items(&[12, 11, 10, 9])), ["added Matter 12", "added Matter 11"]);
}

#[test]
fn an_item_that_goes_from_the_midst_is_withdrawn_when_a_second_read_agrees() {
    let mut reads = Reads::of(items(&[9, 8, 7, 6]));
    assert_eq!(reads.read(items(&[9, 7, 6])), [""; 0]);
    assert_eq!(reads.pending.len(), 1);
    assert_eq!(reads.read(items(&[9, 7, 6])), ["removed Matter 8"]);
    assert_eq!(reads.read(items(&[9, 7, 6])), [""; 0]);
    assert_eq!(reads.read(items(&[9, 8, 7, 6])), ["added Matter 8"]);
}

#[test]
fn an_item_that_is_back_at_the_second_read_was_never_gone() {
    let mut reads = Reads::of(items(&[9, 8, 7, 6]));
    assert_eq!(reads.read(items(&[9, 7, 6])), [""; 0]);
    assert_eq!(reads.read(items(&[9, 8, 7, 6])), [""; 0]);
    assert!(reads.pending.is_empty());
}

#[test]
fn what_waits_is_told_although_newer_items_came_meanwhile() {
    let mut reads = Reads::of(items(&[9, 8, 7, 6]));
    assert_eq!(reads.read(items(&[10, 9, 7, 6])), ["added Matter 10"]);
    assert_eq!(reads.read(items(&[11, 10, 9, 7])), ["added Matter 11", "removed Matter 8"]);
}

#[test]
fn an_item_that_goes_from_a_feed_that_keeps_an_order_of_its_own_is_withdrawn() {
    let mut reads = Reads::of(items(&[4, 9, 2, 7, 1, 8]));
    assert_eq!(reads.read(items(&[4, 9, 7, 1, 8])), [""; 0]);
    assert_eq!(reads.pending.len(), 1);
    assert_eq!(reads.read(items(&[3, 4, 9, 7, 1, 8])), ["added Matter 3", "removed Matter 2"]);
    // What is new in the midst, or another order, is another choice of items.
    for other in [&[4, 9, 5, 7, 1, 8], &[9, 4, 7, 1, 8, 2]] {
        let mut reads = Reads::of(items(&[4, 9, 2, 7, 1, 8]));
        for _ in 0..2 {
            let told = reads.read(items(other));
            assert!(told.iter().all(|change| !change.starts_with("removed")), "{told:?}");
        }
    }
}

#[test]
fn a_feed_in_another_order_and_one_with_another_choice_lost_nothing() {
    let mut reads = Reads::of(items(&[9, 8, 7, 6]));
    for _ in 0..2 {
        assert_eq!(reads.read(items(&[6, 7, 9])), [""; 0]);
    }
    let mut reads = Reads::of(items(&[19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8]));
    for _ in 0..2 {
        assert_eq!(reads.read(items(&[19, 17, 15, 13, 11, 9, 8])), [""; 0]);
    }
}

#[test]
fn items_with_new_identifiers_dates_or_addresses_are_the_same_items() {
    let mut reads = Reads::of(items(&[9, 8, 7]));
    let with = |change: fn(&mut Entry)| -> Vec<Entry> {
        let mut all = items(&[9, 8, 7]);
        all.iter_mut().for_each(change);
        all
    };
    assert_eq!(reads.read(with(|item| item.key = format!("tag:agency.test,2026:{}", item.key))), [""; 0]);
    assert_eq!(reads.read(with(|item| item.date = Some("2026-11-20".parse().unwrap()))), [""; 0]);
    let moved = with(|item| {
        item.key.push_str("-x");
        item.url = item
            .url
            .as_ref()
            .map(|url| format!("{}/?utm_source=rss", url.replace("https://", "http://www.")));
    });
    assert_eq!(reads.read(moved), [""; 0]);
    let reworded = with(|item| {
        item.key.push('y');
        if item.title == "Matter 8" {
            item.fields.insert("text".to_owned(), "Order 8, amended".to_owned());
        }
    });
    assert_eq!(reads.read(reworded), ["amended Matter 8"]);
}
