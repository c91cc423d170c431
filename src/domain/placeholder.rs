//! Addresses that are nobody's: those that the shipped configuration is written with.
//!
//! A configuration that is used as it was shipped would ask sites in the name of somebody who does not exist,
//! and send mail from where no answer arrives. Other reserved domains (RFC 2606) are let be: whoever wrote one
//! has read the line, and a test of one's own machine is written with them.

/// The domain of `mail.from` and `fetch.contact` in `config/regwatch.toml`.
const NOBODYS: [&str; 1] = ["tracker.example"];

/// Whether a domain is one of those, or lies below one.
#[must_use]
pub fn is_nobodys(domain: &str) -> bool {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let is_below = |parent: &str| domain.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'));
    NOBODYS.iter().any(|nobodys| domain == *nobodys || is_below(nobodys))
}

/// The domain of whom a site's operator can write to, a mail address or a web page.
#[must_use]
pub fn domain_of(contact: &str) -> &str {
    match contact.split_once("://") {
        Some((_, rest)) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            authority.split(':').next().unwrap_or_default()
        }
        None => contact.rsplit('@').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_examples_are_written_with_is_nobodys() {
        for contact in [
            "ops@tracker.example",
            "https://tracker.example/about",
            "ann@mail.Tracker.EXAMPLE",
            "https://www.tracker.example:8443?x",
        ] {
            assert!(is_nobodys(domain_of(contact)), "{contact}");
        }
        for contact in [
            "ops@agency.gov",
            "https://tracker.dev/tracker.example",
            "ann@mytracker.example",
            "root@localhost",
        ] {
            assert!(!is_nobodys(domain_of(contact)), "{contact}");
        }
    }
}
