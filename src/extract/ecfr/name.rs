//! Names as the Bureau of Industry and Security writes them: a name, other names, an address, in one
//! sentence of commas.

use std::sync::LazyLock;

use regex::Regex;

use super::part::without_marks;
use crate::domain::text::shorten;

/// Longer names are cut; so much of a sentence is no name.
const MAX_NAME_CHARS: usize = 160;

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant pattern")
}

/// What ends a name whatever follows: other names, in several spellings.
static OTHER_NAMES: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)[,;]?\s+\(?(?:a\.?k\.?a\.?|f\.?k\.?a\.?)[,:\s]|[;:]\s"));

/// A legal form that follows its name's comma.
static FORM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:a\.?[gs]|b\.?v|bhd|c\.?a|co|company|corp|corporation|d\.?o\.?o|fz[ce]o?|gmbh|inc|incorporated|jsc|k\.?k|l\.?l\.?[cp]|l\.?p|lda|limited|llc|ltd|ltda|n\.?v|o\.?o\.?o|[op]?jsc|plc|private|pte|pty|pvt|s\.?a|s\.?a\.?r\.?l|s\.?a\.?s|s\.?l|s\.?p\.?a|s\.?r\.?[lo]|sdn|jr|sr|iii?)\b",
    )
});

/// A body within a larger one, or the larger one itself, that belongs to the name.
static BODY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:Academy|Bureau|Corporation|Department|Faculty|Institut(?:e|ion)|Laboratory|Ministry|Research Cent(?:er|re)|School)\b",
    )
});

/// The name a cell's first line begins with.
pub(super) fn name(line: &str) -> String {
    let line = OTHER_NAMES.find(line).map_or(line, |found| &line[..found.start()]);
    let mut end = line.len();
    for (comma, _) in line.match_indices(',') {
        let next = line[comma + 1..].trim_start();
        if !FORM.is_match(next) && !BODY.is_match(next) {
            end = comma;
            break;
        }
    }
    let name = without_marks(&line[..end]).trim_end_matches([',', ';', ':']);
    shorten(name.trim(), MAX_NAME_CHARS)
}

/// Another name: a line that begins with a dash, without what joins it to the next.
pub(super) fn alias(line: &str) -> Option<String> {
    let rest = line.strip_prefix(['—', '–'])?.trim();
    let rest = rest.strip_suffix(" and").or_else(|| rest.strip_suffix(" or")).unwrap_or(rest);
    let alias = without_marks(rest.trim_end_matches([';', ',', ' ']));
    (!alias.is_empty() && alias != "and").then(|| alias.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        assert_eq!(name(line), expected, "{line}");
    }

    #[test]
    fn a_name_ends_where_its_address_or_its_other_names_begin() {
        check("Northwind Cameras Co., Ltd., No. 5 Harbour Road, Port City", "Northwind Cameras Co., Ltd.");
        check(
            "Northwind Cameras Co., Ltd. ⁴, a.k.a., the following two aliases:",
            "Northwind Cameras Co., Ltd.",
        );
        check("Ivan Example, f.k.a., Ivan Sample", "Ivan Example");
        check("Northwind (NW), a.k.a. NW Group, Port City", "Northwind (NW)");
        check("Northwind LLC; 19 Harbour Road, Port City", "Northwind LLC");
        check("Institute 12, Academy of Wires, Port City", "Institute 12, Academy of Wires");
        check("Northwind, S.A., Port City", "Northwind, S.A.");
        check("Northwind, Incense Road, Port City", "Northwind");
        check("Northwind Works", "Northwind Works");
        check("The following two entities:", "The following two entities");
    }

    #[test]
    fn an_alias_stands_alone() {
        assert_eq!(alias("—Northwind Group; and").as_deref(), Some("Northwind Group"));
        assert_eq!(alias("– NW Co., Ltd.;").as_deref(), Some("NW Co., Ltd."));
        assert_eq!(alias("—and"), None);
        assert_eq!(alias("12—14 Harbour Road"), None);
    }
}
