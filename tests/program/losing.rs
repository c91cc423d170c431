//! The state is lost, damaged, or cannot be written: the program says so and does not go on as if nothing were.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use super::daemon::{Daemon, RUNS};
use super::home::{FIRST_START, Ran, run};
use super::{
    HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list, old_store, watched, watched_in_folder,
};

fn sled_log(home: &Home) -> std::path::PathBuf {
    home.path("state/db/db")
}

/// A home with a reader, whose list was read once and has changed since.
fn about_to_change() -> (Site, Home) {
    let (site, home) = watched_in_folder();
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    (site, home)
}

#[track_caller]
fn refused(ran: Ran, words: &str) {
    let ran = ran.expect(1);
    assert!(ran.stderr.contains(words), "{ran:#?}");
    assert!(!ran.stdout.contains("baseline"), "{ran:#?}");
}

#[test]
fn a_first_start_is_told_once() {
    let (_site, home) = watched();
    home.configure_also("[operator]\naddress = \"ops@tracker.example\"\n");
    let told = "this is a first start";
    assert!(home.run(&["sub", "list"]).stderr.contains(told));
    assert!(!home.run(&["check", "now"]).stderr.contains(told));
    assert_eq!(home.letters().len(), 0, "it was said on the terminal");
    for _ in 0..2 {
        let mut daemon = Daemon::start(&home, RUNS);
        while home.letters().is_empty() {
            daemon.wait_until_it_says(": stored in the Maildir");
        }
        daemon.end();
    }
    let letters = home.letters_to("ops@tracker.example");
    assert_eq!(letters.len(), 1, "{letters:#?}");
    assert_eq!(letters[0].subject, FIRST_START);
    let text = letters[0].text.split_whitespace().collect::<Vec<_>>().join(" ");
    let place = home.store().trim_start_matches("sled:../");
    for words in ["There was no store at", place, "store.required = true", "regwatch store restore"] {
        assert!(text.contains(words), "{words:?} is missing in:\n{text}");
    }
    let shown = home.run(&["incident", "list"]).expect(0).stdout;
    assert!(shown.contains("first-start"), "{shown}");
    home.amend("[store]\n", "[store]\nrequired = true\n");
    home.run(&["check", "now"]).expect(0);
    if !home.is_in_folder() {
        // The tables of a database do not go with its folder.
        return;
    }
    fs::remove_dir_all(home.path("state")).unwrap();
    refused(home.run(&["check", "now"]), "store.required");
}

/// What happened to a database, in words, what is said of it, and what did it.
type Damage<'a> = (&'a str, &'a str, &'a dyn Fn(&Home));

#[test]
fn a_store_that_is_gone_or_damaged_is_refused_with_what_to_do_and_left_alone() {
    let damages: [Damage<'_>; 4] = [
        ("removed", "is its disk mounted?", &|home| fs::remove_dir_all(home.path("state/db")).unwrap()),
        ("emptied", "regwatch store repair", &|home| fs::write(sled_log(home), b"").unwrap()),
        ("a bit flipped", "regwatch store repair", &|home| {
            let mut log = fs::read(sled_log(home)).unwrap();
            log[5_000] ^= 1;
            fs::write(sled_log(home), log).unwrap();
        }),
        ("cut", "regwatch store repair", &|home| {
            let log = fs::read(sled_log(home)).unwrap();
            fs::write(sled_log(home), &log[..6_000]).unwrap();
        }),
    ];
    for (what, words, damage) in damages {
        let (_site, home) = about_to_change();
        damage(&home);
        for arguments in [&["check", "now"][..], &["sub", "list"], &["daemon"]] {
            refused(home.run(arguments), words);
        }
        home.run(&["store", "verify"]).expect(1);
        let told = home.run(&["store", "verify", "--json"]).expect(1).json();
        assert_eq!(told["is_sound"], false, "{what}: {told}");
        println!("{what}: {}", told["findings"]);
    }
}

