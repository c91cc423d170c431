//! The pages to which mail leads, in a real browser: narrow and wide, in light and dark, by pointer and keyboard.

mod driver;
mod pages;

pub use driver::Browser;

use super::left_out::left_out;
use super::web::{Service, link};

/// Widths at which people read: a phone's and a desk's.
const WIDTHS: [u32; 2] = [375, 1280];

/// A service whose links lead to itself.
fn service() -> Service {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    Service::start_at(&format!("http://{free}"), &free.to_string(), "")
}

/// The least contrast of any text on the page against what lies behind it (WCAG 2.2, 1.4.3).
const CONTRAST: &str = "
    const parse = c => c.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = e => {
        for (; e; e = e.parentElement) {
            const c = parse(getComputedStyle(e).backgroundColor);
            if (c.length < 4 || c[3] > 0) return c;
        }
        return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255];
    };
    const texts = [...document.querySelectorAll('body *')].filter(e =>
        [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length);
    return Math.min(...texts.map(e => {
        let through = 1;
        for (let o = e; o; o = o.parentElement) through *= parseFloat(getComputedStyle(o).opacity);
        const ground = behind(e);
        const ink = parse(getComputedStyle(e).color).map((v, i) => i < 3 ? v * through + ground[i] * (1 - through) : v);
        const [a, b] = [light(ink), light(ground)];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }));";

/// Every control with its name and size as a finger finds it.
const SMALL: &str = "
    const large = e => { const r = (e.closest('label') || e).getBoundingClientRect(); return r.height >= 24 && r.width >= 24; };
    const named = e => e.innerText || e.getAttribute('aria-label') || e.closest('label')?.innerText;
    return [...document.querySelectorAll('button, select, input:not([type=hidden])')]
        .filter(e => e.checkVisibility()).filter(e => !large(e) || !named(e)).map(e => e.outerHTML);";

/// Whether what has the focus shows it.
const FOCUS: &str = "
    const e = document.activeElement, style = getComputedStyle(e);
    return e !== document.body && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;";

/// What every mail owes its reader.
#[track_caller]
pub fn check_mail(browser: &Browser, name: &str) {
    let too_wide = browser.script("return document.documentElement.scrollWidth > window.innerWidth");
    assert_eq!(too_wide, false, "{name} has to be pushed sideways");
    let contrast = browser.script(CONTRAST).as_f64().unwrap();
    assert!(contrast >= 4.5, "{name}: a contrast of {contrast}");
    let broken = browser.script(BROKEN_WORDS);
    assert_eq!(broken, serde_json::json!([]), "{name}: words that are broken in a table");
}

/// Short words of tables that do not stand on one line.
const BROKEN_WORDS: &str = r"
    const broken = [], range = document.createRange();
    for (const cell of document.querySelectorAll('td, th')) {
        const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode())
            for (const { 0: word, index } of node.data.matchAll(/[A-Za-z]{2,14}/g)) {
                range.setStart(node, index);
                range.setEnd(node, index + word.length);
                if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) broken.push(word);
            }
    }
    return broken;";

/// What every page owes its reader.
#[track_caller]
fn check_page(browser: &Browser, name: &str) {
    browser.keep(name);
    check_axe(browser, name);
    let too_wide = browser.script("return document.documentElement.scrollWidth > window.innerWidth");
    assert_eq!(too_wide, false, "{name} has to be pushed sideways");
    let contrast = browser.script(CONTRAST).as_f64().unwrap();
    assert!(contrast >= 4.5, "{name}: a contrast of {contrast}");
    assert_eq!(browser.script(SMALL), serde_json::json!([]), "{name}");
    let tab = "\u{e004}";
    browser.type_into("body", tab);
    assert_eq!(browser.script(FOCUS), true, "{name}: where the keyboard is cannot be seen");
}

/// What axe-core finds wrong with the page; where it is not installed, nothing and said so.
#[track_caller]
fn check_axe(browser: &Browser, name: &str) {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe/node_modules/axe-core/axe.min.js");
    let Ok(axe) = std::fs::read_to_string(path) else {
        return left_out("axe on pages", "axe-core is not installed below target/axe");
    };
    let run =
        "return axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations.map(one =>
        one.id + ': ' + one.nodes.map(node => node.html).slice(0, 3).join(' | ')));";
    let found = browser.script(&format!("{axe};{run}"));
    assert_eq!(found, serde_json::json!([]), "{name}");
}

#[test]
fn a_reader_confirms_manages_and_leaves_by_pressing_the_buttons() {
    for (width, is_dark) in [(WIDTHS[0], false), (WIDTHS[1], true)] {
        let Some(browser) = Browser::open(width, is_dark) else { return };
        let service = service();
        browser.go(&service.asked());
        check_page(&browser, &format!("confirm-{width}"));
        browser.press("button");
        assert!(browser.text().contains("You now follow"), "{}", browser.text());
        browser.keep(&format!("confirmed-{width}"));

        service.home.subscribe("ann@example.org", "zte");
        assert_eq!(service.told(), 1);
        let alert = service.home.letters_to("ann@example.org");
        let alert = alert.iter().find(|letter| letter.subject.contains("Covered List")).unwrap();
        browser.go(&link(&service, alert, "manage"));
        check_page(&browser, &format!("manage-{width}"));
        browser.choose("input[value=daily]");
        browser.choose("input[name=attestation]");
        browser.choose("option[value='Europe/Berlin']");
        browser.type_into("input[name=quiet_from]", "10:00PM");
        browser.type_into("input[name=quiet_until]", "07:00AM");
        browser.keep(&format!("chosen-{width}"));
        browser.press("button[value=prefer]");
        assert!(browser.text().contains("Your mail settings are saved"), "{}", browser.text());
        browser.keep(&format!("saved-{width}"));
        let record = service.record().to_string();
        for words in ["daily", "Europe/Berlin", "22:00-07:00", "attested_until"] {
            assert!(record.contains(words), "{words} is missing in {record}");
        }
        browser.press("button[value=pause]");
        assert!(browser.text().contains("Nothing has been sent since"), "{}", browser.text());
        browser.press("button[value=resume]");
        browser.press("button[aria-label='Stop mail about ZTE']");
        assert!(!browser.text().contains("ZTE, since"), "{}", browser.text());

        browser.go(&link(&service, alert, "unsubscribe"));
        check_page(&browser, &format!("unsubscribe-{width}"));
        browser.press("button");
        assert!(browser.text().contains("You will receive no further alerts."), "{}", browser.text());
        assert_eq!(service.told(), 0);
    }
}

#[test]
fn half_a_pair_of_times_is_told_where_it_is_seen() {
    let Some(browser) = Browser::open(WIDTHS[0], false) else { return };
    let service = service();
    browser.go(&link(&service, &service.followed(), "manage"));
    browser.type_into("input[name=quiet_from]", "10:00PM");
    browser.press("button[value=prefer]");
    assert!(browser.text().contains("quiet hours need two different times"), "{}", browser.text());
    check_page(&browser, "fault-375");
}
