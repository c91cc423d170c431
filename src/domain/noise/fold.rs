//! The form in which characters are compared, and which of them are footnote marks.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use unicode_normalization::UnicodeNormalization;

use super::pattern;
use crate::domain::text::{is_deceptive, one_line};

/// So often may a text have been escaped; nobody escapes it more often.
const MAX_ESCAPED: usize = 6;

/// One line in the form in which it is compared: compatibility forms, quotes, dashes and escapes
/// folded, what is not seen dropped; without footnote marks where they are noise.
pub(super) fn folded(text: &str, are_marks_noise: bool) -> String {
    if is_folded(text) { text.to_owned() } else { folded_anew(text, are_marks_noise) }
}

fn folded_anew(text: &str, are_marks_noise: bool) -> String {
    let text = unescaped(text);
    // Marks go before compatibility forms are folded: "10¹" is not 101.
    let text = if are_marks_noise { without_marks(&text) } else { with_exponents(&text) };
    let plain: String = text.chars().map(plain).nfkc().filter(|&c| !is_unseen(c)).map(plain).collect();
    joined_signs(&one_line(&plain))
}

/// Whether there is nothing to fold in a text, as far as that is seen at a glance: words, digits and what is never a
/// mark, a sign typed as two or the beginning of an escape, with single blanks between.
pub(super) fn is_folded(text: &str) -> bool {
    let mut before = b' ';
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b" .,:;/()!?%+=@_$[]{}|~\"-'".contains(&byte);
        if !is_plain || byte == before && matches!(byte, b' ' | b'-' | b'\'') {
            return false;
        }
        before = byte;
    }
    text.is_empty() || before != b' '
}

/// Characters that are not seen where they stand.
fn is_unseen(c: char) -> bool {
    is_deceptive(c)
        || matches!(c, '\u{34F}' | '\u{180B}'..='\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Typographic variants of one character, folded to the plain one.
fn plain(c: char) -> char {
    match c {
        '\u{2018}'..='\u{201B}'
        | '\u{2032}'
        | '\u{2035}'
        | '\u{2039}'
        | '\u{203A}'
        | '\u{2B9}'
        | '\u{2BB}'
        | '\u{2BC}'
        | '\u{2BD}'
        | '\u{2C8}'
        | '\u{2CA}'
        | '\u{2CB}'
        | '\u{55A}'
        | '\u{5F3}'
        | '\u{A78C}'
        | '`'
        | '\u{B4}'
        | '\u{FF07}'
        | '\u{FF40}' => '\'',
        '\u{201C}'..='\u{201F}'
        | '\u{2033}'
        | '\u{2036}'
        | '\u{AB}'
        | '\u{BB}'
        | '\u{301D}'..='\u{301F}'
        | '\u{2BA}'
        | '\u{2DD}'
        | '\u{5F4}'
        | '\u{FF02}' => '"',
        '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{2212}'
        | '\u{2E3A}'
        | '\u{2E3B}'
        | '\u{FE58}'
        | '\u{FE63}'
        | '\u{FF0D}' => '-',
        '\u{2044}' | '\u{2215}' => '/',
        other => other,
    }
}

/// One sign that is typed as two: a dash as hyphens, a quotation mark as apostrophes.
fn joined_signs(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '-' => {
                while chars.next_if_eq(&'-').is_some() {}
                joined.push('-');
            }
            '\'' if chars.next_if_eq(&'\'').is_some() => joined.push('"'),
            other => joined.push(other),
        }
    }
    joined
}

static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"&(?:#(?<decimal>\d{1,7})|#[xX](?<hex>[0-9a-fA-F]{1,6})|(?<name>[A-Za-z]{2,8}));")
});

/// Inline and block elements that a text may have been wrapped in before it was escaped.
static TAG: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)</?(?:a|abbr|b|big|blockquote|br|cite|code|div|em|font|h[1-6]|hr|i|img|ins|li|mark|ol|p|q|s|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|tr|tt|u|ul|wbr)(?:\s[^<>]*)?/?>",
    )
});

