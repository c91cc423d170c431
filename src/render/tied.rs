//! Which other sources tell the same as a change, in words.

use std::collections::BTreeSet;

use chrono_tz::Tz;

use super::when;
use crate::domain::change::Change;
use crate::domain::event::Tie;
use crate::domain::text::{one_line, shorten};

/// What other sources certainly tell as well.
const ALSO_TOLD: &str = "Also told by";

/// What is about the same document in another way, or only speaks of it.
const SEE_ALSO: &str = "See also";

/// So many sources are named.
const MAX_NAMED: usize = 5;

/// A source's name is cut to this.
const MAX_TITLE_CHARS: usize = 100;

/// The other sources of a change, each with when it told it and the number that says so: those that tell the same, and
/// those that may.
pub(super) fn tied(change: &Change, ties: &[Tie], zone: Tz) -> impl Iterator<Item = (&'static str, String)> {
    let others = ties.iter().filter(|tie| tie.change.source != change.source);
    let (same, near): (Vec<&Tie>, Vec<&Tie>) = others.partition(|tie| tie.is_told_by_another(change));
    [(ALSO_TOLD, same), (SEE_ALSO, near)]
        .into_iter()
        .filter(|(_, ties)| !ties.is_empty())
        .map(move |(label, ties)| (label, named(&ties, zone)))
}

/// The other sources that tell the same as a change, by name alone.
pub(super) fn told_by(change: &Change, ties: &[Tie]) -> Option<String> {
    let same = ties.iter().filter(|tie| tie.is_told_by_another(change));
    let names: BTreeSet<&str> = same.map(|tie| tie.change.source_title.as_str()).collect();
    let more = names.len().saturating_sub(MAX_NAMED);
    let mut shown: Vec<String> =
        names.into_iter().take(MAX_NAMED).map(|name| shorten(&one_line(name), MAX_TITLE_CHARS)).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    (!shown.is_empty()).then(|| shown.join(", "))
}

/// Each source once, with the first that it told.
fn named(ties: &[&Tie], zone: Tz) -> String {
    let mut seen = BTreeSet::new();
    let first: Vec<&&Tie> = ties.iter().filter(|tie| seen.insert(&tie.change.source)).collect();
    let mut names: Vec<String> = first
        .iter()
        .take(MAX_NAMED)
        .map(|tie| {
            let title = shorten(&one_line(&tie.change.source_title), MAX_TITLE_CHARS);
            let day = when::day(when::day_of(tie.change.found_at, zone));
            format!("{title}, {day} ({})", one_line(&tie.number.to_string()))
        })
        .collect();
    if first.len() > MAX_NAMED {
        names.push(format!("{} more", first.len() - MAX_NAMED));
    }
    names.join("; ")
}
