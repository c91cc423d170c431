//! Several installations in one folder: a command acts on its own state, and no daemon takes another's socket.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::process::Stdio;

use super::daemon::{Daemon, RUNS};
use super::home::{Ran, run};
use super::{Home, watched, watched_in_folder};

/// Another configuration beside the first, over a store of its own, with this more in its `[daemon]`.
fn beside(home: &Home, daemon: &str) {
    let text = std::fs::read_to_string(home.path("config/regwatch.toml")).unwrap();
    let text = text
        .replace("sled:../state/db", "sled:../state/other")
        .replace("maildir:../state/mail", "maildir:../state/other-mail")
        .replace("id = \"covered-list\"", "id = \"other-list\"")
        .replace("[daemon]\n", &format!("[daemon]\n{daemon}\n"));
    std::fs::write(home.path("config/other.toml"), text).unwrap();
}

fn run_other(home: &Home, arguments: &[&str]) -> Ran {
    run(home.program_over(&home.path("config/other.toml")).args(arguments))
}

fn addresses(listed: &Ran) -> Vec<String> {
    let listed = listed.json();
    let all = listed["subscribers"].as_array().unwrap();
    all.iter().map(|one| one["address"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn two_configurations_in_one_folder_have_two_daemons_and_two_states() {
    let (_site, home) = watched_in_folder();
    beside(&home, "");
    let first = Daemon::start(&home, RUNS);
    run_other(&home, &["sub", "add", "bob@example.org", "--company", "zte", "--confirmed"]).expect(0);
    let report = run_other(&home, &["check", "now", "--json"]).expect(0).json();
    assert_eq!(report["sources"][0]["id"], "other-list");
    assert_eq!(addresses(&home.run(&["sub", "list", "--json"]).expect(0)), Vec::<String>::new());
    assert_eq!(addresses(&run_other(&home, &["sub", "list", "--json"]).expect(0)), ["bob@example.org"]);

    let other = Daemon::start_of(home.program_over(&home.path("config/other.toml")), &[], RUNS);
    assert_eq!(addresses(&run_other(&home, &["sub", "list", "--json"]).expect(0)), ["bob@example.org"]);
    assert_eq!(home.check(0)["sources"][0]["id"], "covered-list");
    drop((first, other));
}

#[test]
fn a_socket_that_two_share_is_the_first_daemon_s_and_the_other_s_commands_leave_it_alone() {
    let (_site, home) = watched_in_folder();
    let shared = "socket = \"../state/shared.sock\"";
    beside(&home, shared);
    home.amend("[daemon]\n", &format!("[daemon]\n{shared}\n"));
    let _first = Daemon::start(&home, RUNS);
    run_other(&home, &["sub", "add", "bob@example.org", "--company", "zte", "--confirmed"]).expect(0);
    assert_eq!(addresses(&home.run(&["sub", "list", "--json"]).expect(0)), Vec::<String>::new());
    let refused = run_other(&home, &["daemon"]).expect(1);
    assert!(refused.stderr.contains("listens on the control socket"), "{refused:?}");
    assert_eq!(home.check(0)["sources"][0]["id"], "covered-list", "the first has its socket still");
}

#[test]
fn a_daemon_that_was_stopped_is_named_as_such_within_seconds() {
    let (_site, home) = watched();
    let daemon = Daemon::start(&home, RUNS);
    daemon.signal("-STOP");
    let refused = home.run(&["source", "list"]).expect(1);
    daemon.signal("-CONT");
    assert!(refused.stderr.contains("does not answer within 5 s"), "{refused:?}");
    home.run(&["source", "list"]).expect(0);
}

/// Answers one request on a socket and gives what was asked.
fn answer_once(listener: UnixListener, answer: &'static str) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        // The first connection only looks whether anybody listens.
        drop(listener.accept().unwrap());
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = vec![0; 4096];
        let length = stream.read(&mut asked).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8_lossy(&asked[..length]).into_owned()
    })
}

#[test]
fn a_daemon_of_an_earlier_version_and_one_of_a_later_are_named_as_such() {
    let (_site, home) = watched();
    let socket = home.path("state/db.sock");
    std::fs::create_dir_all(home.path("state")).unwrap();
    let later = "{\"protocol\":99,\"version\":\"9.0.0\",\"owner\":{}}";
    let later = format!(
        "HTTP/1.1 200 OK\r\nregwatch-version: 9.0.0\r\ncontent-length: {}\r\n\r\n{later}",
        later.len()
    );
    for (answer, words) in [
        (
            "HTTP/1.1 404 Not Found\r\nregwatch-version: 0.1.0\r\ncontent-length: 0\r\n\r\n".to_owned(),
            "earlier version",
        ),
        (later, "9.0.0 (protocol 99)"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned(), "restart the daemon"),
    ] {
        let _ = std::fs::remove_file(&socket);
        let answered = answer_once(UnixListener::bind(&socket).unwrap(), answer.leak());
        let refused = home.run(&["source", "list"]).expect(1);
        assert!(refused.stderr.contains(words), "{words}: {refused:?}");
        assert!(answered.join().unwrap().starts_with("GET /owner "));
    }
}

/// What clients of earlier versions send: one that names no protocol, and one that names another.
#[test]
fn a_command_of_an_earlier_version_is_refused_in_words_that_it_can_show() {
    let (_site, home) = watched();
    let _daemon = Daemon::start(&home, RUNS);
    for (protocol, body) in
        [("", "{\"command\":\"sources\"}"), ("regwatch-protocol: 2\r\n", "{\"command\":\"reload\"}")]
    {
        let mut stream = std::os::unix::net::UnixStream::connect(home.path("state/db.sock")).unwrap();
        let asked = format!(
            "POST /command HTTP/1.1\r\nhost: regwatch\r\n{protocol}content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(asked.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(
            answer.contains("{\"done\":{\"refused\":\"") && answer.contains("of another version"),
            "{answer}"
        );
    }
}

#[test]
fn a_store_whose_name_is_too_long_for_a_socket_has_one_in_the_runtime_folder() {
    let (_site, home) = watched_in_folder();
    let deep = format!("state/{}", "long/".repeat(20));
    home.amend("sled:../state/db", &format!("sled:../{deep}db"));
    let runtime = tempfile::tempdir().unwrap();
    let mut daemon =
        Daemon::start_with(&home, &[("XDG_RUNTIME_DIR", runtime.path().to_str().unwrap())], RUNS);
    let command = |arguments: &[&str]| {
        run(home.program().env("XDG_RUNTIME_DIR", runtime.path()).args(arguments).stdin(Stdio::null()))
    };
    command(&["sub", "add", "bob@example.org", "--company", "zte", "--confirmed"]).expect(0);
    assert!(!home.path(&deep).join("db.sock").exists());
    daemon.end();
    assert_eq!(addresses(&home.run(&["sub", "list", "--json"]).expect(0)), ["bob@example.org"]);
}