/// The text with its character references resolved, however often it was escaped, and without the tags this
/// brings to light.
fn unescaped(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_ESCAPED {
        if !text.contains('&') || !REFERENCE.is_match(&text) {
            break;
        }
        let resolved = REFERENCE.replace_all(&text, |found: &Captures<'_>| resolved(found)).into_owned();
        if resolved == *text {
            break;
        }
        text = Cow::Owned(resolved);
    }
    if text.contains('<') && TAG.is_match(&text) {
        // What a block parts is two words.
        let is_inline = |tag: &str| {
            let name = tag
                .trim_matches(['<', '/', '>'])
                .split([' ', '/', '\t'])
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            matches!(
                name.as_str(),
                "a" | "abbr"
                    | "b"
                    | "big"
                    | "cite"
                    | "code"
                    | "em"
                    | "font"
                    | "i"
                    | "ins"
                    | "mark"
                    | "q"
                    | "s"
                    | "small"
                    | "span"
                    | "strike"
                    | "strong"
                    | "sub"
                    | "sup"
                    | "tt"
                    | "u"
                    | "wbr"
            )
        };
        let bare = TAG.replace_all(&text, |found: &Captures<'_>| if is_inline(&found[0]) { "" } else { " " });
        text = Cow::Owned(bare.into_owned());
    }
    text
}

fn resolved(found: &Captures<'_>) -> String {
    let number = |name: &str, radix| {
        found.name(name).and_then(|digits| u32::from_str_radix(digits.as_str(), radix).ok())
    };
    if let Some(c) = number("decimal", 10).or_else(|| number("hex", 16)).and_then(char::from_u32) {
        return c.to_string();
    }
    let c = match found.name("name").map_or("", |name| name.as_str()) {
        "amp" | "AMP" => '&',
        "lt" | "LT" => '<',
        "gt" | "GT" => '>',
        "quot" | "QUOT" | "ldquo" | "rdquo" | "bdquo" | "laquo" | "raquo" => '"',
        "apos" | "lsquo" | "rsquo" | "sbquo" => '\'',
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "ndash" | "mdash" | "minus" => '-',
        "hellip" => '…',
        "copy" => '©',
        "reg" => '®',
        "sect" => '§',
        "para" => '¶',
        "middot" => '·',
        "bull" => '•',
        "shy" | "zwnj" | "zwj" => '\u{200B}',
        _ => return found[0].to_owned(),
    };
    c.to_string()
}

/// A digit, sign or letter that is raised above the line.
#[must_use]
pub fn is_raised(c: char) -> bool {
    matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' | '⁺' | '⁻' | '⁼' | '⁽' | '⁾' | 'ⁱ' | 'ⁿ')
        || matches!(
            c,
            'ᵃ' | 'ᵇ'
                | 'ᶜ'
                | 'ᵈ'
                | 'ᵉ'
                | 'ᶠ'
                | 'ᵍ'
                | 'ʰ'
                | 'ʲ'
                | 'ᵏ'
                | 'ˡ'
                | 'ᵐ'
                | 'ᵒ'
                | 'ᵖ'
                | 'ʳ'
                | 'ˢ'
                | 'ᵗ'
                | 'ᵘ'
                | 'ᵛ'
                | 'ʷ'
                | 'ˣ'
                | 'ʸ'
                | 'ᶻ'
        )
}

/// The raised form of a character, where it has one.
#[must_use]
pub fn raised(c: char) -> Option<char> {
    const PLAIN: &str = "0123456789+-=()abcdefghijklmnoprstuvwxyz";
    const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ";
    PLAIN.chars().zip(RAISED.chars()).find(|(plain, _)| *plain == c).map(|(_, raised)| raised)
}

/// Units whose square and cube are written with a raised figure.
const UNITS: [&str; 16] =
    ["m", "mm", "cm", "dm", "km", "nm", "µm", "μm", "ft", "in", "yd", "mi", "s", "kg", "g", "l"];

/// The text with what is a power written so that it stays one.
fn with_exponents(text: &str) -> Cow<'_, str> {
    if !text.contains(is_raised) {
        return Cow::Borrowed(text);
    }
    let chars: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    for (at, &c) in chars.iter().enumerate() {
        let begins = is_raised(c) && (at == 0 || !is_raised(chars[at - 1]));
        if begins && is_figure(c) && at > 0 && chars[at - 1].is_alphanumeric() {
            kept.push('^');
        }
        kept.push(c);
    }
    Cow::Owned(kept)
}

fn is_figure(c: char) -> bool {
    matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' | '⁺' | '⁻')
}

/// The text without its footnote marks: what is raised and no power, and the characters that are used for
/// marks where they stand as one, behind what they mark or before nothing that they would belong to.
fn without_marks(text: &str) -> Cow<'_, str> {
    let is_candidate = |c: char| is_raised(c) || is_mark(c) || is_sign(c) || is_circled(c);
    if !text.contains(is_candidate) {
        return Cow::Borrowed(text);
    }
    let chars: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if is_raised(c) {
            let end = raised_until(&chars, at);
            if !is_footnote(&chars, at, end) {
                if is_figure(c) && at > 0 && chars[at - 1].is_alphanumeric() {
                    kept.push('^');
                }
                kept.extend(&chars[at..end]);
            }
            at = end;
            continue;
        }
        let is_dropped = is_mark(c) && !is_operator(&chars, at)
            || is_sign(c) && is_bare_sign(&chars, at)
            || is_circled(c) && !kept.trim().is_empty();
        if !is_dropped {
            kept.push(c);
        }
        at += 1;
    }
    Cow::Owned(kept)
}

