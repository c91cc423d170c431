//! Case numbers, which every court and every clerk spells differently.

use std::sync::LazyLock;

use regex::Regex;

/// A case number in the form in which numbers are compared.
///
/// `1:09-cv-00480-LJO-GSA` is `1:09-cv-480`, and so is `09-cv-00480`, which leaves out the office:
/// judges' initials and a defendant's number change or come and go, leading zeros are style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseNumber {
    office: Option<String>,
    /// Year, type and serial number; of numbers in another form all letters and digits.
    rest: String,
}

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by a test")]
static FEDERAL: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"^(?:(?<office>\d+):)?(?<year>\d{2}|\d{4})-(?:(?<type>[a-z~]+)-)?(?<serial>\d+)(?:-.*)?$";
    Regex::new(pattern).expect("constant pattern")
});

impl CaseNumber {
    /// Takes any text: where it is no federal case number, its letters and digits count.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim().to_lowercase();
        let text = text.strip_prefix("no.").unwrap_or(&text).trim();
        let Some(found) = FEDERAL.captures(text) else {
            return Self { office: None, rest: text.chars().filter(|c| c.is_alphanumeric()).collect() };
        };
        let year = &found["year"];
        let year = &year[year.len() - 2..];
        let kind = found.name("type").map_or("", |kind| kind.as_str());
        let serial = found["serial"].trim_start_matches('0');
        Self {
            office: found.name("office").map(|office| office.as_str().to_owned()),
            rest: format!("{year}-{kind}-{serial}"),
        }
    }

    /// The number in one spelling, with the office where it names one; `None` where it is none.
    #[must_use]
    pub fn spelled(&self) -> Option<String> {
        let rest = self.rest.replace("--", "-");
        let has_digit = rest.bytes().any(|byte| byte.is_ascii_digit());
        let office = self.office.as_ref().map(|office| format!("{office}:")).unwrap_or_default();
        has_digit.then(|| format!("{office}{rest}"))
    }

    /// Whether both are the number of one case, as far as they say.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let offices = self.office.as_ref().zip(other.office.as_ref());
        self.rest == other.rest && offices.is_none_or(|(one, two)| one == two)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(one: &str, two: &str, is_same: bool) {
        assert_eq!(CaseNumber::of(one).is_same(&CaseNumber::of(two)), is_same, "{one} and {two}");
        assert_eq!(CaseNumber::of(two).is_same(&CaseNumber::of(one)), is_same, "{two} and {one}");
    }

    #[test]
    fn a_case_is_known_by_any_spelling_of_its_number() {
        for (one, two) in [
            ("1:09-cv-00480-LJO-GSA", "1:09-cv-00480"),
            ("1:09-cv-00480", "09-cv-480"),
            ("2:20-cr-00606-1", "2:20-CR-00606"),
            ("23-1032", " No. 23-1032"),
            ("2023-1032", "23-1032"),
            ("18-00079", "18-79"),
            ("MDL No. 2168", "mdl no 2168"),
            ("T-2284-25", "t-2284-25"),
        ] {
            check(one, two, true);
        }
    }

    #[test]
    fn a_number_has_one_spelling() {
        for (text, spelled) in [
            ("1:09-cv-00480-LJO-GSA", Some("1:09-cv-480")),
            ("No. 23-1032", Some("23-1032")),
            ("MDL No. 2168", Some("mdlno2168")),
            ("", None),
            ("under seal", None),
        ] {
            assert_eq!(CaseNumber::of(text).spelled().as_deref(), spelled);
        }
    }

    #[test]
    fn other_cases_are_others() {
        for (one, two) in [
            ("23-1032", "23-1073"),
            ("23-1032", "22-1032"),
            ("1:09-cv-00480", "2:09-cv-00480"),
            ("1:09-cv-00480", "1:09-cr-00480"),
            ("1:09-cv-00480", "09-480"),
            ("23-1032", "23-10320"),
            ("", "23-1032"),
        ] {
            check(one, two, false);
        }
    }
}
