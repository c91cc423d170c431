//! Standing lists: suppliers that are held against the lists again whenever one changes, and whose owner is told what
//! is new.
//!
//! Takes no input but the store's state, and may be done twice: how a list stands and the mail that tells what is new
//! are one commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ScreenError, Screener};
use crate::clock::Clock;
use crate::domain::email::EmailAddress;
use crate::domain::id::{MailId, ScreeningId};
use crate::domain::outbox::{Basis, QueuedMail};
use crate::domain::screening::{Against, Screened, ScreeningNews, StandingList};
use crate::domain::spelling::did_you_mean;
use crate::mail::{Draft, DraftError, MailPurpose};
use crate::render;
use crate::settings::MailSettings;
use crate::store::{Store, StoreError};

/// Why a standing list could not be kept or looked at.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    /// The suppliers could not be screened.
    #[error(transparent)]
    Screen(#[from] ScreenError),
    /// Nobody is named who could be told.
    #[error("no recipient; set operator.address, or give --to an address with a subscription")]
    NoOwner,
    /// Nobody is written to who did not agree.
    #[error(
        "{0} has no active subscription, so regwatch may not write to them; set operator.address, or let them subscribe first"
    )]
    NotSubscribed(EmailAddress),
    /// There is none by this id.
    #[error("no standing list {id}{hint}; `regwatch screen list` shows them", hint = did_you_mean(id.as_str(), known.iter().map(ScreeningId::as_str)))]
    Unknown {
        /// What was asked for.
        id: ScreeningId,
        /// Those that there are.
        known: Vec<ScreeningId>,
    },
    /// The mail could not be made.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What [`StandingLists`] work with.
#[derive(Debug)]
pub struct StandingListsParts {
    /// Keeps them.
    pub store: Store,
    /// Holds suppliers against the lists.
    pub screener: Screener,
    /// Who owns a list where nobody else is named.
    pub operator: Option<EmailAddress>,
    /// How mail is written.
    pub mail: MailSettings,
    /// Keys Message-IDs, so that they cannot be guessed.
    pub instance_key: [u8; 32],
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Keeps standing lists and tells their owners what is new. One for the whole program.
#[derive(Debug)]
pub struct StandingLists {
    parts: StandingListsParts,
    turn: tokio::sync::Mutex<()>,
}

impl StandingLists {
    /// Standing lists over the given parts.
    #[must_use]
    pub fn new(parts: StandingListsParts) -> Self {
        Self { parts, turn: tokio::sync::Mutex::default() }
    }

    /// Keeps suppliers under an id, in the place of those that were kept under it; tells what is found of them now,
    /// which is not news from then on.
    ///
    /// # Errors
    /// [`StandingError`].
    pub async fn add(
        &self,
        id: ScreeningId,
        names: Vec<String>,
        owner: Option<EmailAddress>,
    ) -> Result<Screened, StandingError> {
        let owner = self.owner(owner).await?;
        let _turn = self.turn.lock().await;
        let against = self.against().await?;
        let screened = self.parts.screener.screen(names).await?;
        let list = StandingList::new(id, owner, &screened, against);
        self.parts.store.keep_standing_list(list).await?;
        Ok(screened)
    }

    /// Who is told, and whether that is the operator.
    async fn owner(&self, owner: Option<EmailAddress>) -> Result<(EmailAddress, bool), StandingError> {
        let operator = self.parts.operator.clone();
        let Some(owner) = owner.filter(|owner| Some(owner) != operator.as_ref()) else {
            return Ok((operator.ok_or(StandingError::NoOwner)?, true));
        };
        let reader = self.parts.store.subscriber(&owner).await?;
        if reader.is_some_and(|reader| reader.is_active()) {
            Ok((owner, false))
        } else {
            Err(StandingError::NotSubscribed(owner))
        }
    }

    /// Forgets a list.
    ///
    /// # Errors
    /// One that there is not.
    pub async fn remove(&self, id: &ScreeningId) -> Result<(), StandingError> {
        if self.parts.store.remove_standing_list(id).await? {
            return Ok(());
        }
        let known = self.parts.store.standing_lists().await?.into_iter().map(|list| list.id).collect();
        Err(StandingError::Unknown { id: id.clone(), known })
    }

    /// Holds every list against the lists again of which one is other than it was; tells how many mails were made.
    ///
    /// # Errors
    /// The first that goes wrong; the other lists are looked at all the same.
    pub async fn look_again(&self) -> Result<usize, StandingError> {
        let _turn = self.turn.lock().await;
        let lists = self.parts.store.standing_lists().await?;
        if lists.is_empty() {
            return Ok(0);
        }
        let against = self.against().await?;
        let (mut queued, mut fault) = (0, None);
        for list in lists.into_iter().filter(|list| list.against != against) {
            match self.look_at(list, against.clone()).await {
                Ok(mails) => queued += mails,
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        fault.map_or(Ok(queued), Err)
    }

    async fn look_at(&self, list: StandingList, against: Against) -> Result<usize, StandingError> {
        let screened = self.parts.screener.screen(list.names.clone()).await?;
        let news = list.news(&screened);
        let mail = if news.is_empty() { None } else { Some(self.mail(&list, &news, &screened)?) };
        let queued = usize::from(mail.is_some());
        let after = list.clone().told(&screened, against);
        let is_kept = self.parts.store.told_of_standing_list(list, after, mail).await?;
        Ok(if is_kept { queued } else { 0 })
    }

    fn mail(
        &self,
        list: &StandingList,
        news: &ScreeningNews,
        screened: &Screened,
    ) -> Result<QueuedMail, DraftError> {
        let StandingListsParts { mail: settings, instance_key, .. } = &self.parts;
        let now = self.parts.clock.now();
        // Each look follows on one: the same news of the same look is the same mail.
        let before = list.screened_at.to_rfc3339();
        let draft = Draft {
            id: MailId::derive(&["screening", list.id.as_str(), list.owner.as_str(), &before]),
            to: &list.owner,
            rendered: render::screening_news(
                settings.from.organisation(),
                (&list.id, list.is_operators),
                news,
                screened,
            )?,
            changes: Vec::new(),
            thread: None,
            list: None,
            occasion: MailPurpose::Alert,
            basis: Basis::Screening { list: list.id.clone() },
            is_urgent: false,
            at: now,
        };
        let mail = draft.queued(settings, instance_key)?;
        // An operator is told whatever came back from their address.
        Ok(if list.is_operators { mail.despite_bounces() } else { mail })
    }

    /// What suppliers would be held against now.
    async fn against(&self) -> Result<Against, StoreError> {
        let mut lists = BTreeMap::new();
        for list in self.parts.screener.lists() {
            if let Some(accepted) = self.parts.store.accepted(&list.id).await? {
                lists.insert(
                    list.id.clone(),
                    format!("{} {}", accepted.response.sha256, accepted.fingerprint),
                );
            }
        }
        Ok(Against { lists, watchlist: Some(self.parts.screener.watchlist_hash()) })
    }
}
