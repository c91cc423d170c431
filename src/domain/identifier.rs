//! The numbers and codes under which registers have a company.
//!
//! A number that was mistyped names somebody else. Where its standard has a check digit it is
//! therefore reckoned, and every scheme's shape is looked at before a number is believed.

use serde::{Deserialize, Serialize};

/// Whose number it is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum IdentifierScheme {
    /// Legal Entity Identifier (ISO 17442).
    Lei,
    /// Central Index Key of the U.S. Securities and Exchange Commission.
    Cik,
    /// International Securities Identification Number (ISO 6166).
    Isin,
    /// A listing, the market beside the code: `002415.SZ`, `NYSE:IBM`.
    Ticker,
    /// Unified Social Credit Code of the People's Republic of China (GB 32100-2015).
    Uscc,
    /// Grantee code, with which every FCC ID of the company begins (47 CFR 2.926).
    FccGrantee,
    /// The number of a proceeding that is about the company.
    Docket,
    /// Any other register's.
    Other,
}

impl IdentifierScheme {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The scheme in words, for explanations.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Lei => "LEI",
            Self::Cik => "CIK",
            Self::Isin => "ISIN",
            Self::Ticker => "ticker",
            Self::Uscc => "Chinese credit code",
            Self::FccGrantee => "FCC grantee code",
            Self::Docket => "docket",
            Self::Other => "register number",
        }
    }

    /// What a value must look like, in words; `None` where it does.
    #[must_use]
    pub fn objection(self, value: &str) -> Option<&'static str> {
        let (is_fine, expected) = match self {
            Self::Lei => {
                (is_lei(value), "an LEI: 18 letters and digits and the two check digits that fit them")
            }
            Self::Cik => (
                is_of(value, 1..=10, |byte| byte.is_ascii_digit()) && value.bytes().any(|byte| byte != b'0'),
                "a CIK: 1 to 10 digits",
            ),
            Self::Isin => (
                is_isin(value),
                "an ISIN: two letters, nine letters and digits, and the check digit that fits them",
            ),
            Self::Ticker => {
                (is_ticker(value), "a ticker with its market, such as \"002415.SZ\" or \"NYSE:IBM\"")
            }
            Self::Uscc => (
                is_uscc(value),
                "a Chinese credit code: 17 letters and digits and the check character that fits them",
            ),
            Self::FccGrantee => (
                is_fcc_grantee(value),
                "an FCC grantee code: a capital and two capitals or digits, or a digit and four",
            ),
            Self::Docket => (value.chars().any(|c| c.is_ascii_digit()), "a docket number, with a digit"),
            Self::Other => {
                (value.chars().any(char::is_alphanumeric), "a number with at least one letter or digit")
            }
        };
        (!is_fine).then_some(expected)
    }
}

/// A number of a company in a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// Whose number it is.
    pub scheme: IdentifierScheme,
    /// The number as the register writes it.
    pub value: String,
    /// Where it is known from: an address or a citation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl Identifier {
    /// The forms in which it means its company wherever it stands.
    ///
    /// A bare CIK is any number, and three letters are many things: these are looked for only
    /// with the words that say what they are.
    #[must_use]
    pub fn spellings(&self) -> Vec<String> {
        let value = &self.value;
        match self.scheme {
            IdentifierScheme::Cik => {
                let short = value.trim_start_matches('0');
                let mut forms = Vec::new();
                for words in ["CIK", "CIK No.", "CIK number", "Central Index Key"] {
                    forms.push(format!("{words} {short}"));
                    if short.len() < 10 {
                        forms.push(format!("{words} {short:0>10}"));
                    }
                }
                forms
            }
            IdentifierScheme::FccGrantee if value.len() == 3 => {
                vec![format!("Grantee Code {value}"), format!("grantee code {value}")]
            }
            _ => vec![value.clone()],
        }
    }
}

fn is_of(value: &str, length: std::ops::RangeInclusive<usize>, fits: impl Fn(u8) -> bool) -> bool {
    length.contains(&value.len()) && value.bytes().all(fits)
}

fn is_capital_or_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase()
}

/// The digits of a text in which A stands for 10 and Z for 35.
fn digits(value: &str) -> impl DoubleEndedIterator<Item = u32> {
    let numbers = value.chars().filter_map(|c| c.to_digit(36));
    numbers.flat_map(|number| [(number >= 10).then_some(number / 10), Some(number % 10)]).flatten()
}

/// ISO 17442, whose check digits are those of ISO 7064 MOD 97-10.
fn is_lei(value: &str) -> bool {
    let ends_in_digits = value.bytes().rev().take(2).all(|byte| byte.is_ascii_digit());
    let remainder = || digits(value).fold(0, |sum, digit| (sum * 10 + digit) % 97);
    is_of(value, 20..=20, is_capital_or_digit) && ends_in_digits && remainder() == 1
}

