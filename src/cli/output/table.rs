//! Rows under headings within the width of a terminal.
//!
//! An id, a time or an address that is broken in two can be neither read nor copied. So lines are broken between words,
//! moments stay whole as long as there is room for that, and columns that can be spared go first.

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};
use textwrap::core::display_width;

use crate::domain::text::one_line;

/// Stands on both sides of a cell together.
const PADDING: usize = 2;

/// So much is reckoned with for a column whose words must be broken.
const NARROWEST: usize = 8;

/// Keeps two words on one line.
const UNBROKEN: char = '\u{a0}';

/// The lines of a table, and the columns that were left out.
pub(super) fn lines<'a>(
    headings: &[&'a str],
    spares: &[&'a str],
    rows: &[Vec<String>],
    width: Option<usize>,
) -> (Vec<String>, Vec<&'a str>) {
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| with_whole_moments(&one_line(cell))).collect()).collect();
    let all = || (0..headings.len()).map(|place| Column { place, bound: None, has_whole_moments: false });
    let Some(width) = width else {
        return (drawn(headings, &all().collect::<Vec<_>>(), &cells, None), Vec::new());
    };
    let (columns, left_out) = fitted(headings, spares, &cells, width);
    (drawn(headings, &columns, &cells, Some(width)), left_out)
}

/// A column that is shown.
#[derive(Debug, Clone, Copy)]
struct Column {
    place: usize,
    /// It is no narrower than that; where nothing stands here, its words may be broken.
    bound: Option<usize>,
    has_whole_moments: bool,
}

impl Column {
    /// One in which nothing is broken; with whole moments, none of them either.
    fn of(place: usize, heading: &str, cells: &[Vec<String>], has_whole_moments: bool) -> Self {
        let is_between = |c: char| c == ' ' || (c == UNBROKEN && !has_whole_moments);
        let texts = cells.iter().map(|row| row[place].as_str()).chain([heading]);
        let widest = texts.flat_map(|text| text.split(is_between)).map(display_width).max().unwrap_or(0);
        Self { place, bound: Some(widest + PADDING), has_whole_moments }
    }

    fn width(&self) -> usize {
        self.bound.unwrap_or(NARROWEST)
    }
}

/// The columns that have room beside each other, and the spare ones that have none.
fn fitted<'a>(
    headings: &[&'a str],
    spares: &[&'a str],
    cells: &[Vec<String>],
    width: usize,
) -> (Vec<Column>, Vec<&'a str>) {
    let is_fitting = |columns: &[Column]| columns.iter().map(Column::width).sum::<usize>() <= width;
    let places = headings.iter().enumerate();
    let mut columns: Vec<Column> =
        places.map(|(place, heading)| Column::of(place, heading, cells, true)).collect();
    let mut left_out = Vec::new();
    for spare in spares {
        if is_fitting(&columns) {
            break;
        }
        columns.retain(|column| headings[column.place] != *spare);
        left_out.push(*spare);
    }
    for place in (0..columns.len()).rev() {
        if !is_fitting(&columns) {
            let column = &mut columns[place];
            *column = Column::of(column.place, headings[column.place], cells, false);
        }
    }
    while !is_fitting(&columns) {
        let widest =
            columns.iter_mut().filter(|column| column.bound.is_some()).max_by_key(|column| column.bound);
        let Some(widest) = widest else { break };
        widest.bound = None;
    }
    (columns, left_out)
}

fn drawn(headings: &[&str], columns: &[Column], cells: &[Vec<String>], width: Option<usize>) -> Vec<String> {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(columns.iter().map(|column| headings[column.place]));
    if let Some(width) = width {
        table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    }
    for row in cells {
        table.add_row(columns.iter().map(|column| {
            let cell = &row[column.place];
            if column.has_whole_moments { cell.clone() } else { cell.replace(UNBROKEN, " ") }
        }));
    }
    for (place, column) in columns.iter().enumerate() {
        if let (Some(shown), Some(bound)) = (table.column_mut(place), column.bound) {
            let bound = u16::try_from(bound).unwrap_or(u16::MAX);
            shown.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(bound)));
        }
    }
    table.lines().map(|line| line.trim_end().replace(UNBROKEN, " ")).collect()
}

/// A text whose moments are one word each: a day, a time and a zone, as they are shown on a terminal.
fn with_whole_moments(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut whole = String::with_capacity(text.len());
    for (place, word) in words.iter().enumerate() {
        let is_in_moment = place > 0 && (is_time(word) && is_day(words[place - 1]))
            || place > 1 && is_time(words[place - 1]) && is_day(words[place - 2]);
        match (place, is_in_moment) {
            (0, _) => {}
            (_, true) => whole.push(UNBROKEN),
            (_, false) => whole.push(' '),
        }
        whole.push_str(word);
    }
    whole
}

fn is_day(word: &str) -> bool {
    word.parse::<chrono::NaiveDate>().is_ok()
}

fn is_time(word: &str) -> bool {
    let parts: Vec<&str> = word.split(':').collect();
    (2..=3).contains(&parts.len())
        && parts.iter().all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADINGS: [&str; 4] = ["SOURCE", "KIND", "LAST GOOD", "TROUBLE"];

    fn rows() -> Vec<Vec<String>> {
        let row = [
            "some-covered-list",
            "fcc-covered-list",
            "2026-11-29 23:05 UTC",
            "held since 2026-11-29 23:05 UTC",
        ];
        vec![row.map(str::to_owned).to_vec()]
    }

    fn within(width: usize) -> (String, Vec<&'static str>) {
        let (lines, left_out) = lines(&HEADINGS, &["KIND"], &rows(), Some(width));
        assert!(lines.iter().all(|line| display_width(line) <= width), "{width}: {lines:#?}");
        (lines.join("\n"), left_out)
    }

    #[test]
    fn ids_and_moments_are_not_broken_while_there_is_room() {
        let (shown, left_out) = within(83);
        assert!(shown.contains("fcc-covered-list") && shown.contains("2026-11-29 23:05 UTC"), "{shown}");
        assert_eq!(left_out, [""; 0]);
        let (shown, left_out) = within(66);
        assert!(shown.contains("some-covered-list  2026-11-29 23:05 UTC"), "{shown}");
        assert_eq!(left_out, ["KIND"]);
    }

    #[test]
    fn where_room_is_scarce_moments_are_broken_between_their_words_and_only_then_words() {
        let (shown, _) = within(44);
        assert!(shown.contains("some-covered-list") && shown.contains("2026-11-29"), "{shown}");
        let (shown, _) = within(24);
        assert!(!shown.contains("some-covered-list"), "{shown}");
    }

    #[test]
    fn where_no_person_reads_along_nothing_is_broken_or_left_out() {
        let (shown, left_out) = lines(&HEADINGS, &["KIND"], &rows(), None);
        assert_eq!(shown.len(), 2, "{shown:#?}");
        assert_eq!(left_out, [""; 0]);
    }

    #[test]
    fn a_moment_is_one_word_with_its_zone() {
        let text = "held since 2026-11-29 23:05:12 UTC, for 2 days at 12:30 or 2026-11-29 on";
        let whole = with_whole_moments(text);
        assert_eq!(whole.replace(UNBROKEN, "_"), text.replace("29 23:05:12 UTC", "29_23:05:12_UTC"));
    }
}
