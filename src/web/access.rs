//! Who asks, and what they may see.
//!
//! Nobody is anybody by their address alone: a proxy on this machine makes every visitor come from loopback. Only
//! where the service is meant for this machine, no proxy is named, none has left a trace in the request and the
//! request names the service as the configuration does (a page of another site whose name was made to lead here
//! does not) may whoever asks read without a log-in.

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::http::header::{AUTHORIZATION, COOKIE, HOST};
use axum::http::{HeaderMap, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use url::{Host, Url};

use super::session::{LoginSession, is_same};
use crate::domain::access_token::{AccessScope, AccessToken};
use crate::settings::{OpenSection, OperatorLogin, Role, WebSettings};

/// Headers by which a proxy shows itself.
const TRACES: [&str; 7] =
    ["forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "x-original-url"];

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Visitor {
    /// Nobody knows who.
    Stranger,
    /// Somebody on this machine, who may read what names no person.
    Local,
    /// Somebody who logged in, or whom a proxy vouches for.
    Known(LoginSession),
    /// A program that holds a token.
    Holder(Holder),
}

/// A program, by its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    /// By which name its deeds are noted.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<AccessScope>,
}

/// A token as a request shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownToken {
    /// What stands where a token does, whatever it is.
    pub text: String,
    /// Whether it stands in the address, which others may see.
    pub is_in_address: bool,
}

/// What a page wants of its visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessNeed {
    /// To be let in: known, local, or the section is open to all.
    Reading(Option<OpenSection>),
    /// The same of what feed readers and calendars fetch, for which they may have a token of its own.
    Feed(OpenSection),
    /// To be an operator.
    Operating,
}

impl Visitor {
    /// Whether this is an operator.
    pub(super) fn is_operator(&self) -> bool {
        matches!(self, Self::Known(session) if session.role == Role::Operator)
    }

    /// Whether what is wanted may be had.
    pub(super) fn may(&self, need: AccessNeed, public: &[OpenSection]) -> bool {
        match (need, self) {
            (AccessNeed::Operating, visitor) => visitor.is_operator(),
            (AccessNeed::Reading(_) | AccessNeed::Feed(_), Self::Known(_) | Self::Local) => true,
            (AccessNeed::Reading(_), Self::Holder(holder)) => holder.may(AccessScope::Read),
            (AccessNeed::Feed(_), Self::Holder(holder)) => {
                holder.may(AccessScope::Feeds) || holder.may(AccessScope::Read)
            }
            (AccessNeed::Reading(section), Self::Stranger) => {
                section.is_some_and(|section| public.contains(&section))
            }
            (AccessNeed::Feed(section), Self::Stranger) => public.contains(&section),
        }
    }

    /// By which name deeds are noted.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Known(session) => &session.name,
            Self::Holder(holder) => &holder.name,
            Self::Local | Self::Stranger => "",
        }
    }
}

impl Holder {
    /// What is known of a program from its token.
    pub(super) fn of(token: &AccessToken) -> Self {
        Self { name: format!("token {} ({})", token.id, token.name), scopes: token.scopes.clone() }
    }

    /// Whether it may do this.
    pub(super) fn may(&self, scope: AccessScope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// The token that a request shows: in its header, or, of what feed readers and calendars fetch, as a password or in
/// the address, since many of them know no other way.
pub(super) fn shown_token(uri: &Uri, headers: &HeaderMap) -> Option<ShownToken> {
    let is_feed = matches!(first_part(uri.path()).and_then(need_of), Some(AccessNeed::Feed(_)));
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, rest) = header.and_then(|value| value.split_once(' ')).unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(ShownToken { text: rest.trim().to_owned(), is_in_address: false });
    }
    if !is_feed {
        return None;
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let password = decoded.as_deref().and_then(|pair| pair.split_once(':')).unwrap_or_default().1;
        return Some(ShownToken { text: password.to_owned(), is_in_address: false });
    }
    let mut fields = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let token = fields.find(|(name, _)| name == TOKEN_FIELD);
    token.map(|(_, text)| ShownToken { text: text.into_owned(), is_in_address: true })
}

/// The field of an address in which a token may stand.
pub(super) const TOKEN_FIELD: &str = "token";

/// The first part of a path.
pub(super) fn first_part(path: &str) -> Option<&str> {
    path.trim_start_matches('/').split('/').next()
}

