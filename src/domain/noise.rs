//! What may differ between two reads without anything having changed.
//!
//! Noise is applied when texts are *compared*; what is stored and shown stays
//! as the source wrote it. So a noise rule added today silences tomorrow's
//! false alarm without rewriting what was kept.
//!
//! Spelling is always noise ([`fold`]). What else is, is recognised by what it is
//! and never by its looks: a stamp by its label and by standing alone ([`stamp`]).

mod address;
mod day;
mod fold;
mod stamp;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::DateTime;
use regex::Regex;
use serde::{Deserialize, Serialize};

use self::stamp::Block;

pub use self::address::revealed;
pub use self::fold::{is_raised, raised};

/// A class of noise that a source can be told to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseClass {
    /// What is raised above the line, and `* † ‡ ± # ^ £ § ¶` where they stand as a mark: they move when footnotes
    /// are renumbered.
    FootnoteMarks,
    /// Words for screen readers before a link's text: "Visit - ".
    ScreenReader,
    /// Blocks that say when the page was made: "Last updated: …", "Content current as of …"; the years of a
    /// copyright.
    Timestamps,
    /// Blocks that say from now when something was or will be: "3 days ago", "2 hours left".
    RelativeTimes,
    /// Blocks that visitors leave behind: "1,234 views", "Visitors: 1234", "generated in 0.1 s".
    Counters,
    /// Lines that come in another order: a party's aliases, its addresses.
    LineOrder,
    /// Blocks that name a visit: numbers of requests and sessions, the visitor's address, keys.
    Nonces,
    /// A link that appears or vanishes around unchanged words. A link that *moves* is always told.
    LinkPresence,
}

/// The noise of one source.
#[derive(Debug, Clone, Default)]
pub struct Noise {
    /// The classes that apply.
    pub classes: BTreeSet<NoiseClass>,
    /// Text that is removed before comparing.
    pub patterns: Vec<Regex>,
    /// Fields that are shown but never compared.
    pub fields: BTreeSet<String>,
    /// Query parameters ignored in links, beside those that name a visit; in lower case.
    pub parameters: BTreeSet<String>,
}

fn pattern(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the patterns are constants, each exercised by a test")]
    Regex::new(text).expect("constant pattern")
}

static SCREEN_READER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bVisit - "));

/// White space that a template adds or drops beside quotation marks and punctuation.
static BESIDE_QUOTES: LazyLock<Regex> = LazyLock::new(|| pattern(r#"\s*(["'])\s*"#));
static BEFORE_POINTS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s+([,.;:!?)\]])"));

/// The number of a footnote in brackets, behind the last word of a cell.
static NOTE_NUMBER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?P<word>[\p{L}.)])\s*(?:\[\d{1,2}\]\s*)+$"));
/// The same in round brackets, which only a name can be known to have.
static NAME_NUMBER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?P<word>[\p{L}.)])(?:\s*\[\d{1,2}\]|\s+\(\d{1,2}\))+$"));

/// What parts several values in one cell.
const VALUE_ENDS: [char; 3] = ['\n', ';', '|'];

fn remove_all<'a>(text: Cow<'a, str>, patterns: &[Regex]) -> Cow<'a, str> {
    patterns.iter().fold(text, |text, pattern| match pattern.replace_all(&text, " ") {
        Cow::Borrowed(_) => text,
        Cow::Owned(changed) => Cow::Owned(changed),
    })
}

/// A text as it is compared.
#[derive(Debug, Default, PartialEq, Eq)]
struct Canonical {
    /// Its blocks.
    lines: Vec<String>,
    /// What says how far away a moment is: the words, whether the number falls, and the numbers.
    clocked: BTreeMap<(String, bool), Vec<u64>>,
}

impl Canonical {
    fn joined(&self) -> String {
        tight(&self.lines.join(" "))
    }

    fn set(&self) -> BTreeSet<String> {
        self.lines.iter().map(|line| tight(line)).collect()
    }

    /// Whether its moments are the same, seen later.
    fn becomes(&self, later: &Self) -> bool {
        self.clocked.len() == later.clocked.len()
            && self.clocked.iter().all(|(words, before)| {
                later.clocked.get(words).is_some_and(|after| passed(before, after, words.1))
            })
    }
}

fn passed(before: &[u64], after: &[u64], falls: bool) -> bool {
    let is_later = |(before, after): (&u64, &u64)| if falls { after <= before } else { after >= before };
    before.len() == after.len() && before.iter().zip(after).all(is_later)
}

