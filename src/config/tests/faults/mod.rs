//! What cannot be taken: every fault, at its place.

mod company;
mod section;
mod source;

use super::*;

/// Lines that replace or follow those of a valid table, and the faults they make, each as
/// `line:column: key: message`.
type Case = (&'static str, &'static [&'static str]);

/// The lines of a table with some replaced, which are known by their keys, and the others added.
fn replaced(table: &str, lines: &str) -> String {
    let mut text: Vec<&str> = table.lines().collect();
    let key = |line: &str| line.split(' ').next().map(str::to_owned);
    for line in lines.lines() {
        match text.iter().position(|old| key(old) == key(line)) {
            Some(at) => text[at] = line,
            None => text.push(line),
        }
    }
    text.join("\n") + "\n"
}

/// A fault with the lists that grow with time filled in; the keys are those of a source that needs no others.
fn filled_in(fault: &str) -> String {
    fault
        .replace("{kinds}", &crate::config::kind::names().join(", "))
        .replace("{source keys}", &crate::config::source::SOURCE.names.join(", "))
}

/// Every case after the same text and with the same table.
#[track_caller]
fn check_all(before: &str, table: &str, cases: &[Case]) {
    for (lines, expected) in cases {
        let faults = Folder::with(&format!("{before}{}", replaced(table, lines))).faults();
        let expected: Vec<String> =
            expected.iter().map(|fault| filled_in(&format!("regwatch.toml:{fault}"))).collect();
        assert_eq!(faults, expected, "{lines}");
    }
}

#[track_caller]
fn check(main: &str, expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|fault| filled_in(fault)).collect();
    assert_eq!(Folder::with(main).faults(), expected);
}

const SOURCE: &str = "[[source]]\nid = \"a\"\nkind = \"feed\"\ntitle = \"A\"\nurl = \"https://a.example/\"\nschedule = \"@daily\"\n";

#[test]
fn what_is_missing_is_asked_for() {
    check(
        "",
        &[
            "regwatch.toml:1:1: mail: is missing, expected a table that at least names the sender",
            "regwatch.toml:1:1: fetch: is missing, expected a table that holds at least a contact",
        ],
    );
    check(
        "[mail]\n[fetch]\n[[company]]\n[[source]]\n",
        &[
            "regwatch.toml:1:1: mail.from: is missing, expected a sender such as \"regwatch <alerts@example.org>\"",
            "regwatch.toml:2:1: fetch.contact: is missing, expected a mail address or an https address at which a person can be reached",
            "regwatch.toml:3:1: company[#1].id: is missing, expected a handle such as \"hikvision\"",
            "regwatch.toml:3:1: company[#1].name: is missing, expected the company's full name",
            "regwatch.toml:4:1: source[#1].id: is missing, expected a handle such as \"fcc-covered-list\"",
            "regwatch.toml:4:1: source[#1].kind: is missing, expected one of {kinds}",
            "regwatch.toml:4:1: source[#1].title: is missing, expected what readers call the source",
            "regwatch.toml:4:1: source[#1].url: is missing, expected the address of the page",
            "regwatch.toml:4:1: source[#1].schedule: is missing, expected a crontab(5) expression such as \"15 */2 * * *\"",
        ],
    );
}

#[test]
fn the_sender_and_the_contact_must_be_reachable() {
    check(
        "[mail]\nfrom = \"regwatch <alerts>\"\n[fetch]\ncontact = \"http://tracker.example\"\n",
        &[
            "regwatch.toml:2:8: mail.from: \"alerts\" is not a usable mail address: expected name@domain; expected a sender such as \"regwatch <alerts@example.org>\"",
            "regwatch.toml:4:11: fetch.contact: found \"http://tracker.example\", expected a mail address or an https address at which a person can be reached",
        ],
    );
}

#[test]
fn the_store_and_the_daemon_are_checked() {
    let socket = "s".repeat(108);
    let folder = Folder::with(&format!(
        "{LEAST}[store]\nurl = \"sled://state/db\"\n[daemon]\nsocket = \"/{socket}\"\njitter = \"1w\"\ndrain = \"1s\"\n"
    ));
    let bytes = "has 109 bytes, expected at most 107, which is all a socket's address holds";
    assert_eq!(
        folder.faults(),
        [
            "regwatch.toml:6:7: store.url: is not a store, expected \"sled:\" and a folder, such as \"sled:../state/db\", or a database such as \"postgres://regwatch@db.example/regwatch?sslmode=require\"".to_owned(),
            format!("regwatch.toml:8:10: daemon.socket: /{socket} {bytes}"),
            "regwatch.toml:9:10: daemon.jitter: found \"1w\", expected a length of time from 0s to 1h, such as \"30s\", \"5m\" or \"1h 30m\"".to_owned(),
            "regwatch.toml:10:1: daemon.drain: unknown key, expected socket, jitter, drain_timeout; did you mean \"drain_timeout\"?".to_owned(),
        ]
    );
}

#[test]
fn an_unknown_table_is_refused_with_the_likely_one() {
    let keys = "expected include, groups, store, mail, inbox, web, metrics, evidence, fetch, matching, daemon, operator, source, company, category";
    check(
        &format!("{LEAST}[[sources]]\nid = \"a\"\n[\"a\\u001b[2J\"]\n"),
        &[
            &format!("regwatch.toml:5:3: sources: unknown key, {keys}; did you mean \"source\"?"),
            &format!("regwatch.toml:7:2: \"a\\u{{1b}}[2J\": unknown key, {keys}"),
        ],
    );
    check(
        &format!("{LEAST}[source]\nid = \"a\"\n"),
        &["regwatch.toml:5:1: source: found a table, expected a list of tables, each under [[source]]"],
    );
}

#[test]
fn what_is_not_toml_is_told_with_its_place() {
    check(
        "[mail\nfrom = \"a\"\n[fetch]\ncontact = a\n",
        &[
            "regwatch.toml:1:6: is not valid TOML: unclosed table, expected `]`",
            "regwatch.toml:4:11: is not valid TOML: string values must be quoted, expected literal string",
        ],
    );
    check("[mail]\nfrom = \"a\"\nfrom = \"b\"\n", &["regwatch.toml:3:1: is not valid TOML: duplicate key"]);
}

#[test]
fn what_is_not_utf_8_is_told_with_its_place() {
    let folder = Folder::with("");
    folder.put("config/regwatch.toml", b"# ok\n# \xc3\xbc \xff\n");
    assert_eq!(folder.faults(), ["regwatch.toml:2:5: is not UTF-8 from here on, expected a UTF-8 text"]);
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let folder = Folder::with("");
    fs::remove_file(folder.main()).unwrap();
    assert_eq!(
        folder.faults(),
        [
            "regwatch.toml: cannot be read: No such file or directory (os error 2); expected a TOML file (`regwatch init DIR` writes one)"
        ]
    );
}

#[test]
fn an_id_is_given_once_in_all_files() {
    let folder = Folder::with(&format!("include = [\"more.toml\"]\n{LEAST}{SOURCE}"));
    let company = "[[company]]\nid = \"zte\"\nname = \"ZTE\"\n";
    folder.put("config/more.toml", format!("{company}{company}{SOURCE}"));
    assert_eq!(
        folder.faults(),
        [
            "more.toml:5:6: company[zte].id: found \"zte\", which is the id of the [[company]] at more.toml:2 already",
            "more.toml:8:6: source[a].id: found \"a\", which is the id of the [[source]] at regwatch.toml:7 already",
        ]
    );
}

#[test]
fn an_include_matches_other_files_and_these_hold_what_is_watched() {
    let folder = Folder::with(&format!("include = [\"*.toml\", \"none/one.toml\", \"[\", \"\"]\n{LEAST}"));
    folder.put("config/more.toml", "include = [\"regwatch.toml\"]\n[mail]\n[sorce]\n");
    let expected = "expected only [[source]], [[company]] and [[category]] in an included one";
    assert_eq!(
        folder.faults(),
        [
            "regwatch.toml:1:12: include[1]: found \"*.toml\", which matches this file itself, expected others"
                .to_owned(),
            "regwatch.toml:1:22: include[2]: found \"none/one.toml\", which matches no file, expected a pattern such as \"sources/*.toml\"".to_owned(),
            "regwatch.toml:1:39: include[3]: found \"[\", which is not a pattern (invalid range pattern), expected a pattern such as \"sources/*.toml\"".to_owned(),
            "regwatch.toml:1:44: include[4]: is blank, expected some text".to_owned(),
            format!("more.toml:1:1: include: belongs to the main file, {expected}"),
            format!("more.toml:2:2: mail: belongs to the main file, {expected}"),
            "more.toml:3:2: sorce: unknown key, expected source, company, category; did you mean \"source\"?".to_owned(),
        ]
    );
    check(
        &format!("include = []\n{LEAST}"),
        &["regwatch.toml:1:11: include: is empty, expected a list of patterns of files with at least one"],
    );
}

#[test]
fn a_pattern_may_match_nothing_yet() {
    let folder = Folder::with(&format!("include = [\"sources/*.toml\", \"more/?.toml\"]\n{LEAST}"));
    assert!(folder.load().unwrap().sources.is_empty());
}

#[test]
fn many_faults_are_told_under_one_heading() {
    let folder = Folder::with("");
    let error = folder.load().unwrap_err().to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "2 faults in the configuration"));
    assert!(
        lines[1].ends_with(
            "regwatch.toml:1:1: mail: is missing, expected a table that at least names the sender"
        )
    );
}
