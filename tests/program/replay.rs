//! Today's extractor over the bodies of the past.

use super::{Home, Site};

fn page(status: &str, note: &str) -> String {
    format!(
        "<html><title>Cases</title><table id=\"cases\"><tr><th>Case</th><th>Status</th><th>Note</th></tr>\
         <tr><td>Hikvision v. FCC</td><td>{status}</td><td>{note}</td></tr>\
         <tr><td>ZTE v. FCC</td><td>open</td><td>filed</td></tr></table></html>"
    )
}

fn source(url: &str, columns: &str) -> String {
    format!(
        "[[source]]\nid = \"cases\"\nkind = \"html-table\"\ntitle = \"Cases\"\nurl = \"{url}/cases\"\n\
         schedule = \"0 6 * * *\"\nselector = \"#cases\"\ncolumns = {columns}\nkey = [\"case\"]\n"
    )
}

#[test]
fn a_replay_finds_what_was_told_and_what_new_settings_would_have_found_and_sends_nothing() {
    let site = Site::start();
    let home = Home::with_sources(&source(&site.url, "{ Case = \"case\", Status = \"status\" }"));
    home.subscribe("ann@example.org", "hikvision");
    for (status, note) in [("open", "filed"), ("argued", "filed"), ("decided", "won")] {
        site.page("/cases", page(status, note));
        home.check(0);
    }
    let mails = home.letters().len();
    let replay = home.run(&["replay", "cases", "--json"]).expect(0).json();
    let steps = replay["steps"].as_array().unwrap();
    let counts = |step: &serde_json::Value| {
        ["same", "only_now", "only_then"].map(|name| step[name].as_array().unwrap().len())
    };
    assert_eq!(steps.iter().map(counts).collect::<Vec<_>>(), [[0, 0, 0], [1, 0, 0], [1, 0, 0]]);
    assert_eq!(steps[0]["baseline"], true);

    let wider = "{ Case = \"case\", Status = \"status\", Note = \"note\" }";
    home.configure(&source(&site.url, wider), "maildir:../state/mail");
    let replay = home.run(&["replay", "cases", "--json"]).expect(0).json();
    let last = &replay["steps"][2];
    assert_eq!(counts(last), [0, 1, 1], "it would be told in other words");
    let shown = home.run(&["replay", "cases"]).expect(0).stdout;
    for words in ["2 entries (baseline)", "1 only now, 1 only then", "would be reported now, but was not"] {
        assert!(shown.contains(words), "{words:?} is missing in:\n{shown}");
    }
    let later = home.run(&["replay", "cases", "--since", "2999-01-01", "--json"]).expect(0).json();
    assert_eq!(later["steps"], serde_json::json!([]));
    assert_eq!(home.letters().len(), mails);
    home.run(&["replay", "nothing-like-it"]).expect(1);
}
