//! Words by which changes are looked for: how a text gives them, and how what somebody types does.
//!
//! A word is a run of letters and digits, folded so that `Société` is found by `societe`. Scripts that write no
//! blanks between words (Chinese, Japanese, Korean) give each letter and each pair of neighbours, so that any part
//! of a name is found.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use super::change::Change;

/// A longer word is cut: nobody types it.
const MAX_WORD_CHARS: usize = 40;

/// Of one change, as much text is looked at.
const MAX_TEXT_BYTES: usize = 256 * 1024;

/// Of what somebody types, as many words count.
const MAX_SOUGHT: usize = 16;

/// The words by which a text is found.
#[must_use]
pub fn words_of(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for run in runs(text) {
        match run {
            SearchRun::Word(word) => drop(words.insert(word)),
            SearchRun::Letters(letters) => {
                words.extend(letters.iter().map(char::to_string));
                words.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>()));
            }
        }
    }
    words
}

/// The words that must all be there where somebody looks for this.
#[must_use]
pub fn sought(text: &str) -> Vec<String> {
    let mut words = BTreeSet::new();
    for run in runs(text) {
        match run {
            SearchRun::Word(word) => drop(words.insert(word)),
            SearchRun::Letters(letters) if letters.len() == 1 => drop(words.insert(letters[0].to_string())),
            SearchRun::Letters(letters) => words.extend(letters.windows(2).map(|pair| pair.iter().collect())),
        }
    }
    words.into_iter().take(MAX_SOUGHT).collect()
}

/// The words by which a change is found: of its entry before and after, its source and the names found in it.
#[must_use]
pub fn words_of_change(change: &Change) -> BTreeSet<String> {
    let entry = &change.entry;
    let fields = entry.fields.iter().flat_map(|field| field.before.iter().chain(&field.after));
    let context = entry.context.iter().map(|(_, text)| text);
    let names = change.matches.iter().chain(&change.possible).map(|found| &found.alias);
    let texts = [&entry.title, &entry.key, &change.source_title].into_iter().chain(fields).chain(context);
    let (mut words, mut left) = (BTreeSet::new(), MAX_TEXT_BYTES);
    for text in texts.chain(names) {
        let end = super::text::boundary_before(text, left.min(text.len()));
        left -= end;
        words.extend(words_of(&text[..end]));
    }
    words
}

enum SearchRun {
    Word(String),
    Letters(Vec<char>),
}

fn runs(text: &str) -> Vec<SearchRun> {
    let (mut runs, mut word, mut letters) = (Vec::new(), String::new(), Vec::new());
    let folded = text.nfkd().filter(|c| canonical_combining_class(*c) == 0).flat_map(char::to_lowercase);
    for c in folded.chain([' ']) {
        let is_unspaced = is_unspaced(c);
        if !letters.is_empty() && !is_unspaced {
            runs.push(SearchRun::Letters(std::mem::take(&mut letters)));
        }
        if !word.is_empty() && (is_unspaced || !c.is_alphanumeric()) {
            runs.push(SearchRun::Word(word.chars().take(MAX_WORD_CHARS).collect()));
            word.clear();
        }
        if is_unspaced {
            letters.push(c);
        } else if c.is_alphanumeric() {
            word.push(c);
        }
    }
    runs
}

/// Whether a letter is of a script that writes no blanks between words. Decomposed Hangul counts as well.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, query: &str, expected: bool) {
        let words = words_of(text);
        let sought = sought(query);
        assert_eq!(sought.iter().all(|word| words.contains(word)), expected, "{query:?} in {text:?}");
    }

    #[test]
    fn words_are_found_however_they_are_written() {
        check("Société Générale, Paris", "societe PARIS", true);
        check("ZTE Corporation", "zte", true);
        check("ZTE Corporation", "zt", false);
        check("docket 26-1234", "26-1234", true);
        check("ＺＴＥ", "zte", true);
        check("Hangzhou", "zte", false);
        check("anything", "", true);
    }

    #[test]
    fn a_part_of_a_name_without_blanks_is_found() {
        check("杭州海康威视数字技术股份有限公司", "海康威视", true);
        check("杭州海康威视数字技术股份有限公司", "海", true);
        check("杭州海康威视", "视康", false);
        check("Hikvision海康威视", "hikvision 海康", true);
    }
}
