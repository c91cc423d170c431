//! Numbers of JSON as they are written.
//!
//! A number becomes 64 bits, which do not hold a register's number of twenty digits. Such numbers are
//! put in quotation marks before the body is parsed.

use std::borrow::Cow;

/// An integer of so many digits fits in any case.
const SAFE_DIGITS: usize = 18;

/// The body with every number in quotation marks that would not come out as it is written.
pub(super) fn kept(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let (mut quoted, mut copied, mut at) = (String::new(), 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let start = at;
                let is_part =
                    |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
                at += bytes[at..].iter().take_while(|byte| is_part(byte)).count();
                let number = &text[start..at];
                if loses(number) {
                    quoted.extend([&text[copied..start], "\"", number, "\""]);
                    copied = at;
                }
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    quoted.push_str(&text[copied..]);
    Cow::Owned(quoted)
}

/// Behind the quotation mark that ends the string which begins here.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// A fraction of so many digits that count comes out of 64 bits as it went in.
const EXACT_DIGITS: usize = 15;

/// Whether a number comes out of the parser as another number; what is no number is left to the parser.
fn loses(number: &str) -> bool {
    if number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        let fits =
            number.len() <= SAFE_DIGITS || number.parse::<u64>().is_ok() || number.parse::<i64>().is_ok();
        return !fits && is_well_formed(number);
    }
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let counted = digits.trim_start_matches('0').trim_end_matches('0').len();
    let is_finite = number.parse::<f64>().is_ok_and(f64::is_finite);
    (counted > EXACT_DIGITS || !is_finite) && is_well_formed(number)
}

fn is_well_formed(number: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
    digits(whole) && !has_leading_zero && digits(fraction) && digits(exponent.trim_start_matches(['+', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_kept_and_what_is_no_number_is_left_alone() {
        for (text, expected) in [
            (r#"{"a":12345678901234567890123,"b":1.10}"#, r#"{"a":"12345678901234567890123","b":1.10}"#),
            ("[1, -2, 0.5, 18446744073709551615]", "[1, -2, 0.5, 18446744073709551615]"),
            ("[1e400, 1E5, -0, 0.12345678901234567]", r#"["1e400", 1E5, -0, "0.12345678901234567"]"#),
            (r#"["1e400 \" 1e400", "\\", 1e400]"#, r#"["1e400 \" 1e400", "\\", "1e400"]"#),
            ("[0123, 1., 01e999]", "[0123, 1., 01e999]"),
            (r#"["unended 1e400"#, r#"["unended 1e400"#),
        ] {
            assert_eq!(kept(text), expected, "{text}");
        }
    }
}
