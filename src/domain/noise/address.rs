//! The form in which addresses are compared.
//!
//! Two addresses that differ in the scheme, a `www.`, the default port, a slash at the end, the place within the
//! page, what says who asks or when, or the order of their parameters lead to the same document.

use std::collections::BTreeSet;

use url::Url;

/// Query parameters that name a visit or where a reader came from, not a document.
const VISIT_PARAMETERS: [&str; 37] = [
    "_",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "cachebust",
    "cachebuster",
    "cb",
    "dclid",
    "fbclid",
    "form_build_id",
    "gbraid",
    "gclid",
    "gclsrc",
    "igshid",
    "jsessionid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "msclkid",
    "nonce",
    "oly_anon_id",
    "oly_enc_id",
    "phpsessid",
    "sessid",
    "session",
    "session_id",
    "sessionid",
    "sid",
    "timestamp",
    "twclid",
    "vero_id",
    "wbraid",
    "wickedid",
    "wt.mc_id",
    "yclid",
    "zx",
];

/// Beginnings of such parameters.
const VISIT_PREFIXES: [&str; 5] = ["utm_", "hsa_", "pk_", "mtm_", "matomo_"];

/// Parameters of an asset that make a browser ask for it again.
const CACHE_BUSTERS: [&str; 8] = ["v", "ver", "version", "rev", "t", "ts", "hash", "cachever"];

/// The longest ending of a file's name.
const MAX_EXTENSION: usize = 5;

/// Parameters by which a store of files lets in whoever has the address, and until when: the one that
/// must be there, and those that go with it.
const SIGNED: [(&str, &[&str]); 4] = [
    ("x-amz-signature", &["x-amz-*"]),
    ("x-goog-signature", &["x-goog-*"]),
    ("signature", &["expires", "signature", "awsaccesskeyid", "googleaccessid", "key-pair-id", "policy"]),
    (
        "sig",
        &[
            "sig", "se", "sp", "sv", "sr", "st", "spr", "sip", "skoid", "sktid", "skt", "ske", "sks", "skv",
            "sdd", "rscd", "rsct",
        ],
    ),
];

/// What a host of shared files adds for whoever was sent the address.
const SHARING: [&str; 4] = ["csf", "e", "web", "cid"];

/// The address in its normal form. Of one that is no address on the web the letters are compared.
pub(super) fn normal(address: &str, own: &BTreeSet<String>) -> String {
    let address = address.trim();
    let Ok(url) = Url::parse(address) else { return address.to_owned() };
    if !matches!(url.scheme(), "http" | "https") {
        return url.into();
    }
    if let Some(mail) = protected_mail(&url) {
        return mail;
    }
    let host = url.host_str().unwrap_or_default();
    let mut normal = host.strip_prefix("www.").unwrap_or(host).to_owned();
    // The other scheme's port is the default of an address that was carried over.
    if let Some(port) = url.port().filter(|port| !matches!(port, 80 | 443)) {
        normal.push(':');
        normal.push_str(&port.to_string());
    }
    normal.push_str(&with_plain_escapes(path(&url)));
    let query = query(&url, own);
    if !query.is_empty() {
        normal.push('?');
        normal.push_str(&with_plain_escapes(&query));
    }
    // A fragment names a place on the page, unless scripts take it for a path.
    if let Some(route) = url.fragment().filter(|place| place.starts_with(['/', '!'])) {
        normal.push('#');
        normal.push_str(route.trim_end_matches('/'));
    }
    normal
}

/// The path without a visit's id and without the slash at its end.
fn path(url: &Url) -> &str {
    let path = url.path();
    let lower = path.to_ascii_lowercase();
    let path = lower.find(";jsessionid=").map_or(path, |at| &path[..at]);
    path.trim_end_matches('/')
}

