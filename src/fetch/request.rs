//! What a request says of us and of what we know already.

use std::collections::BTreeMap;

use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, USER_AGENT,
};

use secrecy::ExposeSecret;
use url::Url;

use super::browser::{Manners, UserAgent};
use super::error::FetchError;
use crate::domain::snapshot::Validators;
use crate::domain::source::Source;
use crate::domain::token::SourceToken;
use crate::settings::FetchSettings;

/// What is sent beside an address, and what becomes of it on the way.
#[derive(Debug, Clone)]
pub(super) struct RequestHeaders<'a> {
    headers: HeaderMap,
    /// The secret that stands in the address, as long as that is the source's own.
    token: Option<&'a SourceToken>,
}

const ACCEPTED: &str = "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,\
                        application/xml;q=0.9,application/json;q=0.9,*/*;q=0.8";

impl<'a> RequestHeaders<'a> {
    /// The service's own headers, then those for every source, then the source's, then validators.
    pub(super) fn of(
        settings: &FetchSettings,
        source: &'a Source,
        validators: Option<&Validators>,
    ) -> Result<Self, FetchError> {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, value("user-agent", &user_agent(&settings.contact))?);
        headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en-US,en;q=0.9"));
        add(&mut headers, &settings.headers)?;
        add(&mut headers, &source.request.headers)?;
        let token = source.request.token.as_ref();
        if let Some((name, secret)) = token.and_then(SourceToken::header) {
            let mut value = value(name, secret.expose_secret())?;
            value.set_sensitive(true);
            headers.insert(header_name(name)?, value);
        }
        if let Some(validators) = validators {
            for (name, text) in
                [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)]
            {
                if let Some(text) = text {
                    headers.insert(name.clone(), value(name.as_str(), text)?);
                }
            }
        }
        Ok(Self { headers, token })
    }

    /// The address as it is asked for.
    pub(super) fn address(&self, url: &Url) -> Url {
        self.token.map_or_else(|| url.clone(), |token| token.put_into(url))
    }

    /// For the next request.
    pub(super) fn as_map(&self) -> HeaderMap {
        self.headers.clone()
    }

    /// What of it a browser says: its own name beside ours, unless another one was configured.
    pub(super) fn manners(&self, contact: &str) -> Manners {
        let text = |name| self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (ours, said) = (user_agent(contact), text(USER_AGENT));
        let user_agent =
            if said == ours { UserAgent::Extended(ours) } else { UserAgent::Configured(said.to_owned()) };
        Manners { user_agent, language: text(ACCEPT_LANGUAGE).to_owned() }
    }

    /// Drops what was meant for the first host alone: everything but the manners.
    pub(super) fn leave_origin(&mut self) {
        self.token = None;
        let foreign: Vec<HeaderName> = self
            .headers
            .keys()
            .filter(|name| {
                let name = name.as_str();
                name != "user-agent" && !name.starts_with("accept")
            })
            .cloned()
            .collect();
        for name in foreign {
            self.headers.remove(name);
        }
    }
}

/// One honest name and whom to write to.
pub(super) fn user_agent(contact: &str) -> String {
    format!("regwatch/{} (regulatory change monitor; +{contact})", env!("CARGO_PKG_VERSION"))
}

fn add(headers: &mut HeaderMap, configured: &BTreeMap<String, String>) -> Result<(), FetchError> {
    for (name, text) in configured {
        headers.insert(header_name(name)?, value(name, text)?);
    }
    Ok(())
}

fn header_name(name: &str) -> Result<HeaderName, FetchError> {
    HeaderName::try_from(name).map_err(|_| FetchError::Header { name: name.to_owned() })
}

fn value(name: &str, text: &str) -> Result<HeaderValue, FetchError> {
    HeaderValue::try_from(text).map_err(|_| FetchError::Header { name: name.to_owned() })
}
