//! The program over a store in PostgreSQL. The whole suite runs so with `REGWATCH_TEST_STORE=postgres`; here is what
//! everybody does, and what is otherwise.

use super::daemon::{Daemon, RUNS};
use super::home::list_source;
use super::postgres::Server;
use super::{HIKVISION, HIKVISION_AMENDED, HUAWEI, Home, Site, ZTE, covered_list};

fn watched() -> Option<(Site, Home)> {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::on_server(&list_source(&site.url))?;
    Some((site, home))
}

#[test]
fn a_change_is_told_once_and_the_commands_show_it() {
    let Some((site, home)) = watched() else { return };
    home.subscribe("ann@example.org", "hikvision");
    home.subscribe("bob@example.org", "zte");
    assert_eq!(home.check(0)["sources"][0]["baseline"], true);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let report = home.check(0);
    assert_eq!(report["mails_queued"], 1);
    let letters = home.letters();
    assert_eq!((letters.len(), &letters[0].to[..]), (1, "ann@example.org"));
    assert_eq!(home.check(0)["sources"][0]["changes"], serde_json::json!([]));
    assert_eq!(home.letters().len(), 1);
    let listed = home.run(&["changes", "list", "--json"]).expect(0).json();
    assert!(listed.to_string().contains("any affiliate"), "{listed}");
    let stats = home.run(&["store", "stats", "--json"]).expect(0).json();
    assert!(stats["size"]["records"].as_u64() > Some(20), "{stats}");
    let verified = home.run(&["store", "verify", "--json"]).expect(0).json();
    assert_eq!(verified["is_sound"], true, "{verified}");
    assert!(home.run(&["status"]).stdout.contains("1 of 1 source was read in time"));
    assert!(!home.path("state/db").exists(), "nothing lies in a folder");
}

#[test]
fn what_the_server_does_itself_is_told() {
    let Some((_site, home)) = watched() else { return };
    home.check(0);
    for (verb, instead) in [(&["store", "compact"][..], "autovacuum"), (&["store", "repair"], "pg_amcheck")] {
        let ran = home.run(verb);
        assert_ne!(ran.code, Some(0), "{ran:?}");
        assert!(
            ran.stderr.contains("is not for a store in PostgreSQL") && ran.stderr.contains(instead),
            "{ran:?}"
        );
    }
    home.run(&["store", "migrate"]).expect(0);
    home.run(&["store", "tidy"]).expect(0);
}

#[test]
fn a_backup_is_taken_while_the_daemon_runs_and_restored_into_a_folder_and_another_database() {
    let Some((site, home)) = watched() else { return };
    home.subscribe("ann@example.org", "hikvision");
    let mut daemon = Daemon::start(&home, RUNS);
    home.check(0);
    let (backup, export) = (home.path("backup"), home.path("export"));
    let (backup, export) = (backup.to_str().unwrap(), export.to_str().unwrap());
    let taken = home.run(&["store", "backup", backup, "--json"]).expect(0).json();
    assert!(taken["records"].as_u64() > Some(20), "{taken}");
    home.run(&["store", "export", export]).expect(0);
    let stats = home.run(&["store", "stats"]).expect(0).stdout;
    assert!(stats.contains(backup), "{stats}");
    assert!(!home.path("state/db.backup").exists(), "what was fetched is gone");
    daemon.end();
    let refused = home.run(&["store", "restore", backup]).expect(1).stderr;
    assert!(refused.contains("already has a store"), "{refused}");
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let sources = list_source(&site.url);
    for (verb, file) in [("restore", backup), ("import", export)] {
        for other in [Home::with_sources(&sources), Home::on_server(&sources).unwrap()] {
            let made = other.run(&["store", verb, file]).expect(0).stdout;
            assert!(made.contains("records") && !made.contains("0 commits"), "{made}");
            other.run(&["store", "verify"]).expect(0);
            assert_eq!(other.check(0)["mails_queued"], 1, "it goes on from there");
            assert_eq!(other.letters().len(), 1);
        }
    }
}

#[test]
fn a_store_moves_to_a_server_and_what_it_knew_is_told_no_second_time() {
    let Some((site, there)) = watched() else { return };
    let home = Home::watching_list(&site);
    if home.store() == there.store() {
        return;
    }
    home.subscribe("ann@example.org", "hikvision");
    home.check(0);
    let to = there.store();
    let copied = home.run(&["store", "copy", "--to", to, "--json"]).expect(0).json();
    assert!(copied["written"].as_u64() > Some(20), "{copied}");
    let again = home.run(&["store", "copy", "--to", to]);
    assert!(again.code != Some(0) && again.stderr.contains("already has a store"), "{again:?}");
    home.amend(home.store(), to);
    assert_eq!(home.check(0)["sources"][0]["changes"], serde_json::json!([]));
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    assert_eq!(home.check(0)["mails_queued"], 1);
    assert_eq!(home.letters().len(), 1);
}

#[test]
fn where_a_daemon_dies_another_tells_what_was_not_told() {
    let Some((site, home)) = watched() else { return };
    home.subscribe("ann@example.org", "hikvision");
    let mut first = Daemon::start(&home, RUNS);
    first.wait_until_it_says("source read");
    let other = home.elsewhere(&list_source(&site.url));
    let mut second = Daemon::start(&other, RUNS);
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    first.signal("-KILL");
    assert_eq!(first.exit_code(), None);
    other.check(0);
    let told: Vec<_> = [&home, &other].into_iter().flat_map(Home::letters).map(|letter| letter.to).collect();
    assert_eq!(told, ["ann@example.org"]);
    assert_eq!(other.check(0)["sources"][0]["changes"], serde_json::json!([]));
    second.end();
}

#[test]
fn a_daemon_goes_on_after_its_database_server_was_killed() {
    let Some(server) = Server::start("-c shared_buffers=32MB") else { return };
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::with_store(&list_source(&site.url), server.database());
    home.subscribe("ann@example.org", "hikvision");
    let mut daemon = Daemon::start(&home, RUNS);
    daemon.wait_until_it_says("source read");
    server.restart_at_once();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION_AMENDED]));
    let report = home.check(0);
    assert_eq!(report["sources"][0]["changes"][0]["kind"], "amended");
    assert_eq!(home.letters().len(), 1);
    daemon.end();
}
