//! Numbers in a name, however they are written: "44", "forty-four", "IV", "1st", "first".

const UNITS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const ORDINALS: [&str; 13] = [
    "zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
];
const ROMAN: [&str; 20] = [
    "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi",
    "xvii", "xviii", "xix", "xx",
];

/// The number that words begin with, in digits, and how many of them say it.
///
/// `is_first` and `is_last` say where in the name the first word stands: a Roman numeral of one
/// letter counts at the end only, and none at the beginning.
pub(super) fn leading(words: &[&str], is_first: bool, is_last: bool) -> Option<(String, usize)> {
    let &word = words.first()?;
    if let Some(tens) = tens(word) {
        let unit = words.get(1).and_then(|next| units(next)).filter(|unit| (1..10).contains(unit));
        return Some(unit.map_or_else(|| (tens.to_string(), 1), |unit| ((tens + unit).to_string(), 2)));
    }
    if let Some(number) = units(word) {
        return Some((number.to_string(), 1));
    }
    let roman = ROMAN.iter().position(|roman| *roman == word).map(|index| index + 1);
    roman.filter(|_| !is_first && (word.len() > 1 || is_last)).map(|number| (number.to_string(), 1))
}

fn tens(word: &str) -> Option<usize> {
    let spelled = if word == "fourty" { "forty" } else { word };
    TENS.iter().position(|tens| *tens == spelled).map(|index| (index + 2) * 10)
}

fn units(word: &str) -> Option<usize> {
    let in_words = UNITS.iter().position(|unit| *unit == word);
    in_words.or_else(|| ORDINALS.iter().position(|ordinal| *ordinal == word)).or_else(|| in_digits(word))
}

/// "44" and "44th".
fn in_digits(word: &str) -> Option<usize> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let is_number = matches!(&word[digits.len()..], "" | "st" | "nd" | "rd" | "th");
    if is_number && digits.len() <= 9 { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &[&str], expected: Option<(&str, usize)>) {
        let found = leading(words, false, words.len() == 1);
        assert_eq!(found, expected.map(|(number, taken)| (number.to_owned(), taken)), "{words:?}");
    }

    #[test]
    fn a_number_is_known_however_it_is_written() {
        check(&["44"], Some(("44", 1)));
        check(&["forty", "four"], Some(("44", 2)));
        check(&["fourty", "4", "x"], Some(("44", 2)));
        check(&["1st"], Some(("1", 1)));
        check(&["first"], Some(("1", 1)));
        check(&["viii"], Some(("8", 1)));
        check(&["007"], Some(("7", 1)));
    }

    #[test]
    fn a_letter_is_a_number_at_the_end_only() {
        check(&["v"], Some(("5", 1)));
        check(&["v", "motors"], None);
        assert_eq!(leading(&["x"], true, true), None);
        check(&["vivo"], None);
        check(&["3m"], None);
    }
}
