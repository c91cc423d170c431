//! What other sources announce of a list: it is read at once, and where it cannot be read, its followers are told of the
//! announcement as what it is.

use serde_json::Value;

use super::daemon::{Daemon, RUNS};
use super::home::list_source;
use super::{HIKVISION, HUAWEI, Home, Site, ZTE, covered_list};

/// A home with a list and its publisher's notices; somebody follows the list, a company that stands on it, or one that
/// does not.
fn home(site: &Site) -> Home {
    let announced = "announced_by = [{ source = \"notices\", about = [\"covered list\"] }]\nschedule =";
    let list = list_source(&site.url).replacen("schedule =", announced, 1);
    let notices = format!(
        "[[source]]\nid = \"notices\"\nkind = \"feed\"\ntitle = \"Public notices\"\nurl = \"{}/rss\"\n\
         schedule = \"0 0 1 1 *\"\n",
        site.url
    );
    let home = Home::with_sources(&format!("{list}\n{notices}"));
    home.run(&["sub", "add", "list@reader.example", "--source", "covered-list", "--confirmed"]).expect(0);
    home.subscribe("listed@reader.example", "hikvision");
    home.subscribe("other@reader.example", "zte");
    home
}

const OLD: (u32, &str) = (1, "A notice of antennas");
const ON_THE_LIST: (u32, &str) = (2, "DA 26-1: the Bureau announces an update of the Covered List");
const ON_RADIO: (u32, &str) = (3, "DA 26-2: a workshop on radio");

/// The notices of the publisher are these.
fn notices(site: &Site, items: &[(u32, &str)]) {
    let item = |(number, title): &(u32, &str)| {
        format!(
            "<item><title>{title}</title><link>https://agency.test/{number}</link><guid>https://agency.test/{number}</guid></item>"
        )
    };
    let items: String = items.iter().rev().map(item).collect();
    let feed = format!("<rss version=\"2.0\"><channel><title>Notices</title>{items}</channel></rss>");
    site.answer("/rss", 200, &[("content-type", "application/rss+xml")], feed);
}

fn wall(site: &Site) {
    let page = "<html><head><title>Access Denied</title></head><body>Access Denied</body></html>";
    site.answer("/list", 403, &[("content-type", "text/html"), ("server", "AkamaiGHost")], page);
}

fn told(home: &Home) -> [usize; 3] {
    ["list", "listed", "other"].map(|who| home.letters_to(&format!("{who}@reader.example")).len())
}

fn list_of(report: &Value) -> &Value {
    report["sources"].as_array().unwrap().iter().find(|source| source["id"] == "covered-list").unwrap()
}

#[test]
fn an_announcement_of_a_list_that_cannot_be_read_is_told_once_as_what_it_is() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, HIKVISION]));
    notices(&site, &[OLD]);
    let home = home(&site);
    home.check(0);

    wall(&site);
    notices(&site, &[OLD, ON_THE_LIST, ON_RADIO]);
    for _ in 0..2 {
        home.check(4);
        assert_eq!(told(&home), [0, 0, 0], "it may be back in a minute");
    }
    let report = home.check(4);
    let reason = list_of(&report)["reason"].to_string();
    assert!(reason.contains("told of 1 announcement of other sources"), "{reason}");
    assert_eq!(told(&home), [1, 1, 0]);
    for (who, why) in
        [("list", "You follow the Covered List."), ("listed", "Hikvision stands on the Covered List.")]
    {
        let letter = &home.letters_to(&format!("{who}@reader.example"))[0];
        let text = letter.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("the Covered List itself could not be read"), "{text}");
        assert!(text.contains(why) && text.contains("Public notices"), "{text}");
        assert!(text.contains("an update of the Covered List") && !text.contains("radio"), "{text}");
    }
    home.check(4);
    assert_eq!(told(&home), [1, 1, 0], "once");

    site.page("/list", covered_list(&[HUAWEI, HIKVISION, ZTE]));
    home.check(0);
    assert_eq!(told(&home), [2, 1, 1], "the change itself is told when the list is back");
}

#[test]
fn an_announcement_of_a_list_that_is_read_is_told_by_the_list_alone() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, HIKVISION]));
    notices(&site, &[OLD]);
    let home = home(&site);
    home.check(0);
    notices(&site, &[OLD, ON_THE_LIST]);
    home.check(0);
    home.check(0);
    wall(&site);
    for _ in 0..4 {
        home.check(4);
    }
    assert_eq!(told(&home), [0, 0, 0], "the list was read after the announcement");
}

#[test]
fn news_of_the_notices_has_the_list_read_at_once() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, HIKVISION]));
    notices(&site, &[OLD]);
    let home = home(&site);
    home.amend("15 */2 * * *", "0 0 1 1 *");
    home.check(0);
    let mut daemon = Daemon::start(&home, RUNS);
    let read = |site: &Site| site.asked().iter().filter(|asked| asked.path == "/list").count();
    let before = read(&site);
    notices(&site, &[OLD, ON_RADIO]);
    home.run(&["check", "now", "notices"]).expect(0);
    assert_eq!(read(&site), before);
    notices(&site, &[OLD, ON_RADIO, ON_THE_LIST]);
    home.run(&["check", "now", "notices"]).expect(0);
    site.wait_until_asked("/list", before + 1);
    daemon.wait_until_it_says("source read: covered-list");
    daemon.end();
    assert_eq!(read(&site), before + 1, "once");
}

#[test]
fn a_list_is_announced_by_another_source_that_exists() {
    let site = Site::start();
    let home = home(&site);
    home.amend("source = \"notices\", about", "source = \"notice\", about");
    let refused = home.run(&["config", "check"]).expect(1).stderr;
    assert!(refused.contains("announced_by[1]") && refused.contains("notices"), "{refused}");
}
