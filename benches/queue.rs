//! What a daemon does for others while mails for a hundred thousand people leave: `cargo bench --bench queue`.
//!
//! Prints how long `sub list --json` takes through the daemon, how long it takes to have mails made for everybody, and
//! then, with that queue still leaving at a pace of a thousand a second, how long until what is found next is made into
//! mails and until the operator has a mail about a source that is held.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]
#![expect(clippy::print_stdout, reason = "the figures are what it is run for")]

#[path = "../tests/program/home.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod home;
#[path = "../tests/left_out/mod.rs"]
mod left_out;
#[path = "../tests/postgres/mod.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod postgres;
#[path = "../tests/program/site.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod site;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use home::{Home, files_of};
use site::Site;

const READERS: usize = 100_000;
const OPERATOR: &str = "ops@tracker.example";

fn main() {
    let readers = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(READERS);
    let site = Site::start();
    site.page("/list", list(""));
    let home = Home::watching_list(&site);
    home.amend("group_within", "rate_per_minute = 60000\ngroup_within");
    home.configure_also(&format!("[operator]\naddress = \"{OPERATOR}\"\n"));
    home.check(0);
    let took = timed(|| import(&home, readers));
    println!("readers                             {readers}, imported in {} ms", took.as_millis());
    let daemon = Daemon::start(&home);
    let took = timed(|| {
        let listed = home.run(&["sub", "list", "--json"]).expect(0).json();
        assert_eq!(listed["subscribers"].as_array().unwrap().len(), readers);
    });
    println!("sub list --json through the daemon  {} ms", took.as_millis());
    site.page("/list", list(" It was amended."));
    println!("mails made for all                  {} ms", checked(&home, readers));
    site.page("/list", list(" It was amended again."));
    println!("the same while those leave          {} ms", checked(&home, readers));
    site.page("/list", "<html><head><title>Access Denied</title></head><body>no</body></html>");
    let took = timed(|| {
        home.check(4);
        while !home.letters_to(OPERATOR).iter().any(|letter| letter.subject.contains("is held back")) {
            std::thread::park_timeout(Duration::from_millis(20));
        }
    });
    let left = files_of(&home.path("state/mail/new")).len();
    println!("the operator's mail while they do   {} ms, {left} mails had left", took.as_millis());
    drop(daemon);
}

/// A list of which one entry ends so.
fn list(ending: &str) -> String {
    let row = |text: &str| format!("<tr><td>Equipment produced by {text}</td><td>March 12, 2021</td></tr>\n");
    let rows = [
        row("<strong>Huawei Technologies Company</strong>."),
        row("<strong>ZTE Corporation</strong>."),
        row(&format!(
            "<strong>Hangzhou Hikvision Digital Technology Company</strong>, for public safety.{ending}"
        )),
    ];
    format!(
        "<!DOCTYPE html><html><head><title>Covered List</title></head><body><div id=\"covered-list\"><table>\
         <tr><th>Covered Equipment or Services*</th><th>Date of Inclusion on Covered List</th></tr>\n\
         {}</table></div></body></html>",
        rows.concat()
    )
}

fn import(home: &Home, readers: usize) {
    let path = home.path("readers.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    writeln!(file, "address,company,state,confirmed").unwrap();
    for number in 0..readers {
        let domain = number % 97;
        writeln!(file, "reader{number:06}@example{domain}.org,hikvision,active,2026-01-01T00:00:00Z")
            .unwrap();
    }
    file.into_inner().unwrap();
    home.run(&["sub", "import", path.to_str().unwrap()]).expect(0);
}

/// Has the list read; gives how many milliseconds it took until there was a mail for everybody.
fn checked(home: &Home, readers: usize) -> u128 {
    let took = timed(|| assert_eq!(home.check(0)["mails_queued"], readers));
    took.as_millis()
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// A running daemon; killed when dropped.
struct Daemon(Child);

impl Daemon {
    fn start(home: &Home) -> Self {
        let mut program = home.program();
        let mut child = program.arg("daemon").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let is_running = lines.any(|line| line.unwrap().contains("started: watching"));
        assert!(is_running, "the daemon ended");
        // What it says later is read, so that it is not held up by that.
        std::thread::spawn(move || lines.for_each(drop));
        Self(child)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
