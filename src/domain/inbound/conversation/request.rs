//! What a mail asks for, names resolved.

use super::Trust;
use crate::domain::confirm_token::{ConfirmToken, TokenHash};
use crate::domain::id::SourceId;
use crate::domain::inbound::command::MailCommand;
use crate::domain::inbound::correspondence::Purpose;
use crate::domain::inbound::leaving::{LeavingWish, without_forms};
use crate::domain::inbound::selection::{Selection, select, topics};
use crate::domain::matching::Watchlist;
use crate::domain::subscription::Preference;
use crate::domain::topic::Topic;

/// What is asked for, names resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonRequest {
    /// Follow topics.
    Subscribe(Selection),
    /// End subscriptions; all where empty.
    Unsubscribe(Vec<Topic>),
    /// End all, as only the subscriber can ask.
    Leave,
    /// Tell what is followed.
    List,
    /// Tell what can be asked.
    Help,
    /// Answers a question with a yes.
    Confirm {
        /// Which.
        token: TokenHash,
        /// What the yes is.
        words: String,
    },
    /// Answers a question with something else.
    Unclear {
        /// Which.
        token: ConfirmToken,
        /// What to end, where the answer says to.
        wish: Option<Box<PersonRequest>>,
    },
    /// May want to end subscriptions, all where empty; only a question can tell.
    MayLeave(Vec<Topic>),
    /// Follow what nobody tracks; the topics that may have been meant.
    Untracked(Vec<Topic>),
    /// Ask and send nothing any more.
    Never(TokenHash),
    /// Send nothing for a while.
    Pause,
    /// Send again.
    Resume,
    /// Send otherwise.
    Prefer(Preference),
    /// Not understood; the topics that may have been meant.
    Unknown(Vec<Topic>),
}

impl MailCommand {
    /// Finds out who is meant.
    #[must_use]
    pub fn resolve(self, watchlist: &Watchlist, sources: &[SourceId]) -> PersonRequest {
        match self {
            Self::Subscribe(words) => match select(&words, watchlist, sources) {
                Ok(selection) => PersonRequest::Subscribe(selection),
                Err(unresolved) if unresolved.is_untracked => PersonRequest::Untracked(unresolved.nearest),
                Err(unresolved) => PersonRequest::Unknown(unresolved.nearest),
            },
            Self::Unsubscribe(wish) => to_leave(&wish, watchlist),
            Self::List => PersonRequest::List,
            Self::Help => PersonRequest::Help,
            Self::Confirm { token, words } => PersonRequest::Confirm { token: token.hash(), words },
            Self::Unclear { token, wish } => {
                PersonRequest::Unclear { token, wish: wish.map(|wish| Box::new(to_leave(&wish, watchlist))) }
            }
            Self::Never(token) => PersonRequest::Never(token.hash()),
            Self::Pause => PersonRequest::Pause,
            Self::Resume => PersonRequest::Resume,
            Self::Prefer(wish) => PersonRequest::Prefer(wish),
            // Whether it was made here is said by who has the key. What was not says no more than the word
            // before it, which is clear enough to be asked back.
            Self::Leave(_) => PersonRequest::Unsubscribe(Vec::new()),
            Self::Unknown => PersonRequest::Unknown(Vec::new()),
        }
    }
}

/// What a wish to leave asks for. What names nothing that is known may be prose, or a name that was written
/// otherwise: then it is asked back rather than taken for less or for more than was meant.
fn to_leave(wish: &LeavingWish, watchlist: &Watchlist) -> PersonRequest {
    if wish.names.is_empty() {
        return PersonRequest::Unsubscribe(Vec::new());
    }
    let found = topics(&wish.names, watchlist);
    match found.or_else(|unresolved| topics(&without_forms(&wish.names), watchlist).map_err(|_| unresolved)) {
        Ok(topics) => PersonRequest::Unsubscribe(topics),
        Err(_) if wish.is_bare => PersonRequest::Unsubscribe(Vec::new()),
        Err(unresolved) if unresolved.nearest.len() == 1 => PersonRequest::MayLeave(unresolved.nearest),
        Err(_) => PersonRequest::MayLeave(Vec::new()),
    }
}

/// What must be asked back before it is done; or else the request itself.
pub(super) fn asked_back(request: PersonRequest, trust: Trust) -> Result<Purpose, PersonRequest> {
    match request {
        PersonRequest::Subscribe(selection) => Ok(Purpose::Subscribe(selection)),
        PersonRequest::MayLeave(topics) => Ok(Purpose::Unsubscribe { topics }),
        request if trust == Trust::Vouched => Err(request),
        PersonRequest::Unsubscribe(topics) => Ok(Purpose::Unsubscribe { topics }),
        PersonRequest::List => Ok(Purpose::List),
        PersonRequest::Pause => Ok(Purpose::Pause),
        PersonRequest::Resume => Ok(Purpose::Resume),
        PersonRequest::Prefer(wish) => Ok(Purpose::Prefer { wish }),
        request => Err(request),
    }
}

/// Several wishes of one mail that want the same of different topics are one wish.
pub(super) fn merged(requests: Vec<PersonRequest>) -> Vec<PersonRequest> {
    let mut merged: Vec<PersonRequest> = Vec::new();
    for request in requests {
        let earlier = merged.iter_mut().find_map(|known| match (known, &request) {
            (PersonRequest::Subscribe(known), PersonRequest::Subscribe(other))
                if known.only == other.only =>
            {
                Some(known)
            }
            _ => None,
        });
        match (earlier, request) {
            (Some(known), PersonRequest::Subscribe(other)) => {
                known.topics.extend(other.topics);
                known.topics.sort();
                known.topics.dedup();
            }
            (_, request) => merged.push(request),
        }
    }
    merged
}
