//! Health and metrics: what a monitor asks, and the ping that stays away when the daemon is not well.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::daemon::{Daemon, RUNS};
use crate::home::Home;
use crate::{HIKVISION_AMENDED, HUAWEI, ZTE, covered_list, watched};

/// A daemon that shows health and metrics, and where.
fn monitored(home: &Home) -> (Daemon, String) {
    let mut daemon = Daemon::start(home, "serving health and metrics");
    let line = daemon.last_line().to_owned();
    let address = line.split("metrics.listen=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    daemon.wait_until_it_says(RUNS);
    (daemon, address)
}

/// The status and the body of an answer.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The value of a sample, by its name with its labels.
#[track_caller]
fn value(metrics: &str, sample: &str) -> f64 {
    let line =
        metrics.lines().find(|line| line.strip_prefix(sample).is_some_and(|rest| rest.starts_with(' ')));
    let line = line.unwrap_or_else(|| panic!("no {sample} in {metrics}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_monitor_sees_reads_lateness_the_outbox_and_the_store() {
    let (site, home) = watched();
    home.configure_also("[metrics]\nlisten = \"127.0.0.1:0\"\n");
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let (mut daemon, address) = monitored(&home);
    home.check(0);
    daemon.wait_until_it_says(": stored in the Maildir");
    assert_eq!(get(&address, "/livez"), (200, "alive\n".to_owned()));
    assert_eq!(get(&address, "/readyz"), (200, "ready\n".to_owned()));
    assert_eq!(get(&address, "/nothing").0, 404);
    let (status, metrics) = get(&address, "/metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("# TYPE regwatch_reads_total counter"), "{metrics}");
    assert!(value(&metrics, "regwatch_reads_total{verdict=\"good\"}") >= 1.0);
    for (sample, expected) in [
        ("regwatch_reads_total{verdict=\"failed\"}", 0.0),
        ("regwatch_mails_total{outcome=\"sent\"}", 1.0),
        ("regwatch_publication_to_mail_seconds_count", 1.0),
        ("regwatch_bounces_total", 0.0),
        ("regwatch_sources", 1.0),
        ("regwatch_source_lateness_seconds{source=\"covered-list\"}", 0.0),
        ("regwatch_quarantined", 0.0),
        ("regwatch_outbox_depth", 0.0),
        ("regwatch_outbox_age_seconds", 0.0),
    ] {
        assert!((value(&metrics, sample) - expected).abs() < f64::EPSILON, "{sample} in {metrics}");
    }
    assert!(value(&metrics, "regwatch_store_bytes") > 0.0);
    assert!(value(&metrics, "regwatch_memory_bytes") > 1e6);
    assert!(value(&metrics, "regwatch_source_last_good_read_seconds{source=\"covered-list\"}") < 600.0);
    site.page("/list", "<html><head><title>Request Rejected</title></head></html>");
    home.check(4);
    let (_, metrics) = get(&address, "/metrics");
    assert!(value(&metrics, "regwatch_quarantined_age_seconds{source=\"covered-list\"}") < 600.0);
    assert!((value(&metrics, "regwatch_reads_total{verdict=\"suspect\"}") - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_dead_mans_switch_is_pinged_while_all_is_well() {
    let (site, home) = watched();
    site.page("/ping", "ok");
    home.configure_also(&format!(
        "[metrics]\nlisten = \"127.0.0.1:0\"\nping = \"{}/ping\"\nping_every = \"1s\"\n",
        site.url
    ));
    let (_daemon, _) = monitored(&home);
    site.wait_until_asked("/ping", 2);
}

#[test]
fn without_the_table_nothing_is_listened_for_and_a_taken_address_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (_site, home) = watched();
    let address = taken.local_addr().unwrap();
    home.configure_also(&format!("[metrics]\nlisten = \"{address}\"\n"));
    let refused = home.run(&["daemon"]).expect(1).stderr;
    assert!(
        refused.contains(&format!("cannot listen on {address}, which metrics.listen names")),
        "{refused}"
    );
}
