//! How a source is asked for, beyond its address.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use glob::Pattern;
use url::Url;

use super::header::headers;
use super::kind::css;
use super::list;
use super::node::{AllowedKeys, ConfigNode, ConfigTable};
use super::{section, token, value};
use crate::domain::id::SourceId;
use crate::domain::source::{
    Announcer, LinkRule, PublishedList, Quota, RequestSettings, Route, SourceKind, Witness,
};
use crate::domain::spelling::none_of;

pub(super) const ROBOTS: AllowedKeys = AllowedKeys { heading: "robots", names: &["ignore", "because"] };

pub(super) const ROUTES: AllowedKeys = AllowedKeys { heading: "routes", names: &["url", "by", "copy"] };

pub(super) const WITNESS: AllowedKeys = AllowedKeys {
    heading: "witness",
    names: &["url", "head", "full_every", "changes_of", "changes_of_all_but"],
};

pub(super) const ANNOUNCER: AllowedKeys =
    AllowedKeys { heading: "announced_by", names: &["source", "about"] };

pub(super) const QUOTA: AllowedKeys = AllowedKeys { heading: "quota", names: &["requests", "within"] };

pub(super) const LINK: AllowedKeys = AllowedKeys { heading: "link", names: &["text", "selector", "hosts"] };

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A source whose witness says the same is asked so often all the same.
const FULL_EVERY: Duration = Duration::from_secs(6 * 60 * 60);

/// Who may show a page before it is read.
const RENDERERS: [&str; 2] = ["none", "browser"];

/// The request's keys of a source's table.
pub(super) fn request(table: &ConfigTable<'_>, folder: &Path, kind: &SourceKind) -> Option<RequestSettings> {
    let headers = table.or("headers", BTreeMap::new(), headers);
    let proxy = section::proxy(table, folder);
    let token = token::token(table, folder, kind);
    let ignores_robots = table.or("robots", None, robots);
    let in_browser = table.or("render", false, |node| render(node, table));
    let max_body = table.optional("max_body", |node| node.parse(value::size));
    let total_timeout = table.optional("total_timeout", section::length(SECOND, HOUR));
    let question = table.optional("question", |node| question(node, table));
    let link = table.optional("link", link);
    let member = table.optional("member", |node| node.parse(member));
    let routes = table.or("routes", Vec::new(), routes);
    let witness = table.optional("witness", |node| witness(node, kind));
    let announcers = table.or("announced_by", Vec::new(), announcers);
    let quota = table.optional("quota", quota);
    Some(RequestSettings {
        headers: headers?,
        proxy: proxy.ok()?,
        token: token.ok()?,
        ignores_robots: ignores_robots?,
        in_browser: in_browser?,
        max_body_bytes: max_body.ok()?,
        total_timeout: total_timeout.ok()?,
        question: question.ok()?,
        link: link.ok()?,
        member: member.ok()?,
        routes: routes?,
        witness: witness.ok()?,
        quota: quota.ok()?,
        announcers: announcers?,
    })
}

/// The JSON that is sent with a request; a browser asks without one.
fn question(node: &ConfigNode<'_>, table: &ConfigTable<'_>) -> Option<String> {
    let text = node.text()?;
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        node.fault(format_args!("is not JSON ({error}), expected what the source's API is asked"));
        return None;
    }
    if table.get("render").is_some_and(|node| node.is("browser")) {
        node.fault("cannot be sent by a browser, expected none beside render");
        return None;
    }
    Some(text.trim().to_owned())
}

/// Whom to ask where the source's own address gives nothing, in their order.
fn routes(node: &ConfigNode<'_>) -> Option<Vec<Route>> {
    let items = node.items("tables, each of a route")?;
    items.iter().map(route).collect::<Vec<_>>().into_iter().collect()
}

fn route(node: &ConfigNode<'_>) -> Option<Route> {
    let table = node.table(&ROUTES)?;
    let url = table.require("url", "where it is read").and_then(|node| node.parse(value::page_url));
    let by = table.require("by", "who publishes it").and_then(|node| node.line().map(str::to_owned));
    let copy = table.or("copy", false, ConfigNode::flag);
    Some(Route { url: url?, by: by?, copy: copy? })
}

/// Which other sources announce what changes here.
fn announcers(node: &ConfigNode<'_>) -> Option<Vec<Announcer>> {
    let items = node.items("tables, each of a source")?;
    items.iter().map(announcer).collect::<Vec<_>>().into_iter().collect()
}

fn announcer(node: &ConfigNode<'_>) -> Option<Announcer> {
    let table = node.table(&ANNOUNCER)?;
    let source = table.require("source", "the id of the source that announces");
    let source = source.and_then(|node| node.parse(str::parse::<SourceId>));
    let about = table.or("about", Vec::new(), |node| list::parsed(&node.items("words")?, words));
    Some(Announcer { source: source?, about: about? })
}

