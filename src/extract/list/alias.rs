//! Other names that stand in the brackets of a name.
//!
//! "Example Co., Ltd. (also known as A; and B; and formerly known as C)" is one
//! name and three others. What the brackets hold beside names ("and three
//! aliases:") is dropped; a bracket that does not say that it holds names is a
//! part of the name it stands in.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::source::Brackets;
use crate::domain::text::one_line;

/// A name without its brackets, and the names that stood in them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BracketedNames {
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
}

#[expect(clippy::expect_used, reason = "the patterns are constants, exercised by the tests")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant pattern")
}

/// "also known as", "f.k.a." and their like, as they begin a list of names or part it.
const KNOWN_AS: &str = r"(?:(?:also|formerly|previously|currently|now|variously)\s+)?known\s+as\b|[anf]\.?\s?/?k\.?\s?/?a\b\.?|d\.?b\.?a\b\.?|(?:formerly|previously)\b";

/// How a bracket begins that holds names.
static HOLDS_NAMES: LazyLock<Regex> = LazyLock::new(|| {
    let counted = r"(?:including\s+)?(?:[a-z]+|\d+)\s+(?:known\s+)?alias(?:es)?|alias(?:es)?";
    pattern(&format!(r"(?i)^(?:(?:and|including|or)\s+)?(?:{KNOWN_AS}|{counted})\s*[:,]?\s*"))
});

/// What stands between two of them. "and" alone parts names only after a company's form.
static BETWEEN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\s*;\s*(?:and\s+)?(?:(?:{KNOWN_AS})\s*:?\s*)?|\s*,?\s+(?:and\s+)?(?:{KNOWN_AS})\s*:?\s+"
    ))
});

static AND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?P<name>.*?\b(?:Co|Ltd|Inc|Corp|LLC|Limited)\.?)\s+and\s+(?P<other>\S+\s+\S.*)")
});

/// A bracket at the end may be followed by footnote marks and a full stop.
const AFTER_LAST: &[char] = &['*', '†', '‡', '#', '.', ' '];

/// Takes a name apart.
pub(super) fn names(text: &str, brackets: Brackets) -> BracketedNames {
    let (mut name, mut aliases) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some((before, inside, after)) = bracket(rest) {
        let holds_names = HOLDS_NAMES.find(inside);
        let is_last = after.trim_end_matches(AFTER_LAST).is_empty() && !before.trim().is_empty();
        name.push_str(before);
        if let Some(intro) = holds_names {
            aliases.extend(listed(&inside[intro.end()..]));
            name.push(' ');
        } else if brackets == Brackets::Last && is_last {
            aliases.extend(listed(inside));
            name.push(' ');
        } else {
            name.push_str(&rest[before.len()..rest.len() - after.len()]);
        }
        rest = after;
    }
    name.push_str(rest);
    let name = one_line(&name);
    let loose = [" ,", " .", " *", " ;"];
    let name = loose.iter().fold(name, |name, mark| name.replace(mark, &mark[1..]));
    BracketedNames { name, aliases }
}

/// The first bracket that is closed: what stands before it, in it and after it.
fn bracket(text: &str) -> Option<(&str, &str, &str)> {
    let mut depth = 0_usize;
    let mut start = None;
    for (index, c) in text.char_indices() {
        match c {
            '(' => {
                depth += 1;
                start.get_or_insert(index);
            }
            ')' if depth > 0 => {
                depth -= 1;
                if let (0, Some(start)) = (depth, start) {
                    return Some((&text[..start], &text[start + 1..index], &text[index + 1..]));
                }
            }
            _ => {}
        }
    }
    None
}

/// The names of a list of names.
fn listed(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for part in BETWEEN.split(text) {
        let part = one_line(part);
        match AND.captures(&part) {
            Some(pair) => names.extend([pair["name"].to_owned(), pair["other"].to_owned()]),
            None => names.push(part),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(brackets: Brackets, text: &str, name: &str, aliases: &[&str]) {
        let aliases = aliases.iter().map(|&alias| alias.to_owned()).collect();
        assert_eq!(names(text, brackets), BracketedNames { name: name.to_owned(), aliases });
    }

    #[test]
    fn brackets_that_say_so_hold_names() {
        let named = |text, name, aliases: &[&str]| check(Brackets::Named, text, name, aliases);
        named("A Co., Ltd. (and two aliases: B; and C Works)", "A Co., Ltd.", &["B", "C Works"]);
        named(
            "A (including one alias: B (Group) Co.) and subsidiaries",
            "A and subsidiaries",
            &["B (Group) Co."],
        );
        named("A (formerly known as B)", "A", &["B"]);
        named("A (a.k.a. Bob B; Bab B)", "A", &["Bob B", "Bab B"]);
        named("A (aka B), C", "A, C", &["B"]);
        named("A (f/k/a B)", "A", &["B"]);
        named("A (alias B)", "A", &["B"]);
        named("A (also known as B; C; and D; and formerly known as E)", "A", &["B", "C", "D", "E"]);
        named("A (also known as B Co. and formerly known as C)", "A", &["B Co.", "C"]);
        named("A (also known as B Co., Ltd. and C Technology)", "A", &["B Co., Ltd.", "C Technology"]);
        named("A (also known as B Iron and Steel)", "A", &["B Iron and Steel"]);
    }

    #[test]
    fn other_brackets_are_a_part_of_the_name() {
        for text in
            ["A (Shanshan) Co., Ltd.", "A Center (VSETC)", "A (Group", "A) B", "(A) B", "A (Known Issues) B"]
        {
            check(Brackets::Named, text, text, &[]);
        }
    }

    #[test]
    fn the_last_bracket_may_hold_a_name_without_saying_so() {
        let last = |text, name, aliases: &[&str]| check(Brackets::Last, text, name, aliases);
        last("A Inc. (AMEC)", "A Inc.", &["AMEC"]);
        last("A Inc. (AMEC)*", "A Inc.*", &["AMEC"]);
        last("A (Group) Co. (AG; AGC)", "A (Group) Co.", &["AG", "AGC"]);
        last("A (Group) Co.", "A (Group) Co.", &[]);
        last("(A)", "(A)", &[]);
    }

    #[test]
    fn a_million_brackets_take_no_more_than_their_length() {
        for text in
            ["(".repeat(1_000_000), "()".repeat(500_000), "(a; ".repeat(200_000) + &")".repeat(200_000)]
        {
            names(&text, Brackets::Named);
        }
    }
}
