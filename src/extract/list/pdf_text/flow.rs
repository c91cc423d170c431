//! The lines of a PDF as its reader goes through them: page after page, column after column, without
//! what every page repeats. Where a page ends means nothing.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::domain::text::one_line;

/// So many lines at the top and at the foot of a page may be the same on every page.
const MAX_RUNNING: usize = 3;

/// A longer line is the page's own.
const MAX_RUNNING_BYTES: usize = 400;

/// The number of a page alone, or with words that say so.
static PAGE_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by a test")]
    Regex::new(
        r"(?i)^\s*(?:[-–—]\s*)?(?:(?:page|pg\.?|p\.)\s*)?\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?(?:\s*[-–—])?\s*$",
    )
    .expect("constant pattern")
});

/// The lines that are not blank. What `is_needed` says is never taken for what pages repeat.
pub(super) fn lines(text: &str, columns: usize, is_needed: impl Fn(&str) -> bool) -> Vec<String> {
    let pages: Vec<Vec<&str>> = text
        .split('\u{c}')
        .map(|page| page.lines().filter(|line| !line.trim().is_empty()).collect())
        .filter(|page: &Vec<&str>| !page.is_empty())
        .collect();
    let running = Running::of(&pages);
    let mut lines = Vec::new();
    for (number, page) in pages.iter().enumerate() {
        let (top, foot) = running.of_page(number, page, &is_needed);
        let own = &page[top..page.len() - foot];
        lines.extend(in_columns(own, columns));
    }
    lines
}

/// What pages repeat: the lines that stand at the top or at the foot of most of them, and their numbers.
struct Running {
    repeated: HashSet<String>,
    /// How many pages the file has.
    pages: usize,
    /// Whether pages are numbered: most have a number at the top or at the foot, each one more than the last.
    has_numbers: [bool; 2],
}

