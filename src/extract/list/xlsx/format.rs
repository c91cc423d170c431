//! What a number looks like by its cell's format (ECMA-376 part 1, 18.8.30 and 18.8.31).
//!
//! What a format adds is shown: zeros before a number, a currency, a per cent sign. What it would take away,
//! digits that it rounds, stays: a change in them is one.

use super::decimal::Decimal;
use crate::domain::text::one_line;

/// How numbers are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum NumberFormat {
    /// As they are.
    #[default]
    General,
    /// As days, or times of a day.
    Moment { has_day: bool },
    /// By the sections for what is positive, negative and zero.
    Sections(Vec<FormatSection>),
}

/// A section of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FormatSection(Vec<FormatToken>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum FormatToken {
    Literal(String),
    /// `0`, `#` or `?`: a digit, one perhaps, one or a blank.
    Digit(char),
    Point,
    /// A comma between digits: thousands are parted.
    Thousands,
    Percent,
    /// The number as it is.
    General,
    /// Of days and times.
    Moment(char),
    /// What changes a number beyond what is shown here: an exponent, a fraction, thousands left away.
    Other,
}

/// The formats that have a number and no code (18.8.30), those of days in East Asia among them.
pub(super) fn built_in(id: u32) -> NumberFormat {
    match id {
        1 => NumberFormat::of("0"),
        2 => NumberFormat::of("0.00"),
        3 => NumberFormat::of("#,##0"),
        4 => NumberFormat::of("#,##0.00"),
        5 | 6 => NumberFormat::of("\"$\"#,##0;-\"$\"#,##0"),
        7 | 8 => NumberFormat::of("\"$\"#,##0.00;-\"$\"#,##0.00"),
        9 => NumberFormat::of("0%"),
        10 => NumberFormat::of("0.00%"),
        14..=17 | 22 | 27..=31 | 34..=36 | 50..=58 => NumberFormat::Moment { has_day: true },
        18..=21 | 32 | 33 | 45..=47 => NumberFormat::Moment { has_day: false },
        37 | 38 => NumberFormat::of("#,##0;(#,##0)"),
        39 | 40 => NumberFormat::of("#,##0.00;(#,##0.00)"),
        41 => NumberFormat::of("#,##0;(#,##0);\"-\""),
        42 => NumberFormat::of("\"$\"#,##0;\"$\"(#,##0);\"$\"\"-\""),
        43 => NumberFormat::of("#,##0.00;(#,##0.00);\"-\""),
        44 => NumberFormat::of("\"$\"#,##0.00;\"$\"(#,##0.00);\"$\"\"-\""),
        _ => NumberFormat::General,
    }
}

impl NumberFormat {
    /// The format that a code means.
    pub(super) fn of(code: &str) -> Self {
        let Some(mut sections) = sections(code).filter(|_| !code.is_empty()) else { return Self::General };
        // The fourth is for texts.
        sections.truncate(3);
        let moments = |section: &FormatSection| {
            section
                .0
                .iter()
                .filter_map(|token| if let FormatToken::Moment(c) = token { Some(*c) } else { None })
                .collect()
        };
        let first: Vec<char> = sections.first().map(moments).unwrap_or_default();
        if !first.is_empty() {
            // Minutes are written as months are.
            let has_time = first.iter().any(|c| matches!(c, 'h' | 's'));
            return Self::Moment { has_day: first.iter().any(|c| matches!(c, 'd' | 'y')) || !has_time };
        }
        if sections.iter().flat_map(|section| &section.0).any(|token| *token == FormatToken::Other) {
            return Self::General;
        }
        Self::Sections(sections)
    }

    /// Whether a number of this format is shown as nothing, so that it is hidden.
    pub(super) fn hides(&self, number: &Decimal) -> bool {
        matches!(self, Self::Sections(sections) if section_for(sections, number).is_some_and(|(section, _)| section.0.is_empty()))
    }

    /// The number as it is shown.
    pub(super) fn shown(&self, number: &Decimal) -> String {
        let Self::Sections(sections) = self else { return number.to_string() };
        let Some((section, is_signed)) = section_for(sections, number) else { return number.to_string() };
        let has_number =
            section.0.iter().any(|token| matches!(token, FormatToken::Digit(_) | FormatToken::General));
        if section.0.is_empty() || !has_number && !number.is_zero() {
            return number.to_string();
        }
        let sign = if is_signed && number.is_negative { "-" } else { "" };
        one_line(&format!("{sign}{}", section.laid_out(number)))
    }
}