fn tight(text: &str) -> String {
    // Most texts have neither, and to see that costs less than to look for a place to change.
    let has_quotes = text.contains(['"', '\'']);
    let text = if has_quotes { BESIDE_QUOTES.replace_all(text, "$1") } else { Cow::Borrowed(text) };
    let is_loose = |pair: &[u8]| !pair[0].is_ascii_graphic() && b",.;:!?)]".contains(&pair[1]);
    let text = if text.as_bytes().windows(2).any(is_loose) {
        BEFORE_POINTS.replace_all(&text, "$1")
    } else {
        Cow::Borrowed(&*text)
    };
    text.trim().to_owned()
}

impl Noise {
    /// Noise of the given classes only.
    #[must_use]
    pub fn of(classes: impl IntoIterator<Item = NoiseClass>) -> Self {
        Self { classes: classes.into_iter().collect(), ..Self::default() }
    }

    fn has(&self, class: NoiseClass) -> bool {
        self.classes.contains(&class)
    }

    /// Whether two texts differ in noise only.
    #[must_use]
    pub fn is_same(&self, before: &str, after: &str) -> bool {
        if before == after || is_one_moment(before, after) {
            return true;
        }
        let (old, new) = (self.read(before), self.read(after));
        let is_alike =
            || old.joined() == new.joined() || self.has(NoiseClass::LineOrder) && old.set() == new.set();
        old.becomes(&new) && is_alike()
    }

    /// Whether two cells of a list differ in noise only. The order of several values in one cell says nothing.
    #[must_use]
    pub fn is_same_cell(&self, before: &str, after: &str) -> bool {
        self.is_same(before, after) || day::is_one(before, after) || self.values(before) == self.values(after)
    }

    /// Whether two names on a list differ in noise only.
    #[must_use]
    pub fn is_same_name(&self, before: &str, after: &str) -> bool {
        self.is_same_cell(before, after)
            || self.has(NoiseClass::FootnoteMarks)
                && self.is_same(&without_note_number(before), &without_note_number(after))
    }

    /// The values of a cell, in no order.
    fn values(&self, text: &str) -> Vec<String> {
        let marks = self.has(NoiseClass::FootnoteMarks);
        let text = remove_all(Cow::Borrowed(text), &self.patterns);
        let settled = |value: &str| {
            let folded = fold::folded(value, marks);
            let bare = if marks { NOTE_NUMBER.replace(&folded, "$word") } else { Cow::Borrowed(&*folded) };
            tight(&bare)
        };
        let values = text.split(VALUE_ENDS).flat_map(|part| match day::only(part) {
            Some(day) => vec![day.to_string()],
            None => part.split(", ").map(settled).collect(),
        });
        let mut values: Vec<String> = values.filter(|value| !value.is_empty()).collect();
        values.sort_unstable();
        values
    }

    fn read(&self, text: &str) -> Canonical {
        let mut text = Cow::Borrowed(text);
        if self.has(NoiseClass::ScreenReader) {
            text = remove_all(text, std::slice::from_ref(&*SCREEN_READER));
        }
        text = remove_all(text, &self.patterns);
        let marks = self.has(NoiseClass::FootnoteMarks);
        let lines = text.lines().map(|line| fold::folded(line, marks)).filter(|line| !line.is_empty());
        let mut canonical = Canonical::default();
        for block in stamp::without_stamps(lines.collect(), &self.classes) {
            match block {
                Block::Says(line) => canonical.lines.push(line),
                Block::Clocked { text, seconds, falls } => {
                    canonical.clocked.entry((text, falls)).or_default().push(seconds);
                }
            }
        }
        for amounts in canonical.clocked.values_mut() {
            amounts.sort_unstable();
        }
        canonical
    }

    /// The form in which a text is compared, on one line. That lines may come in another order is left
    /// to [`Self::is_same`].
    #[must_use]
    pub fn canonical(&self, text: &str) -> String {
        if self.is_of_spelling() && fold::is_folded(text) { tight(text) } else { self.read(text).joined() }
    }

    /// Whether nothing but how a text is spelt is noise.
    fn is_of_spelling(&self) -> bool {
        self.patterns.is_empty() && self.classes.iter().all(|class| *class == NoiseClass::FootnoteMarks)
    }

    /// The form in which an address is compared: without scheme, `www.`, session ids, tracking parameters,
    /// signatures and default spelling.
    #[must_use]
    pub fn canonical_url(&self, address: &str) -> String {
        address::normal(address, &self.parameters)
    }

    /// Whether an address leads over a place where clicks are counted: nobody can say where to.
    #[must_use]
    pub fn is_counted_click(address: &str) -> bool {
        address::is_counted_click(address)
    }

    /// Whether two addresses may lead to the same document.
    #[must_use]
    pub fn is_same_url(&self, before: &str, after: &str) -> bool {
        before == after
            || self.canonical_url(before) == self.canonical_url(after)
            || address::is_counted_click(before)
            || address::is_counted_click(after)
    }
}