#[test]
fn a_damaged_store_is_repaired_after_a_dry_run_and_mail_goes_on() {
    let (_site, home) = about_to_change();
    home.run(&["store", "verify"]).expect(0);
    let mut log = fs::read(sled_log(&home)).unwrap();
    let end = log.iter().rposition(|byte| *byte != 0).unwrap();
    log[end - 30] ^= 1;
    fs::write(sled_log(&home), &log).unwrap();
    let told = home.run(&["store", "repair"]).expect(0);
    assert!(told.stdout.contains("nothing was changed; --apply applies the repair"), "{told:#?}");
    assert_eq!(fs::read(sled_log(&home)).unwrap(), log);
    let done = home.run(&["store", "repair", "--apply", "--json"]).expect(0).json();
    assert!(fs::metadata(done["aside"].as_str().unwrap()).is_ok(), "{done}");
    home.run(&["store", "verify"]).expect(0);
    home.check(0);
    assert_eq!(home.letters_to("ann@example.org").len(), 1);
    assert!(home.run(&["store", "repair"]).expect(0).stdout.contains("nothing to repair"));
}

#[test]
fn a_daemon_whose_store_is_taken_away_ends_with_a_word() {
    for replace in [false, true] {
        let (_site, home) = about_to_change();
        let mut daemon = Daemon::start(&home, RUNS);
        fs::rename(home.path("state/db"), home.path("state/elsewhere")).unwrap();
        if replace {
            fs::create_dir(home.path("state/db")).unwrap();
        }
        daemon.wait_until_it_says("was moved, removed or replaced while it was in use");
        assert_eq!(daemon.exit_code(), Some(1));
    }
}

/// The program where no file may grow beyond so many KiB, which is what a full disk looks like to it.
fn limited(home: &Home, kib: u64) -> Command {
    let mut shell = Command::new("bash");
    let script = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$@\"");
    let program = home.program();
    shell.args(["-c", &script, "bash"]).arg(program.get_program()).args(program.get_args());
    shell.env("NO_COLOR", "1").current_dir(home.path(""));
    shell
}

#[test]
fn a_daemon_that_cannot_write_ends_and_leaves_a_whole_store_and_nothing_else() {
    let (site, home) = about_to_change();
    let written = fs::metadata(sled_log(&home)).unwrap().len();
    let long = "one more line of equipment ".repeat(60_000);
    site.page("/list", covered_list(&[HUAWEI, ZTE, ("Hangzhou Hikvision", &noise(&long), "March 12, 2021")]));
    let mut daemon = Daemon::start_of(limited(&home, written / 1024 + 64), &[], RUNS);
    home.run(&["check", "now"]);
    daemon.wait_until_it_says("the store is no longer reliable");
    assert_eq!(daemon.exit_code(), Some(1));
    let names: Vec<String> = fs::read_dir(home.path("state/db"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !["db", "conf", "blobs"].contains(&name.as_str()))
        .collect();
    let is_whole = |name: &String| {
        name.starts_with("pack.") || (name.starts_with("snap.") && !name.ends_with("generating"))
    };
    assert!(names.iter().all(is_whole), "{names:?}");
    home.run(&["store", "verify"]).expect(0);
    home.check(0);
    assert_eq!(home.letters_to("ann@example.org").len(), 1, "once there is room it is told");
}

/// Text of this length that does not compress well.
fn noise(text: &str) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + u8::try_from(state % 26).unwrap())
    };
    text.chars().map(&mut letter).collect()
}

#[test]
fn the_watchdog_hears_only_of_a_daemon_that_can_write() {
    let (_site, home) = watched_in_folder();
    let path = home.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let heard = |word: &str| {
        let mut buffer = [0; 4096];
        loop {
            let count = socket.recv(&mut buffer).unwrap();
            if String::from_utf8_lossy(&buffer[..count]).contains(word) {
                return;
            }
        }
    };
    let environment = [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "400000")];
    let mut daemon = Daemon::start_with(&home, &environment, RUNS);
    heard("READY=1");
    let before = commits(&home);
    for _ in 0..5 {
        heard("WATCHDOG=1");
    }
    assert!(commits(&home) > before, "each time something was kept");
    daemon.end();
}