/// The section by which a number is shown, and whether its sign is shown beside it.
fn section_for<'a>(sections: &'a [FormatSection], number: &Decimal) -> Option<(&'a FormatSection, bool)> {
    match sections {
        [_, negative, ..] if number.is_negative => Some((negative, false)),
        [_, _, zero] if number.is_zero() => Some((zero, false)),
        [first, ..] => Some((first, true)),
        [] => None,
    }
}

impl FormatSection {
    fn laid_out(&self, number: &Decimal) -> String {
        let percents = self.0.iter().filter(|token| **token == FormatToken::Percent).count();
        let number = number.shifted(2 * i32::try_from(percents).unwrap_or(0));
        let end = self.0.iter().position(|token| *token == FormatToken::Point);
        let is_digit = |token: &FormatToken| matches!(token, FormatToken::Digit(_));
        // Without a point, the digits behind it follow the last place for one.
        let end = end.or_else(|| self.0.iter().rposition(is_digit).map(|last| last + 1)).unwrap_or(0);
        let (before, behind) = self.0.split_at(end);
        let has_place =
            before.iter().any(|token| matches!(token, FormatToken::Digit(_) | FormatToken::General));
        let mut shown = whole(before, &number.whole);
        if !has_place && behind.iter().any(is_digit) && number.whole != "0" {
            shown.push_str(&number.whole);
        }
        shown.push_str(&fraction(behind, &number));
        shown
    }
}

/// The digits before the point, from the last to the first: what has no place of its own stands at the first.
fn whole(tokens: &[FormatToken], digits: &str) -> String {
    let first = tokens.iter().position(|token| matches!(token, FormatToken::Digit(_)));
    let has_thousands = tokens.contains(&FormatToken::Thousands);
    let mut left = if digits == "0" { "" } else { digits };
    let (mut shown, mut count) = (Vec::new(), 0_usize);
    let push = |shown: &mut Vec<String>, count: &mut usize, digit: char| {
        if has_thousands && *count > 0 && count.is_multiple_of(3) {
            shown.push(",".to_owned());
        }
        *count += 1;
        shown.push(digit.to_string());
    };
    for (index, token) in tokens.iter().enumerate().rev() {
        match token {
            FormatToken::Digit(place) => {
                let last = left.chars().next_back();
                left = &left[..left.len() - usize::from(last.is_some())];
                match (last, place) {
                    (Some(digit), _) => push(&mut shown, &mut count, digit),
                    (None, '0') => push(&mut shown, &mut count, '0'),
                    (None, _) => {}
                }
                if Some(index) == first {
                    left.chars().rev().for_each(|digit| push(&mut shown, &mut count, digit));
                    left = "";
                }
            }
            FormatToken::General => shown.push(digits.to_owned()),
            FormatToken::Literal(text) => shown.push(text.clone()),
            FormatToken::Percent => shown.push("%".to_owned()),
            FormatToken::Point | FormatToken::Thousands | FormatToken::Moment(_) | FormatToken::Other => {}
        }
    }
    shown.into_iter().rev().collect()
}

/// The point, the digits behind it and what follows.
fn fraction(tokens: &[FormatToken], number: &Decimal) -> String {
    let places = tokens.iter().filter(|token| matches!(token, FormatToken::Digit(_))).count();
    let mut digits = number.fraction.chars();
    let (mut shown, mut seen) = (String::new(), 0);
    if places == 0 && !tokens.contains(&FormatToken::General) && !number.fraction.is_empty() {
        shown.push('.');
        shown.extend(&mut digits);
    }
    for token in tokens {
        match token {
            FormatToken::Point if places > 0 => shown.push('.'),
            FormatToken::Digit(place) => {
                seen += 1;
                match (digits.next(), place) {
                    (Some(digit), _) => shown.push(digit),
                    (None, '0') => shown.push('0'),
                    (None, _) => {}
                }
                if seen == places {
                    shown.extend(&mut digits);
                }
            }
            FormatToken::General => {
                shown.push_str(&Decimal { is_negative: false, ..number.clone() }.to_string());
            }
            FormatToken::Literal(text) => shown.push_str(text),
            FormatToken::Percent => shown.push('%'),
            FormatToken::Point | FormatToken::Thousands | FormatToken::Moment(_) | FormatToken::Other => {}
        }
    }
    // A point with nothing behind it is none.
    let bare = shown.strip_prefix('.').filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
    bare.map(str::to_owned).unwrap_or(shown)
}

