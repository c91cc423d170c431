//! What a company cannot be.

use super::super::LEAST;
use super::{Case, check_all};

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
        r#"aliases = [{ name = "A", kind = "native" }]"#,
        &[
            r#"8:33: company[zte].aliases[1].kind: found "native", expected one of legal, trade, short, brand, former, native-script, subsidiary, identifier; did you mean "native-script"?"#,
        ],
    ),
    (
        r#"aliases = [{ kind = "short" }]"#,
        &["8:12: company[zte].aliases[1].name: is missing, expected the name as people write it"],
    ),
    (
        r#"aliases = [{ name = "A", sort = "short" }]"#,
        &["8:26: company[zte].aliases[1].sort: unknown key, expected name, kind"],
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
        r#"alias = ["ZTE"]"#,
        &[
            r#"8:1: company[zte].alias: unknown key, expected id, name, aliases, not; did you mean "aliases"?"#,
        ],
    ),
];

#[test]
fn a_company_that_cannot_be_looked_for_is_refused() {
    check_all(LEAST, "[[company]]\nid = \"zte\"\nname = \"ZTE Corporation\"\n", COMPANY);
}
