//! The numbers by which documents and docket entries are known, in one spelling each.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use url::Url;

/// Who gives a number, and to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberScheme {
    /// A document of the Federal Register: `2026-25555`.
    FrDocument,
    /// Where a document of the Federal Register begins: `91 FR 12345`. Several short ones may begin on one page.
    FrCitation,
    /// A document of the FCC or of one of its bureaus: `FCC 26-71`, `DA 26-1011`.
    Fcc,
    /// A filing in the FCC's comment filing system.
    EcfsFiling,
    /// An entry on the docket of a court that is known: `23-1032#5@cadc`.
    CourtEntry,
    /// An entry on a docket that is known by its number and caption together.
    CaptionedEntry,
}

impl NumberScheme {
    /// Its name in records and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FrDocument => "fr-document",
            Self::FrCitation => "fr-citation",
            Self::Fcc => "fcc",
            Self::EcfsFiling => "ecfs-filing",
            Self::CourtEntry => "court-entry",
            Self::CaptionedEntry => "captioned-entry",
        }
    }
}

/// One number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DocumentNumber {
    /// Who gave it.
    pub scheme: NumberScheme,
    /// The number in its one spelling.
    pub value: String,
}

#[expect(clippy::expect_used, reason = "the patterns are constants, each exercised by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant pattern")
}

/// `2026-25555`, `C1-2026-18780`, `E9-12345`, `06-1234`.
const FR_DOCUMENT: &str = r"(?:[A-Z]\d{0,2}-)?(?:\d{4}|\d{2}|[A-Z]\d{1,2})-\d{1,6}";

static WHOLE_FR_DOCUMENT: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("^{FR_DOCUMENT}$")));

static WHOLE_CITATION: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{1,3}) FR (\d{1,6})$"));

static WHOLE_FCC: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(DA|FCC)[ -](?:No\. ?)?(\d{2})-(\d{1,4})$"));

static TITLED_FCC: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(DA|FCC) (\d{2}-\d{1,4}) ?(?::|\||- |— |– )"));

static FCC_ATTACHMENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^(DA|FCC)-(\d{2})-(\d{1,4})A\d{1,2}\.(?:pdf|txt|docx?|html?)$"));

static SAID_CITATION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{2,3}) (?:FR|F\.R\.|Fed\. ?Reg\.) (\d{1,3}(?:,\d{3})+|\d{1,6})\b"));

static SAID_FR_DOCUMENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"\bFR Doc(?:ument)?\.? ?(?:(?:No|Number)\.? ?)?({FR_DOCUMENT})\b")));

static SAID_FCC: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(DA|FCC) (?:No\. ?)?(\d{2}-\d{1,4})\b"));