/// ISO 6166, whose check digit is Luhn's (ISO/IEC 7812-1, annex B).
fn is_isin(value: &str) -> bool {
    let has_shape = is_of(value, 12..=12, is_capital_or_digit)
        && value.bytes().take(2).all(|byte| byte.is_ascii_uppercase())
        && value.bytes().last().is_some_and(|byte| byte.is_ascii_digit());
    let every_second_doubled = |(place, digit): (usize, u32)| match place % 2 {
        0 => digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    };
    has_shape && digits(value).rev().enumerate().map(every_second_doubled).sum::<u32>().is_multiple_of(10)
}

/// GB 32100-2015, 4.6: the seventeen weights are the powers of 3 modulo 31.
fn is_uscc(value: &str) -> bool {
    const CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let numbers: Vec<usize> = value.chars().filter_map(|c| CHARACTERS.find(c)).collect();
    if value.chars().count() != 18 || numbers.len() != 18 {
        return false;
    }
    let weights = std::iter::successors(Some(1), |weight| Some(weight * 3 % 31));
    let sum: usize = numbers.iter().zip(weights).take(17).map(|(number, weight)| number * weight).sum();
    numbers[17] == (31 - sum % 31) % 31
}

fn is_ticker(value: &str) -> bool {
    let part = |text: &str| is_of(text, 1..=12, |byte| is_capital_or_digit(byte) || byte == b'-');
    let parts = value.split_once('.').or_else(|| value.split_once(':'));
    parts.is_some_and(|(before, after)| part(before) && part(after))
}

/// 47 CFR 2.926(c); the codes of five characters, given since 2013, begin with a digit.
fn is_fcc_grantee(value: &str) -> bool {
    let head = value.bytes().next().unwrap_or_default();
    let has_head = match value.len() {
        3 => head.is_ascii_uppercase(),
        5 => head.is_ascii_digit(),
        _ => false,
    };
    has_head && value.bytes().all(is_capital_or_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdentifierScheme::*;

    #[track_caller]
    fn check(scheme: IdentifierScheme, taken: &[&str], refused: &[&str]) {
        for value in taken {
            assert_eq!(scheme.objection(value), None, "{value}");
        }
        for value in refused {
            assert!(scheme.objection(value).is_some(), "{value} was taken for a {}", scheme.label());
        }
    }

    #[test]
    fn a_mistyped_number_is_noticed_where_its_standard_has_a_check_digit() {
        // The standards' own examples: ISO 17442 (GLEIF's), ISO 6166 (Apple Inc.), GB 32100.
        check(
            Lei,
            &["506700GE1G29325QX363", "5493001KJTIIGC8Y1R12"],
            &[
                "506700GE1G29325QX364",
                "506700GE1G29325XQ363",
                "506700ge1g29325qx363",
                "506700GE1G29325QX3",
                "",
            ],
        );
        check(
            Isin,
            &["US0378331005", "CNE100000PM8"],
            &["US0378331006", "US0378313005", "0378331005US", "CNE100000PM", "海ISIN000000"],
        );
        check(
            Uscc,
            &["91330000733796106P", "91110000600037341L"],
            &[
                "91330000733796106Q",
                "91330000737396106P",
                "91330000733796106",
                "9133000073379610海P",
                "91330000733796106O",
            ],
        );
    }

    #[test]
    fn a_number_without_a_check_digit_has_its_shape_looked_at() {
        check(Cik, &["320193", "0000320193"], &["", "0", "CIK320193", "12345678901"]);
        check(Ticker, &["002415.SZ", "NYSE:BRK-B"], &["T", "002415", "002415.sz", ".SZ"]);
        check(FccGrantee, &["2ADTD", "QIS"], &["2adtd", "ADTDX", "2QI", "QISE"]);
        check(Docket, &["WC 23-1", "1:24-cv-00001"], &["docket"]);
        check(Other, &["HRB 1234"], &["--"]);
    }

    #[test]
    fn a_number_that_could_be_anything_is_looked_for_only_beside_its_name() {
        let spelled =
            |scheme, value: &str| Identifier { scheme, value: value.into(), source: None }.spellings();
        assert_eq!(spelled(Isin, "CNE100000PM8"), ["CNE100000PM8"]);
        assert!(spelled(Cik, "0000320193").contains(&"CIK 320193".to_owned()));
        assert!(spelled(Cik, "320193").contains(&"CIK 0000320193".to_owned()));
        assert!(spelled(FccGrantee, "QIS").iter().all(|form| form.ends_with("ode QIS")));
    }
}
