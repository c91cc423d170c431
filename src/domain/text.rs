//! Text that came from outside, made fit to compare and safe to show.

/// Whether a character could reorder, hide or forge the text around it where it is shown:
/// controls, bidirectional marks and zero-width characters.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// One line: white space folded to single blanks, deceptive characters dropped.
#[must_use]
pub fn one_line(text: &str) -> String {
    if let Some(line) = plain_line(text) {
        return line.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c == '\u{85}') {
        let start = line.len();
        if !line.is_empty() {
            line.push(' ');
        }
        let kept_from = line.len();
        if word.bytes().all(|byte| byte.is_ascii_graphic()) {
            line.push_str(word);
        } else {
            line.extend(word.chars().filter(|&c| !is_deceptive(c)));
        }
        if line.len() == kept_from {
            line.truncate(start);
        }
    }
    line
}

/// What [`one_line`] makes of a text, as far as that is seen at a glance: the text without the blanks around it. Nearly every
/// cell of every list is so.
#[must_use]
pub fn plain_line(text: &str) -> Option<&str> {
    Some(text.trim_matches(' ')).filter(|line| is_plain(line))
}

/// Whether a text without blanks around it has single ones between what can be seen, and nothing else. Numbers, and no branches: the processor takes
/// many bytes at once so.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(last), Some(rest)) = (bytes.last(), bytes.get(1..)) else { return true };
    let is_other = |byte: u8| u8::from(byte.wrapping_sub(b' ') > b'~' - b' ');
    let is_blank = |byte: u8| u8::from(byte == b' ');
    let is_odd = |(byte, next): (&u8, &u8)| is_other(*byte) | (is_blank(*byte) & is_blank(*next));
    let odd = bytes.iter().zip(rest).map(is_odd).fold(0, |odd, is_odd| odd | is_odd);
    last.is_ascii_graphic() && odd == 0
}

/// `1 mail`, `2 mails`.
#[must_use]
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The same text with its first letter as a sentence begins.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Several lines: each as by [`one_line`], empty ones dropped.
#[must_use]
pub fn lines(text: &str) -> String {
    if let Some(line) = plain_line(text) {
        return line.to_owned();
    }
    text.lines().map(one_line).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// At most `max_chars` characters, the last an ellipsis where something was cut.
#[must_use]
pub fn shorten(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The nearest character boundary at or before a byte; the text's end where it lies beyond.
#[must_use]
pub fn boundary_before(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// The nearest character boundary at or after a byte; the text's end where it lies beyond.
#[must_use]
pub fn boundary_after(text: &str, byte: usize) -> usize {
    (byte..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}

/// An error and all its causes on one line: each says only its own part.
#[must_use]
pub fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut parts: Vec<String> = causes.map(ToString::to_string).collect();
    // Some libraries repeat their cause in their own words.
    parts.dedup();
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_folds_and_deceptive_characters_go() {
        assert_eq!(one_line("  a\u{a0}\n b\t\tc "), "a b c");
        assert_eq!(one_line("pay\u{202e}load \u{200b} x"), "payload x");
        assert_eq!(lines(" a \n\n  b  c\n"), "a\nb c");
        for (text, line) in [
            ("", ""),
            ("  ", ""),
            ("a ", "a"),
            ("  a", "a"),
            (" a  b", "a b"),
            (" a b ", "a b"),
            ("a\u{a0}", "a"),
        ] {
            assert_eq!((one_line(text), lines(text)), (line.to_owned(), line.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn a_boundary_lies_between_characters_and_inside_the_text() {
        assert_eq!((boundary_before("a海b", 2), boundary_after("a海b", 2)), (1, 4));
        assert_eq!((boundary_before("a海b", 4), boundary_after("a海b", 4)), (4, 4));
        assert_eq!((boundary_before("海", 9), boundary_after("海", 9)), (3, 3));
    }

    #[test]
    fn shortening_counts_characters_not_bytes() {
        assert_eq!(shorten("海康威视", 4), "海康威视");
        assert_eq!(shorten("海康威视", 3), "海康…");
    }
}