/// The first or the last lines of a page, from its edge.
fn edge<'a>(page: &'a [&'a str], is_foot: bool) -> impl Iterator<Item = &'a str> {
    let count = page.len();
    // Of a page of few lines most are its own.
    let most = if count > 2 * MAX_RUNNING { MAX_RUNNING } else { 1 };
    let lines = (0..count.min(most)).map(move |at| if is_foot { page[count - 1 - at] } else { page[at] });
    lines.take_while(|line| line.len() <= MAX_RUNNING_BYTES)
}

/// A line without the page's number at one of its ends, and that number.
fn parted(line: &str) -> (String, Option<i64>) {
    if PAGE_NUMBER.is_match(line) {
        let digits: String =
            line.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        return (String::new(), digits.parse().ok());
    }
    // A number that is set apart from the words, as at the end of a running title.
    let line = line.trim();
    let number = |text: &str| text.trim_matches(['|', ' ', '-']).parse::<i64>().ok();
    if let Some((words, end)) = line.rsplit_once("   ")
        && let Some(number) = number(end)
    {
        return (one_line(words), Some(number));
    }
    if let Some((start, words)) = line.split_once("   ")
        && let Some(number) = number(start)
    {
        return (one_line(words), Some(number));
    }
    (one_line(line), None)
}

impl Running {
    fn of(pages: &[Vec<&str>]) -> Self {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for page in pages {
            let edges = edge(page, false).chain(edge(page, true));
            let lines: HashSet<String> =
                edges.filter(|line| !PAGE_NUMBER.is_match(line)).map(one_line).collect();
            for line in lines {
                *counts.entry(line).or_default() += 1;
            }
        }
        // Of a title with the page's number beside it the words are the same, and the numbers count.
        let mut titled: HashMap<String, Vec<(usize, i64)>> = HashMap::new();
        for (at, page) in pages.iter().enumerate() {
            for line in edge(page, false).chain(edge(page, true)) {
                if let (words, Some(number)) = parted(line)
                    && !words.is_empty()
                {
                    titled.entry(words).or_default().push((at, number));
                }
            }
        }
        let is_most = |count: usize| count > 1 && count * 2 > pages.len();
        let mut repeated: HashSet<String> =
            counts.into_iter().filter(|(_, count)| is_most(*count)).map(|(line, _)| line).collect();
        let counts_pages = |numbers: &[(usize, i64)]| {
            let offsets: HashSet<i64> =
                numbers.iter().map(|(at, number)| number - i64::try_from(*at).unwrap_or(0)).collect();
            offsets.len() == 1
        };
        // On left pages and on right ones the titles may differ.
        let is_title = |numbers: &[(usize, i64)]| {
            numbers.len() > 2 && numbers.len() * 3 > pages.len() && counts_pages(numbers)
        };
        repeated.extend(titled.into_iter().filter(|(_, numbers)| is_title(numbers)).map(|(words, _)| words));
        let has_numbers = [false, true].map(|is_foot| {
            let numbers: Vec<(usize, i64)> = pages
                .iter()
                .enumerate()
                .filter_map(|(at, page)| {
                    let mut lines = edge(page, is_foot).map(parted);
                    let (_, number) = lines.find(|(words, number)| words.is_empty() && number.is_some())?;
                    Some((at, number?))
                })
                .collect();
            is_most(numbers.len()) && counts_pages(&numbers)
        });
        Self { repeated, pages: pages.len(), has_numbers }
    }

    /// How many lines at the top and at the foot of a page are not its own.
    fn of_page(&self, number: usize, page: &[&str], is_needed: &impl Fn(&str) -> bool) -> (usize, usize) {
        if self.pages < 2 {
            return (0, 0);
        }
        let is_running = |line: &str, is_foot: bool| {
            let (words, found) = parted(line);
            let is_number = words.is_empty() && found.is_some() && self.has_numbers[usize::from(is_foot)];
            is_number
                || self.repeated.contains(&one_line(line))
                || found.is_some() && !words.is_empty() && self.repeated.contains(&words)
        };
        let count = |is_foot: bool| {
            let lines: Vec<&str> = edge(page, is_foot).collect();
            // What is repeated may stand behind a line that is not: a section's name above each page.
            let last = lines.iter().rposition(|line| is_running(line, is_foot));
            let count = last.map_or(0, |last| last + 1);
            let are_all = lines[..count].iter().all(|line| is_running(line, is_foot) && !is_needed(line));
            let alone = lines.iter().take_while(|line| is_running(line, is_foot) && !is_needed(line)).count();
            if are_all { count } else { alone }
        };
        let (top, foot) = (count(false), count(true));
        // On the first page the title is the document's own.
        let top = if number == 0 && !self.has_numbers[0] { 0 } else { top };
        (top.min(page.len()), foot.min(page.len() - top.min(page.len())))
    }
}

/// A gutter between columns is so wide.
const MIN_GUTTER: usize = 2;

/// The lines of a page, those of the first column first. A line that goes over the gutter ends the columns
/// above it.
fn in_columns(page: &[&str], columns: usize) -> Vec<String> {
    if columns < 2 {
        return page.iter().map(|line| (*line).to_owned()).collect();
    }
    let lines: Vec<Vec<char>> = page.iter().map(|line| line.chars().collect()).collect();
    let Some(gutters) = gutters(&lines, columns) else {
        return page.iter().map(|line| (*line).to_owned()).collect();
    };
    let mut found = Vec::new();
    let mut open: Vec<Vec<String>> = vec![Vec::new(); gutters.len() + 1];
    for line in &lines {
        if gutters.iter().any(|gutter| crosses(line, *gutter)) {
            found.extend(open.iter_mut().flat_map(std::mem::take));
            found.push(line.iter().collect());
            continue;
        }
        let mut start = 0;
        for (index, end) in gutters.iter().map(|gutter| gutter.0).chain([line.len()]).enumerate() {
            let part: String = line.iter().take(end).skip(start).collect();
            if !part.trim().is_empty() {
                open[index].push(part.trim_end().to_owned());
            }
            start = end.min(line.len());
        }
    }
    found.extend(open.into_iter().flatten());
    found
}

fn crosses(line: &[char], (start, end): (usize, usize)) -> bool {
    (start..end).any(|at| line.get(at).is_some_and(|c| !c.is_whitespace()))
}

/// The gutters of a page: for each the widest stripe, near where it must be, that nearly all lines leave blank.
fn gutters(lines: &[Vec<char>], columns: usize) -> Option<Vec<(usize, usize)>> {
    let width = lines.iter().map(Vec::len).max().unwrap_or(0);
    let taken =
        |at: usize| lines.iter().filter(|line| line.get(at).is_some_and(|c| !c.is_whitespace())).count();
    let few = lines.len().div_ceil(8);
    let blank: Vec<bool> = (0..width).map(|at| taken(at) <= few).collect();
    let reach = width / (columns * 4);
    let gutter = |number: usize| {
        let middle = width * number / columns;
        let (from, to) = (middle.saturating_sub(reach), (middle + reach).min(width));
        let mut best: Option<(usize, usize)> = None;
        let mut start = None;
        let stripe = blank.iter().enumerate().take(to).skip(from).map(|(at, is_blank)| (at, *is_blank));
        for (at, is_blank) in stripe.chain([(to, false)]) {
            match (is_blank, start) {
                (true, None) => start = Some(at),
                (false, Some(begin)) => {
                    if best.is_none_or(|(known, end)| at - begin > end - known) {
                        best = Some((begin, at));
                    }
                    start = None;
                }
                _ => {}
            }
        }
        best.filter(|(start, end)| end - start >= MIN_GUTTER)
    };
    (1..columns).map(gutter).collect()
}

/// Words that are written with a hyphen somewhere within a line.
pub(super) struct Compounds(HashSet<String>);

const HYPHENS: [char; 3] = ['-', '\u{2010}', '\u{ad}'];

fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).replace('\u{2010}', "-").to_lowercase()
}

