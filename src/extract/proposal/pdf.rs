//! The text of a PDF: a numbered list, or lines.

use std::sync::LazyLock;

use regex::Regex;
use toml::Value;

use super::{Guess, MIN_ROWS, lines};
use crate::domain::text::{one_line, shorten};
use crate::extract::list::pdf_text;

#[expect(clippy::expect_used, reason = "the patterns are constants, each exercised by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant pattern")
}

/// The first line of an item of a numbered list.
const ITEM: &str = r"^ *\d{1,4}[.)] +\S";

/// Lines that belong to no entry: the numbers of pages.
const PAGE_NUMBER: &str = r"(?i)^ *(?:page *)?-? *\d{1,4}(?: *(?:of|/) *\d{1,4})? *-? *$";

static STARTS: LazyLock<Regex> = LazyLock::new(|| pattern(r"^ *(?<number>\d{1,4})[.)] +\S"));
static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(PAGE_NUMBER));

/// A page of more columns is a table.
const MAX_COLUMNS: usize = 3;

/// The settings that could read the text.
pub(in crate::extract) fn of(text: &str) -> Vec<Guess> {
    let kept = |columns: usize| -> Vec<String> {
        pdf_text::lines(text, columns).into_iter().filter(|line| !NUMBER.is_match(line)).collect()
    };
    let mut found = Vec::new();
    // The numbers go on from one column to the next: in so many columns as make the longest list.
    let lists = (1..=MAX_COLUMNS).filter_map(|columns| numbered(&borrowed(&kept(columns)), columns));
    let longest = lists.fold(None, |best: Option<(usize, Guess)>, list| match best {
        Some(best) if best.0 >= list.0 => Some(best),
        _ => Some(list),
    });
    found.extend(longest.map(|(_, guess)| guess));
    let kept = kept(1);
    if kept.len() >= MIN_ROWS {
        let settings = lines(&[
            ("kind", "pdf-text".into()),
            ("skip", vec![PAGE_NUMBER].into()),
            ("entry", "^(?<text>.+)$".into()),
            ("key", vec!["text"].into()),
        ]);
        let leaves_out = vec![
            "each line is taken for an entry: say with begin, end, starts and skip which are, and with entry what is in them"
                .to_owned(),
        ];
        found.push(Guess { settings, leaves_out });
    }
    found
}

/// A list whose items are numbered from 1: what stands above the first is passed over.
fn numbered(kept: &[&str], columns: usize) -> Option<(usize, Guess)> {
    let number = |line: &&str| STARTS.captures(line)?["number"].parse::<usize>().ok();
    let first = kept.iter().position(|line| number(line) == Some(1))?;
    let count =
        kept[first..].iter().filter_map(number).zip(1..).take_while(|(found, at)| found == at).count();
    if count < MIN_ROWS {
        return None;
    }
    let above = first.checked_sub(1).map(|place| kept[place]);
    // The line above must tell the beginning: no line before it may be the same.
    let begin = above.filter(|above| kept[..first - 1].iter().all(|line| line.trim() != above.trim()));
    let mut pairs: Vec<(&str, Value)> = vec![("kind", "pdf-text".into())];
    pairs.extend(begin.map(|begin| ("begin", format!("^ *{} *$", regex::escape(begin.trim())).into())));
    pairs.push(("skip", vec![PAGE_NUMBER].into()));
    pairs.push(("starts", ITEM.into()));
    let columns = i64::try_from(columns).ok().filter(|columns| *columns > 1);
    pairs.extend(columns.map(|columns| ("text_columns", columns.into())));
    pairs.push(("entry", r"^\d{1,4}[.)] +(?<name>.+)$".into()));
    pairs.push(("key", vec!["name"].into()));
    pairs.push(("row_title", "name".into()));
    let leaves_out = kept[..first]
        .first()
        .map(|line| format!("the text above the list is not read: {:?}", shorten(&one_line(line), 60)));
    Some((count, Guess { settings: lines(&pairs), leaves_out: leaves_out.into_iter().collect() }))
}

fn borrowed(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numbered_list_is_read_by_its_items_and_not_by_their_numbers() {
        let text = "ANNEX\n\nEntities Identified\n\n   1. One Company\n      of Sample\n   2. Two Company\n\n      1\n\u{c}   3. Three Company\n";
        let guesses = of(text);
        assert_eq!(
            guesses[0].settings,
            "kind = \"pdf-text\"\nbegin = \"^ *Entities Identified *$\"\nskip = ['(?i)^ *(?:page *)?-? *\\d{1,4}(?: *(?:of|/) *\\d{1,4})? *-? *$']\n\
             starts = '^ *\\d{1,4}[.)] +\\S'\nentry = '^\\d{1,4}[.)] +(?<name>.+)$'\nkey = [\"name\"]\nrow_title = \"name\"\n"
        );
        assert_eq!(guesses[0].leaves_out.len(), 1);
    }

    #[test]
    fn a_list_that_goes_on_in_the_next_column_is_read_column_by_column() {
        let text = "Entities Identified in the year of the report\n1. Alpha Works       4. Delta Works\n2. Beta Works        5. Epsilon Works\n\
                    3. Gamma Works       6. Zeta Works\n";
        assert!(of(text)[0].settings.contains("text_columns = 2\n"), "{}", of(text)[0].settings);
    }

    #[test]
    fn without_numbers_each_line_is_an_entry_and_that_is_said() {
        let guesses = of("One Company\nTwo Company\nPage 1 of 2\nThree Company\n");
        assert!(guesses[0].settings.contains("entry = \"^(?<text>.+)$\"\n"), "{}", guesses[0].settings);
        assert!(guesses[0].leaves_out[0].contains("each line"));
        assert_eq!(of("One\n"), []);
    }
}