/// The commits that the mark beside the store speaks of.
fn commits(home: &Home) -> u64 {
    let mark = fs::read_to_string(home.path("state/db.mark")).unwrap();
    let numbers =
        mark.lines().filter_map(|line| line.split(" commits ").nth(1)?.split(' ').next()?.parse().ok());
    numbers.max().unwrap()
}

/// An installation with the store of 0.1.0, in which the first record of one tree cannot be read.
struct Garbled {
    folder: tempfile::TempDir,
    config: std::path::PathBuf,
    key: String,
}

impl Garbled {
    fn first_of(tree: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = old_store::unpack(folder.path(), "http://127.0.0.1:9");
        let database = folder.path().join("state/db");
        let db = sled::open(&database).unwrap();
        let records = db.open_tree(tree).unwrap();
        let (key, _) = records.first().unwrap().unwrap();
        records.insert(&key, &b"\x01\x00no JSON"[..]).unwrap();
        db.flush().unwrap();
        drop((records, db));
        // The engine's own threads end a little later.
        fs::File::open(database.join("db")).unwrap().lock().unwrap();
        Self { folder, config, key: String::from_utf8(key.to_vec()).unwrap() }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut program = Command::new(assert_cmd::cargo::cargo_bin!("regwatch"));
        run(program.arg("--config").arg(&self.config).args(arguments).current_dir(self.folder.path()))
    }
}

#[test]
fn how_a_source_stands_that_cannot_be_read_is_told_and_all_else_goes_on() {
    let garbled = Garbled::first_of("read_states");
    let (key, program) = (&garbled.key[..], |arguments: &[&str]| garbled.run(arguments));
    let checked = program(&["check", "now", "--json"]).expect(4).json();
    let of = |id: &str| {
        checked["sources"].as_array().unwrap().iter().find(|source| source["id"] == id).unwrap().clone()
    };
    assert!(of(key)["reason"].as_str().unwrap().contains(key), "{checked:#}");
    let others = checked["sources"].as_array().unwrap().iter().filter(|source| source["id"] != key);
    assert!(others.clone().count() > 0);
    for other in others {
        assert!(!other["reason"].as_str().unwrap().contains(key), "{other:#}");
    }
    let incidents = program(&["incident", "list", "--json"]).expect(0).json();
    let told = incidents["incidents"].as_array().unwrap().iter().find(|incident| incident["kind"] == "store");
    assert!(told.is_some_and(|told| told["reason"].as_str().unwrap().contains(key)), "{incidents:#}");
    program(&["review", "list"]).expect(0);
}

#[test]
fn a_record_that_cannot_be_read_is_told_shown_and_in_nobodys_way() {
    let garbled = Garbled::first_of("changes");
    let (key, program) = (&garbled.key[..], |arguments: &[&str]| garbled.run(arguments));
    program(&["check", "now"]).expect(4);
    let incidents = program(&["incident", "list", "--json"]).expect(0).json();
    let told = incidents["incidents"].as_array().unwrap().iter().find(|incident| incident["kind"] == "store");
    assert!(told.is_some_and(|told| told["reason"].as_str().unwrap().contains(key)), "{incidents:#}");
    let mails = program(&["outbox", "list", "--json"]).expect(0).json();
    let to_ben = |mail: &&serde_json::Value| mail["recipient"] == "ben@client.example";
    let states: Vec<_> =
        mails["mails"].as_array().unwrap().iter().filter(to_ben).map(|mail| &mail["state"]).collect();
    assert_eq!(states, ["sent", "sent"], "what waited has left");
    assert_eq!(
        program(&["changes", "list", "--json"]).expect(0).json()["changes"].as_array().unwrap().len(),
        3
    );
    assert!(program(&["store", "verify"]).expect(1).stdout.contains(key));
    program(&["store", "repair", "--apply"]).expect(0);
    program(&["store", "verify"]).expect(0);
    program(&["check", "now"]).expect(4);
    let incidents = program(&["incident", "list", "--json"]).expect(0).json();
    assert!(!incidents.to_string().contains(key), "it is over: {incidents:#}");
}
