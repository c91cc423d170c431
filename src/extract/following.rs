//! The further answers a document needs, and where they may be asked for.

use url::Url;

use super::xml::unexpected;
use crate::domain::bundle::BundlePart;
use crate::domain::entry::Document;
use crate::domain::verdict::Unreadable;

/// An answer without which a document is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedAnswer {
    /// What the document calls it.
    pub name: String,
    /// Where it is asked for.
    pub url: Url,
}

/// What a first answer comes to.
#[derive(Debug)]
pub enum OpeningAnswer {
    /// Another answer is wanted.
    Wanted(WantedAnswer),
    /// It is the whole document; read already, if finding that out took it apart.
    Whole(Option<Result<Document, Unreadable>>),
}

/// An address that stands in an answer. A body must not send the reader to other machines, nor
/// away from https.
///
/// # Errors
/// Where it leads elsewhere or is no address.
pub(super) fn address(part: &BundlePart<'_>, text: &str) -> Result<Url, Unreadable> {
    let what = "the address of the next part";
    let mut url = part.url.join(text.trim()).map_err(|error| unexpected(what, &error))?;
    if url.origin() != part.url.origin() || !matches!(url.scheme(), "http" | "https") {
        let found = format!("{url}, which is not at {}", part.url.origin().ascii_serialization());
        return Err(unexpected(what, &found));
    }
    url.set_fragment(None);
    Ok(url)
}

/// The pages of a document among its parts: those of this name, in the order they were read.
pub(super) fn pages<'a, 'b>(parts: &'b [BundlePart<'a>], name: &str) -> Vec<&'b BundlePart<'a>> {
    parts.iter().filter(|part| part.name == name || is_page_of(&part.name, name)).collect()
}

fn is_page_of(part: &str, name: &str) -> bool {
    part.strip_prefix(name).is_some_and(|rest| rest.starts_with(PAGE))
}

const PAGE: &str = ", page ";

/// What the page of this number is called.
pub(super) fn page_name(name: &str, number: usize) -> String {
    format!("{name}{PAGE}{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let url = "https://agency.test/api/list?page=1".parse().unwrap();
        let part = BundlePart { name: "first".to_owned(), url, content_type: None, body: b"" };
        assert_eq!(address(&part, text).ok().as_ref().map(Url::as_str), expected, "{text}");
    }

    #[test]
    fn a_body_leads_to_its_own_machine_only() {
        check(
            "https://agency.test/api/list?page=2&x=%5B1%5D#top",
            Some("https://agency.test/api/list?page=2&x=%5B1%5D"),
        );
        check("?page=2", Some("https://agency.test/api/list?page=2"));
        for elsewhere in [
            "http://agency.test/api/list?page=2",
            "https://agency.test:8443/",
            "https://other.test/api/list",
            "//other.test/api/list",
            "https://agency.test.other.test/",
            "file:///etc/passwd",
            "http://[",
        ] {
            check(elsewhere, None);
        }
    }

    #[test]
    fn pages_are_told_from_other_parts() {
        let url: Url = "https://agency.test/".parse().unwrap();
        let names = ["first", "first, page 2", "firsthand", "alt"];
        let parts = names.map(|name| BundlePart {
            name: name.to_owned(),
            url: url.clone(),
            content_type: None,
            body: b"",
        });
        let found: Vec<&str> = pages(&parts, "first").iter().map(|part| part.name.as_str()).collect();
        assert_eq!(found, ["first", page_name("first", 2).as_str()]);
    }
}
