//! A secret by which a source knows who asks.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::redact::REDACTED;

/// Where in a request a token stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenPlace {
    /// In a header, between two texts: `Authorization: SourceToken {}`.
    Header {
        /// The header's name.
        name: String,
        /// What stands before the token.
        before: String,
        /// What stands behind it.
        behind: String,
    },
    /// In a parameter of the address: `?api_key={}`.
    Parameter {
        /// The parameter's name.
        name: String,
    },
}

impl TokenPlace {
    /// In the `Authorization` header, behind the scheme and its blank.
    #[must_use]
    pub fn authorization(scheme: &str) -> Self {
        Self::Header { name: "Authorization".to_owned(), before: scheme.to_owned(), behind: String::new() }
    }
}

/// What marks the token's place in its written form.
const MARK: &str = "{}";

impl std::str::FromStr for TokenPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (before, behind) = text.split_once(MARK).ok_or(())?;
        if let Some(name) = before.strip_prefix('?').and_then(|rest| rest.strip_suffix('=')) {
            let is_plain =
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            return (is_plain && behind.is_empty())
                .then(|| Self::Parameter { name: name.to_owned() })
                .ok_or(());
        }
        let (name, before) = before.split_once(": ").ok_or(())?;
        let is_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        let is_plain = |text: &str| text.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
        (is_name && is_plain(before) && is_plain(behind) && !behind.contains(MARK))
            .then(|| Self::Header {
                name: name.to_owned(),
                before: before.to_owned(),
                behind: behind.to_owned(),
            })
            .ok_or(())
    }
}

impl fmt::Display for TokenPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header { name, before, behind } => write!(f, "{name}: {before}{MARK}{behind}"),
            Self::Parameter { name } => write!(f, "?{name}={MARK}"),
        }
    }
}

/// A secret and where it stands in a request to its source, and in nothing else: not in what is
/// stored, logged or told.
///
/// `Debug` hides it.
#[derive(Debug, Clone)]
pub struct SourceToken {
    secret: SecretString,
    place: TokenPlace,
}

impl SourceToken {
    /// A secret in its place.
    #[must_use]
    pub fn new(secret: SecretString, place: TokenPlace) -> Self {
        Self { secret, place }
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> &TokenPlace {
        &self.place
    }

    /// The header that carries it: name and value.
    #[must_use]
    pub fn header(&self) -> Option<(&str, SecretString)> {
        match &self.place {
            TokenPlace::Header { name, before, behind } => {
                let value = format!("{before}{}{behind}", self.secret.expose_secret());
                Some((name, value.into()))
            }
            TokenPlace::Parameter { .. } => None,
        }
    }

    /// The address as it is asked for: with the parameter that carries the token.
    #[must_use]
    pub fn put_into(&self, url: &Url) -> Url {
        let mut url = url.clone();
        if let TokenPlace::Parameter { name } = &self.place {
            url.query_pairs_mut().append_pair(name, self.secret.expose_secret());
        }
        url
    }

    /// The address as it is kept: without the parameter, which servers repeat in links and redirects.
    #[must_use]
    pub fn taken_from(&self, mut url: Url) -> Url {
        let TokenPlace::Parameter { name } = &self.place else { return url };
        // What else the query says stays as it was written.
        let Some(query) = url.query().map(str::to_owned) else { return url };
        let names_token = |pair: &&str| pair.split('=').next() == Some(name.as_str());
        let kept: Vec<&str> = query.split('&').filter(|pair| !names_token(pair)).collect();
        url.set_query((!kept.is_empty()).then(|| kept.join("&")).as_deref());
        url
    }

    /// A text of the source's as it is kept.
    #[must_use]
    pub fn hidden_in(&self, text: &str) -> String {
        let [plain, encoded] = self.spellings();
        text.replace(&plain, REDACTED).replace(&encoded, REDACTED)
    }

    /// A body as it is kept, where it repeats the token.
    #[must_use]
    pub fn hidden_in_bytes(&self, body: &[u8]) -> Option<Vec<u8>> {
        let [plain, encoded] = self.spellings();
        let hidden = without(body, plain.as_bytes());
        if plain == encoded {
            return hidden;
        }
        without(hidden.as_deref().unwrap_or(body), encoded.as_bytes()).or(hidden)
    }

    /// As it is, and as it stands in addresses.
    fn spellings(&self) -> [String; 2] {
        let secret = self.secret.expose_secret();
        [secret.to_owned(), byte_serialize(secret.as_bytes()).collect()]
    }
}

/// The bytes with every occurrence of the secret replaced; `None` where there is none.
fn without(body: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let find = |rest: &[u8]| rest.windows(secret.len().max(1)).position(|window| window == secret);
    let (mut kept, mut rest) = (Vec::new(), body);
    while let Some(start) = find(rest) {
        kept.extend_from_slice(&rest[..start]);
        kept.extend_from_slice(REDACTED.as_bytes());
        rest = &rest[start + secret.len()..];
    }
    (rest.len() < body.len()).then(|| [&kept, rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(place: &str) -> SourceToken {
        SourceToken::new("geheim+1".into(), place.parse().unwrap())
    }

    #[test]
    fn places_are_read_as_they_are_written() {
        for place in ["Authorization: Token {}", "X-Api-Key: {}", "?api_key={}"] {
            assert_eq!(place.parse::<TokenPlace>().map(|read| read.to_string()), Ok(place.to_owned()));
        }
        for bad in
            ["", "{}", "Authorization {}", "?={}", "?a b={}", "?a={}&b=1", "A B: {}", "A: {}{}", "A: é{}"]
        {
            assert!(bad.parse::<TokenPlace>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_parameter_is_put_in_and_taken_out_again() {
        let token = token("?api_key={}");
        let url: Url =
            "https://agency.test/filings?name=21-232&sort=a,DESC&conditions%5Bterm%5D=x".parse().unwrap();
        let asked = token.put_into(&url);
        assert_eq!(asked.as_str(), format!("{url}&api_key=geheim%2B1"));
        assert_eq!(token.taken_from(asked), url);
        let bare: Url = "https://agency.test/filings".parse().unwrap();
        assert_eq!(token.taken_from(token.put_into(&bare)), bare);
        assert_eq!(token.header().map(|(name, _)| name), None);
    }

    #[test]
    fn a_header_leaves_the_address_alone() {
        let token = token("Authorization: Token {}");
        let url: Url = "https://agency.test/?api_key=1".parse().unwrap();
        assert_eq!((token.put_into(&url), token.taken_from(url.clone())), (url.clone(), url));
        let (name, value) = token.header().unwrap();
        assert_eq!((name, value.expose_secret()), ("Authorization", "Token geheim+1"));
    }

    #[test]
    fn what_repeats_the_token_is_kept_without_it() {
        let token = token("?api_key={}");
        assert_eq!(token.hidden_in("a geheim+1 b geheim%2B1"), "a [redacted] b [redacted]");
        let body = token.hidden_in_bytes(b"\xff geheim+1,geheim%2B1.");
        assert_eq!(body.as_deref(), Some(&b"\xff [redacted],[redacted]."[..]));
        assert_eq!(token.hidden_in_bytes(b"geheim"), None);
        assert!(!format!("{token:?}").contains("geheim"));
    }
}
