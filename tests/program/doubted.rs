//! Pages that are not, or not quite, the page that is watched: each is held, and says why.

use super::{HIKVISION, HUAWEI, Home, Site, ZTE, covered_list};

/// A long list, so that a few missing rows are within what may go.
fn long_list() -> String {
    let names: Vec<String> = (1..=30).map(|number| format!("Maker Number {number} Company")).collect();
    let rows: Vec<(&str, &str, &str)> =
        names.iter().map(|name| (name.as_str(), ", and its services.", "March 12, 2021")).collect();
    covered_list(&rows).replace("<html>", "<html lang=\"en\">")
}

fn guide() -> String {
    let sections: String = (1..=8)
        .map(|number| format!("<h2>Part {number}</h2><p>What part {number} asks of a maker.</p>"))
        .collect();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>Guide | Agency</title></head>\
         <body><main><h1>Guide</h1><p>Read it.</p>{sections}</main></body></html>"
    )
}

fn page_text(url: &str) -> String {
    format!(
        "[[source]]\nid = \"guide\"\nkind = \"page-text\"\ntitle = \"Guide\"\nurl = \"{url}/guide\"\n\
         schedule = \"0 6 * * *\"\nkeep = [\"main\"]\n"
    )
}

fn feed(url: &str) -> String {
    format!(
        "[[source]]\nid = \"feed\"\nkind = \"feed\"\ntitle = \"Feed\"\nurl = \"{url}/feed\"\n\
         schedule = \"0 6 * * *\"\n"
    )
}

/// The reason for which a page is held after a good read of the list, or of the guide.
#[track_caller]
fn reason(path: &str, good: &str, doubted: &str) -> String {
    let site = Site::start();
    site.page(path, good);
    let home = match path {
        "/guide" => Home::with_sources(&page_text(&site.url)),
        "/feed" => Home::with_sources(&feed(&site.url)),
        _ => Home::watching_list(&site),
    };
    home.check(0);
    site.page(path, doubted);
    let report = home.check(4);
    assert_eq!(report["sources"][0]["verdict"], "suspect", "{report}");
    assert_eq!(report["sources"][0]["changes"], serde_json::json!([]));
    site.page(path, good);
    assert_eq!(home.check(0)["sources"][0]["changes"], serde_json::json!([]), "the baseline stood");
    report["sources"][0]["reason"].as_str().unwrap().to_owned()
}

#[track_caller]
fn check(path: &str, good: &str, doubted: &str, words: &[&str]) {
    let reason = reason(path, good, doubted);
    for words in words {
        assert!(reason.contains(words), "{words:?} is missing in: {reason}");
    }
}

#[test]
fn an_empty_list_is_held() {
    check("/list", &long_list(), &covered_list(&[]), &["0 entries, expected at least 2"]);
}

#[test]
fn half_a_list_is_held() {
    let list = long_list();
    let half: String = list.lines().take(16).collect::<Vec<_>>().join("\n") + "</table></div></body></html>";
    check("/list", &list, &half, &["of 30 entries disappeared in one read", "guard.max_drop"]);
}

#[test]
fn a_file_that_breaks_off_is_held_though_hardly_anything_is_missing() {
    let list = long_list();
    let cut: String = list.lines().take(28).collect::<Vec<_>>().join("\n");
    check("/list", &list, &cut, &["the page breaks off"]);
}

#[test]
fn a_feed_that_breaks_off_is_held() {
    let item = |number: u32| format!("<item><title>Notice {number}</title><guid>{number}</guid></item>");
    let items: String = (1..=5).map(item).collect();
    let feed = format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Notices</title>{items}</channel></rss>"
    );
    check("/feed", &feed, &feed[..feed.len() - 40], &["the expected structure is not there"]);
}

#[test]
fn an_emptied_feed_is_held_until_a_person_believes_it() {
    let item = |number: u32| format!("<item><title>Notice {number}</title><guid>{number}</guid></item>");
    let feed = |items: &str| {
        format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Notices</title>{items}</channel></rss>"
        )
    };
    let full = feed(&(1..=10).map(item).collect::<String>());
    check(
        "/feed",
        &full,
        &feed(""),
        &["10 of 10 entries disappeared in one read; at most 9 may (guard.max_drop)"],
    );
    let site = Site::start();
    let home = Home::with_sources(&self::feed(&site.url));
    for (items, code) in [("", 0), (&*item(1), 0), ("", 4)] {
        site.page("/feed", feed(items));
        home.check(code);
    }
    home.run(&["review", "accept", "feed"]).expect(0);
    site.page("/feed", feed("<!-- still nothing -->"));
    assert_eq!(home.check(0)["sources"][0]["verdict"], "good", "what was accepted is the measure");
    site.page("/feed", feed(&item(1)));
    assert_eq!(home.check(0)["sources"][0]["changes"], serde_json::json!([]), "it is no news");
    site.page("/feed", feed(&item(2)));
    assert_eq!(home.check(0)["sources"][0]["changes"][0]["kind"], "added");
}