/// What the first part of a path wants; `None` for what is no page.
pub(super) fn need_of(first: &str) -> Option<AccessNeed> {
    Some(match first {
        "" => AccessNeed::Reading(Some(OpenSection::Overview)),
        "changes" => AccessNeed::Reading(Some(OpenSection::Changes)),
        "changes.atom" | "changes.json" | "changes.csv" | "deadlines.ics" => {
            AccessNeed::Feed(OpenSection::Changes)
        }
        "sources" => AccessNeed::Reading(Some(OpenSection::Sources)),
        "companies" => AccessNeed::Reading(Some(OpenSection::Companies)),
        "coverage" => AccessNeed::Reading(Some(OpenSection::Coverage)),
        // The page about the API; the API itself says of each operation what it needs.
        "review" | "audit" | "api" => AccessNeed::Reading(None),
        "mails" | "subscribers" | "screen" => AccessNeed::Operating,
        _ => return None,
    })
}

/// Whether a request comes from this machine to a service that is meant for it.
pub(super) fn is_local(settings: &WebSettings, peer: IpAddr, headers: &HeaderMap) -> bool {
    settings.is_for_this_machine()
        && peer.to_canonical().is_loopback()
        && !headers.keys().any(|name| is_trace(name.as_str()))
        && names_the_service(&settings.base_url, headers)
}

/// Whether a header shows that a proxy passed the request on.
fn is_trace(name: &str) -> bool {
    TRACES.contains(&name) || name.starts_with("x-forwarded")
}

/// Whether the one `Host` of a request is that of the address under which people reach the service.
fn names_the_service(base: &Url, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Some(name) = base.host_str() else { return false };
    let with_port = |port: u16| format!("{name}:{port}");
    let host = host.as_bytes();
    if let Some(port) = base.port() {
        return host.eq_ignore_ascii_case(with_port(port).as_bytes());
    }
    let default = base.port_or_known_default().map(with_port).unwrap_or_default();
    host.eq_ignore_ascii_case(name.as_bytes()) || host.eq_ignore_ascii_case(default.as_bytes())
}

impl WebSettings {
    /// Whether the pages are meant for this machine alone: its own address, and no proxy in front.
    fn is_for_this_machine(&self) -> bool {
        let is_loopback = match self.base_url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        is_loopback && self.trusted_proxies.is_empty() && self.proxy_login.is_none()
    }
}

