//! What each row of a table is: an entry, a heading of those below, details of the one above.

use scraper::ElementRef;

use crate::extract::html;
use crate::extract::section;
use crate::extract::table::{self, GappedRow};

/// What a row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RowRole {
    /// It says nothing of its own: the headers again, a letter that sorts, a sum.
    Nothing,
    /// The rows below it stand under this heading.
    Heading(String),
    /// It goes on with what the row above says.
    Details,
    /// An entry.
    Entry,
    /// An entry of one cell that covers the row.
    Whole,
}

/// A longer text heads nothing.
const MAX_HEADING_BYTES: usize = 250;

/// What a row seems to be by itself.
enum RowShape {
    Blank,
    Repeated,
    /// One cell over the whole row; whether it is one of headers.
    Full {
        text: String,
        is_header: bool,
    },
    Entry,
}

/// What the rows below the headers are.
pub(super) fn parts(body: &[GappedRow<'_>], headers: &[String]) -> Vec<RowRole> {
    let shapes: Vec<RowShape> = body.iter().map(|row| shape(row, headers)).collect();
    let is_entry = |shape: &RowShape| matches!(shape, RowShape::Entry);
    let is_full = |shape: &&RowShape| matches!(shape, RowShape::Full { .. });
    let entries = shapes.iter().filter(|shape| is_entry(shape)).count();
    let fulls = shapes.iter().filter(is_full).count();
    // Rows that open below an entry are nearly as many as the entries.
    let told: Vec<&RowShape> = shapes.iter().filter(|shape| is_entry(shape) || is_full(shape)).collect();
    let are_details = fulls > 1
        && fulls * 2 >= entries
        && told.windows(2).all(|pair| !is_full(&pair[1]) || is_entry(pair[0]))
        && told.first().is_some_and(|first| is_entry(first))
        && !shapes
            .iter()
            .any(|shape| matches!(shape, RowShape::Full { text, .. } if section::is_standing(text)));
    let heads = |index: usize| {
        let next = shapes[index + 1..].iter().find(|shape| is_entry(shape) || is_full(shape));
        next.is_some_and(is_entry)
    };
    #[expect(clippy::match_same_arms, reason = "the arms are tried in their order")]
    let part = |(index, shape): (usize, &RowShape)| match shape {
        RowShape::Blank | RowShape::Repeated => RowRole::Nothing,
        RowShape::Entry => RowRole::Entry,
        RowShape::Full { .. } if are_details => RowRole::Details,
        RowShape::Full { text, .. } if section::is_letter(text) || section::says_nothing(text) => {
            RowRole::Nothing
        }
        RowShape::Full { text, .. } if text.len() <= MAX_HEADING_BYTES && heads(index) => {
            RowRole::Heading(section::label(text))
        }
        RowShape::Full { is_header: true, .. } => RowRole::Nothing,
        RowShape::Full { .. } => RowRole::Whole,
    };
    shapes.iter().enumerate().map(part).collect()
}

fn shape(row: &GappedRow<'_>, headers: &[String]) -> RowShape {
    if repeats(row, headers) {
        return RowShape::Repeated;
    }
    let told: Vec<ElementRef<'_>> = distinct(row).filter(|cell| says_something(*cell)).take(2).collect();
    match told.as_slice() {
        [] => RowShape::Blank,
        [cell] => {
            let are_headers = distinct(row).all(|cell| cell.value().name() == "th");
            let is_alone = row.len() > 1 && distinct(row).count() == 1;
            let text = html::opening(*cell, MAX_HEADING_BYTES + 1);
            let is_short = text.len() <= MAX_HEADING_BYTES;
            let is_heading = || is_short && (section::is_standing(&text) || section::is_letter(&text));
            if is_alone || are_headers && headers.len() > 1 || is_heading() {
                RowShape::Full { text, is_header: are_headers }
            } else {
                RowShape::Entry
            }
        }
        _ if is_sum(row) => RowShape::Blank,
        _ => RowShape::Entry,
    }
}

/// The cells of a row, each once: what covers several columns stands in them side by side.
pub(super) fn distinct<'a>(row: &GappedRow<'a>) -> impl Iterator<Item = ElementRef<'a>> {
    let mut last = None;
    row.iter().flatten().copied().filter(move |cell| last.replace(cell.id()) != Some(cell.id()))
}

fn says_something(cell: ElementRef<'_>) -> bool {
    // Most cells begin with a word.
    let begins = |cell: ElementRef<'_>| Some(!cell.first_child()?.value().as_text()?.trim().is_empty());
    begins(cell) == Some(true) || !html::opening(cell, 1).trim().is_empty()
}

/// The one cell of a row that says something, if it is one.
pub(super) fn only_cell<'a>(row: &GappedRow<'a>) -> Option<ElementRef<'a>> {
    let mut told = distinct(row).filter(|cell| says_something(*cell));
    told.next().filter(|_| told.next().is_none())
}

/// Whether a row says the headers again, as long tables do, perhaps some of them in other words.
fn repeats(row: &GappedRow<'_>, headers: &[String]) -> bool {
    let is_same = |(cell, header): &(&Option<ElementRef<'_>>, &String)| {
        let Some(cell) = cell.filter(|_| !header.is_empty()) else { return false };
        let first = |text: &str| text.trim_start().chars().flat_map(char::to_lowercase).next();
        // Most cells differ in their first letter.
        let begins_alike = |text: &str| first(text) == first(header);
        let begins = cell.first_child().and_then(|child| child.value().as_text());
        if begins.is_some_and(|text| !text.trim().is_empty() && !begins_alike(text)) {
            return false;
        }
        let text = html::opening(cell, 4 * header.len());
        begins_alike(&text) && table::folded_header(&text) == **header
    };
    let same = row.iter().zip(headers).filter(is_same).count();
    if same == 0 {
        return false;
    }
    let said = distinct(row).filter(|cell| says_something(*cell)).count();
    let are_headers = said > 1 && distinct(row).all(|cell| cell.value().name() == "th");
    are_headers || same * 2 > said && (same > 1 || headers.len() == 1)
}

/// Whether a row sums up the rows: "Total", and numbers.
fn is_sum(row: &GappedRow<'_>) -> bool {
    let texts = distinct(row).map(|cell| html::opening(cell, 40)).map(|text| text.trim().to_lowercase());
    let mut texts = texts.filter(|text| !text.is_empty());
    let is_number = |text: String| text.chars().all(|c| c.is_ascii_digit() || ",. ".contains(c));
    texts.next().is_some_and(|first| {
        matches!(first.trim_end_matches(':'), "total" | "totals" | "grand total" | "sum")
            && texts.all(is_number)
    })
}

/// Whether a column counts its rows: that is where they stand, not what they say.
pub(in crate::extract) fn is_numbering(texts: impl Iterator<Item = String>) -> bool {
    let mut last: Option<u64> = None;
    let mut count = 0_usize;
    for text in texts {
        let text = text.trim().trim_end_matches(['.', ')']).to_owned();
        if text.is_empty() {
            continue;
        }
        let Ok(number) = text.parse::<u64>() else { return false };
        // The first of a page that goes on may be any.
        if last.is_some_and(|last| number != last + 1) {
            return false;
        }
        last = Some(number);
        count += 1;
    }
    count > 1
}
