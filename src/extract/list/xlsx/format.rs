//! Number formats that show a number with zeros before it, as many lists do with theirs.

/// The digits of a whole number laid out by a format of zeros, such as `00000` or `000\\-00`; `None`
/// where the format is another or the number is not whole.
pub(super) fn padded(code: &str, number: &str) -> Option<String> {
    let pattern: String = code.split(';').next()?.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
    let zeros = pattern.chars().filter(|c| *c == '0').count();
    let is_plain = pattern.chars().all(|c| matches!(c, '0' | '-' | ' ' | '/'));
    if zeros < 2 || !is_plain || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{number:0>zeros$}");
    let (surplus, mut rest) = digits.split_at(digits.len() - zeros);
    let mut shown = String::new();
    for c in pattern.chars() {
        if c != '0' {
            shown.push(c);
            continue;
        }
        if rest.len() == zeros {
            shown.push_str(surplus);
        }
        let (digit, others) = rest.split_at(1);
        shown.push_str(digit);
        rest = others;
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::padded;

    #[test]
    fn zeros_before_a_number_are_shown() {
        assert_eq!(padded("00000", "123").as_deref(), Some("00123"));
        assert_eq!(padded("000\\-00\\-0000", "12345678").as_deref(), Some("012-34-5678"));
        assert_eq!(padded("00-00", "123456").as_deref(), Some("1234-56"));
        for (code, number) in
            [("General", "123"), ("0", "5"), ("0.00", "5"), ("00000", "1.5"), ("00000", "-3")]
        {
            assert_eq!(padded(code, number), None, "{code} {number}");
        }
    }
}
