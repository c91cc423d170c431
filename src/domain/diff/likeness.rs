//! How alike two entries are by what they say.

use similar::{Algorithm, TextDiff};

use crate::domain::docket::{self, is_docket_entry};
use crate::domain::entry::{Entry, EntryDate};

/// Words beyond this many do not sway how alike two texts are, and comparing them costs quadratic time.
const MAX_LIKENESS_WORDS: usize = 400;

/// How alike two texts of one day are; what is of two days is two things.
pub(super) fn likeness_of_a_day(before: &Entry, after: &Entry) -> f32 {
    let day = |entry: &Entry| entry.date.map(EntryDate::day);
    if day(before) == day(after) { text_likeness(before, after) } else { 0.0 }
}

pub(super) fn text_likeness(before: &Entry, after: &Entry) -> f32 {
    let joined = |entry: &Entry| {
        let mut text = String::new();
        // What else a docket entry has is the case's or the day's, and alike in all.
        let is_own = |name: &str| !is_docket_entry(entry) || name == docket::TEXT;
        for (_, field) in entry.fields.iter().filter(|(name, _)| is_own(name)) {
            for word in field.split_whitespace().take(MAX_LIKENESS_WORDS) {
                text.push_str(word);
                text.push(' ');
            }
        }
        text
    };
    let (old, new) = (joined(before), joined(after));
    TextDiff::configure().algorithm(Algorithm::Myers).diff_words(&old, &new).ratio()
}
