//! The demonstration, as somebody who cloned the repository sees it.

use std::process::Command;

use super::home::{files_of, read_letter, run};

fn demo(arguments: &[&str]) -> super::home::Ran {
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("regwatch"));
    // Nothing of the surroundings may matter, not even whether there are root certificates.
    command.env_clear().env("SSL_CERT_FILE", "/nonexistent").env("SSL_CERT_DIR", "/nonexistent");
    command.current_dir(elsewhere.path()).arg("demo").args(arguments);
    run(&mut command).expect(0)
}

#[test]
fn it_shows_what_was_found_and_the_one_mail_and_where_it_lies() {
    let kept = tempfile::tempdir().unwrap();
    let folder = kept.path().join("demo");
    let shown = demo(&["--keep", folder.to_str().unwrap()]).stdout;
    for expected in [
        "DAY ONE",
        "4 entries, now tracked (baseline)",
        "DAY TWO",
        "camera-notice  good     2 entries, no change",
        "entity-list    suspect",
        "Subject: Hikvision: order filed in Hikvision USA, Inc. v. FCC, et al (+1 more)",
        "{+and by any subsidiary or affiliate of such entity,+}",
        "Per Curiam Order Filed",
        "Why you",
        "SHA-256",
        "sent this mail to compliance@integrator.example, who follows",
    ] {
        assert!(shown.contains(expected), "{expected:?} is missing in:\n{shown}");
    }
    let letters = files_of(&folder.join("state/mail/new"));
    assert_eq!(letters.len(), 1);
    let letter = read_letter(&letters[0]);
    assert!(shown.contains(letter.text.trim_end()), "the mail is shown as it was delivered");
    assert!(shown.contains(folder.join("state/mail").to_str().unwrap()));
    assert_eq!(std::fs::read_to_string(folder.join("mail-1.html")).unwrap(), letter.html);
}

#[test]
fn only_what_changed_is_told_and_a_block_page_is_told_from_a_page() {
    let kept = tempfile::tempdir().unwrap();
    let folder = kept.path().join("demo");
    let report = demo(&["--keep", folder.to_str().unwrap(), "--json"]).json();
    let [one, two] = [&report["days"][0], &report["days"][1]];
    for source in one["sources"].as_array().unwrap() {
        assert_eq!((&source["verdict"], &source["baseline"]), (&"good".into(), &true.into()), "{source}");
    }
    let found: Vec<_> = two["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| (source["verdict"].as_str().unwrap(), source["changes"].as_array().unwrap().len()))
        .collect();
    assert_eq!(found, [("good", 1), ("good", 1), ("good", 0), ("suspect", 0)]);
    assert_eq!((&one["mails_queued"], &two["mails_queued"]), (&0.into(), &1.into()));
}

#[test]
fn it_keeps_running_where_it_is_told_to_and_does_what_is_typed() {
    use std::io::Write;
    let kept = tempfile::tempdir().unwrap();
    let folder = kept.path().join("demo");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("regwatch"));
    command.env_clear().current_dir(kept.path()).args(["demo", "--open", "--keep"]).arg(&folder);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut running = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(b"a\nb\nr\ne\nnonsense\na\nq\n").unwrap();
    let output = running.wait_with_output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
    let after = shown.split("IT KEEPS RUNNING").nth(1).unwrap();
    for expected in [
        "Pages    http://127.0.0.1:",
        "as extended by amendment 1",
        "suspect",
        "4 entries, no change",
        "as extended by amendment 2",
        "mail     Hikvision: entry amended on the Covered List",
        "regwatch init my-watch",
        "source add https://… --write",
    ] {
        assert!(after.contains(expected), "{expected:?} is missing in:\n{after}");
    }
    assert_eq!(after.matches("covered-list  suspect").count(), 2, "a block page and an empty list: {after}");
    assert!(folder.join("mail-3.html").exists(), "each amendment is a mail");
}

#[test]
fn one_signal_ends_it() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    for signal in ["INT", "TERM", "HUP"] {
        let kept = tempfile::tempdir().unwrap();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("regwatch"));
        command.env_clear().current_dir(kept.path()).args(["demo", "--open", "--keep", "demo"]);
        let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut shown = BufReader::new(running.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(shown.any(|line| line == "  q  end"), "it does not keep running");
        let sent = Command::new("kill").args(["-s", signal, &running.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let rest: Vec<String> = shown.collect();
        assert!(running.wait().unwrap().success(), "{signal}: {rest:?}");
    }
}

/// What differs from one run to the next: ports, moments, hashes.
fn without_what_varies(text: &str) -> String {
    let varying = regex::Regex::new(
        r"127\.0\.0\.1:\d+|\d{1,2} [A-Z][a-z]+ \d{4}, \d{2}:\d{2}(:\d{2})? UTC|\b[0-9a-f]{4}…[0-9a-f]{4}|\b[0-9a-f]{16}\b|\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})? UTC|\b[0-9a-f]{64}\b|(?m)^Date:    .*\n",
    );
    varying.unwrap().replace_all(text, "").into_owned()
}

#[test]
fn the_mail_in_the_readme_is_the_one_it_sends() {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let shown = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(shown.lines().count() > 20, "{shown}");
    let sent = without_what_varies(&demo(&[]).stdout);
    let shown = without_what_varies(shown);
    assert!(sent.contains(&shown), "not in what the demonstration prints:\n{shown}\n{sent}");
}
