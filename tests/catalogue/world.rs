//! What all the real hosts answer.

use regwatch::domain::source::{Source, SourceKind};
use serde_json::json;

use crate::bodies::{self, Size};
use crate::proxy::{Proxy, Reply};

/// What is not known of a source's size.
const ROWS: usize = 12;
const BYTES: usize = 20_000;

/// A source's size in the world: so many hundredths of what was observed.
pub fn size(source: &Source, percent: usize, has_tracked: bool) -> Size {
    let observed = source.catalogue.observed.as_ref();
    let grown =
        |number: Option<u32>, usual: usize| number.map_or(usual, |number| number as usize) * percent / 100;
    Size {
        // Where nobody counted, the guard says what is too few.
        rows: grown(
            observed.and_then(|observed| observed.entries),
            ROWS.max(source.guard.min_entries * 5 / 4),
        ),
        bytes: grown(observed.and_then(|observed| observed.bytes), BYTES),
        has_tracked,
    }
}

/// The rules of the host that forbids programs a part of its API.
const ECFR_RULES: &str = "User-agent: *\nDisallow: /api/versioner/v1/full/\n";

const ECFR: &str = "https://www.ecfr.gov";

/// Has every source answered in this size.
pub fn answer(proxy: &Proxy, sources: &[&Source], percent: usize, has_tracked: bool) {
    for source in sources {
        if let Some(witness) = source.request.witness.as_ref().filter(|witness| witness.url != source.url) {
            let said = format!("<rss>edition {percent} {has_tracked}</rss>");
            proxy.answer(witness.url.as_str(), Reply::of("application/xml", said));
        }
        if !matches!(source.kind, SourceKind::Ecfr(_)) {
            for (address, reply) in bodies::of(source, size(source, percent, has_tracked)) {
                proxy.answer(&address, reply);
            }
        }
    }
    regulations(proxy, sources, percent, has_tracked);
}

fn regulations(proxy: &Proxy, sources: &[&Source], percent: usize, has_tracked: bool) {
    let lists: Vec<(&str, Size)> = sources
        .iter()
        .filter_map(|source| match &source.kind {
            SourceKind::Ecfr(settings) => {
                Some((settings.appendix.as_deref()?, size(source, percent, has_tracked)))
            }
            _ => None,
        })
        .collect();
    let day = if has_tracked { "2026-11-20" } else { "2026-06-18" };
    let title = json!({ "number": 15, "name": "Trade", "latest_amended_on": day, "latest_issue_date": day,
                        "up_to_date_as_of": day, "reserved": false });
    let titles = json!({ "titles": [title], "meta": { "date": day, "import_in_progress": false } });
    proxy.answer(&format!("{ECFR}/robots.txt"), Reply::of("text/plain", ECFR_RULES));
    proxy.answer(
        &format!("{ECFR}/api/versioner/v1/titles.json"),
        Reply::of("application/json", titles.to_string()),
    );
    proxy.answer(
        &format!("{ECFR}/api/versioner/v1/full/{day}/title-15.xml?part=744"),
        Reply::of("application/xml", bodies::regulations(&lists)),
    );
}