/// The parameters that name a document, in no order.
fn query(url: &Url, own: &BTreeSet<String>) -> String {
    let pairs: Vec<(String, String)> =
        url.query_pairs().map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    let names: BTreeSet<String> = pairs.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    let is_shared = names.contains("csf")
        || url.host_str().is_some_and(|host| host.ends_with(".sharepoint.com") || host.ends_with(".1drv.ms"));
    let is_passed_over = |name: &str, value: &str| {
        let name = name.to_ascii_lowercase();
        VISIT_PARAMETERS.contains(&name.as_str())
            || VISIT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            || own.contains(&name)
            || is_of_signature(&name, &names)
            || is_cache_buster(&name, value, url)
            || is_shared && SHARING.contains(&name.as_str())
    };
    let mut kept: Vec<_> = pairs.into_iter().filter(|(name, value)| !is_passed_over(name, value)).collect();
    kept.sort();
    if kept.is_empty() {
        return String::new();
    }
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
}

fn is_of_signature(name: &str, all: &BTreeSet<String>) -> bool {
    SIGNED.iter().filter(|(mark, _)| all.contains(*mark)).any(|(mark, family)| {
        // "sig" and "signature" alone are words; what they sign says until when.
        let is_signed =
            mark.starts_with("x-") || ["expires", "se", "policy"].iter().any(|until| all.contains(*until));
        is_signed
            && family.iter().any(|known| match known.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => name == *known,
            })
    })
}

/// Whether a parameter makes a browser ask for a file again: of files any value, elsewhere only a number.
fn is_cache_buster(name: &str, value: &str, url: &Url) -> bool {
    let is_file =
        url.path().rsplit('/').next().and_then(|file| file.rsplit_once('.')).is_some_and(|(stem, ending)| {
            !stem.is_empty()
                && (1..=MAX_EXTENSION).contains(&ending.len())
                && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && !matches!(ending, "php" | "asp" | "aspx" | "jsp" | "do" | "cfm" | "cgi" | "pl")
        });
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_file && CACHE_BUSTERS.contains(&name) || name == "v" && is_number
}

/// The mail address that stands behind a protected one: two hexadecimal digits of a key, then each byte
/// of the address under that key. The key is another at every answer.
fn protected_mail(url: &Url) -> Option<String> {
    let code = url.path().starts_with("/cdn-cgi/l/email-protection").then(|| url.fragment())??;
    Some(format!("mailto:{}", revealed(code)?))
}

/// What a protected mail address hides.
#[must_use]
pub fn revealed(code: &str) -> Option<String> {
    let byte = |at: usize| code.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let key = byte(0)?;
    let bytes: Option<Vec<u8>> = (2..code.len()).step_by(2).map(|at| Some(byte(at)? ^ key)).collect();
    String::from_utf8(bytes?)
        .ok()
        .filter(|address| !address.is_empty() && !address.contains(char::is_control))
}

/// Where a click is counted on the way to an address that cannot be seen: nobody can say that it leads elsewhere.
pub(super) fn is_counted_click(address: &str) -> bool {
    let Ok(url) = Url::parse(address.trim()) else { return false };
    let host = url.host_str().unwrap_or_default();
    let is_feed_proxy = url.path().starts_with("/~r/") || host.starts_with("feedproxy.");
    is_feed_proxy || matches!(host, "lnks.gd" | "links.govdelivery.com" | "feeds.feedburner.com")
}

