//! What every fuzz target of an extractor does.

use regwatch::config::read_source;
use regwatch::domain::diff::diff;
use regwatch::domain::noise::Noise;
use regwatch::domain::source::SourceKind;
use regwatch::extract::{Page, extract, time_to_live};

/// A kind of source with these keys, as they stand in the configuration.
///
/// # Panics
/// Where they are none of a kind's.
#[must_use]
pub fn kind(keys: &str) -> SourceKind {
    let common = "[[source]]\nid = 'a'\ntitle = 'A'\nurl = 'https://agency.test/'\nschedule = '@daily'\n";
    read_source(&format!("{common}{keys}")).expect("the keys of a kind").kind
}

/// Gives a body as a page to whatever reads it.
pub fn with_page<T>(body: &[u8], read: impl FnOnce(&Page<'_>) -> T) -> T {
    let url = "https://agency.test/list/page.html".parse().expect("an address");
    read(&Page { body, content_type: None, url: &url })
}

/// Reads a body and holds the laws: the same body gives the same document, in which nothing changed.
///
/// # Panics
/// Where they do not hold.
pub fn check(kind: &SourceKind, body: &[u8]) {
    with_page(body, |page| {
        let _ = time_to_live(kind, page);
        let Ok(document) = extract(kind, page) else { return };
        assert_eq!(extract(kind, page).as_ref(), Ok(&document), "read twice");
        for noise in [Noise::default(), Noise::of(kind.default_noise())] {
            assert!(diff(&document, &document, &noise).is_empty(), "compared with itself");
        }
    });
}

/// A fuzz target over the bodies of a source with these settings.
#[macro_export]
macro_rules! extractor {
    ($settings:expr) => {
        static KIND: std::sync::OnceLock<regwatch::domain::source::SourceKind> = std::sync::OnceLock::new();

        libfuzzer_sys::fuzz_target!(|body: &[u8]| {
            $crate::check(KIND.get_or_init(|| $crate::kind($settings)), body);
        });
    };
}
