//! The link of a page that leads to the file it offers.

use std::collections::BTreeSet;

use scraper::ElementRef;
use url::Url;

use super::RawDocument;
use super::html::{self, Markup};
use super::xml::unexpected;
use crate::domain::source::LinkRule;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;

/// So many of the addresses found are told.
const MAX_SHOWN: usize = 3;

/// So many characters of each.
const MAX_SHOWN_CHARS: usize = 120;

/// The address to which the one link that is meant leads.
///
/// # Errors
/// Where the page has no such link, where several lead to different places, or where it leads to a host that is not
/// named.
pub fn linked(link: &LinkRule, page: &RawDocument<'_>) -> Result<Url, Unreadable> {
    let markup = Markup::of(page)?;
    let selector = html::selector(link.selector.as_deref().unwrap_or("a[href]"))?;
    let wanted = link.text.as_deref().map(folded);
    let says = |anchor: &ElementRef<'_>| wanted.as_ref().is_none_or(|wanted| label(*anchor).contains(wanted));
    let anchors = markup.tree.select(&selector).filter(|anchor| !html::is_in_template(*anchor)).filter(says);
    let targets: BTreeSet<Url> = anchors.filter_map(|anchor| markup.target(anchor)).map(plain).collect();
    let mut found = targets.iter();
    match (found.next(), found.next()) {
        (None, _) => Err(Unreadable::Missing { what: meant(link) }),
        (Some(target), None) if link.may_lead(page.url, target) => Ok(target.clone()),
        (Some(target), None) => {
            let found = format!("{target}, whose host is not among its hosts");
            Err(unexpected(&meant(link), &found))
        }
        _ => Err(unexpected(&format!("{} (expected one)", meant(link)), &shown(&targets))),
    }
}

fn plain(mut url: Url) -> Url {
    url.set_fragment(None);
    url
}

fn label(anchor: ElementRef<'_>) -> String {
    let words = folded(&html::text(anchor));
    if words.is_empty() { folded(&html::shown(anchor)) } else { words }
}

fn folded(text: &str) -> String {
    one_line(text).to_lowercase()
}

/// The link in words.
fn meant(link: &LinkRule) -> String {
    match (&link.text, &link.selector) {
        (Some(text), _) => format!("the link {text:?}"),
        (None, Some(selector)) => format!("the link {selector:?}"),
        (None, None) => "the link".to_owned(),
    }
}

fn shown(targets: &BTreeSet<Url>) -> String {
    let named: Vec<String> =
        targets.iter().take(MAX_SHOWN).map(|url| shorten(url.as_str(), MAX_SHOWN_CHARS)).collect();
    format!("{}: {}", targets.len(), named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!DOCTYPE html><html><head><title>List</title></head><body>
        <a href="/about">About</a>
        <a class="file" href="https://media.agency.test/list_2.csv#top"> Export as <b>CSV</b> (110 KB)</a>
        <a class="file" href="https://media.agency.test/list_2.csv">Export as CSV</a>
        <a class="sheet" href="/files/list_2.xlsx">Export as Excel</a>
        </body></html>"#;

    fn find(text: Option<&str>, selector: Option<&str>, hosts: &[&str]) -> Result<String, String> {
        let link = LinkRule {
            text: text.map(str::to_owned),
            selector: selector.map(str::to_owned),
            hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
        };
        let url = "https://www.agency.test/list".parse().unwrap();
        let page = RawDocument { body: PAGE.as_bytes(), content_type: Some("text/html"), url: &url };
        linked(&link, &page).map(Into::into).map_err(|error| error.to_string())
    }

    #[test]
    fn a_link_is_found_by_its_words_or_its_place() {
        let csv = Ok("https://media.agency.test/list_2.csv".to_owned());
        assert_eq!(find(Some("export as csv"), None, &["media.agency.test"]), csv);
        assert_eq!(find(None, Some("a.file"), &["media.agency.test"]), csv);
        assert_eq!(
            find(None, Some("a.sheet"), &[]),
            Ok("https://www.agency.test/files/list_2.xlsx".to_owned())
        );
    }

    #[test]
    fn no_link_several_and_one_to_another_host_are_refused_by_name() {
        for (text, hosts, said) in [
            ("Export as PDF", &["media.agency.test"][..], "the link \"Export as PDF\""),
            ("Export as", &["media.agency.test"], "2: https://media.agency.test/list_2.csv, https://www."),
            ("Export as CSV", &[], "list_2.csv, whose host is not among its hosts"),
        ] {
            let error = find(Some(text), None, hosts).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