/// Whom the proxy in front vouches for: it shows the secret, and names somebody who may log in.
pub(super) fn vouched<'a>(settings: &'a WebSettings, headers: &HeaderMap) -> Option<&'a OperatorLogin> {
    let proxy = settings.proxy_login.as_ref()?;
    let only = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let value = values.next()?;
        values.next().is_none().then(|| value.to_str().ok()).flatten()
    };
    let shown = only(&proxy.secret_header)?;
    if !is_same(shown.as_bytes(), proxy.secret.expose_secret().as_bytes()) {
        return None;
    }
    let name = only(&proxy.header)?;
    settings.operators.iter().find(|operator| operator.name == name)
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Whether a form was sent by a page of ours, as far as the browser says: one of another site never passes, and
/// neither does one whose origin is hidden. What is no browser says nothing, and shows its token.
pub(super) fn is_of_our_origin(base: &Url, headers: &HeaderMap) -> bool {
    let says = |name: &str| {
        let mut values = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"));
        let value = values.next();
        if values.next().is_some() { Some("?") } else { value }
    };
    let is_ours = match says("origin") {
        Some(origin) => origin == base.origin().ascii_serialization(),
        None => true,
    };
    is_ours && says("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn settings(base: &str) -> WebSettings {
        WebSettings {
            listen: "127.0.0.1:0".parse().unwrap(),
            base_url: base.parse().unwrap(),
            trusted_proxies: Vec::new(),
            client_rate: 1,
            total_rate: 1,
            max_connections: 1,
            public: Vec::new(),
            operators: Vec::new(),
            proxy_login: None,
        }
    }

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let line = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            headers.append(name, value);
        }
        headers
    }

    #[track_caller]
    fn check(base: &str, peer: &str, lines: &[(&str, &str)], expected: bool) {
        let found = is_local(&settings(base), peer.parse().unwrap(), &headers(lines));
        assert_eq!(found, expected, "{base} {peer} {lines:?}");
    }

    #[track_caller]
    fn check_shown(address: &str, lines: &[(&str, &str)], expected: Option<(&str, bool)>) {
        let shown = shown_token(&address.parse().unwrap(), &headers(lines));
        let found = shown.as_ref().map(|shown| (shown.text.as_str(), shown.is_in_address));
        assert_eq!(found, expected, "{address} {lines:?}");
    }

    #[test]
    fn a_token_stands_in_a_header_and_only_that_of_a_feed_anywhere_else() {
        check_shown("/api/v1/changes", &[("authorization", "Bearer a1")], Some(("a1", false)));
        check_shown("/review", &[("authorization", "bearer  a1 ")], Some(("a1", false)));
        check_shown("/changes.atom?token=a1&q=x", &[], Some(("a1", true)));
        // "reader:a1"
        let basic = [("authorization", "Basic cmVhZGVyOmEx")];
        check_shown("/deadlines.ics", &basic, Some(("a1", false)));
        check_shown("/deadlines.ics", &[("authorization", "Basic !")], Some(("", false)));
        check_shown("/api/v1/changes", &basic, None);
        for elsewhere in ["/changes?token=a1", "/api/v1/changes?token=a1", "/"] {
            check_shown(elsewhere, &[], None);
        }
    }

    #[test]
    fn a_token_lets_in_as_far_as_its_scopes_go() {
        let holder = |scopes: &[AccessScope]| {
            Visitor::Holder(Holder { name: String::new(), scopes: scopes.iter().copied().collect() })
        };
        let (page, feed) = (AccessNeed::Reading(None), AccessNeed::Feed(OpenSection::Changes));
        for (scopes, expected) in [
            (&[AccessScope::Feeds][..], (false, true)),
            (&[AccessScope::Read], (true, true)),
            (&[AccessScope::Operate, AccessScope::Subscribers], (false, false)),
            (&[], (false, false)),
        ] {
            let visitor = holder(scopes);
            assert_eq!((visitor.may(page, &[]), visitor.may(feed, &[])), expected, "{scopes:?}");
            assert!(
                !visitor.may(AccessNeed::Operating, &[]),
                "the forms of the pages are people's: {scopes:?}"
            );
        }
    }

    #[test]
    fn this_machine_is_whoever_asks_here_for_what_is_meant_for_here_and_through_nobody() {
        let own = "http://127.0.0.1:8080/";
        let host = ("host", "127.0.0.1:8080");
        check(own, "127.0.0.1", &[host], true);
        check(own, "::ffff:127.0.0.1", &[host], true);
        check("http://localhost:8080/", "::1", &[("host", "LOCALHOST:8080")], true);
        check("http://[::1]:8080/", "::1", &[("host", "[::1]:8080")], true);
        check("http://127.0.0.1/watch/", "127.0.0.1", &[("host", "127.0.0.1:80")], true);
        check(own, "192.0.2.1", &[host], false);
        check(own, "127.0.0.1", &[], false);
        check(own, "127.0.0.1", &[host, host], false);
        check(own, "127.0.0.1", &[("host", "evil.example:8080")], false);
        check(own, "127.0.0.1", &[("host", "127.0.0.1:8080.evil.example")], false);
        check(own, "127.0.0.1", &[("host", "127.0.0.1")], false);
        check("https://tracker.example/", "127.0.0.1", &[("host", "tracker.example")], false);
        for trace in TRACES.into_iter().chain(["x-forwarded-for", "x-forwarded-proto"]) {
            check(own, "127.0.0.1", &[host, (trace, "x")], false);
        }
        let proxied = WebSettings { trusted_proxies: vec!["127.0.0.1".parse().unwrap()], ..settings(own) };
        assert!(!is_local(&proxied, "127.0.0.1".parse().unwrap(), &headers(&[host])));
    }

    #[test]
    fn a_form_of_another_site_is_none_of_ours() {
        let base: Url = "https://tracker.example/watch/".parse().unwrap();
        let check = |lines: &[(&str, &str)], expected| {
            assert_eq!(is_of_our_origin(&base, &headers(lines)), expected, "{lines:?}");
        };
        check(&[], true);
        check(&[("origin", "https://tracker.example")], true);
        check(&[("origin", "https://tracker.example"), ("sec-fetch-site", "same-origin")], true);
        for origin in
            ["https://evil.example", "null", "http://tracker.example", "https://tracker.example:8443", ""]
        {
            check(&[("origin", origin)], false);
        }
        check(&[("origin", "https://tracker.example"), ("origin", "https://evil.example")], false);
        check(&[("sec-fetch-site", "cross-site")], false);
        check(&[("sec-fetch-site", "same-site")], false);
    }

    #[test]
    fn strangers_see_what_is_open_and_only_operators_what_names_people() {
        let public = [OpenSection::Changes];
        let need = |first| need_of(first).unwrap();
        assert!(Visitor::Stranger.may(need("changes"), &public));
        assert!(!Visitor::Stranger.may(need("sources"), &public));
        assert!(!Visitor::Stranger.may(need("audit"), &public));
        assert!(Visitor::Local.may(need("audit"), &[]) && !Visitor::Local.may(need("mails"), &[]));
        assert_eq!(need_of("nowhere"), None);
    }
}
