//! Numbers as digits: a sheet may hold longer ones than a float can.

/// A number by its digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) is_negative: bool,
    /// The digits before the point, without zeros before them; `0` where there are none.
    pub(super) whole: String,
    /// The digits behind it, without zeros behind them.
    pub(super) fraction: String,
}

/// A larger exponent is that of no number that a cell shows.
const MAX_EXPONENT: i32 = 330;

/// Excel writes the digits by which it knows a float again: of them the last two are noise.
const FLOAT_DIGITS: usize = 17;

impl Decimal {
    /// The number that a text writes, with an exponent perhaps.
    pub(super) fn of(text: &str) -> Option<Self> {
        let found = Self::exactly(text)?;
        let digits = found.whole.trim_start_matches('0').len() + found.fraction.trim_start_matches('0').len();
        if found.fraction.is_empty() || !(FLOAT_DIGITS - 1..=FLOAT_DIGITS).contains(&digits) {
            return Some(found);
        }
        // The shortest digits that mean the same float: 0.10000000000000001 is 0.1.
        let shortest = text.trim().parse::<f64>().ok()?.to_string();
        Self::exactly(&shortest)
    }

    fn exactly(text: &str) -> Option<Self> {
        let text = text.trim();
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0
            || !is_number(whole)
            || !is_number(fraction)
            || exponent.abs() > MAX_EXPONENT
        {
            return None;
        }
        Some(Self { is_negative, whole: whole.to_owned(), fraction: fraction.to_owned() }.shifted(exponent))
    }

    /// The number with its point moved, to the right by so many digits.
    pub(super) fn shifted(&self, by: i32) -> Self {
        let (mut whole, mut fraction) = (self.whole.clone(), self.fraction.clone());
        for _ in 0..by.max(0) {
            let digit = if fraction.is_empty() { '0' } else { fraction.remove(0) };
            whole.push(digit);
        }
        for _ in 0..by.min(0).unsigned_abs() {
            fraction.insert(0, whole.pop().unwrap_or('0'));
        }
        let bare = whole.trim_start_matches('0');
        let whole = if bare.is_empty() { "0".to_owned() } else { bare.to_owned() };
        let fraction = fraction.trim_end_matches('0').to_owned();
        let is_zero = whole == "0" && fraction.is_empty();
        Self { is_negative: self.is_negative && !is_zero, whole, fraction }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.whole == "0" && self.fraction.is_empty()
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.is_negative { "-" } else { "" };
        let point = if self.fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{}{point}{}", self.whole, self.fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(Decimal::of(text).map(|number| number.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn numbers_keep_their_digits() {
        for text in
            ["0", "7", "-7", "12345678901234567890", "0.25", "1234567890123456", "0.1234567890123456789"]
        {
            check(text, Some(text));
        }
        check("007.50", Some("7.5"));
        check("1.2E+3", Some("1200"));
        check("-1.25e-3", Some("-0.00125"));
        check("1E+20", Some("100000000000000000000"));
        check("0.10000000000000001", Some("0.1"));
        check("30.399999999999999", Some("30.4"));
        check("-0.0", Some("0"));
        for text in ["", ".", "a", "1,5", "1E9999999", "0x1", "1e"] {
            check(text, None);
        }
    }
}