impl Compounds {
    pub(super) fn of<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let words = lines.into_iter().flat_map(str::split_whitespace).map(bare);
        Self(words.filter(|word| word.contains('-')).collect())
    }

    /// Adds a line to what it goes on with; a word that the line's end divides is one again.
    pub(super) fn join(&self, text: &mut String, line: &str) {
        let is_divided = text.ends_with(HYPHENS)
            && text.chars().rev().nth(1).is_some_and(char::is_alphanumeric)
            && line.starts_with(char::is_alphanumeric);
        if !is_divided {
            text.push(' ');
            text.push_str(line);
            return;
        }
        let start = text.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let word = line.split_whitespace().next().unwrap_or_default();
        let is_compound = self.0.contains(&bare(&format!("{}{word}", &text[start..])));
        let is_soft = text.ends_with('\u{ad}');
        if is_soft || line.starts_with(char::is_lowercase) && !is_compound {
            text.pop();
        }
        text.push_str(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, columns: usize, expected: &[&str]) {
        let found: Vec<String> = lines(text, columns, |_| false).iter().map(|line| one_line(line)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_every_page_repeats_and_its_number_are_left_out() {
        check(
            "Agency List\nAlpha\nBeta\n   1\n\u{c}Agency List\nGamma\n   2\n\u{c}Agency List\nDelta\n   3\n",
            1,
            &["Agency List", "Alpha", "Beta", "Gamma", "Delta"],
        );
        check("A\nPage 1 of 2\n\u{c}B\nPage 2 of 2\n", 1, &["A", "B"]);
        check(
            "A\nList of parties      17\n\u{c}B\nList of parties      18\n\u{c}C\nList of parties      19\n",
            1,
            &["A", "B", "C"],
        );
    }

    #[test]
    fn where_a_page_breaks_changes_nothing() {
        let page =
            |lines: &[&str], number: usize| format!("Register\n{}\n  - {number} -\n\u{c}", lines.join("\n"));
        let one = [page(&["Alpha", "Beta", "Gamma"], 1), page(&["Delta"], 2)].concat();
        let other = [page(&["Alpha"], 1), page(&["Beta", "Gamma", "Delta"], 2)].concat();
        assert_eq!(lines(&one, 1, |_| false), lines(&other, 1, |_| false));
    }

    #[test]
    fn numbers_that_mean_something_stay() {
        check("Order 101\nx\n\u{c}Order 102\ny\n", 1, &["Order 101", "x", "Order 102", "y"]);
        check("Total\n2026\n", 1, &["Total", "2026"]);
        check("a\n17\n\u{c}b\n17\n\u{c}c\n40\n", 1, &["a", "17", "b", "17", "c", "40"]);
        let needed = lines("End of list\n\u{c}Begin\nAlpha\nEnd of list\n", 1, |line| line == "End of list");
        assert_eq!(needed, ["End of list", "Begin", "Alpha", "End of list"]);
    }

    #[test]
    fn columns_are_read_one_after_the_other() {
        let text = "A list of all the parties that are named below\n\
                    Alpha Works             Delta Works\n\
                    of Sample City          of Other City\n\
                    Beta Works              Epsilon\n\
                    Gamma\n";
        check(
            text,
            2,
            &[
                "A list of all the parties that are named below",
                "Alpha Works",
                "of Sample City",
                "Beta Works",
                "Gamma",
                "Delta Works",
                "of Other City",
                "Epsilon",
            ],
        );
        check("Alpha      Beta\n", 1, &["Alpha Beta"]);
    }

    #[test]
    fn words_divided_at_a_line_s_end_are_one_again() {
        let compounds = Compounds::of(["a state-owned works", "of Sample"]);
        for (text, line, expected) in [
            ("Hik-", "vision Digital", "Hikvision Digital"),
            ("a state-", "owned firm", "a state-owned firm"),
            ("Anglo-", "American Works", "Anglo-American Works"),
            ("2019-", "2020", "2019-2020"),
            ("Micro\u{ad}", "Chip", "MicroChip"),
            ("list -", "of parties", "list - of parties"),
            ("Alpha", "Works", "Alpha Works"),
        ] {
            let mut joined = text.to_owned();
            compounds.join(&mut joined, line);
            assert_eq!(joined, expected);
        }
    }
}
