//! Changes and entries as others take them: FollowTheMoney, judged by its own library.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::left_out::left_out;
use super::{HIKVISION_AMENDED, HUAWEI, ZTE, covered_list, watched};

/// The library, as `.ci/run` installs it.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/bin/python");

/// Fails for an entity with a property that its schema has not, with one that lacks what it requires, and with a
/// value that is cleaned away.
const JUDGED: &str = "import sys, json
from followthemoney import model
for line in sys.stdin:
    data = json.loads(line)
    schema = model.get(data['schema'])
    for name, values in data['properties'].items():
        prop = schema.get(name)
        assert prop is not None, (data['schema'], name)
        for value in values:
            assert prop.type.clean(value) is not None, (name, value)
    schema.validate(data)
print('good')";

#[track_caller]
fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn judge(text: &str) {
    if !Path::new(PYTHON).exists() {
        left_out("FollowTheMoney", "its library is not installed");
        return;
    }
    let mut child = Command::new(PYTHON)
        .args(["-c", JUDGED])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{text}");
}

fn of_schema<'a>(lines: &'a [Value], schema: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["schema"] == schema).collect()
}

#[test]
fn changes_go_out_as_events_that_involve_their_companies() {
    let (site, home) = watched();
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    home.check(0);
    let text = home.run(&["export", "changes", "--format", "ftm"]).expect(0).stdout;
    judge(&text);
    let lines = lines(&text);
    let events = of_schema(&lines, "Event");
    assert_eq!(events.len(), 1, "{text}");
    let properties = &events[0]["properties"];
    assert_eq!(properties["involved"][0], "hikvision");
    assert!(properties["description"][0].as_str().unwrap().contains("and by any affiliate"), "{properties}");
    assert!(properties["notes"].to_string().contains("SHA-256"), "{properties}");
    assert_eq!(of_schema(&lines, "Company")[0]["id"], "hikvision");
    let none = home.run(&["export", "changes", "--company", "zte"]).expect(0).stdout;
    assert_eq!(none, "");
    let table = home.run(&["export", "changes", "--format", "csv"]).expect(0).stdout;
    assert_eq!(table.lines().count(), 2, "{table}");
}

#[test]
fn entries_go_out_as_documents_that_mention_companies() {
    let (_site, home) = watched();
    assert_eq!(home.run(&["export", "entries"]).expect(0).stdout, "", "nothing was read yet");
    home.check(0);
    let text = home.run(&["export", "entries", "--source", "covered-list"]).expect(0).stdout;
    judge(&text);
    let lines = lines(&text);
    let (documents, mentions) = (of_schema(&lines, "Document"), of_schema(&lines, "Mention"));
    assert_eq!((documents.len(), mentions.len()), (3, 2), "{text}");
    for mention in mentions {
        let document = &mention["properties"]["document"][0];
        assert!(documents.iter().any(|known| known["id"] == *document), "{mention}");
    }
    home.run(&["export", "entries", "--source", "nothing"]).expect(1);
}
