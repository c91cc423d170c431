//! Every page of the service in a browser: narrow and wide, light and dark, and the way from a mail to a decision by
//! pressing.

use regwatch::clock::{Clock, SystemClock};

use super::driver::Browser;
use super::{WIDTHS, check_page};
use crate::desk::{Desk, OPEN, PASSWORD};

/// Types name and password where the page asks for them.
#[track_caller]
fn log_in(browser: &Browser, desk: &Desk) {
    browser.go(&format!("http://{}/login?next=%2Freview", desk.host));
    browser.type_into("input[name=name]", "ann");
    browser.type_into("input[name=password]", PASSWORD);
    browser.press("main button");
}

#[test]
fn every_page_can_be_read_narrow_and_wide_light_and_dark() {
    let desk = Desk::start();
    let alert = desk.service.followed();
    desk.service.told();
    let (id, now) = (desk.change(), SystemClock.now());
    desk.hold_a_read();
    let base = format!("http://{}", desk.host);
    let mut pages: Vec<String> = OPEN.iter().map(|path| (*path).to_owned()).collect();
    pages.extend([
        format!("/changes/{id}"),
        format!("/changes/{id}?view=side"),
        format!("/changes/{id}/now"),
        "/sources/covered-list/compare?before=1&after=2".to_owned(),
        "/companies/hikvision?text=by+Hikvision+itself".to_owned(),
        "/review/covered-list".to_owned(),
        "/audit".to_owned(),
        "/login".to_owned(),
        "/mails".to_owned(),
        "/subscribers".to_owned(),
        "/subscribe".to_owned(),
        "/subscribe?q=nobody".to_owned(),
        "/subscribe/sample".to_owned(),
        "/screen".to_owned(),
    ]);
    let manage = super::link(&desk.service, &alert, "manage");
    let found = format!("{manage}?show=found");
    for width in WIDTHS {
        for is_dark in [false, true] {
            let Some(browser) = Browser::open(width, is_dark) else { return };
            let colours = if is_dark { "dark" } else { "light" };
            browser.go(&desk.link(&id, now));
            assert!(browser.text().contains("Why it concerns you"), "{}", browser.text());
            check_page(&browser, &format!("linked-{width}-{colours}"));
            browser.go(&found);
            assert!(browser.text().contains("What was found"), "{}", browser.text());
            check_page(&browser, &format!("found-{width}-{colours}"));
            browser.go(&manage);
            browser.press("a[href='?show=mails']");
            check_page(&browser, &format!("mails-{width}-{colours}"));
            browser.press("ul.rows a");
            assert!(browser.text().contains("Text of the mail"), "{}", browser.text());
            check_page(&browser, &format!("mail-{width}-{colours}"));
            log_in(&browser, &desk);
            for path in &pages {
                browser.go(&format!("{base}{path}"));
                let name: String =
                    path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
                check_page(&browser, &format!("page{}-{width}-{colours}", name.replace(&id, "id")));
            }
        }
    }
}

#[test]
fn an_operator_needs_no_mouse() {
    let Some(browser) = Browser::open(WIDTHS[1], false) else { return };
    let desk = Desk::start();
    desk.service.home.subscribe("ann@example.org", "hikvision");
    desk.hold_a_read();
    browser.go(&format!("http://{}/login?next=%2Freview", desk.host));
    browser.tab_to("a.skip");
    browser.tab_to("input[name=name]");
    browser.type_into("input[name=name]", "ann");
    browser.tab_to("input[name=password]");
    browser.type_into("input[name=password]", PASSWORD);
    browser.enter();
    browser.tab_to("main a[href='/review/covered-list']");
    browser.enter();
    browser.tab_to("button[value=accept]");
    browser.enter();
    assert!(browser.text().contains("Nothing needs your decision"), "{}", browser.text());
    browser.go(&format!("http://{}/sources/covered-list", desk.host));
    browser.tab_to("summary");
    browser.go(&format!("http://{}/subscribe", desk.host));
    browser.tab_to("input[name=company]");
    browser.key(' ');
    browser.tab_to("input[name=address]");
    browser.type_into("input[name=address]", "bob@example.org");
    browser.tab_to("main form[method=post] button");
    browser.enter();
    assert!(browser.text().contains("We sent a mail"), "{}", browser.text());
}

#[test]
fn an_operator_comes_from_the_first_page_to_a_decision_by_pressing() {
    let Some(browser) = Browser::open(WIDTHS[0], false) else { return };
    let desk = Desk::start();
    desk.service.home.subscribe("ann@example.org", "hikvision");
    desk.hold_a_read();
    browser.go(&format!("http://{}/", desk.host));
    assert!(browser.text().contains("1 needs you"), "{}", browser.text());
    browser.press("a[href='/login']");
    browser.type_into("input[name=name]", "ann");
    browser.type_into("input[name=password]", "wrong password");
    browser.press("main button");
    assert!(browser.text().contains("Wrong name or password"), "{}", browser.text());
    log_in(&browser, &desk);
    browser.press("main a[href='/review/covered-list']");
    assert!(browser.text().contains("What would be reported"), "{}", browser.text());
    browser.press("button[value=accept]");
    assert!(browser.text().contains("Nothing needs your decision"), "{}", browser.text());
    browser.press("nav a[href='/audit']");
    assert!(browser.text().contains("ann: accept covered-list"), "{}", browser.text());
    browser.press("header button");
    assert!(browser.text().contains("Log in"), "{}", browser.text());
}