/// A name without the number of its footnote.
#[must_use]
pub fn without_note_number(name: &str) -> Cow<'_, str> {
    if !name.trim_end().ends_with([']', ')']) {
        return Cow::Borrowed(name.trim_end());
    }
    NAME_NUMBER.replace(name.trim_end(), "$word")
}

/// Whether both texts are points in time, and the same one in whatever zone.
fn is_one_moment(before: &str, after: &str) -> bool {
    let moment = |text: &str| DateTime::parse_from_rfc3339(text.trim()).ok();
    before.len() < 40 && moment(before).is_some_and(|before| moment(after) == Some(before))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_of_which_only_the_spelling_counts_is_read_alike_at_a_glance(text in "[ -~]{0,12}") {
            let marks = Noise::of([NoiseClass::FootnoteMarks]);
            prop_assert_eq!(marks.canonical(&text), marks.read(&text).joined());
        }
    }

    #[track_caller]
    fn same(class: NoiseClass, before: &str, after: &str) {
        assert!(Noise::of([class]).is_same(before, after), "{before:?} {after:?}");
    }

    #[track_caller]
    fn differ(before: &str, after: &str) {
        let noise = Noise::of([
            NoiseClass::FootnoteMarks,
            NoiseClass::ScreenReader,
            NoiseClass::Timestamps,
            NoiseClass::RelativeTimes,
            NoiseClass::Counters,
            NoiseClass::Nonces,
            NoiseClass::LineOrder,
        ]);
        assert!(!noise.is_same(before, after), "{before:?} {after:?}");
    }

    #[test]
    fn every_class_silences_its_noise() {
        same(NoiseClass::FootnoteMarks, "Routers^ produced", "Routers ^ produced");
        same(NoiseClass::FootnoteMarks, "country†† —except", "country —except");
        same(NoiseClass::ScreenReader, "(a) Visit - UAS and", "(a) UAS and");
        same(NoiseClass::LineOrder, "one\ntwo\nthree", "three\none\ntwo");
        same(NoiseClass::LineOrder, "one\ntwo three", "one two\nthree");
        same(NoiseClass::LineOrder, "two\n \none", "one\ntwo");
    }

    #[test]
    fn white_space_and_typography_are_always_noise() {
        let noise = Noise::default();
        for (before, after) in [
            ("a\u{a0} b", "a b"),
            ("components.\u{201d} \u{201c}All", "components.\u{201d}\u{201c}All"),
            ("Inc . subject", "Inc. subject"),
            ("DoD’s", "DoD's"),
        ] {
            assert_eq!(noise.canonical(before), noise.canonical(after));
        }
    }

    #[test]
    fn a_point_in_time_is_one_in_every_zone() {
        let noise = Noise::default();
        assert!(noise.is_same("2023-02-03T11:57:38-05:00", "2023-02-03T16:57:38+00:00"));
        assert!(!noise.is_same("2023-02-03T11:57:38-05:00", "2023-02-03T11:57:38+00:00"));
    }

    #[test]
    fn several_values_in_one_cell_have_no_order() {
        let noise = Noise::default();
        assert!(noise.is_same_cell("China; Hong Kong", "Hong Kong; China"));
        assert!(noise.is_same_cell("China, Russia", "Russia, China"));
        assert!(noise.is_same_cell("one\ntwo", "two\none"));
        assert!(noise.is_same_cell("June 21, 2022\nAugust 1, 2023", "2023-08-01\n06/21/2022"));
        assert!(!noise.is_same_cell("China; Hong Kong", "China"));
        assert!(!noise.is_same_cell("1,000", "000,1"));
        assert!(!noise.is_same("China; Hong Kong", "Hong Kong; China"), "in prose the order is meaning");
    }

    #[test]
    fn the_number_of_a_note_behind_a_cell_is_noise_and_in_a_text_it_is_text() {
        let noise = Noise::of([NoiseClass::FootnoteMarks]);
        assert!(noise.is_same_cell("see the order [1]", "see the order [2]"));
        assert!(noise.is_same_name("ZTE Corporation (1)", "ZTE Corporation"));
        assert!(!noise.is_same_cell("see the order (1)", "see the order (2)"));
        assert!(!noise.is_same("as in [1] of the order", "as in [2] of the order"));
        assert!(!noise.is_same_name("Factory 12", "Factory 13"));
    }

    #[test]
    fn what_matters_is_not_noise() {
        differ("effective March 12, 2021", "effective March 12, 2022");
        differ("a fine of $5,000", "a fine of $50,000");
        differ("holds 1,000 shares", "holds 2,000 shares");
        differ("Hikvision", "Dahua");
        differ("DA 26-957", "DA 26-958");
        differ("within 30 days", "within 60 days");
        differ("one\ntwo", "one\nthree");
        differ("one two", "two one");
    }
}