/// A text on one line, every dash the same.
fn plain(text: &str) -> String {
    let text: String = text.chars().map(|c| if matches!(c, '–' | '‑' | '‐') { '-' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl DocumentNumber {
    fn new(scheme: NumberScheme, value: impl Into<String>) -> Self {
        Self { scheme, value: value.into() }
    }

    /// A document number of the Federal Register, where a text is one.
    #[must_use]
    pub fn fr_document(text: &str) -> Option<Self> {
        let text = plain(text).to_uppercase();
        WHOLE_FR_DOCUMENT.is_match(&text).then(|| Self::new(NumberScheme::FrDocument, text))
    }

    /// A citation of the Federal Register, where a text is one and nothing else.
    #[must_use]
    pub fn fr_citation(text: &str) -> Option<Self> {
        let text = plain(text);
        let found = WHOLE_CITATION.captures(&text)?;
        Some(Self::cited(&found[1], &found[2]))
    }

    fn cited(volume: &str, page: &str) -> Self {
        let page = page.replace(',', "");
        let page = page.trim_start_matches('0');
        Self::new(NumberScheme::FrCitation, format!("{} FR {page}", volume.trim_start_matches('0')))
    }

    /// A number of the FCC, where a text is one and nothing else.
    #[must_use]
    pub fn fcc(text: &str) -> Option<Self> {
        let text = plain(text);
        let found = WHOLE_FCC.captures(&text)?;
        Some(Self::of_fcc(&found[1], &format!("{}-{}", &found[2], &found[3])))
    }

    fn of_fcc(series: &str, number: &str) -> Self {
        let (year, serial) = number.split_once('-').unwrap_or((number, ""));
        let value = format!("{} {year}-{}", series.to_uppercase(), serial.trim_start_matches('0'));
        Self::new(NumberScheme::Fcc, value)
    }

    /// The number of the FCC that a title begins with, set apart from what it says.
    #[must_use]
    pub fn fcc_of_title(title: &str) -> Option<Self> {
        let title = plain(title);
        let found = TITLED_FCC.captures(&title)?;
        Some(Self::of_fcc(&found[1], &found[2]))
    }

    /// A filing of the FCC's comment filing system.
    #[must_use]
    pub fn ecfs_filing(id: &str) -> Option<Self> {
        let is_id = !id.is_empty() && id.len() <= 40 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_id.then(|| Self::new(NumberScheme::EcfsFiling, id))
    }

    /// An entry of a case of a court.
    #[must_use]
    pub fn court_entry(court: &str, case: &str, entry: u32) -> Self {
        Self::new(NumberScheme::CourtEntry, format!("{case}#{entry}@{court}"))
    }

    /// An entry of a case that is known by number and caption.
    #[must_use]
    pub fn captioned_entry(caption: &str, case: &str, entry: u32) -> Self {
        Self::new(NumberScheme::CaptionedEntry, format!("{case}#{entry}@{caption}"))
    }

    /// The document at an address, where the address is its own and names it.
    #[must_use]
    pub fn of_address(address: &str) -> Option<Self> {
        let url: Url = address.parse().ok()?;
        let host = url.host_str()?.trim_start_matches("www.");
        let path: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
        let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
        match (host, path.as_slice()) {
            ("federalregister.gov", ["documents", _, _, _, number, ..] | ["d", number]) => {
                Self::fr_document(number)
            }
            ("public-inspection.federalregister.gov", [file]) => Self::fr_document(&stem(file)),
            ("govinfo.gov", ["content", "pkg", issue, "pdf" | "html" | "xml", file]) => {
                issue.starts_with("FR-").then(|| Self::fr_document(&stem(file))).flatten()
            }
            ("govinfo.gov", ["app", "details", issue, number, ..]) => {
                issue.starts_with("FR-").then(|| Self::fr_document(number)).flatten()
            }
            ("docs.fcc.gov", ["public", "attachments", file]) => {
                let found = FCC_ATTACHMENT.captures(file)?;
                Some(Self::of_fcc(&found[1], &format!("{}-{}", &found[2], &found[3])))
            }
            _ => None,
        }
    }

    /// The numbers that a text speaks of, whosever they are.
    pub(super) fn said_in(text: &str) -> Vec<Self> {
        let text = plain(text);
        let citations = SAID_CITATION.captures_iter(&text).map(|found| Self::cited(&found[1], &found[2]));
        let documents =
            SAID_FR_DOCUMENT.captures_iter(&text).filter_map(|found| Self::fr_document(&found[1]));
        let released = SAID_FCC.captures_iter(&text).map(|found| Self::of_fcc(&found[1], &found[2]));
        citations.chain(documents).chain(released).collect()
    }
}

impl fmt::Display for DocumentNumber {
    /// As a person cites it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = &self.value;
        match self.scheme {
            NumberScheme::FrDocument => write!(f, "FR Doc. {value}"),
            NumberScheme::EcfsFiling => write!(f, "FCC filing {value}"),
            NumberScheme::FrCitation | NumberScheme::Fcc => f.write_str(value),
            NumberScheme::CourtEntry | NumberScheme::CaptionedEntry => {
                let of_case = value.split_once('@').map_or(value.as_str(), |(entry, _)| entry);
                let (case, entry) = of_case.rsplit_once('#').unwrap_or((of_case, ""));
                write!(f, "{case}, entry {entry}")
            }
        }
    }
}

/// The numbers of a change: those of the document or docket entry that it is about, and those of others that its new
/// words speak of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// Its own, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<DocumentNumber>,
    /// Those it speaks of, each once; none of them is its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cited: Vec<DocumentNumber>,
}

impl Numbers {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.cited.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: Option<DocumentNumber>, expected: Option<&str>) {
        assert_eq!(found.map(|number| number.to_string()).as_deref(), expected);
    }

    #[test]
    fn a_number_has_one_spelling() {
        check(DocumentNumber::fr_document(" 2026–25555 "), Some("FR Doc. 2026-25555"));
        check(DocumentNumber::fr_document("c1-2026-18780"), Some("FR Doc. C1-2026-18780"));
        check(DocumentNumber::fr_document("E9-12345"), Some("FR Doc. E9-12345"));
        check(DocumentNumber::fr_citation("91 FR 01234"), Some("91 FR 1234"));
        check(DocumentNumber::fcc("DA 26–1011"), Some("DA 26-1011"));
        check(DocumentNumber::fcc("FCC-26-071"), Some("FCC 26-71"));
        check(DocumentNumber::fcc_of_title("DA 26-1011: Public Safety Bureau adds"), Some("DA 26-1011"));
    }

    #[test]
    fn what_only_looks_like_a_number_is_none() {
        for text in ["", "2026", "2026-11-24", "21-232 and 21-233", "2026-25555 (corrected)", "ID 0694-AJ12"]
        {
            check(DocumentNumber::fr_document(text), None);
        }
        for text in ["91 FR", "91 FR 12345, 3/2/26", "see 91 FR 12345", "91 CFR 12345"] {
            check(DocumentNumber::fr_citation(text), None);
        }
        for text in
            ["ET Docket No. 21-232", "FCC 2026", "DA 26-1011 and DA 26-1012", "FR ID 317032", "WC 23-1"]
        {
            check(DocumentNumber::fcc(text), None);
        }
        for title in ["Comments on DA 26-1011: due", "DA 26-1011 is corrected", "FCC 26-71"] {
            check(DocumentNumber::fcc_of_title(title), None);
        }
    }

    #[test]
    fn an_address_names_the_document_that_lies_there_and_no_other() {
        for (address, expected) in [
            (
                "https://www.federalregister.gov/documents/2026/11/20/2026-25555/additions-to-the-list",
                Some("FR Doc. 2026-25555"),
            ),
            ("https://www.federalregister.gov/d/2026-25555", Some("FR Doc. 2026-25555")),
            ("https://public-inspection.federalregister.gov/2026-25555.pdf?x=1", Some("FR Doc. 2026-25555")),
            (
                "https://www.govinfo.gov/content/pkg/FR-2026-11-20/pdf/2026-25555.pdf",
                Some("FR Doc. 2026-25555"),
            ),
            ("https://www.govinfo.gov/app/details/FR-2026-11-20/2026-25555", Some("FR Doc. 2026-25555")),
            ("https://docs.fcc.gov/public/attachments/DA-26-1011A1.pdf", Some("DA 26-1011")),
            ("https://docs.fcc.gov/public/attachments/FCC-26-71A2.txt", Some("FCC 26-71")),
            ("https://docs.fcc.gov/public/attachments/DOC-414731A1.pdf", None),
            ("https://www.federalregister.gov/documents/search?conditions[term]=2026-25555", None),
            ("https://www.federalregister.gov/agencies/2026-25555", None),
            ("https://mirror.example/documents/2026/11/20/2026-25555", None),
            ("https://www.govinfo.gov/content/pkg/CFR-2026-title15/pdf/2026-25555.pdf", None),
            ("2026-25555", None),
        ] {
            check(DocumentNumber::of_address(address), expected);
        }
    }

    #[test]
    fn a_text_speaks_of_numbers() {
        let text = "See 85 FR 29,853 and 84 Fed. Reg. 22963; FR Doc. 2026–25555, DA 26-1011. Docket 21-232, 15 CFR 744.";
        let found = DocumentNumber::said_in(text);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["85 FR 29853", "84 FR 22963", "FR Doc. 2026-25555", "DA 26-1011"]);
    }

    #[test]
    fn an_entry_of_a_docket_is_cited_by_its_case() {
        let entry = DocumentNumber::court_entry("cadc", "23-1032", 5);
        assert_eq!(
            (entry.value.as_str(), entry.to_string().as_str()),
            ("23-1032#5@cadc", "23-1032, entry 5")
        );
    }
}