fn words(text: &str) -> Result<String, String> {
    if !text.chars().any(char::is_alphanumeric) {
        return Err(format!("found {text:?}, expected words such as \"covered list\""));
    }
    Ok(text.trim().to_owned())
}

/// No API counts more requests than this.
const MAX_REQUESTS: u32 = 1_000_000;

/// How often the API may be asked.
fn quota(node: &ConfigNode<'_>) -> Option<Quota> {
    let table = node.table(&QUOTA)?;
    let requests = table.require("requests", "how many requests the API allows");
    let requests = requests.and_then(|node| node.number(1..=MAX_REQUESTS));
    let within = table.require("within", "in how long, such as \"1h\" or \"1d\"");
    let within = within.and_then(|node| section::length(SECOND, WEEK)(&node));
    Some(Quota { requests: requests?, within: within? })
}

/// The name of the list in its publisher's list of changes, which is read for one kind of source.
fn changes_of(node: &ConfigNode<'_>, kind: &SourceKind) -> Option<String> {
    if !matches!(kind, SourceKind::Ofac) {
        node.fault(format_args!("is read for the kind ofac, expected none for the kind {kind}"));
        return None;
    }
    node.line().map(str::to_owned)
}

/// What is asked first.
fn witness(node: &ConfigNode<'_>, kind: &SourceKind) -> Option<Witness> {
    let table = node.table(&WITNESS)?;
    let url = table.require("url", "what moves when the source does");
    let url = url.and_then(|node| node.parse(value::page_url));
    let head = table.or("head", false, ConfigNode::flag);
    let full_every = table.or("full_every", FULL_EVERY, section::length(HOUR, WEEK));
    let list = |name| table.optional(name, |node| changes_of(node, kind));
    let changes_of = match (list("changes_of").ok()?, list("changes_of_all_but").ok()?) {
        (Some(_), Some(_)) => {
            node.fault("has changes_of and changes_of_all_but, expected one of them");
            return None;
        }
        (name, other) => name.map(PublishedList::ChangesOf).or(other.map(PublishedList::ChangesOfAllBut)),
    };
    Some(Witness { url: url?, head: head?, full_every: full_every?, changes_of })
}

/// Which link of the page leads to the file.
fn link(node: &ConfigNode<'_>) -> Option<LinkRule> {
    let table = node.table(&LINK)?;
    let text = table.optional("text", |node| node.line().map(str::to_owned));
    let selector = table.optional("selector", |node| node.parse(css));
    let hosts = table.or("hosts", Vec::new(), |node| list::parsed(&node.items("names of hosts")?, host));
    let link = LinkRule { text: text.ok()?, selector: selector.ok()?, hosts: hosts? };
    if link.text.is_none() && link.selector.is_none() {
        node.fault("names no link, expected text or selector, or both");
        return None;
    }
    Some(link)
}

fn host(text: &str) -> Result<String, String> {
    let refuse = || format!("found {text:?}, expected the name of a host such as \"media.example.gov\"");
    let url = Url::parse(&format!("https://{text}/")).map_err(|_| refuse())?;
    let host = url.host_str().map(str::to_owned).ok_or_else(refuse)?;
    if host == text { Ok(host) } else { Err(refuse()) }
}

fn member(text: &str) -> Result<String, String> {
    match Pattern::new(text) {
        Ok(_) if !text.trim().is_empty() => Ok(text.to_owned()),
        _ => Err(format!("found {text:?}, expected a pattern of a file's name such as \"*.csv\"")),
    }
}

/// Why robots.txt is passed over, if it is: whoever does so says why.
#[expect(clippy::option_option, reason = "the outer one is a fault, the inner one a choice")]
fn robots(node: &ConfigNode<'_>) -> Option<Option<String>> {
    let table = node.table(&ROBOTS)?;
    let ignores = table.or("ignore", false, ConfigNode::flag)?;
    if !ignores {
        let Some(because) = table.get("because") else { return Some(None) };
        because.fault("is given although robots.txt is obeyed, expected none");
        return None;
    }
    let because = table.require("because", "the reason why robots.txt does not speak of this source")?;
    Some(Some(because.line()?.to_owned()))
}

fn render(node: &ConfigNode<'_>, table: &ConfigTable<'_>) -> Option<bool> {
    let name = node.text()?;
    if !RENDERERS.contains(&name) {
        node.fault(none_of(name, &RENDERERS));
        return None;
    }
    let in_browser = name == "browser";
    // A browser's way out is the program's own, which keeps it out of private networks, and a token
    // would be shown to every script on the page.
    let unusable: Vec<ConfigNode<'_>> =
        ["proxy", "token_file", "token_variable"].into_iter().filter_map(|key| table.get(key)).collect();
    if in_browser && !unusable.is_empty() {
        for node in &unusable {
            node.fault("cannot be used by a browser, expected none beside render");
        }
        return None;
    }
    Some(in_browser)
}
