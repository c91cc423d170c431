//! What a request says of us and of what we know already.

use std::collections::BTreeMap;

use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, USER_AGENT,
};

use super::browser::{Manners, UserAgent};
use super::error::FetchError;
use crate::config::FetchSettings;
use crate::domain::snapshot::Validators;
use crate::domain::source::Source;

/// The headers of a request and what becomes of them on the way.
#[derive(Debug, Clone)]
pub(super) struct RequestHeaders {
    headers: HeaderMap,
}

const ACCEPTED: &str = "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,\
                        application/xml;q=0.9,application/json;q=0.9,*/*;q=0.8";

impl RequestHeaders {
    /// The service's own headers, then those for every source, then the source's, then validators.
    pub(super) fn of(
        settings: &FetchSettings,
        source: &Source,
        validators: Option<&Validators>,
    ) -> Result<Self, FetchError> {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, value("user-agent", &user_agent(&settings.contact))?);
        headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en-US,en;q=0.9"));
        add(&mut headers, &settings.headers)?;
        add(&mut headers, &source.request.headers)?;
        if let Some(validators) = validators {
            for (name, text) in
                [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)]
            {
                if let Some(text) = text {
                    headers.insert(name.clone(), value(name.as_str(), text)?);
                }
            }
        }
        Ok(Self { headers })
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
        let foreign: Vec<HeaderName> = self
            .headers
            .keys()
            .filter(|name| {
                let name = name.as_str();
                name != "user-agent" && !name.starts_with("accept") && !name.starts_with("sec-fetch-")
            })
            .cloned()
            .collect();
        for name in foreign {
            self.headers.remove(name);
        }
    }
}

/// One honest name and whom to write to.
fn user_agent(contact: &str) -> String {
    format!("regwatch/{} (regulatory change monitor; +{contact})", env!("CARGO_PKG_VERSION"))
}

fn add(headers: &mut HeaderMap, configured: &BTreeMap<String, String>) -> Result<(), FetchError> {
    for (name, text) in configured {
        let key =
            HeaderName::try_from(name.as_str()).map_err(|_| FetchError::Header { name: name.clone() })?;
        headers.insert(key, value(name, text)?);
    }
    Ok(())
}

fn value(name: &str, text: &str) -> Result<HeaderValue, FetchError> {
    HeaderValue::try_from(text).map_err(|_| FetchError::Header { name: name.to_owned() })
}
