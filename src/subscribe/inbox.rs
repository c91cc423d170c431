//! Taking mail in: what people ask for by mail, and the answers to it.
//!
//! One function behind every way in. Taken in twice, a message is the same one; killed before its
//! commit, it has done nothing and is handed over again.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::task::JoinError;

use super::Turn;
use crate::clock::Clock;
use crate::domain::bounce::Verdict;
use crate::domain::email::EmailAddress;
use crate::domain::health::SourceHealth;
use crate::domain::id::{BodyHash, CompanyId, MailId, SourceId};
use crate::domain::inbound::{
    Answer, Conversation, MailCommand, Purpose, Request, Selection, TokenHash, Trust, UntrackedWish,
    commands, converse, is_bounce, is_rather_a_machines, silence,
};
use crate::domain::keyed_link::{LinkKey, LinkPurpose, WebAddresses};
use crate::domain::listed::{ListedOn, is_named, is_wanted};
use crate::domain::matching::Watchlist;
use crate::domain::outbox::{Basis, QueuedMail};
use crate::domain::source::Source;
use crate::domain::subscription::Subscriber;
use crate::domain::text::error_chain;
use crate::domain::verp::mail_of;
use crate::mail::{Draft, DraftError, Envelope, Leaving, Occasion, Received, Report};
use crate::metrics::Counts;
use crate::registry::Registry;
use crate::render::{self, Addressed, Service, confirm_address};
use crate::settings::{InboxSettings, MailSettings};
use crate::store::{CameBack, Exchange, Exchanged, KnownPerson, Store, StoreError, TakenUp};

/// Takes mail in. One for the whole program.
#[derive(Debug)]
pub struct Inbox {
    store: Store,
    registry: Registry,
    sources: Arc<[Source]>,
    /// Their ids, as people write them.
    source_ids: Vec<SourceId>,
    mail: MailSettings,
    settings: InboxSettings,
    takes_mail: bool,
    web: Option<WebAddresses>,
    instance_key: [u8; 32],
    clock: Arc<dyn Clock>,
    turn: Turn,
    counts: Option<Counts>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Ingested {
    /// It was acted upon; so many mails answer it.
    Answered {
        /// Mails put into the outbox.
        mails: usize,
    },
    /// It reports on a mail that was sent, and what it says was kept.
    Reported {
        /// The mail.
        mail: MailId,
    },
    /// It was taken in before.
    Known,
    /// Nothing was done about it, on purpose.
    PassedOver {
        /// Why.
        reason: String,
    },
    /// It was tried as often as any message, in vain: it is a person's now.
    GivenUp {
        /// How it ended the last time.
        reason: String,
    },
}

/// A message is tried so often. One at which the process died counts as tried.
const MAX_ATTEMPTS: u32 = 3;

/// Why a message could not be taken in. It must be handed over again.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// An answer could not be made.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The message made the parser panic.
    #[error("the parser gave up on it")]
    Parser,
    /// The program ended before the message was looked at.
    #[error("the program ended before it was looked at")]
    Ended,
}

impl IngestError {
    /// Whether the message has no part in it, so that the attempt does not count.
    fn is_blameless(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Ended)
    }
}

impl From<JoinError> for IngestError {
    fn from(error: JoinError) -> Self {
        if error.is_panic() { Self::Parser } else { Self::Ended }
    }
}

/// A message by what is to be done with it.
enum Incoming {
    /// Somebody's own words.
    Request(Box<Received>),
    /// A bounce or a complaint.
    Report(Report),
}

