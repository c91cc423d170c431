use super::*;

const SELF: &str = "https://agency.test/list";

#[track_caller]
fn quality(
    status: u16,
    headers: &[(&str, &str)],
    answered: &str,
    title: Option<&str>,
    body: &[u8],
) -> Quality {
    let headers: Vec<_> = headers.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
    let requested = Url::parse(SELF).unwrap();
    let answered = Url::parse(answered).unwrap();
    ResponseFacts { status, headers: &headers, requested: &requested, answered: &answered, body, title }
        .quality()
}

#[track_caller]
fn check(status: u16, headers: &[(&str, &str)], answered: &str, title: Option<&str>, is_block: bool) {
    let quality = quality(status, headers, answered, title, b"<p>text");
    assert_eq!(quality.is_blocked(), is_block, "{quality}");
}

#[test]
fn gatekeepers_are_recognised() {
    check(403, &[("server", "AkamaiGHost")], SELF, None, true);
    check(200, &[("cf-mitigated", "challenge")], SELF, None, true);
    check(202, &[("x-amzn-waf-action", "challenge")], SELF, None, true);
    check(200, &[], "https://unblock.federalregister.gov/", None, true);
    check(200, &[], "https://agency.test/", None, true);
    check(200, &[], "https://agency.test/user/login.jsf?next=list", None, true);
    check(200, &[], SELF, Some("Request Rejected"), true);
    check(200, &[], SELF, Some("Just a moment..."), true);
}

#[test]
fn good_answers_are_left_alone() {
    check(200, &[("server", "cloudflare")], SELF, Some("Covered List | Agency"), false);
    check(200, &[("server", "AkamaiGHost")], SELF, Some("Access to documents"), false);
    check(200, &[("x-cache", "Miss from cloudfront")], SELF, Some("Login security rules"), false);
    check(200, &[], "https://agency.test/new/list", Some("Error correction codes"), false);
}

#[test]
fn a_good_page_that_speaks_of_robots_has_nothing_against_it() {
    let body = b"<script src=/antibot.js></script><div class=g-recaptcha></div>akamai captcha blacklist";
    let quality = quality(200, &[("server", "cloudflare")], SELF, Some("Covered List"), body);
    assert_eq!(quality, Quality::default());
}

#[track_caller]
fn check_title(title: &str, says: Option<&str>) {
    let quality = quality(200, &[], SELF, Some(title), b"<p>text");
    let expected = says.map(|says| format!("the title {title:?} speaks of {says}"));
    assert_eq!(quality.to_string(), expected.unwrap_or_default());
    assert!(!quality.is_blocked(), "the page itself may prove that it is the source's");
}

#[test]
fn a_title_says_that_the_page_is_not_there_only_where_a_part_of_it_says_nothing_else() {
    check_title("Page not found | Agency", Some("a missing page"));
    check_title("Federal Register | The page you were looking for doesn't exist.", Some("a missing page"));
    check_title("Agency - Log In", Some("a login page"));
    check_title("Agency :: Scheduled maintenance", Some("maintenance"));
    check_title("Found not guilty | Agency", None);
    check_title("404 Media", None);
    check_title("Maintenance of the Entity List | Agency", None);
}

#[test]
fn a_status_has_its_worth_and_a_refusal_says_why() {
    let score = |status, body: &[u8]| quality(status, &[], SELF, None, body).score();
    for (status, body, expected) in [
        (200, &b"x"[..], 1.0),
        (404, b"x", 1.0),
        (502, b"x", 0.5),
        (403, b"x", 0.25),
        (429, b"x", 0.1),
        (999, b"x", 0.0),
        (403, b"Your IP address is on this server's request blacklist", 0.0),
    ] {
        assert!((score(status, body) - expected).abs() < f64::EPSILON, "{status}");
    }
}

#[test]
fn the_reason_can_be_told_to_a_person() {
    let quality = quality(200, &[], SELF, Some("Request Rejected"), b"x");
    assert_eq!(quality.to_string(), "answered 200, but the title is \"Request Rejected\" (F5)");
}