/// An address with every escape in capitals, and none where none is needed (RFC 3986, 6.2.2).
fn with_plain_escapes(address: &str) -> String {
    let mut plain = String::with_capacity(address.len());
    let mut rest = address;
    while let Some((before, behind)) = rest.split_once('%') {
        plain.push_str(before);
        let digits = behind.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.map(char::from) {
            Some(c) if c.is_ascii_alphanumeric() || "-._~".contains(c) => plain.push(c),
            _ => {
                plain.push('%');
                plain.push_str(&digits.unwrap_or_default().to_ascii_uppercase());
            }
        }
        rest = &behind[digits.map_or(0, str::len)..];
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> String {
        normal(address, &BTreeSet::new())
    }

    #[track_caller]
    fn same(addresses: &[&str]) {
        for pair in addresses.windows(2) {
            assert_eq!(of(pair[0]), of(pair[1]));
        }
    }

    #[track_caller]
    fn differ(before: &str, after: &str) {
        assert_ne!(of(before), of(after));
    }

    #[test]
    fn what_does_not_name_the_document_is_passed_over() {
        same(&[
            "http://agency.test/e/1",
            "https://agency.test/e/1",
            "https://www.agency.test:443/e/1/",
            "http://agency.test:80/e/1#top",
            "https://agency.test/e/1?utm_source=rss&fbclid=x",
            "https://agency.test/e/1;jsessionid=9",
            "https://agency.test/e/1?v=2",
        ]);
        same(&["https://x.test/a?b=1&a=2", "https://x.test/a?a=2&b=1&sid=7"]);
        same(&["https://x.test", "https://x.test/"]);
        same(&["https://x.test/%7ea%2fb%20c?d=%2f", "https://x.test/~a%2Fb%20c?d=%2F"]);
        same(&["https://x.test/style.css?ver=6.1", "https://x.test/style.css?ver=6.2"]);
        same(&["https://x.test/list.pdf?v=a1b2", "https://x.test/list.pdf"]);
        same(&["https://x.sharepoint.com/f?e=AbC&csf=1&web=1", "https://x.sharepoint.com/f?e=Xyz"]);
    }

    #[test]
    fn who_may_fetch_a_file_and_until_when_is_passed_over() {
        same(&[
            "https://b.s3.amazonaws.com/1.pdf?X-Amz-Date=20261101T000000Z&X-Amz-Expires=60&X-Amz-Signature=aa",
            "https://b.s3.amazonaws.com/1.pdf?X-Amz-Date=20261102T000000Z&X-Amz-Expires=60&X-Amz-Signature=bb",
            "https://b.s3.amazonaws.com/1.pdf",
        ]);
        same(&[
            "https://storage.googleapis.com/b/1.pdf?GoogleAccessId=a&Expires=1&Signature=x",
            "https://storage.googleapis.com/b/1.pdf?X-Goog-Date=2&X-Goog-Signature=y",
        ]);
        same(&[
            "https://a.blob.core.windows.net/c/1.pdf?sv=2022-11-02&se=2026-11-01&sr=b&sp=r&sig=aa",
            "https://a.blob.core.windows.net/c/1.pdf?sv=2023-11-03&se=2026-11-09&sr=b&sp=r&sig=bb",
        ]);
        differ("https://x.test/forms?signature=1", "https://x.test/forms?signature=2");
    }

    #[test]
    fn what_leads_elsewhere_is_another_address() {
        differ("https://x.test/order.pdf", "https://x.test/order-rev1.pdf");
        differ("https://x.test/?caseNum=1", "https://x.test/?caseNum=2");
        differ("https://x.test/a%2Fb", "https://x.test/a/b");
        differ("https://x.test/#/docket/1", "https://x.test/#/docket/2");
        differ("https://x.test/watch?v=abc", "https://x.test/watch?v=xyz");
        differ("https://x.test/item?id=1", "https://x.test/item?id=2");
        differ("https://x.test:8080/a", "https://x.test/a");
        assert_eq!(of("https://x.test/100%/%4"), "x.test/100%/%4");
    }

    #[test]
    fn a_protected_mail_address_is_the_one_behind_it() {
        same(&[
            "https://x.test/cdn-cgi/l/email-protection#5f3e",
            "https://y.test/cdn-cgi/l/email-protection#a1c0",
        ]);
        differ(
            "https://x.test/cdn-cgi/l/email-protection#5f3e",
            "https://x.test/cdn-cgi/l/email-protection#5f3d",
        );
        assert_eq!(revealed("5f3e").as_deref(), Some("a"));
        for bad in ["", "5", "zz11", "5f", "5f3"] {
            assert_eq!(revealed(bad), None, "{bad}");
        }
    }

    #[test]
    fn where_a_counted_click_leads_cannot_be_seen() {
        assert!(is_counted_click("https://feedproxy.example/~r/news/~3/abc/1"));
        assert!(!is_counted_click("https://agency.test/news/1"));
    }
}