/// What the inbox is made of.
#[derive(Debug)]
pub struct InboxParts {
    /// Keeps it.
    pub store: Store,
    /// Who may be followed.
    pub registry: Registry,
    /// What may be followed of them.
    pub sources: Arc<[Source]>,
    /// How mail is written.
    pub mail: MailSettings,
    /// Where people write to.
    pub settings: InboxSettings,
    /// Whether mail to that address is taken in; else questions are answered on their page.
    pub takes_mail: bool,
    /// Where the links of a mail lead, where there is a web server.
    pub web: Option<WebAddresses>,
    /// Keys Message-IDs.
    pub instance_key: [u8; 32],
    /// Shared with whatever else changes subscribers.
    pub turn: Turn,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Inbox {
    /// An inbox over the given parts.
    #[must_use]
    pub fn new(parts: InboxParts) -> Self {
        let InboxParts {
            store,
            registry,
            sources,
            mail,
            settings,
            takes_mail,
            web,
            instance_key,
            turn,
            clock,
        } = parts;
        let source_ids = sources.iter().map(|source| source.id.clone()).collect();
        Self {
            store,
            registry,
            sources,
            source_ids,
            mail,
            settings,
            takes_mail,
            web,
            instance_key,
            clock,
            turn,
            counts: None,
        }
    }

    /// The same, which counts mails that came back.
    #[must_use]
    pub fn counting(self, counts: Counts) -> Self {
        Self { counts: Some(counts), ..self }
    }

    /// Takes one message in: does what it asks for as far as that may be done, and queues the
    /// answers, all in one commit.
    ///
    /// # Errors
    /// What must be tried again; nothing was done.
    pub async fn ingest(&self, raw: Vec<u8>, envelope: &Envelope) -> Result<Ingested, IngestError> {
        let message = named(&raw, envelope);
        let _turn = self.turn.wait().await;
        // Noted before anybody looks at it: what it does to this process then counts.
        let attempt = match self.store.take_up(&message, self.clock.now()).await? {
            TakenUp::Known => return Ok(Ingested::Known),
            TakenUp::Attempt(attempt) => attempt,
        };
        if attempt > MAX_ATTEMPTS {
            return self.give_up(&message, "nobody came back from looking at it".to_owned()).await;
        }
        tracing::debug!(message.sha256 = message.as_str(), attempt, "a message is looked at");
        match self.look_at(message.clone(), raw, envelope).await {
            Err(error) if error.is_blameless() => {
                if let Err(error) = self.store.forgive(&message).await {
                    tracing::debug!(error = error_chain(&error), "an attempt could not be taken back");
                }
                Err(error)
            }
            Err(error) if attempt == MAX_ATTEMPTS => self.give_up(&message, error_chain(&error)).await,
            ended => {
                // What cannot be asked now is asked with the next round of mail.
                if let Err(error) = self.ask_again().await {
                    tracing::error!(
                        error = error_chain(&error),
                        "failed to ask again what is left of a question"
                    );
                }
                ended
            }
        }
    }

    async fn give_up(&self, message: &BodyHash, reason: String) -> Result<Ingested, IngestError> {
        tracing::error!(
            message.sha256 = message.as_str(),
            reason,
            "failed to take in message {}",
            message.as_str()
        );
        self.store.give_up(message).await?;
        Ok(Ingested::GivenUp { reason })
    }

    async fn look_at(
        &self,
        message: BodyHash,
        raw: Vec<u8>,
        envelope: &Envelope,
    ) -> Result<Ingested, IngestError> {
        let (settings, around) = (self.settings.clone(), envelope.clone());
        // Parsing takes its time with a hostile message: not on the threads that wait for others.
        let parsed =
            tokio::task::spawn_blocking(move || match Report::parse(&raw, &around, &settings.address)? {
                Some(report) => Ok(Incoming::Report(report)),
                None => Received::parse(&raw, &around, &settings).map(Box::new).map(Incoming::Request),
            });
        let received = match parsed.await.map_err(IngestError::from)? {
            Ok(Incoming::Request(received)) => received,
            Ok(Incoming::Report(report)) => return self.report(message, report).await,
            Err(unusable) => return self.pass_over(message, unusable.to_string()).await,
        };
        let (sender, from) = (envelope.sender.as_deref(), &received.from);
        let own = [&self.settings.address, &self.mail.from.address];
        let silence = silence(&received.headers, sender, from, &own);
        let mut tries = 0;
        loop {
            let ended = match silence.clone() {
                Some(reason) => self.act_silently(message.clone(), &received, sender, reason).await,
                None => self.act(message.clone(), &received).await,
            };
            tries += 1;
            if tries == MAX_TRIES || !is_overtaken(&ended) {
                return ended;
            }
        }
    }

    /// Does what a mail program asks for by itself, which is to leave as a mail's header says it: some mark
    /// that mail as automatic. Whatever else a machine sends is passed over.
    async fn act_silently(
        &self,
        message: BodyHash,
        received: &Received,
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
        let left = Exchange { message, at, state, mails: Vec::new(), wishes: Vec::new() };
        if self.store.converse(left).await? == Exchanged::Known {
            return Ok(Ingested::Known);
        }
        tracing::info!(reason, "a mail program ended what its reader follows");
        Ok(Ingested::Answered { mails: 0 })
    }

    /// Keeps what a report says of the mail it names. Only an address that was made here names one.
    async fn report(&self, message: BodyHash, report: Report) -> Result<Ingested, IngestError> {
        let mail = report.details.iter().find_map(|detail| mail_of(&self.instance_key, detail));
        let (mail, verdict) = match (mail, report.verdict) {
            (_, Verdict::Nothing { why }) => return self.pass_over(message, why).await,
            (None, verdict) => {
                return self.pass_over(message, format!("it names no mail of ours: {verdict:?}")).await;
            }
            (Some(mail), verdict) => (mail, verdict),
        };
        let report = CameBack { message, at: self.clock.now(), mail, verdict: verdict.clone() };
        match self.store.came_back(report).await? {
            Some(known) => {
                if let Some(counts) = &self.counts {
                    counts.bounce();
                }
                let to = known.recipient.redacted();
                tracing::warn!(mail.id = %known.id, mail.to = to, ?verdict, "mail {} to {to} came back", known.id);
                Ok(Ingested::Reported { mail: known.id })
            }
            None => Ok(Ingested::PassedOver { reason: "it names a mail that is not there".to_owned() }),
        }
    }

    /// The question that a token answers, whether it stands open, and whom it was asked. Changes nothing.
    pub(super) async fn question(
        &self,
        token: &TokenHash,
    ) -> Result<Option<(Purpose, bool, Subscriber)>, StoreError> {
        let Some(address) = self.store.asked(token).await? else { return Ok(None) };
        let KnownPerson { state, .. } = self.store.conversation(&address).await?;
        let question = state.correspondence.question(token, self.clock.now());
        let question = question.map(|(purpose, is_open)| (purpose.clone(), is_open));
        Ok(question.map(|(purpose, is_open)| (purpose, is_open, state.subscriber)))
    }

    /// Asks somebody whether they want to follow companies, at an operator's word. Tells whether the question left: who
    /// was asked the same a moment ago, or wants to be asked nothing, is not asked.
    ///
    /// # Errors
    /// A mail that could not be made, or the store's error; nothing was done.
    pub async fn ask_to_follow(
        &self,
        address: &EmailAddress,
        companies: &[CompanyId],
    ) -> Result<bool, IngestError> {
        let selection = Selection { companies: companies.to_vec(), ..Selection::default() };
        self.ask_to_follow_selection(address, selection).await
    }

    /// The same of a selection, at the word of whoever says that the address is theirs.
    ///
    /// # Errors
    /// As of [`Self::ask_to_follow`].
    pub async fn ask_to_follow_selection(
        &self,
        address: &EmailAddress,
        selection: Selection,
    ) -> Result<bool, IngestError> {
        let _turn = self.turn.wait().await;
        let mut tries = 0;
        loop {
            let asked = self.ask_selection(address, selection.clone()).await;
            tries += 1;
            if tries == MAX_TRIES || !is_overtaken(&asked) {
                return asked;
            }
        }
    }

    async fn ask_selection(&self, address: &EmailAddress, selection: Selection) -> Result<bool, IngestError> {
        let now = self.clock.now();
        let KnownPerson { mut state, version } = self.store.conversation(address).await?;
        let Some(answer) = state.ask_to_follow(selection, rand::random(), now) else { return Ok(false) };
        let Answer::Confirm(_, token) = &answer else { return Ok(false) };
        let message = BodyHash::of(format!("operator {}", token.hash().as_str()).as_bytes());
        let id = MailId::derive(&["answer", message.as_str()]);
        let mails = vec![self.mail(id, &answer, &state, None, now).await?];
        let state = Some((state, version));
        self.store.converse(Exchange { message, at: now, state, mails, wishes: Vec::new() }).await?;
        Ok(true)
    }

    /// Takes the answer to a question that somebody gave on its page: done as if it had come by mail, with
    /// a mail that welcomes whoever follows something now. Nothing where the token is unknown or too old.
    pub(super) async fn confirm(
        &self,
        token: &TokenHash,
    ) -> Result<Option<(Answer, Subscriber)>, IngestError> {
        let _turn = self.turn.wait().await;
        let mut tries = 0;
        loop {
            let confirmed = self.confirm_now(token).await;
            tries += 1;
            if tries == MAX_TRIES || !is_overtaken(&confirmed) {
                return confirmed;
            }
        }
    }

    async fn confirm_now(&self, token: &TokenHash) -> Result<Option<(Answer, Subscriber)>, IngestError> {
        let Some(address) = self.store.asked(token).await? else { return Ok(None) };
        let now = self.clock.now();
        let KnownPerson { mut state, version } = self.store.conversation(&address).await?;
        let Some((answer, is_first)) = state.confirm_on_web(token, now) else { return Ok(None) };
        let subscriber = state.subscriber.clone();
        if is_first {
            let message = BodyHash::of(format!("web {}", token.as_str()).as_bytes());
            let id = MailId::derive(&["answer", message.as_str()]);
            let mails = match &answer {
                Answer::Welcome(_) => vec![self.mail(id, &answer, &state, None, now).await?],
                _ => Vec::new(),
            };
            let state = Some((state, version));
            self.store.converse(Exchange { message, at: now, state, mails, wishes: Vec::new() }).await?;
        }
        Ok(Some((answer, subscriber)))
    }

    /// Composes answers again that list what somebody follows, which changed before they left, and asks again what
    /// is left of questions of which a part was left. One that cannot be made waits for the next time.
    ///
    /// # Errors
    /// The store's error.
    pub async fn answer_again(&self) -> Result<(), IngestError> {
        let replaced = self.store.to_compose_again().await?;
        if replaced.is_empty() && self.store.to_ask_again().await?.is_empty() {
            return Ok(());
        }
        let _turn = self.turn.wait().await;
        self.ask_again().await?;
        let now = self.clock.now();
        for mail in replaced {
            let KnownPerson { state, .. } = self.store.conversation(&mail.recipient).await?;
            let id = MailId::derive(&["answered again", mail.id.as_str()]);
            let made = match answer_to(&mail.basis, &state.subscriber) {
                Some(answer) => match self.mail(id, &answer, &state, None, now).await {
                    Ok(made) => Some(made),
                    Err(error) => {
                        tracing::error!(mail.id = %mail.id, error = error_chain(&error), "failed to compose answer {} again", mail.id);
                        continue;
                    }
                },
                None => None,
            };
            self.store.compose_again(&mail.id, made).await?;
        }
        Ok(())
    }

    /// Asks again what is left of questions of which a part was left. For whoever has the turn.
    async fn ask_again(&self) -> Result<(), IngestError> {
        for address in self.store.to_ask_again().await? {
            let KnownPerson { mut state, version } = self.store.conversation(&address).await?;
            let now = self.clock.now();
            let mut mails = Vec::new();
            for answer in state.ask_again(rand::random::<u128>, now) {
                let Answer::Confirm(_, token) = &answer else { continue };
                let id = MailId::derive(&["asked again", token.hash().as_str()]);
                mails.push(self.mail(id, &answer, &state, None, now).await?);
            }
            let message = BodyHash::of(format!("asked again {} {address}", now.to_rfc3339()).as_bytes());
            let state = Some((state, version));
            self.store.converse(Exchange { message, at: now, state, mails, wishes: Vec::new() }).await?;
        }
        Ok(())
    }

    /// Notes a message that nothing is done about, so that it is not looked at again.
    async fn pass_over(&self, message: BodyHash, reason: String) -> Result<Ingested, IngestError> {
        let at = self.clock.now();
        tracing::info!(
            message.sha256 = message.as_str(),
            reason,
            "passed over message {}: {reason}",
            message.as_str()
        );
        let noted = Exchange { message, at, state: None, mails: Vec::new(), wishes: Vec::new() };
        match self.store.converse(noted).await? {
            Exchanged::Kept => Ok(Ingested::PassedOver { reason }),
            Exchanged::Known => Ok(Ingested::Known),
        }
    }

    async fn act(&self, message: BodyHash, received: &Received) -> Result<Ingested, IngestError> {
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
        let requests: Vec<Request> = if leaver.is_some() {
            vec![Request::Leave]
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
        let exchange = Exchange { message, at: now, state: Some((state, version)), mails, wishes };
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

    async fn mail(
        &self,
        id: MailId,
        answer: &Answer,
        state: &Conversation,
        to: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<QueuedMail, IngestError> {
        let missed = match answer {
            Answer::Resumed(Some(_)) => self.missed(&state.subscriber).await?,
            _ => 0,
        };
        let listed = match answer {
            Answer::Welcome(selection) => self.listed(selection).await?,
            _ => Vec::new(),
        };
        let health = match answer {
            Answer::Welcome(selection) => self.health(selection, now).await?,
            _ => Vec::new(),
        };
        let watchlist = self.registry.current();
        let addressed = Addressed {
            missed,
            listed: &listed,
            health: &health,
            ..self.addressed(&state.subscriber, &watchlist)
        };
        let reply_to = match answer {
            Answer::Confirm(_, token) | Answer::Explain(_, token) if self.takes_mail => {
                confirm_address(&self.settings.address, token)
            }
            _ => self.settings.address.to_string(),
        };
        // Somebody who only asked is on no list.
        let is_known = !state.subscriber.subscriptions.is_empty();
        let key = LinkKey::new(self.instance_key);
        let leaving = Leaving { mailbox: &self.settings.address, key, web: self.web.as_ref() };
        let draft = Draft {
            id,
            to: &state.subscriber.address,
            rendered: render::answer(answer, &addressed).map_err(DraftError::from)?,
            changes: Vec::new(),
            thread: None,
            list: is_known.then_some(leaving),
            occasion: Occasion::Answer { to, reply_to: &reply_to },
            basis: basis_of(answer, &state.subscriber),
            is_urgent: true,
            at: now,
        };
        Ok(draft.queued(&self.mail, &self.instance_key)?)
    }

    fn addressed<'a>(&'a self, subscriber: &'a Subscriber, watchlist: &'a Watchlist) -> Addressed<'a> {
        Addressed {
            subscriber,
            watchlist,
            service: Service {
                name: self.mail.from.organisation(),
                mailbox: &self.settings.address,
                help_address: &self.mail.help_address,
                postal_address: self.mail.postal_address.as_deref(),
                web: self.web.as_ref(),
            },
            missed: 0,
            listed: &[],
            takes_mail: self.takes_mail,
            health: &[],
            now: self.clock.now(),
        }
    }

    /// What stands already about what somebody begins to follow, on every source that can tell them of it.
    async fn listed(&self, selection: &Selection) -> Result<Vec<ListedOn>, StoreError> {
        let mut listed = Vec::new();
        // Of a source that is followed as such all is told, and nothing of it stands out.
        let companies = selection.companies.iter().filter(|company| company.is_company()).cloned();
        let selection = &Selection { companies: companies.collect(), ..selection.clone() };
        for source in self.sources.iter().filter(|source| is_wanted(source, selection)) {
            let standing = self.store.standing(&source.id).await?;
            let baseline = match &standing {
                Some(standing) if is_named(standing, selection) => self.store.baseline(&source.id).await?,
                _ => None,
            };
            listed.push(ListedOn::of(source, standing.as_ref(), baseline.as_ref(), selection));
        }
        Ok(listed)
    }

    /// How the sources are that can tell whoever follows a selection anything.
    async fn health(
        &self,
        selection: &Selection,
        now: DateTime<Utc>,
    ) -> Result<Vec<SourceHealth>, StoreError> {
        let mut health = Vec::new();
        for source in self.sources.iter().filter(|source| is_wanted(source, selection)) {
            let state = self.store.read_state(&source.id).await?;
            // What was never tried is told as not read yet.
            health.extend(state.map(|state| SourceHealth::of(source, Some(&state), now)));
        }
        Ok(health)
    }

    /// How many changes a pause collected, which its end tells.
    async fn missed(&self, subscriber: &Subscriber) -> Result<usize, StoreError> {
        let waiting = self.store.waiting(vec![subscriber.address.clone()]).await?;
        let items = waiting.readers.iter().flat_map(|reader| &reader.items);
        let told = items.filter_map(|item| {
            let change = waiting.changes.get(&item.change)?;
            let is_told =
                change.retracted_at.is_none() && subscriber.follows(&item.company, change).is_some();
            is_told.then_some(&change.id)
        });
        Ok(told.collect::<BTreeSet<_>>().len())
    }
}

/// What was overtaken by others so often is left to be tried again later.
const MAX_TRIES: usize = 8;

/// Whether somebody else's step for the same person came before it, so that it is to be done again.
fn is_overtaken<T>(ended: &Result<T, IngestError>) -> bool {
    matches!(ended, Err(IngestError::Store(StoreError::Overtaken { .. })))
}

/// By what right an answer is sent: most are owed whatever comes after them.
fn basis_of(answer: &Answer, subscriber: &Subscriber) -> Basis {
    match answer {
        Answer::List => Basis::List { companies: subscriber.followed().cloned().collect() },
        Answer::Confirm(_, token) | Answer::Explain(_, token) => Basis::Question { token: token.hash() },
        Answer::Welcome(selection) => Basis::Welcome { companies: selection.companies.clone() },
        _ => Basis::None,
    }
}

/// What is answered now in the place of an answer that lists what its recipient followed.
fn answer_to(basis: &Basis, subscriber: &Subscriber) -> Option<Answer> {
    match basis {
        Basis::Welcome { companies } => {
            let followed = companies.iter().filter_map(|company| subscriber.active(company));
            let followed: Vec<_> = followed.collect();
            let only = followed.first()?.only.clone();
            let companies = followed.iter().map(|followed| followed.company.clone()).collect();
            Some(Answer::Welcome(Selection { companies, only, ways: Vec::new() }))
        }
        Basis::List { .. } => Some(Answer::List),
        _ => None,
    }
}

/// What is known of a message's sender in the matter of an address: who vouches for its sender vouches for
/// nobody else.
fn trust_in(received: &Received, address: &EmailAddress) -> Trust {
    match received.trust {
        Trust::Vouched if *address != received.from => Trust::Unknown,
        trust => trust,
    }
}

/// What is asked for that nobody tracks, in the words that were written.
fn wishes_in(asked: &[MailCommand], requests: &[Request]) -> Vec<String> {
    let written = asked.iter().zip(requests).filter_map(|(command, request)| match (command, request) {
        (MailCommand::Subscribe(words), Request::Untracked(_)) => UntrackedWish::words_of(words),
        _ => None,
    });
    written.collect()
}

/// Names a message together with where it went: a copy to another detail is another message.
fn named(raw: &[u8], envelope: &Envelope) -> BodyHash {
    let mut bytes = envelope.recipient.clone().unwrap_or_default().into_bytes();
    bytes.push(0);
    bytes.extend_from_slice(raw);
    BodyHash::of(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_that_the_parser_cannot_bear_is_blamed_and_the_end_of_the_program_is_not() {
        let panicked = tokio::task::spawn_blocking(|| panic!("at this message")).await;
        let error = IngestError::from(panicked.unwrap_err());
        assert!(matches!(error, IngestError::Parser) && !error.is_blameless());
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(std::future::pending::<()>());
        tasks.abort_all();
        let ended = tasks.join_next().await.unwrap();
        let error = IngestError::from(ended.unwrap_err());
        assert!(matches!(error, IngestError::Ended) && error.is_blameless());
    }
}