/// The sections of a code; `None` where conditions choose among them.
fn sections(code: &str) -> Option<Vec<FormatSection>> {
    let mut sections = vec![FormatSection(Vec::new())];
    let mut rest = code.chars();
    while let Some(c) = rest.next() {
        let token = match c {
            ';' => {
                sections.push(FormatSection(Vec::new()));
                continue;
            }
            '"' => FormatToken::Literal(rest.by_ref().take_while(|c| *c != '"').collect()),
            '\\' => FormatToken::Literal(rest.next().map(String::from).unwrap_or_default()),
            // As wide as the next character.
            '_' => {
                rest.next();
                FormatToken::Literal(" ".to_owned())
            }
            // The next character as often as it fits.
            '*' if rest.next() == Some(' ') => FormatToken::Literal(" ".to_owned()),
            '*' => continue,
            '[' => {
                let within: String = rest.by_ref().take_while(|c| *c != ']').collect();
                match bracketed(&within) {
                    Bracketed::Nothing => continue,
                    Bracketed::Token(token) => token,
                    Bracketed::Condition => return None,
                }
            }
            'G' | 'g' if rest.as_str().to_ascii_lowercase().starts_with("eneral") => {
                rest = rest.as_str()[6..].chars();
                FormatToken::General
            }
            'A' | 'a' if starts_with(rest.as_str(), "m/pm") => {
                rest = rest.as_str()[4..].chars();
                FormatToken::Moment('h')
            }
            'A' | 'a' if starts_with(rest.as_str(), "/p") => {
                rest = rest.as_str()[2..].chars();
                FormatToken::Moment('h')
            }
            '0' | '#' | '?' => FormatToken::Digit(c),
            '.' => FormatToken::Point,
            ',' => FormatToken::Thousands,
            '%' => FormatToken::Percent,
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => {
                FormatToken::Moment(c.to_ascii_lowercase())
            }
            'E' | 'e' | '@' => FormatToken::Other,
            c => FormatToken::Literal(c.to_string()),
        };
        if let Some(FormatSection(tokens)) = sections.last_mut() {
            tokens.push(token);
        }
    }
    Some(sections.into_iter().map(FormatSection::settled).collect())
}

fn starts_with(text: &str, begin: &str) -> bool {
    text.get(..begin.len()).is_some_and(|start| start.eq_ignore_ascii_case(begin))
}

impl FormatSection {
    /// A comma behind the last place leaves thousands away; a stroke between places that may be blank
    /// makes a fraction.
    fn settled(mut self) -> Self {
        let is_digit = |token: &FormatToken| matches!(token, FormatToken::Digit(_));
        let point = self.0.iter().position(|token| *token == FormatToken::Point).unwrap_or(self.0.len());
        let last = self.0[..point].iter().rposition(is_digit);
        let has_blank = self.0.iter().any(|token| matches!(token, FormatToken::Digit('#' | '?')));
        for index in 0..self.0.len() {
            let is_behind = last.is_some_and(|last| index > last);
            match &self.0[index] {
                FormatToken::Thousands if is_behind => self.0[index] = FormatToken::Other,
                FormatToken::Literal(text) if text == "/" && has_blank => self.0[index] = FormatToken::Other,
                _ => {}
            }
        }
        let has_moment = self.0.iter().any(|token| matches!(token, FormatToken::Moment(_)));
        if has_moment {
            self.0.retain(|token| matches!(token, FormatToken::Moment(_)));
        }
        self
    }
}

enum Bracketed {
    Nothing,
    Token(FormatToken),
    Condition,
}

