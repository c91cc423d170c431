//! A relay that stalls: what is in doubt afterwards, and who waits for it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::daemon::{Daemon, RUNS};
use super::home::list_source;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

/// How far a relay goes before it stalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stalls {
    /// It takes the connection and says nothing.
    AtOnce,
    /// It takes the message and does not answer it.
    BehindTheMessage,
}

/// A relay that stalls on every connection, and tells of each that got so far.
struct Relay {
    port: u16,
    stalled: Receiver<()>,
}

impl Relay {
    fn start(stalls: Stalls) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, stalled) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, tell) = (stream.unwrap(), tell.clone());
                std::thread::spawn(move || serve(stream, stalls, &tell));
            }
        });
        Self { port, stalled }
    }

    fn wait_for(&self, count: usize) {
        for _ in 0..count {
            self.stalled.recv_timeout(Duration::from_secs(60)).unwrap();
        }
    }
}

fn serve(mut stream: TcpStream, stalls: Stalls, tell: &Sender<()>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    if stalls == Stalls::BehindTheMessage {
        stream.write_all(b"220 relay\r\n").unwrap();
        let mut is_message = false;
        for line in lines.by_ref().map_while(Result::ok) {
            let reply: &[u8] = match (is_message, line.as_str()) {
                (true, ".") => break,
                (true, _) => continue,
                (false, "DATA") => {
                    is_message = true;
                    b"354 go on\r\n"
                }
                (false, _) => b"250 yes\r\n",
            };
            stream.write_all(reply).unwrap();
        }
    }
    let _ = tell.send(());
    // Until the other side has gone.
    lines.by_ref().for_each(drop);
}

const READERS: usize = 12;
const CONCURRENCY: usize = 4;

fn home(site: &Site, port: u16, concurrency: usize) -> Home {
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::with_sources("");
    home.configure(&list_source(&site.url), &format!("smtp://127.0.0.1:{port}"));
    let more = format!("group_within = \"0s\"\nconcurrency = {concurrency}\non_in_doubt = \"hold\"");
    home.amend("group_within = \"0s\"", &more);
    home
}

/// Kills the program while a relay stalls on all its connections; gives how many mails are held and how many
/// are queued afterwards.
fn killed_while_it_stalls(stalls: Stalls) -> (usize, usize) {
    let (site, relay) = (Site::start(), Relay::start(stalls));
    let home = home(&site, relay.port, CONCURRENCY);
    for reader in 0..READERS {
        home.subscribe(&format!("reader{reader}@example.org"), "hikvision");
    }
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let mut check = home.program().args(["check", "now"]).stdout(Stdio::null()).spawn().unwrap();
    relay.wait_for(CONCURRENCY);
    check.kill().unwrap();
    check.wait().unwrap();
    let mails = home.run(&["outbox", "list", "--json"]).expect(0).json();
    let mails = mails["mails"].as_array().unwrap().clone();
    let count = |state: &str| mails.iter().filter(|mail| mail["state"] == state).count();
    let in_doubt = mails.iter().filter(|mail| mail["in_doubt"] != 0).count();
    assert_eq!(in_doubt, count("held"), "{mails:?}");
    (count("held"), count("queued"))
}

#[test]
fn of_mails_that_a_relay_has_and_does_not_answer_each_is_in_doubt_and_no_other() {
    assert_eq!(killed_while_it_stalls(Stalls::BehindTheMessage), (CONCURRENCY, READERS - CONCURRENCY));
}

#[test]
fn of_mails_that_no_relay_was_given_none_is_in_doubt() {
    assert_eq!(killed_while_it_stalls(Stalls::AtOnce), (0, READERS));
}

#[test]
fn a_change_found_while_mail_is_stuck_at_the_relay_is_made_into_mails_at_once() {
    let (site, relay) = (Site::start(), Relay::start(Stalls::BehindTheMessage));
    let home = home(&site, relay.port, 1);
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    let _daemon = Daemon::start(&home, RUNS);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    assert_eq!(home.check(0)["mails_queued"], 1);
    relay.wait_for(1);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let began = Instant::now();
    assert_eq!(home.check(0)["mails_queued"], 1, "though the first is on its way for minutes");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let mails = home.run(&["outbox", "list", "--json"]).expect(0).json();
    let states: Vec<&str> =
        mails["mails"].as_array().unwrap().iter().map(|mail| mail["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["leased", "leased"], "one is on its way and the next is ready");
}
