//! What every fuzz target of an extractor does.

use std::collections::BTreeSet;

use regwatch::config::read_source;
use regwatch::domain::bundle::{FIRST, BundlePart, encode};
use regwatch::domain::change::{ChangeKind, EntryChange};
use regwatch::domain::diff::diff;
use regwatch::domain::entry::{Completeness, Document};
use regwatch::domain::noise::Noise;
use regwatch::domain::source::Source;
use regwatch::extract::{RawDocument, extract, signal, time_to_live, wanted};

/// Parts the answers that make up one document, in a body and in its seeds.
pub const BETWEEN: u8 = 0x1e;

/// More answers than this say nothing new.
const MAX_ANSWERS: usize = 5;

/// A source with these keys of a kind, as they stand in the configuration, and its address's last part.
///
/// # Panics
/// Where they are none of a kind's.
#[must_use]
pub fn source(keys: &str, file: &str) -> Source {
    let common = format!(
        "[[source]]\nid = 'a'\ntitle = 'A'\nurl = 'https://agency.test/list/{file}'\nschedule = '@daily'\n"
    );
    read_source(&format!("{common}{keys}")).expect("the keys of a kind")
}

/// Gives a body as a page to whatever reads it.
pub fn with_page<T>(body: &[u8], read: impl FnOnce(&RawDocument<'_>) -> T) -> T {
    let url = "https://agency.test/list/page.html".parse().expect("an address");
    read(&RawDocument { body, content_type: None, url: &url })
}

/// Reads a body and holds the laws: the same body gives the same document, in which nothing changed.
///
/// # Panics
/// Where they do not hold.
pub fn check(source: &Source, body: &[u8]) {
    let kind = &source.kind;
    let whole = together(source, body);
    let page = RawDocument { body: whole.as_deref().unwrap_or(body), content_type: None, url: &source.url };
    let _ = time_to_live(kind, &page);
    let Ok(document) = extract(kind, &page) else { return };
    assert_eq!(extract(kind, &page).as_ref(), Ok(&document), "read twice");
    let keys: BTreeSet<&str> = document.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys.len(), document.entries.len(), "each key once");
    for noise in [Noise::default(), Noise::of(kind.default_noise())] {
        assert!(diff(&document, &document, &noise).is_empty(), "compared with itself");
        check_halves(&document, &noise);
    }
}

/// Every second entry is new to the others and gone from the whole: none is passed over, and nothing
/// else is told.
fn check_halves(whole: &Document, noise: &Noise) {
    let half = Document { entries: whole.entries.iter().step_by(2).cloned().collect(), ..whole.clone() };
    let missing = whole.entries.len() - half.entries.len();
    let told = |changes: Vec<EntryChange>, kind: ChangeKind| {
        assert!(changes.iter().all(|change| change.kind == kind), "{changes:?}");
        changes.len()
    };
    assert_eq!(told(diff(&half, whole, noise), ChangeKind::Added), missing);
    let gone = if whole.completeness == Completeness::Whole { missing } else { 0 };
    assert_eq!(told(diff(whole, &half, noise), ChangeKind::Removed), gone);
}

/// The answers in a body as one, where the first of them asks for more; each answers what is asked next.
fn together(source: &Source, body: &[u8]) -> Option<Vec<u8>> {
    let mut answers = body.split(|&byte| byte == BETWEEN).take(MAX_ANSWERS);
    let part = |name: String, url, body| BundlePart { name, url, content_type: None, body };
    let mut parts = vec![part(FIRST.to_owned(), source.url.clone(), answers.next()?)];
    let _ = signal(&source.kind, &parts[0]);
    while let Ok(Some(next)) = wanted(&source.kind, &parts) {
        assert!(parts.iter().all(|part| part.name != next.name), "asked for twice: {}", next.name);
        let Some(answer) = answers.next() else { break };
        parts.push(part(next.name, next.url, answer));
    }
    (parts.len() > 1).then(|| encode(&parts))
}

/// A fuzz target over the bodies of a source with these settings, and where given, its address's last part.
#[macro_export]
macro_rules! extractor {
    ($settings:expr) => {
        $crate::extractor!($settings, "page.html");
    };
    ($settings:expr, $file:expr) => {
        static SOURCE: std::sync::OnceLock<regwatch::domain::source::Source> = std::sync::OnceLock::new();

        libfuzzer_sys::fuzz_target!(|body: &[u8]| {
            $crate::check(SOURCE.get_or_init(|| $crate::source($settings, $file)), body);
        });
    };
}
