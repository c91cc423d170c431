//! Making a webhook: whether it may be told there, and whether there is what it is to be told of.

use url::Url;

use super::Webhooks;
use crate::domain::email::EmailAddress;
use crate::domain::id::SourceId;
use crate::domain::spelling::did_you_mean;
use crate::domain::webhook::{HookFilter, HookFormat, HookSecret, HookState, SECRET_BYTES, Webhook};
use crate::store::StoreError;

/// A longer name is cut in mails.
const MAX_NAME_CHARS: usize = 80;

/// A receiver that is to be told of changes.
#[derive(Debug, Clone)]
pub struct WantedWebhook {
    /// What its operator calls it; its host where nothing is said.
    pub name: Option<String>,
    /// Where it is told.
    pub url: Url,
    /// In which form.
    pub format: HookFormat,
    /// Who is told when it is disabled.
    pub owner: EmailAddress,
    /// What it is told of.
    pub only: HookFilter,
}

/// Why no webhook was made.
#[derive(Debug, thiserror::Error)]
pub enum MakingError {
    /// It cannot be told, or not of that: what was found and what was expected.
    #[error("{0}")]
    NoReceiver(String),
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Webhooks {
    /// Makes a webhook, which is told of what is found from now on. The secret of its signatures is in it.
    ///
    /// # Errors
    /// [`MakingError::NoReceiver`] where it may not be told there, or what it is to be told of does not exist; the
    /// store's error.
    pub async fn add(&self, wanted: WantedWebhook) -> Result<Webhook, MakingError> {
        let name = self.may_add(&wanted).map_err(MakingError::NoReceiver)?;
        let WantedWebhook { url, format, owner, only, .. } = wanted;
        let hook = Webhook {
            id: Webhook::id_of(rand::random()),
            name,
            url,
            format,
            secret: HookSecret::of(&rand::random::<[u8; SECRET_BYTES]>()),
            owner,
            only,
            created_at: self.parts.clock.now(),
            state: HookState::Active,
            failing_since: None,
            breaker: None,
            reason: None,
        };
        self.parts.store.add_webhook(hook.clone()).await?;
        Ok(hook)
    }

    /// Returns the name that a webhook gets.
    ///
    /// # Errors
    /// Why it may not be made.
    pub fn may_add(&self, WantedWebhook { name, url, only, .. }: &WantedWebhook) -> Result<String, String> {
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(format!("url: found {url}, expected an http or https address"));
        }
        self.parts.fetcher.may_post(url).map_err(|error| format!("url: {error}"))?;
        let name = name.as_deref().or(url.host_str()).unwrap_or_default().trim().to_owned();
        if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
            return Err(format!("name: found {name:?}, expected 1 to {MAX_NAME_CHARS} characters"));
        }
        self.check_filter(only)?;
        Ok(name)
    }

    fn check_filter(&self, only: &HookFilter) -> Result<(), String> {
        let sources: Vec<&str> = self.groups.keys().map(SourceId::as_str).collect();
        if let Some(id) = only.sources.iter().find(|id| !self.groups.contains_key(*id)) {
            return Err(format!("sources: no source {id} is watched{}", did_you_mean(id.as_str(), sources)));
        }
        let watchlist = self.parts.registry.current();
        if let Some(id) = only.companies.iter().find(|id| watchlist.company(id).is_none()) {
            let hint = did_you_mean(id.as_str(), watchlist.companies().map(|known| known.id.as_str()));
            return Err(format!("companies: no company {id} is tracked{hint}"));
        }
        let groups: Vec<&str> = self.groups.values().flatten().map(String::as_str).collect();
        if let Some(group) = only.groups.iter().find(|group| !groups.contains(&group.as_str())) {
            let hint = did_you_mean(group, groups.iter().copied());
            return Err(format!("groups: no source is of the group {group:?}{hint}"));
        }
        Ok(())
    }
}