#[test]
fn a_page_that_keeps_its_heading_and_loses_half_its_paragraphs_is_held() {
    let guide = |numbers: std::ops::RangeInclusive<u32>| {
        let text: String =
            numbers.map(|number| format!("<p>Rule {number} asks for a licence.</p>")).collect();
        format!(
            "<!DOCTYPE html><html lang=\"en\"><head><title>Guide</title></head>\
             <body><main><h1>Guide</h1>{text}</main></body></html>"
        )
    };
    let words = "5 of 10 paragraphs disappeared in one read; at most 4 may (guard.max_drop)";
    check("/guide", &guide(1..=10), &guide(1..=5), &[words]);
}

#[test]
fn a_log_in_page_in_the_list_s_place_is_held_and_named() {
    let login = "<html><head><title>Log in | Agency</title></head><body><form>…</form></body></html>";
    check(
        "/list",
        &long_list(),
        login,
        &["structure", "the title \"Log in | Agency\" speaks of a login page"],
    );
    let login = login.replace("<form>…</form>", "<main><h1>Welcome</h1><p>Your name, please.</p></main>");
    check("/guide", &guide(), &login, &["does not look like the watched page", "a login page"]);
}

#[test]
fn a_missing_page_that_answers_200_is_held() {
    let page = "<!DOCTYPE html><html lang=\"en\"><head><title>Page not found | Agency</title></head>\
                <body><main><h1>Page not found</h1><p>It may have moved.</p></main></body></html>";
    check("/guide", &guide(), page, &["speaks of a missing page"]);
}

#[test]
fn a_maintenance_page_is_held() {
    let page = "<!DOCTYPE html><html lang=\"en\"><head><title>Scheduled maintenance</title></head>\
                <body><main><p>We will be back on Monday.</p></main></body></html>";
    check("/guide", &guide(), page, &["speaks of maintenance"]);
    check("/list", &long_list(), page, &["structure", "speaks of maintenance"]);
}

#[test]
fn another_language_is_held() {
    let page = guide()
        .replace("lang=\"en\"", "lang=\"es\"")
        .replace("Part", "Parte")
        .replace("What", "Lo que la")
        .replace("asks of a maker", "pide a un fabricante");
    check("/guide", &guide(), &page, &["the page is in another language: \"es\", before \"en\""]);
}

#[test]
fn a_page_whose_table_moved_is_held() {
    let list = long_list();
    let (head, _) = list.split_once("<table>").unwrap();
    let moved = format!(
        "{head}<p>The list has moved to <a href=\"/new\">a page of its own</a>.</p></div></body></html>"
    );
    check("/list", &list, &moved, &["the expected structure is not there", "bytes, before"]);
}

#[test]
fn a_page_of_the_network_in_between_is_held_and_says_where_it_leads() {
    let portal = "<html><head><META http-equiv='refresh' content='1;URL=https://portal.hotel.example/login'>\
                  </head><body>You are being redirected.</body></html>";
    check("/list", &long_list(), portal, &["sends its readers on to portal.hotel.example"]);
}

#[test]
fn a_good_page_that_speaks_of_robots_is_read() {
    let site = Site::start();
    let list = covered_list(&[HUAWEI, ZTE, HIKVISION]);
    let list = list.replace(
        "<body>",
        "<body><script src=\"/antibot.js\"></script><div class=\"g-recaptcha\">akamai</div>",
    );
    site.answer("/list", 200, &[("content-type", "text/html"), ("server", "cloudflare")], list);
    let home = Home::watching_list(&site);
    assert_eq!(home.check(0)["sources"][0]["verdict"], "good");
}

/// The older of two copies that the edges of a network serve in turn.
#[test]
fn a_copy_from_before_the_accepted_page_is_held_and_can_be_accepted() {
    let (site, rows) = (Site::start(), [HUAWEI, HIKVISION]);
    let stamped = |day: &str, rows: &[(&str, &str, &str)]| {
        let modified = format!("{day} Nov 2025 06:00:00 GMT");
        site.answer(
            "/list",
            200,
            &[("content-type", "text/html; charset=utf-8"), ("last-modified", &modified)],
            covered_list(rows),
        );
    };
    stamped("Mon, 03", &rows);
    let home = Home::watching_list(&site);
    home.subscribe("bob@example.org", "zte");
    home.check(0);
    stamped("Fri, 28", &[HUAWEI, HIKVISION, ZTE]);
    home.check(0);
    assert_eq!(home.letters().len(), 1, "ZTE was added");
    stamped("Mon, 03", &rows);
    let report = home.check(4);
    let reason = report["sources"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("the answer is an older copy: it was last modified at 3 November 2025"),
        "{reason}"
    );
    let incidents = home.run(&["incident", "list", "--json"]).expect(0).json();
    let incidents = incidents["incidents"].as_array().unwrap();
    assert!(
        incidents.iter().all(|one| one["kind"] == "first-start"),
        "not before a day is over: {incidents:#?}"
    );
    stamped("Fri, 28", &[HUAWEI, HIKVISION, ZTE]);
    assert_eq!(home.check(0)["sources"][0]["changes"], serde_json::json!([]));
    stamped("Mon, 03", &rows);
    home.check(4);
    home.run(&["review", "accept", "covered-list"]).expect(0);
    assert_eq!(home.letters().len(), 2, "a person said that it is the page");
}
