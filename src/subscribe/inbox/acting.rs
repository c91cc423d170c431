//! What a message asks for, done as far as that may be.

use super::Inbox;
use super::outcome::{IngestError, Ingested};
use crate::domain::email::EmailAddress;
use crate::domain::id::{BodyHash, MailId};
use crate::domain::inbound::{
    MailCommand, PersonRequest, Trust, UntrackedWish, commands, converse, is_bounce, is_rather_a_machines,
};
use crate::domain::keyed_link::{LinkKey, LinkPurpose};
use crate::mail::InboundMessage;
use crate::store::{Exchanged, InboundCommit, KnownPerson, StoreError};

impl Inbox {
    /// Does what a mail program asks for by itself, which is to leave as a mail's header says it: some mark
    /// that mail as automatic. Whatever else a machine sends is passed over.
    pub(super) async fn act_silently(
        &self,
        message: BodyHash,
        received: &InboundMessage,
        sender: Option<&str>,
        reason: String,
    ) -> Result<Ingested, IngestError> {
        let is_heard = received.trust != Trust::Forged && !is_bounce(&received.headers, sender);
        let asked = MailCommand::leave_of(&received.subject).filter(|_| is_heard);
        let Some(leaver) = self.leaver(asked.as_slice()).await? else {
            return self.pass_over(message, reason).await;
        };
        let KnownPerson { mut state, version } = self.store.conversation(&leaver).await?;
        let at = self.clock.now();
        state.leave_all(at);
        let state = Some((state, version));
        let left = InboundCommit { message, at, state, mails: Vec::new(), wishes: Vec::new() };
        if self.store.converse(left).await? == Exchanged::Known {
            return Ok(Ingested::Known);
        }
        tracing::info!(reason, "unsubscribed by a mail program");
        Ok(Ingested::Answered { mails: 0 })
    }

    pub(super) async fn act(
        &self,
        message: BodyHash,
        received: &InboundMessage,
    ) -> Result<Ingested, IngestError> {
        let now = self.clock.now();
        let asked = commands(received.detail.as_deref(), &received.subject, &received.text);
        if !asked.iter().any(MailCommand::is_understood)
            && let Some(reason) = is_rather_a_machines(&received.headers, &received.subject, &received.text)
        {
            return self.pass_over(message, reason).await;
        }
        let leaver = self.leaver(&asked).await?;
        let address = match &leaver {
            Some(leaver) => leaver.clone(),
            None => self.address_of(&asked, &received.from).await?,
        };
        let watchlist = self.registry.current();
        let asked_for = asked.clone();
        let requests: Vec<PersonRequest> = if leaver.is_some() {
            vec![PersonRequest::Leave]
        } else {
            asked.into_iter().map(|command| command.resolve(&watchlist, &self.source_ids)).collect()
        };
        let wishes = wishes_in(&asked_for, &requests);
        let KnownPerson { mut state, version } = self.store.conversation(&address).await?;
        let before = state.clone();
        let answers = converse(
            &mut state,
            requests,
            trust_in(received, &address),
            received.client.as_deref(),
            rand::random::<u128>,
            now,
        );
        let is_changed =
            state.subscriber != before.subscriber || state.correspondence != before.correspondence;
        if answers.is_empty() && !is_changed && wishes.is_empty() {
            return self.pass_over(message, "nothing may be answered to its sender now".to_owned()).await;
        }
        let mut mails = Vec::new();
        for (number, answer) in answers.iter().enumerate() {
            let id = MailId::derive(&["answer", message.as_str(), &number.to_string()]);
            mails.push(self.mail(id, answer, &state, received.message_id.as_deref(), now).await?);
        }
        let queued = mails.len();
        let exchange = InboundCommit { message, at: now, state: Some((state, version)), mails, wishes };
        if self.store.converse(exchange).await? == Exchanged::Known {
            return Ok(Ingested::Known);
        }
        tracing::info!(mails = queued, "answered a message from {}", address.redacted());
        Ok(Ingested::Answered { mails: queued })
    }

    /// Who leaves by what only a mail to them says, whoever sends it on.
    async fn leaver(&self, asked: &[MailCommand]) -> Result<Option<EmailAddress>, StoreError> {
        let key = LinkKey::new(self.instance_key);
        let opened = asked.iter().find_map(|command| match command {
            MailCommand::Leave(seal) => key.open(LinkPurpose::Unsubscribe, seal),
            _ => None,
        });
        let Some(subscriber) = opened else { return Ok(None) };
        Ok(self.store.subscriber_by(&subscriber).await?.map(|subscriber| subscriber.address))
    }

    /// Who is meant: whoever a token was mailed to, even where the answer comes from another of
    /// their addresses; else the sender.
    async fn address_of(
        &self,
        asked: &[MailCommand],
        from: &EmailAddress,
    ) -> Result<EmailAddress, StoreError> {
        let token = asked.iter().find_map(|command| match command {
            MailCommand::Confirm { token, .. }
            | MailCommand::Unclear { token, .. }
            | MailCommand::Never(token) => Some(token.hash()),
            _ => None,
        });
        let Some(token) = token else { return Ok(from.clone()) };
        Ok(self.store.asked(&token).await?.unwrap_or_else(|| from.clone()))
    }
}

/// What is known of a message's sender in the matter of an address: who vouches for its sender vouches for
/// nobody else.
fn trust_in(received: &InboundMessage, address: &EmailAddress) -> Trust {
    match received.trust {
        Trust::Vouched if *address != received.from => Trust::Unknown,
        trust => trust,
    }
}

/// What is asked for that nobody tracks, in the words that were written.
fn wishes_in(asked: &[MailCommand], requests: &[PersonRequest]) -> Vec<String> {
    let written = asked.iter().zip(requests).filter_map(|(command, request)| match (command, request) {
        (MailCommand::Subscribe(words), PersonRequest::Untracked(_)) => UntrackedWish::words_of(words),
        _ => None,
    });
    written.collect()
}
