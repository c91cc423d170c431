//! The way from a page to the file that it offers, as an operator says it.

use serde::Serialize;
use url::Url;

/// Which link of a page leads to the file that is read.
///
/// Publishers give a new edition a new address and leave the old file where it was, so that a fixed address would
/// miss it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LinkRule {
    /// What the link says; it may say more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A CSS selector of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Hosts beside the page's own to which it may lead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

impl LinkRule {
    /// Whether the link may lead from the page to this address. A page must not send the reader to any other
    /// machine, nor away from https.
    #[must_use]
    pub fn may_lead(&self, page: &Url, target: &Url) -> bool {
        let is_host = |host: &str| self.hosts.iter().any(|allowed| allowed == host);
        let is_named = target.port().is_none() && target.host_str().is_some_and(is_host);
        let keeps_protection = target.scheme() == page.scheme() || target.scheme() == "https";
        keeps_protection && (target.origin() == page.origin() || is_named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_its_own_and_to_named_hosts_only() {
        let link = LinkRule { hosts: vec!["media.agency.test".to_owned()], ..LinkRule::default() };
        let page: Url = "https://www.agency.test/list".parse().unwrap();
        for (target, expected) in [
            ("https://www.agency.test/files/list.csv", true),
            ("https://media.agency.test/list.csv", true),
            ("http://media.agency.test/list.csv", false),
            ("http://www.agency.test/list.csv", false),
            ("https://media.agency.test:8443/list.csv", false),
            ("https://agency.test/list.csv", false),
            ("https://media.agency.test.other.test/list.csv", false),
        ] {
            assert_eq!(link.may_lead(&page, &target.parse().unwrap()), expected, "{target}");
        }
    }
}