/// Where what is raised ends, commas and blanks between figures included.
fn raised_until(chars: &[char], start: usize) -> usize {
    let is_raised_at = |at: usize| chars.get(at).is_some_and(|&c| is_raised(c));
    let mut end = start;
    loop {
        let parted = chars.get(end).is_some_and(|c| matches!(c, ',' | ';'));
        if is_raised_at(end) || parted && is_raised_at(end + 1) {
            end += 1;
        } else if parted && chars.get(end + 1) == Some(&' ') && is_raised_at(end + 2) {
            end += 2;
        } else {
            return end;
        }
    }
}

/// Whether what is raised is a mark, and no power, square, cube or ordinal.
fn is_footnote(chars: &[char], start: usize, end: usize) -> bool {
    let raised: String = chars[start..end].iter().collect::<String>().nfkc().collect();
    let before = |is: fn(char) -> bool| -> String {
        let run = chars[..start].iter().rev().take_while(|&&c| is(c)).count();
        chars[start - run..start].iter().collect()
    };
    let number = before(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
    if raised.starts_with(['-', '\u{2212}']) || number == "10" && raised != "1" {
        return false;
    }
    let word = before(char::is_alphabetic);
    if matches!(raised.as_str(), "2" | "3") && UNITS.contains(&word.to_lowercase().as_str()) {
        return false;
    }
    let is_word = raised.chars().all(char::is_alphabetic);
    let is_ordinal = matches!(raised.as_str(), "st" | "nd" | "rd" | "th" | "er" | "re" | "e" | "o" | "eme");
    if is_word && !number.is_empty() && is_ordinal {
        return false;
    }
    // A raised letter within a word is a part of how it is spelt.
    !is_word || !chars.get(end).is_some_and(|next| next.is_alphanumeric())
}

/// What is a footnote mark wherever it does not join two things.
fn is_mark(c: char) -> bool {
    matches!(c, '*' | '†' | '‡' | '^' | '¶' | '※' | '⁎' | '⁑' | '⁂' | '＊')
}

fn is_operator(chars: &[char], at: usize) -> bool {
    let next = chars.get(at + 1).copied().unwrap_or(' ');
    let before = if at == 0 { ' ' } else { chars[at - 1] };
    match chars[at] {
        '^' => next.is_ascii_digit() || next == '-' || before.is_ascii_digit() && next.is_alphanumeric(),
        '*' | '＊' => before.is_ascii_digit() && next.is_ascii_digit(),
        _ => false,
    }
}

/// What is a footnote mark where no number belongs to it.
fn is_sign(c: char) -> bool {
    matches!(c, '±' | '#' | '£' | '§')
}

fn is_bare_sign(chars: &[char], at: usize) -> bool {
    let is_passed_over = |c: &&char| !(c.is_whitespace() || is_sign(**c) || is_mark(**c));
    let next = chars[at + 1..].iter().find(is_passed_over);
    let is_joined = chars.get(at + 1).is_some_and(|c| c.is_alphanumeric());
    let before = chars[..at].iter().rev().find(is_passed_over);
    let belongs = next.is_some_and(char::is_ascii_digit)
        || is_joined
        || chars[at] == '£' && before.is_some_and(char::is_ascii_digit);
    !belongs
}

fn is_circled(c: char) -> bool {
    matches!(c, '①'..='⑳' | '❶'..='❿' | '➀'..='➉')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn same(before: &str, after: &str) {
        assert_eq!(folded(before, true), folded(after, true));
    }

    #[track_caller]
    fn differ(before: &str, after: &str) {
        assert_ne!(folded(before, true), folded(after, true));
    }

    proptest! {
        #[test]
        fn there_is_nothing_to_fold_in_what_seems_folded_at_a_glance(text in "[ -~]{0,12}|[a-c '-]{0,6}") {
            if is_folded(&text) {
                for are_marks_noise in [false, true] {
                    prop_assert_eq!(folded_anew(&text, are_marks_noise), text.clone());
                }
            }
        }
    }

    #[test]
    fn only_the_spelling_differs() {
        for (before, after) in [
            ("Compan\u{303}ia", "Compañia"),
            ("Ma'ruf", "Maʼruf"),
            ("Ma'ruf", "Ma`ruf"),
            ("Ma'ruf", "Ma’ruf"),
            ("\"Fabrika\" Plant", "“Fabrika” Plant\u{fe0e}"),
            ("\"Fabrika\"", "''Fabrika''"),
            ("Specific Affiliate", "Speciﬁc Aﬃliate"),
            ("ZTE", "ＺＴＥ"),
            ("Wait...", "Wait…"),
            ("Rosoboron-Export", "Rosoboron\u{2011}Export"),
            ("a - b", "a -- b"),
            ("½", "1/2"),
        ] {
            assert_eq!(folded(before, false), folded(after, false), "{before:?} {after:?}");
        }
        differ("Affiliate", "\u{410}ffiliate");
    }

    #[test]
    fn escaping_is_undone_however_often() {
        same("Fish & Chips", "Fish &amp;amp;amp; Chips");
        same("A matter", "A &amp;lt;b&amp;gt;matter&amp;lt;/b&amp;gt;");
        same("one two", "one&lt;br/&gt;two");
        same("it's", "it&#8217;s");
        differ("a < b", "a > b");
        differ("R&D", "R&Q");
    }

    #[test]
    fn a_mark_behind_what_it_marks_is_none_of_its_words() {
        for mark in ["¹", " ¹", "⁽¹⁾", "¹,²", "*", " **", "†", " ¶", " §", " ①", "#", "^", "£", "ᵃ"]
        {
            same("ZTE Corporation", &format!("ZTE Corporation{mark}"));
        }
        same("2016-03-08", "2016-03-08¹");
        same("10", "10¹");
        same("27, (b)", "27,# (b)");
    }

    #[test]
    fn what_belongs_to_a_number_is_no_mark() {
        differ("10⁶ counts", "10⁷ counts");
        differ("10⁻³", "10⁻⁴");
        differ("5 m²", "5 m³");
        differ("a fine of £500", "a fine of 500");
        differ("§ 744.11", "744.11");
        differ("item #5", "item 5");
        differ("±5 %", "5 %");
        differ("2^3", "23");
        same("2ⁿᵈ", "2nd");
        same("m²", "m^2");
    }

    #[test]
    fn what_has_a_raised_form_is_raised() {
        assert_eq!(raised('1'), Some('¹'));
        assert_eq!(raised('z'), Some('ᶻ'));
        assert_eq!(raised('q'), None);
        assert!("0123456789+-=()abcdefghijklmnoprstuvwxyz".chars().all(|c| raised(c).is_some_and(is_raised)));
    }
}
