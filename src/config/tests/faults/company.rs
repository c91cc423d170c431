//! What a company cannot be.

use super::super::{Folder, LEAST};
use super::{Case, check_all};
use crate::domain::reference::too_common;

const COMPANY: &[Case] = &[
    (
        r#"id = "ZTE""#,
        &[
            r#"6:6: company[#1].id: company id "ZTE" is not valid: expected 1 to 64 of a-z, 0-9 and '-', beginning with a letter or digit"#,
        ],
    ),
    (r#"name = """#, &["7:8: company[zte].name: is blank, expected some text"]),
    (
        r#"name = "---""#,
        &[r#"7:8: company[zte].name: found "---", expected a name with at least one letter or digit"#],
    ),
    (
        r#"aliases = ["ZTE", "zte"]"#,
        &[
            "8:19: company[zte].aliases[2]: is a name that this company has already, capitals or not; expected each once",
        ],
    ),
    (
        r#"aliases = ["ZTE Corporation"]"#,
        &[
            "8:12: company[zte].aliases[1]: is a name that this company has already, capitals or not; expected each once",
        ],
    ),
    (
        r#"aliases = [{ name = "Q", kind = "native" }]"#,
        &[
            r#"8:33: company[zte].aliases[1].kind: found "native", expected one of legal, trade, short, brand, former, native-script, subsidiary, identifier; did you mean "native-script"?"#,
        ],
    ),
    (
        r#"aliases = [{ kind = "short" }]"#,
        &["8:12: company[zte].aliases[1].name: is missing, expected the name as people write it"],
    ),
    (
        r#"aliases = [{ name = "Q", sort = "short" }]"#,
        &["8:26: company[zte].aliases[1].sort: unknown key, expected name, kind, source"],
    ),
    (r#"aliases = "ZTE""#, &["8:11: company[zte].aliases: found a string, expected a list of names"]),
    ("aliases = [5]", &["8:12: company[zte].aliases[1]: found an integer, expected a string"]),
    (
        r#"aliases = ["ZTE"]
not = ["ZTE"]"#,
        &[
            "9:8: company[zte].not[1]: is a name that this company has already, capitals or not; expected each once",
        ],
    ),
    (
        r#"identifiers = [{ scheme = "isin", value = "CNE1000004Y3" }]"#,
        &[
            r#"8:43: company[zte].identifiers[1].value: found "CNE1000004Y3", expected an ISIN: two letters, nine letters and digits, and the check digit that fits them"#,
        ],
    ),
    (
        r#"identifiers = [{ scheme = "issn", value = "1" }, "CNE100000PM8"]"#,
        &[
            r#"8:27: company[zte].identifiers[1].scheme: found "issn", expected one of lei, cik, isin, ticker, uscc, fcc-grantee, docket, other; did you mean "isin"?"#,
            "8:50: company[zte].identifiers[2]: found a string, expected a table",
        ],
    ),
    (
        r#"aliases = [{ name = "0763.HK", kind = "identifier" }]
identifiers = [{ scheme = "ticker", value = "0763.HK" }]"#,
        &[
            "9:16: company[zte].identifiers[1]: is a name that this company has already, capitals or not; expected each once",
        ],
    ),
    (
        r#"parent = "huawey"
exposed_to = ["drones", "drones", "Drones"]"#,
        &[
            r#"8:10: company[zte].parent: found "huawey", expected the id of a [[company]]"#,
            r#"9:15: company[zte].exposed_to[1]: found "drones", expected the id of a [[category]]"#,
            "9:25: company[zte].exposed_to[2]: stands in the list twice, expected once",
            r#"9:25: company[zte].exposed_to[2]: found "drones", expected the id of a [[category]]"#,
            r#"9:35: company[zte].exposed_to[3]: category id "Drones" is not valid: expected 1 to 64 of a-z, 0-9 and '-', beginning with a letter or digit"#,
            r#"9:35: company[zte].exposed_to[3]: found "Drones", expected the id of a [[category]]"#,
        ],
    ),
    (
        r#"parent = "zte""#,
        &["8:10: company[zte].parent: is a company that this one controls itself, expected one above it"],
    ),
    (r#"sources = [""]"#, &["8:12: company[zte].sources[1]: is blank, expected some text"]),
    (
        r#"alias = ["ZTE"]"#,
        &[
            r#"8:1: company[zte].alias: unknown key, expected id, name, aliases, not, identifiers, parent, exposed_to, sources; did you mean "aliases"?"#,
        ],
    ),
];

#[test]
fn a_company_that_cannot_be_looked_for_is_refused() {
    check_all(LEAST, "[[company]]\nid = \"zte\"\nname = \"ZTE Corporation\"\n", COMPANY);
}

#[test]
fn a_name_that_every_notice_holds_is_refused_with_how_often() {
    let text = format!(
        "{LEAST}[[company]]\nid = \"a\"\nname = \"A.B. Limited\"\naliases = [\"Technology\", {{ name = \"the\", kind = \"short\" }}]\n"
    );
    let refused = |at, place, name: &str, is_short| {
        let often = too_common(name, is_short).unwrap();
        format!(
            "regwatch.toml:8:{at}: company[a].aliases{place}: found {name:?}, which stands {often}, expected a name that means this company alone"
        )
    };
    assert_eq!(
        Folder::with(&text).faults(),
        [refused(12, "[1]", "Technology", false), refused(35, "[2].name", "the", true)]
    );
}

/// Companies after the least main file, which has four lines.
#[track_caller]
fn check_together(companies: &str, expected: &[&str]) {
    assert_eq!(Folder::with(&format!("{LEAST}{companies}")).faults(), expected);
}

#[test]
fn a_name_means_one_company() {
    check_together(
        r#"[[company]]
id = "a"
name = "Amber Networks Co., Ltd."
identifiers = [{ scheme = "ticker", value = "0763.HK" }]
[[company]]
id = "b"
name = "Basalt Cameras"
aliases = ["AMBER Networks Co. Ltd", { name = "0763.HK", kind = "identifier" }]
"#,
        &[
            r#"regwatch.toml:12:12: company[b].aliases[1]: found "AMBER Networks Co. Ltd", which is a name of a at regwatch.toml:7 already, expected a name that means one company"#,
            r#"regwatch.toml:12:47: company[b].aliases[2].name: found "0763.HK", which is a name of a at regwatch.toml:8 already, expected a name that means one company"#,
        ],
    );
}

#[test]
fn no_company_is_its_own_ancestor() {
    let company = |id: &str, parent: &str| {
        format!("[[company]]\nid = \"{id}\"\nname = \"{id} Inc.\"\nparent = \"{parent}\"\n")
    };
    let circle = "is a company that this one controls itself, expected one above it";
    check_together(
        &format!("{}{}{}", company("a", "b"), company("b", "a"), company("c", "a")),
        &[
            &format!("regwatch.toml:8:10: company[a].parent: {circle}"),
            &format!("regwatch.toml:12:10: company[b].parent: {circle}"),
        ],
    );
}

#[test]
fn a_category_says_by_which_words_it_is_known() {
    check_together(
        "[[category]]\nid = \"Drones\"\nphrases = []\nphrase = \"\"\n",
        &[
            "regwatch.toml:5:1: category[#1].title: is missing, expected what readers call the category",
            r#"regwatch.toml:6:6: category[#1].id: category id "Drones" is not valid: expected 1 to 64 of a-z, 0-9 and '-', beginning with a letter or digit"#,
            "regwatch.toml:7:11: category[#1].phrases: is empty, expected a list of phrases with at least one",
            r#"regwatch.toml:8:1: category[#1].phrase: unknown key, expected id, title, phrases; did you mean "phrases"?"#,
        ],
    );
}