/// `[h]` counts hours, `[$€-407]` is a currency, `[>100]` a condition, `[Red]` a colour.
fn bracketed(within: &str) -> Bracketed {
    if let Some(currency) = within.strip_prefix('$') {
        let sign = currency.split('-').next().unwrap_or_default();
        return if sign.is_empty() {
            Bracketed::Nothing
        } else {
            Bracketed::Token(FormatToken::Literal(sign.to_owned()))
        };
    }
    let first = within.chars().next().map(|c| c.to_ascii_lowercase());
    match first {
        Some('<' | '>' | '=') => Bracketed::Condition,
        Some(c @ ('h' | 'm' | 's')) if within.chars().all(|other| other.eq_ignore_ascii_case(&c)) => {
            Bracketed::Token(FormatToken::Moment(if c == 'm' { 's' } else { c }))
        }
        _ => Bracketed::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, number: &str, expected: &str) {
        let number = Decimal::of(number).unwrap();
        assert_eq!(NumberFormat::of(code).shown(&number), expected, "{code} {number}");
    }

    #[test]
    fn zeros_before_a_number_are_shown() {
        check("00000", "123", "00123");
        check("000\\-00\\-0000", "12345678", "012-34-5678");
        check("00-00", "123456", "1234-56");
        check("General", "123", "123");
        check("0", "5", "5");
        check("(###) ###-####", "2025550143", "(202) 555-0143");
    }

    #[test]
    fn what_a_format_adds_is_shown_and_no_digit_is_taken_away() {
        check("0%", "0.25", "25%");
        check("0.00%", "0.25", "25.00%");
        check("0%", "0.2567", "25.67%");
        check("\"$\"#,##0.00", "1234.5", "$1,234.50");
        check("\"$\"#,##0.00", "1234567.891", "$1,234,567.891");
        check("#,##0.00\\ [$€-407]", "1234.5", "1,234.50 €");
        check("[$USD-409] #,##0", "1000000", "USD 1,000,000");
        check("#,##0", "12345678901234567890", "12,345,678,901,234,567,890");
        check("_($* #,##0.00_);_($* (#,##0.00);_($* \"-\"??_);_(@_)", "-12.5", "$ (12.50)");
        check("_($* #,##0.00_);_($* (#,##0.00);_($* \"-\"??_);_(@_)", "0", "$ -");
        check("0.0 \"kg\"", "5", "5.0 kg");
        check("0 \"kg\"", "5.25", "5.25 kg");
        check("\"No. \"General", "7", "No. 7");
        check("#,##0;[Red]-#,##0", "-1234", "-1,234");
        check("0.##", "5", "5");
        check("#.00", "0.5", ".50");
        check("\"Yes\";\"Yes\";\"No\"", "0", "No");
    }

    #[test]
    fn what_is_shown_otherwise_is_left_as_it_is() {
        for (code, number) in [
            ("0.00E+00", "12345"),
            ("# ?/?", "0.5"),
            ("0,,", "1200000"),
            ("[>100]0.0;0", "5"),
            ("@", "12"),
            ("\"Yes\";\"Yes\";\"No\"", "1"),
            ("", "5"),
        ] {
            check(code, number, number);
        }
    }

    #[test]
    fn days_and_times_are_told_from_numbers() {
        for (code, has_day) in [
            ("m/d/yyyy", true),
            ("[$-409]d\\-mmm\\-yy;@", true),
            ("mmm\\ yyyy", true),
            ("mmmm", true),
            ("yyyy\\-mm\\-dd\\ hh:mm", true),
            ("h:mm AM/PM", false),
            ("[h]:mm:ss", false),
        ] {
            assert_eq!(NumberFormat::of(code), NumberFormat::Moment { has_day }, "{code}");
        }
        for code in ["0 \"days\"", "\\d0", "[Red]0", "General", "#,##0"] {
            assert!(!matches!(NumberFormat::of(code), NumberFormat::Moment { .. }), "{code}");
        }
    }

    #[test]
    fn a_format_of_nothing_hides_the_number() {
        let number = Decimal::of("5").unwrap();
        assert!(NumberFormat::of(";;;").hides(&number) && !NumberFormat::of("0;;;").hides(&number));
        assert!(NumberFormat::of("0;;;").hides(&Decimal::of("-5").unwrap()));
        assert_eq!(NumberFormat::of(";;;").shown(&number), "5");
    }
}
