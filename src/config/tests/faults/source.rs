//! What a source cannot be.

use super::super::LEAST;
use super::{Case, check_all};

const SOURCE_BASE: &str = "[[source]]\nid = \"a\"\nkind = \"feed\"\ntitle = \"A\"\nurl = \"https://a.example/\"\nschedule = \"@daily\"\n";

fn before() -> String {
    format!("{LEAST}[[company]]\nid = \"zte\"\nname = \"ZTE Corporation\"\n")
}

const SOURCE: &[Case] = &[
    (
        r#"id = "A B""#,
        &[
            r#"9:6: source[#1].id: source id "A B" is not valid: expected 1 to 64 of a-z, 0-9 and '-', beginning with a letter or digit"#,
        ],
    ),
    ("id = 7", &["9:6: source[#1].id: found an integer, expected a string"]),
    (
        r#"id = """#,
        &[
            r#"9:6: source[#1].id: source id "" is not valid: expected 1 to 64 of a-z, 0-9 and '-', beginning with a letter or digit"#,
        ],
    ),
    (
        r#"kind = "fcc-coverd-list""#,
        &[
            r#"10:8: source[a].kind: found "fcc-coverd-list", expected one of {kinds}; did you mean "fcc-covered-list"?"#,
        ],
    ),
    (
        r#"kind = "html-table""#,
        &[
            "8:1: source[a].selector: is missing, expected a CSS selector of the table",
            "8:1: source[a].columns: is missing, expected a table of headers and fields",
            "8:1: source[a].key: is missing, expected a list of the fields that say what a row is about",
        ],
    ),
    (
        r#"kind = "page-text""#,
        &["8:1: source[a].keep: is missing, expected a list of CSS selectors of what is read"],
    ),
    (
        r#"max_body = "9 TB""#,
        &[
            r#"14:12: source[a].max_body: found "9 TB", expected a size from 1 KiB to 1 GiB, such as "16 MiB""#,
        ],
    ),
    (
        r#"total_timeout = "2h""#,
        &[
            r#"14:17: source[a].total_timeout: found "2h", expected a length of time from 1s to 1h, such as "30s", "5m" or "1h 30m""#,
        ],
    ),
    (
        r#"link = { hosts = ["a.example"] }"#,
        &["14:8: source[a].link: names no link, expected text or selector, or both"],
    ),
    (
        r#"link = { text = "CSV", hosts = ["https://a.example"] }"#,
        &[
            r#"14:33: source[a].link.hosts[1]: found "https://a.example", expected the name of a host such as "media.example.gov""#,
        ],
    ),
    (
        r#"member = "[""#,
        &[r#"14:10: source[a].member: found "[", expected a pattern of a file's name such as "*.csv""#],
    ),
    (
        r#"question = "{""#,
        &[
            "14:12: source[a].question: is not JSON (EOF while parsing an object at line 1 column 1), expected what the source's API is asked",
        ],
    ),
    (
        r#"routes = [{ url = "https://b.example/" }]"#,
        &["14:11: source[a].routes[1].by: is missing, expected who publishes it"],
    ),
    (
        r#"observed = { on = "yesterday", by = "x" }"#,
        &[r#"14:19: source[a].observed.on: found "yesterday", expected a day such as "2026-09-18""#],
    ),
    (
        r#"groups = ["A B"]"#,
        &[r#"14:11: source[a].groups[1]: found "A B", expected the name of a group: a-z, 0-9 and '-'"#],
    ),
    (r#"title = " ""#, &["11:9: source[a].title: is blank, expected some text"]),
    (
        r#"title = "a\tb""#,
        &[r#"11:9: source[a].title: found "a\tb", expected one line without control characters"#],
    ),
    (
        r#"url = "a.example""#,
        &[
            r#"12:7: source[a].url: is not an address (relative URL without a base), expected an address such as "https://www.example.gov/list""#,
        ],
    ),
    (
        r#"url = "ftp://a.example/""#,
        &[
            r#"12:7: source[a].url: found "ftp://a.example/", expected an address such as "https://www.example.gov/list""#,
        ],
    ),
    (
        r#"url = "https://me:pw@a.example/""#,
        &[
            r#"12:7: source[a].url: holds a user or a password, which everybody would be shown; expected an address such as "https://www.example.gov/list""#,
        ],
    ),
    (
        r#"schedule = "61 * * * *""#,
        &[
            r#"13:12: source[a].schedule: "61" is not a minute, expected 0-59, a name, a range, a list or a step such as */15"#,
        ],
    ),
    (
        r#"schedule = "0 0 31 2 *""#,
        &[r#"13:12: source[a].schedule: "0 0 31 2 *" never fires: no date matches"#],
    ),
    (
        r#"schedule = "0 15 * * * *""#,
        &[
            r#"13:12: source[a].schedule: "0 15 * * * *" has 6 fields, expected 5: minute hour day-of-month month day-of-week (or @hourly, @daily, @weekly, @monthly, @yearly)"#,
        ],
    ),
    (
        r#"timezone = "America/NewYork""#,
        &[
            r#"14:12: source[a].timezone: found "America/NewYork", expected a time zone such as "America/New_York" or "UTC"; did you mean "America/New_York"?"#,
        ],
    ),
    (
        "robots = { ignore = true }",
        &[
            "14:10: source[a].robots.because: is missing, expected the reason why robots.txt does not speak of this source",
        ],
    ),
    (
        r#"robots = { because = "we like to" }"#,
        &["14:22: source[a].robots.because: is given although robots.txt is obeyed, expected none"],
    ),
    (
        r#"robots = { ignore = "yes", because = "x" }"#,
        &["14:21: source[a].robots.ignore: found a string, expected true or false"],
    ),
    (
        r#"render = "browser""#,
        &[
            r#"14:10: source[a].render: found "browser", and none is named; expected browser in [fetch] as well"#,
        ],
    ),
    (
        r#"render = "Browser""#,
        &[
            r#"14:10: source[a].render: found "Browser", expected one of none, browser; did you mean "browser"?"#,
        ],
    ),
    (
        r#"listing = { effect = "Exports need a licence." }"#,
        &[
            r#"14:11: source[a].listing.authority: is missing, expected the law that gives it this effect, such as "15 CFR 744.11""#,
        ],
    ),
    (
        r#"misses = "a\nb""#,
        &[r#"14:10: source[a].misses: found "a\nb", expected one line without control characters"#],
    ),
    (
        r#"timezone = "EDT""#,
        &[
            r#"14:12: source[a].timezone: found "EDT", expected a time zone such as "America/New_York" or "UTC""#,
        ],
    ),
    (
        r#"companies = ["nobody"]"#,
        &[r#"14:14: source[a].companies[1]: found "nobody", expected the id of a [[company]]"#],
    ),
    (
        r#"companies = ["zte", "zte"]"#,
        &["14:21: source[a].companies[2]: stands in the list twice, expected once"],
    ),
    (
        r#"companies = "zte""#,
        &["14:13: source[a].companies: found a string, expected a list of ids of companies"],
    ),
    (
        r#"companies = ["ztee"]"#,
        &[
            r#"14:14: source[a].companies[1]: found "ztee", expected the id of a [[company]]; did you mean "zte"?"#,
        ],
    ),
    (
        r#"guard = { max_drop = "101%" }"#,
        &[r#"14:22: source[a].guard.max_drop: found "101%", expected a share from "0%" to "100%""#],
    ),
    (
        "guard = { max_drop = 20 }",
        &[r#"14:22: source[a].guard.max_drop: found "20", expected a share from "0%" to "100%""#],
    ),
    (
        "guard = { min_entries = -1 }",
        &["14:25: source[a].guard.min_entries: found -1, expected a whole number from 0 to 1000000"],
    ),
    (
        "guard = { min = 1 }",
        &[
            "14:11: source[a].guard.min: unknown key, expected min_entries, max_drop, confirm_reads, confirm_drop, confirm_delay, max_entries",
        ],
    ),
    (
        "guard = { confirm_reads = 0 }",
        &["14:27: source[a].guard.confirm_reads: found 0, expected a whole number from 1 to 100"],
    ),
    (
        r#"guard = { confirm_delay = "8d" }"#,
        &[
            r#"14:27: source[a].guard.confirm_delay: found "8d", expected a length of time from 0s to 7d, such as "30s", "5m" or "1h 30m""#,
        ],
    ),
    (
        r#"stale_after = "5m""#,
        &[
            r#"14:15: source[a].stale_after: found "5m", expected a length of time from 1h to 366d, such as "30s", "5m" or "1h 30m""#,
        ],
    ),
    ("guard = 10", &["14:9: source[a].guard: found an integer, expected a table"]),
    (
        r#"noise = { classes = ["timestamp"] }"#,
        &[
            r#"14:22: source[a].noise.classes[1]: found "timestamp", expected one of footnote-marks, screen-reader, timestamps, relative-times, counters, line-order, nonces, link-presence; did you mean "timestamps"?"#,
        ],
    ),
    (
        r#"noise = { patterns = ["(", "x*"] }"#,
        &[
            r#"14:23: source[a].noise.patterns[1]: found "(" (unclosed group), expected a regular expression for the text to ignore"#,
            r#"14:28: source[a].noise.patterns[2]: found "x*", which matches where there is nothing, expected a regular expression for the text to ignore"#,
        ],
    ),
    (r#"noise = { fields = [""] }"#, &["14:21: source[a].noise.fields[1]: is blank, expected some text"]),
    (
        r#"selector = "table""#,
        &[
            "14:12: source[a].selector: belongs to the kinds html-table and html-list, expected none for the kind feed",
        ],
    ),
    (
        r#"dockets = ["23-1032"]"#,
        &[
            "14:11: source[a].dockets: belongs to the kinds court-rss, pacer-docket, scotus-docket and courtlistener, expected none for the kind feed",
        ],
    ),
    (
        r#"kind = "court-rss"
dockets = ["23-1032", "none", "", "No. 23-1032"]
entries = { keep = ["orders"], drop = [1], skip = [] }"#,
        &[
            r#"14:23: source[a].dockets[2]: found "none", expected a case number such as "23-1032" or "1:09-cv-00480""#,
            "14:31: source[a].dockets[3]: is blank, expected some text",
            r#"15:21: source[a].entries.keep[1]: found "orders", expected one of order, opinion, judgment, mandate, minute-entry, pleading, motion, brief, stipulation, notice, appearance, letter, service, hearing, transcript, other; did you mean "order"?"#,
            r#"15:40: source[a].entries.drop[1]: found "1", expected one of order, opinion, judgment, mandate, minute-entry, pleading, motion, brief, stipulation, notice, appearance, letter, service, hearing, transcript, other"#,
            "15:44: source[a].entries.skip: unknown key, expected keep, drop",
        ],
    ),
    (
        r#"kind = "pacer-docket"
dockets = ["1:09-cv-00480", "09-cv-480-LJO"]
entries = { keep = ["order"], drop = ["order", "motion"] }"#,
        &[
            r#"14:29: source[a].dockets[2]: is "1:09-cv-00480" in another spelling, expected each case once"#,
            "15:11: source[a].entries: drops everything that it keeps, expected at least one kind of entry to be left",
        ],
    ),
    (
        r#"kind = "courtlistener"
dockets = []
pages = 0
case = "77""#,
        &[
            "14:11: source[a].dockets: is empty, expected a list of case numbers with at least one",
            "15:9: source[a].pages: found 0, expected a whole number from 1 to 100",
            r#"16:8: source[a].case: is not an address (relative URL without a base), expected an address such as "https://www.example.gov/list""#,
        ],
    ),
    (
        r#"keep = ["main"]
drop = []"#,
        &[
            "14:8: source[a].keep: belongs to the kind page-text, expected none for the kind feed",
            "15:8: source[a].drop: belongs to the kinds html-list and page-text, expected none for the kind feed",
        ],
    ),
    (
        r#"schedul = "@daily""#,
        &[r#"14:1: source[a].schedul: unknown key, expected {source keys}; did you mean "schedule"?"#],
    ),
    (
        r#"selecter = "table""#,
        &[r#"14:1: source[a].selecter: unknown key, expected {source keys}; did you mean "selector"?"#],
    ),
    ("timezone = 5.5", &["14:12: source[a].timezone: found a float, expected a string"]),
    ("headers = []", &["14:11: source[a].headers: found an array, expected a table"]),
];

#[test]
fn a_source_that_cannot_be_read_is_refused() {
    check_all(&before(), SOURCE_BASE, SOURCE);
}

const TOKENS: &[Case] = &[
    (
        r#"token_as = "Authorization {}""#,
        &[
            r#"14:12: source[a].token_as: found "Authorization {}", expected a header such as "Authorization: Token {}" or a parameter such as "?api_key={}", {} standing for the token"#,
            "14:12: source[a].token_as: is given without a token, expected token_file or token_variable as well",
        ],
    ),
    (
        r#"token_variable = "A B""#,
        &[
            "14:18: source[a].token_variable: is not the name of an environment variable, expected letters, digits and _",
        ],
    ),
    (
        r#"token_variable = "REGWATCH_TEST_NO_SUCH_TOKEN""#,
        &[
            "14:18: source[a].token_variable: names REGWATCH_TEST_NO_SUCH_TOKEN, which is not set, expected the token in it",
        ],
    ),
    (
        // Cargo sets it to 0 or to another number of one digit.
        r#"token_variable = "CARGO_PKG_VERSION_MAJOR""#,
        &[
            "14:18: source[a].token_variable: leads to no token, expected at least 8 printable ASCII characters without blanks",
        ],
    ),
    (
        "token_variable = \"CARGO_PKG_REPOSITORY\"\ntoken_file = \"secret\"",
        &[
            "14:18: source[a].token_variable: is given beside token_file, expected one of the two",
            "15:14: source[a].token_file: secret cannot be read: No such file or directory (os error 2)",
        ],
    ),
];

#[test]
fn a_token_that_cannot_be_sent_is_refused() {
    check_all(&before(), SOURCE_BASE, TOKENS);
}

const KINDS: &[Case] = &[
    (
        r#"kind = "ecfr"
cfr_title = 51
cfr_part = "§ 744"
appendix = """#,
        &[
            "14:13: source[a].cfr_title: found 51, expected a whole number from 1 to 50",
            r#"15:12: source[a].cfr_part: found "§ 744", expected the number of a part such as "744""#,
            "16:12: source[a].appendix: is blank, expected some text",
        ],
    ),
    (
        r#"kind = "ecfr""#,
        &[
            "8:1: source[a].cfr_title: is missing, expected the number of a title",
            r#"8:1: source[a].cfr_part: is missing, expected the number of a part such as "744""#,
        ],
    ),
    (
        r#"kind = "ecfs"
pages = "all"
cfr_part = "744""#,
        &[
            "14:9: source[a].pages: found a string, expected a whole number from 1 to 50",
            "15:12: source[a].cfr_part: belongs to the kind ecfr, expected none for the kind ecfs",
        ],
    ),
    (
        r#"kind = "federal-register"
pages = 51
inspection = "current.json""#,
        &[
            "14:9: source[a].pages: found 51, expected a whole number from 1 to 50",
            r#"15:14: source[a].inspection: is not an address (relative URL without a base), expected an address such as "https://www.example.gov/list""#,
        ],
    ),
    (
        r#"kind = "html-table"
selector = "table["
columns = {}
key = []"#,
        &[
            r#"14:12: source[a].selector: found "table[", expected a CSS selector such as "table.entities""#,
            "15:11: source[a].columns: is empty, expected at least one header and its field",
            "16:7: source[a].key: is empty, expected a list of fields with at least one",
        ],
    ),
    (
        r#"kind = "html-table"
selector = "table"
columns = { Name = "name" }
key = ["nam"]
row_date = "date""#,
        &[
            r#"16:8: source[a].key[1]: found "nam", expected one of name; did you mean "name"?"#,
            r#"17:12: source[a].row_date: found "date", expected one of name"#,
        ],
    ),
    (
        r#"kind = "html-table"
selector = "table"
columns = { Name = "" }
key = ["name", "name"]"#,
        &[
            "15:20: source[a].columns.Name: is blank, expected some text",
            "16:16: source[a].key[2]: stands in the list twice, expected once",
        ],
    ),
    (
        r#"kind = "html-list"
selector = "ul"
fields = { name = "b[", page = "a@href", text = "." }
drop = ["::"]
key = ["nam"]"#,
        &[
            r#"15:19: source[a].fields.name: found "b[", expected a CSS selector such as "table.entities""#,
            r#"16:9: source[a].drop[1]: found "::", expected a CSS selector such as "table.entities""#,
        ],
    ),
    (
        r#"kind = "page-text"
keep = []"#,
        &["14:8: source[a].keep: is empty, expected a list of CSS selectors with at least one"],
    ),
    (
        r#"kind = "page-text"
keep = ["main", "::"]
drop = [1]
selector = "x""#,
        &[
            r#"14:17: source[a].keep[2]: found "::", expected a CSS selector such as "table.entities""#,
            r#"15:9: source[a].drop[1]: found "1", expected a CSS selector such as "table.entities""#,
            "16:12: source[a].selector: belongs to the kinds html-table and html-list, expected none for the kind page-text",
        ],
    ),
    (
        "group = true\nentries = \"x\"",
        &[
            "14:9: source[a].group: belongs to the kinds html-table, html-list, csv, xlsx, json, xml and pdf-text, expected none for the kind feed",
            "15:11: source[a].entries: belongs to the kinds court-rss, pacer-docket, scotus-docket, courtlistener, json and xml, expected none for the kind feed",
        ],
    ),
    (
        r#"kind = "csv"
header = false
columns = { 1 = "number", Name = "name", 0 = "x" }
delimiter = ";;"
encoding = "klingon"
key = ["number|nam"]
date_format = "%d/%Q"
split = { nme = ";", name = "" }
group = "yes"
bracketed_aliases = "all"
skip_lines = 1001"#,
        &[
            "15:27: source[a].columns.Name: is not a column's number, expected one from 1 where there is no header",
            "15:42: source[a].columns.0: is not a column's number, expected one from 1 where there is no header",
            r#"16:13: source[a].delimiter: found ";;", expected one character such as ",", ";" or "\t""#,
            r#"17:12: source[a].encoding: found "klingon", expected a charset such as "utf-8" or "windows-1252""#,
            r#"18:8: source[a].key[1]: found "nam", expected one of name, number, x; did you mean "name"?"#,
            r#"19:15: source[a].date_format: found "%d/%Q", expected a date in the letters of strftime, such as "%d/%m/%Y""#,
            r#"20:11: source[a].split.nme: found "nme", expected one of name, number, x; did you mean "name"?"#,
            "20:29: source[a].split.name: is empty, expected a text",
            "21:9: source[a].group: found a string, expected true or false",
            r#"22:21: source[a].bracketed_aliases: found "all", expected one of named, last"#,
            "23:14: source[a].skip_lines: found 1001, expected a whole number from 0 to 1000",
        ],
    ),
    (
        r#"kind = "json"
entries = "results"
fields = { name = ["$.name", "$.["], "" = "$" }
key = ["id"]"#,
        &[
            r#"14:11: source[a].entries: found "results" (at position 0, parser error), expected a JSONPath such as "$.results[*]""#,
            r#"15:30: source[a].fields.name[2]: found "$.[" (at position 2, in dot member name, must start with lowercase alpha or '_'), expected a JSONPath such as "$.results[*]""#,
            "15:38: source[a].fields.: is blank, expected a field",
        ],
    ),
    (
        r#"kind = "xml"
entries = "@id"
fields = { name = "a[1]" }
key = []"#,
        &[
            r#"14:11: source[a].entries: found "@id", expected a path to elements such as "list/entry" or "//entry""#,
            r#"15:19: source[a].fields.name: found "a[1]", expected a path such as "list/entry", "//entry", "name/@last" or "alias/(first, last)""#,
            "16:7: source[a].key: is empty, expected a list of fields with at least one",
        ],
    ),
    (
        r#"kind = "pdf-text"
begin = "("
entry = ".+"
key = ["name"]"#,
        &[
            r#"14:9: source[a].begin: found "(" (unclosed group), expected a regular expression"#,
            r#"15:9: source[a].entry: found ".+", expected named groups in it, such as "(?<name>.+)""#,
        ],
    ),
];

#[test]
fn what_its_kind_does_not_allow_is_refused() {
    check_all(&before(), SOURCE_BASE, KINDS);
}
