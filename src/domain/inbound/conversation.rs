//! One mail taken in: what it changes, and what is answered.
//!
//! Nothing takes effect on the word of a sender's address, which anybody can write: to follow
//! something is always asked back, to end it unless the sender's domain vouches for the mail.

use chrono::{DateTime, Utc};

use super::command::MailCommand;
use super::correspondence::{AskBudget, Correspondence, Purpose, Taking};
use super::leaving::{Wish as LeavingWish, without_forms};
use super::selection::{Selection, companies, select};
use crate::domain::confirm_token::{ConfirmToken, TokenHash};
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::matching::Watchlist;
use crate::domain::subscription::{Preference, State, Subscriber, Wish};

/// The channel under which consent by mail is noted.
pub const BY_MAIL: &str = "mail";

/// The same for consent by the button on a question's page.
pub const ON_WEB: &str = "web";

/// What is known of a message's sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The sender's domain vouches for the message (DMARC pass).
    Vouched,
    /// Nobody says anything.
    Unknown,
    /// The sender's domain says that it is forged (DMARC fail under reject or quarantine).
    Forged,
}

/// What is asked for, names resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Follow companies.
    Subscribe(Selection),
    /// End subscriptions; all where empty.
    Unsubscribe(Vec<CompanyId>),
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
        wish: Option<Box<Request>>,
    },
    /// May want to end subscriptions, all where empty; only a question can tell.
    MayLeave(Vec<CompanyId>),
    /// Follow what nobody tracks; the companies that may have been meant.
    Untracked(Vec<CompanyId>),
    /// Ask and send nothing any more.
    Never(TokenHash),
    /// Send nothing for a while.
    Pause,
    /// Send again.
    Resume,
    /// Send otherwise.
    Prefer(Preference),
    /// Not understood; the companies that may have been meant.
    Unknown(Vec<CompanyId>),
}

/// What is mailed back, in the service's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Whether this was really asked for.
    Confirm(Purpose, ConfirmToken),
    /// The same once more: what was answered was no clear yes.
    Explain(Purpose, ConfirmToken),
    /// It is followed now, or was already.
    Welcome(Selection),
    /// It is not followed any more; all where empty.
    Goodbye(Vec<CompanyId>),
    /// What is followed.
    List,
    /// What can be asked.
    Help,
    /// Nothing is sent for a while.
    Paused,
    /// How it stands now: what was to be confirmed was settled before.
    Standing,
    /// Mail is sent again; since when it was not.
    Resumed(Option<DateTime<Utc>>),
    /// How mail comes now.
    Preferred,
    /// Nothing is asked or sent any more.
    Never,
    /// The token is unknown or too old.
    Expired,
    /// Not understood; the companies that may have been meant.
    Unknown(Vec<CompanyId>),
    /// Nobody tracks that; the companies that may have been meant, and what can be followed.
    Untracked(Vec<CompanyId>),
}

/// By what somebody agreed.
#[derive(Debug, Clone, Copy)]
struct Consent<'a> {
    /// The channel.
    channel: &'a str,
    /// The yes itself.
    words: &'a str,
}

/// The state a message meets and leaves behind.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Whose it is; somebody new where nobody is known.
    pub subscriber: Subscriber,
    /// What went before.
    pub correspondence: Correspondence,
    /// How much may still be asked, of anybody, as far as is known.
    pub budget: AskBudget,
    /// What this message took of it.
    pub taken: Vec<Taking>,
}

impl MailCommand {
    /// Finds out who is meant.
    #[must_use]
    pub fn resolve(self, watchlist: &Watchlist, sources: &[SourceId]) -> Request {
        match self {
            Self::Subscribe(words) => match select(&words, watchlist, sources) {
                Ok(selection) => Request::Subscribe(selection),
                Err(unresolved) if unresolved.is_untracked => Request::Untracked(unresolved.nearest),
                Err(unresolved) => Request::Unknown(unresolved.nearest),
            },
            Self::Unsubscribe(wish) => to_leave(&wish, watchlist),
            Self::List => Request::List,
            Self::Help => Request::Help,
            Self::Confirm { token, words } => Request::Confirm { token: token.hash(), words },
            Self::Unclear { token, wish } => {
                Request::Unclear { token, wish: wish.map(|wish| Box::new(to_leave(&wish, watchlist))) }
            }
            Self::Never(token) => Request::Never(token.hash()),
            Self::Pause => Request::Pause,
            Self::Resume => Request::Resume,
            Self::Prefer(wish) => Request::Prefer(wish),
            // Whether it was made here is said by who has the key. What was not says no more than the word
            // before it, which is clear enough to be asked back.
            Self::Leave(_) => Request::Unsubscribe(Vec::new()),
            Self::Unknown => Request::Unknown(Vec::new()),
        }
    }
}

/// What a wish to leave asks for. What names nothing that is known may be prose, or a name that was written
/// otherwise: then it is asked back rather than taken for less or for more than was meant.
fn to_leave(wish: &LeavingWish, watchlist: &Watchlist) -> Request {
    if wish.names.is_empty() {
        return Request::Unsubscribe(Vec::new());
    }
    let found = companies(&wish.names, watchlist);
    match found
        .or_else(|unresolved| companies(&without_forms(&wish.names), watchlist).map_err(|_| unresolved))
    {
        Ok(companies) => Request::Unsubscribe(companies),
        Err(_) if wish.is_bare => Request::Unsubscribe(Vec::new()),
        Err(unresolved) if unresolved.nearest.len() == 1 => Request::MayLeave(unresolved.nearest),
        Err(_) => Request::MayLeave(Vec::new()),
    }
}

/// Does what is asked, as far as it may be done, and says what to answer. `random` gives bits that
/// nobody can guess; `client` is who handed the mail over, where that is known.
pub fn converse(
    state: &mut Conversation,
    requests: Vec<Request>,
    trust: Trust,
    client: Option<&str>,
    mut random: impl FnMut() -> u128,
    now: DateTime<Utc>,
) -> Vec<Answer> {
    if trust == Trust::Forged {
        return Vec::new();
    }
    let mut answers = Vec::new();
    for request in merged(requests) {
        let request = state.meant(request);
        let may_answer = state.correspondence.may_answer(now);
        if trust == Trust::Vouched && matches!(request, Request::Subscribe(_)) {
            // Who wanted to be asked nothing has asked themselves.
            state.correspondence.refused_at = None;
        }
        let answer = match asked_back(request, trust) {
            // A question that is not mailed must not stand open.
            Ok(purpose) if !may_answer && !state.is_leaving(&purpose) => None,
            Ok(purpose) => state.ask(purpose, trust, client, random(), now),
            // Done it is, whether that may be told or not.
            Err(request) => state
                .act(request, now)
                .filter(|answer| may_answer && state.is_owed(answer, trust, client, now)),
        };
        if let Some(answer) = answer.filter(|answer| !answers.contains(answer)) {
            state.correspondence.note_answer(now);
            answers.push(answer);
        }
    }
    answers
}

/// What must be asked back before it is done; or else the request itself.
fn asked_back(request: Request, trust: Trust) -> Result<Purpose, Request> {
    match request {
        Request::Subscribe(selection) => Ok(Purpose::Subscribe(selection)),
        Request::MayLeave(companies) => Ok(Purpose::Unsubscribe { companies }),
        request if trust == Trust::Vouched => Err(request),
        Request::Unsubscribe(companies) => Ok(Purpose::Unsubscribe { companies }),
        Request::List => Ok(Purpose::List),
        Request::Pause => Ok(Purpose::Pause),
        Request::Resume => Ok(Purpose::Resume),
        Request::Prefer(wish) => Ok(Purpose::Prefer { wish }),
        request => Err(request),
    }
}

/// Several wishes of one mail that want the same of different companies are one wish.
fn merged(requests: Vec<Request>) -> Vec<Request> {
    let mut merged: Vec<Request> = Vec::new();
    for request in requests {
        let earlier = merged.iter_mut().find_map(|known| match (known, &request) {
            (Request::Subscribe(known), Request::Subscribe(other)) if known.only == other.only => Some(known),
            _ => None,
        });
        match (earlier, request) {
            (Some(known), Request::Subscribe(other)) => {
                known.companies.extend(other.companies);
                known.companies.sort();
                known.companies.dedup();
            }
            (_, request) => merged.push(request),
        }
    }
    merged
}

impl Conversation {
    /// What an unclear answer asks for: whoever is told of changes and says in it that they want to leave, leaves
    /// as by any mail.
    fn meant(&self, request: Request) -> Request {
        match request {
            Request::Unclear { wish: Some(wish), .. } if self.subscriber.is_active() => *wish,
            request => request,
        }
    }

    /// Asks whether companies are to be followed, at an operator's word; nothing where the address may be asked nothing.
    pub fn ask_to_follow(
        &mut self,
        selection: Selection,
        random: u128,
        now: DateTime<Utc>,
    ) -> Option<Answer> {
        let purpose = Purpose::Subscribe(selection);
        let token = self.correspondence.ask(purpose.clone(), random, now)?;
        self.correspondence.note_answer(now);
        Some(Answer::Confirm(purpose, token))
    }

    /// Asks again what is left of questions of which a part was left.
    pub fn ask_again(&mut self, random: impl FnMut() -> u128, now: DateTime<Utc>) -> Vec<Answer> {
        let questions = self.correspondence.ask_again(random, now);
        questions.into_iter().map(|(purpose, token)| Answer::Confirm(purpose, token)).collect()
    }

    /// Whether a question is about leaving, of somebody who is told of changes.
    fn is_leaving(&self, purpose: &Purpose) -> bool {
        let is_told = || self.subscriber.subscriptions.iter().any(|known| known.state == State::Active);
        matches!(purpose, Purpose::Unsubscribe { .. }) && is_told()
    }

    fn ask(
        &mut self,
        purpose: Purpose,
        trust: Trust,
        client: Option<&str>,
        random: u128,
        now: DateTime<Utc>,
    ) -> Option<Answer> {
        let is_leaving = self.is_leaving(&purpose);
        let mut correspondence = self.correspondence.clone();
        let token = if is_leaving {
            correspondence.ask_to_leave(purpose.clone(), random, now)?
        } else {
            correspondence.ask(purpose.clone(), random, now)?
        };
        // Who leaves is never made to wait by others who write much, nor is a sender who is none's invention.
        let is_bounded = !is_leaving && trust != Trust::Vouched;
        if is_bounded && !self.take(Taking::question(self.subscriber.address.domain(), client), now) {
            return None;
        }
        self.correspondence = correspondence;
        Some(Answer::Confirm(purpose, token))
    }

    /// Whether an answer may leave that tells its reader nothing they need: others may have made them up
    /// who is said to have written.
    fn is_owed(&mut self, answer: &Answer, trust: Trust, client: Option<&str>, now: DateTime<Utc>) -> bool {
        let is_idle =
            matches!(answer, Answer::Help | Answer::Unknown(_) | Answer::Untracked(_) | Answer::Expired);
        !is_idle
            || trust == Trust::Vouched
            || self.take(Taking::idle(self.subscriber.address.domain(), client), now)
    }

    fn take(&mut self, taking: Taking, now: DateTime<Utc>) -> bool {
        let is_allowed = self.budget.take_one(&taking, now);
        self.taken.extend(is_allowed.then_some(taking));
        is_allowed
    }

    /// Does what needs no question, or was answered; nothing is said to who answered unclearly before, or has
    /// confirmed meanwhile.
    fn act(&mut self, request: Request, now: DateTime<Utc>) -> Option<Answer> {
        Some(match request {
            Request::Confirm { token, words } => match self.correspondence.answer(&token, now) {
                Some((purpose, is_first)) => {
                    self.act_on(purpose, is_first, Consent { channel: BY_MAIL, words: &words }, now)
                }
                None => Answer::Expired,
            },
            Request::Unclear { token, .. } => match self.correspondence.question(&token.hash(), now) {
                Some(_) => Answer::Explain(self.correspondence.explain(&token.hash(), now)?, token),
                None => Answer::Expired,
            },
            Request::Never(token) if self.correspondence.refuse(&token, now) => {
                self.leave_all(now);
                Answer::Never
            }
            Request::Never(_) => Answer::Expired,
            Request::Subscribe(selection) => Answer::Welcome(selection),
            Request::Unsubscribe(companies) | Request::MayLeave(companies) => self.leave(companies, now),
            Request::Leave => self.leave(Vec::new(), now),
            Request::List => Answer::List,
            Request::Help => Answer::Help,
            Request::Pause => self.pause(now),
            Request::Resume => self.resume(now),
            Request::Prefer(wish) => self.prefer(wish, now),
            Request::Unknown(nearest) => Answer::Unknown(nearest),
            Request::Untracked(nearest) => Answer::Untracked(nearest),
        })
    }

    /// Takes an answer given on the page to which the question led, and tells whether it is the first.
    /// Nothing where the token is unknown or too old.
    pub fn confirm_on_web(&mut self, token: &TokenHash, now: DateTime<Utc>) -> Option<(Answer, bool)> {
        let (purpose, is_first) = self.correspondence.answer(token, now)?;
        let consent = Consent { channel: ON_WEB, words: "the button on the page of the question" };
        Some((self.act_on(purpose, is_first, consent, now), is_first))
    }

    /// Does what was confirmed. A confirmation that comes again does nothing again, and says how it stands:
    /// what was left meanwhile stays left.
    fn act_on(
        &mut self,
        purpose: Purpose,
        is_first: bool,
        consent: Consent<'_>,
        now: DateTime<Utc>,
    ) -> Answer {
        match purpose {
            Purpose::List => Answer::List,
            _ if !is_first => Answer::Standing,
            Purpose::Subscribe(selection) => {
                self.follow(&selection, consent, now);
                Answer::Welcome(selection)
            }
            Purpose::Unsubscribe { companies } => self.leave(companies, now),
            Purpose::Pause => self.pause(now),
            Purpose::Resume => self.resume(now),
            Purpose::Prefer { wish } => self.prefer(wish, now),
        }
    }

    fn prefer(&mut self, wish: Preference, now: DateTime<Utc>) -> Answer {
        self.subscriber.take(wish, now);
        Answer::Preferred
    }

    fn follow(&mut self, selection: &Selection, consent: Consent<'_>, now: DateTime<Utc>) {
        for company in &selection.companies {
            let wish = Wish {
                company,
                only: selection.only.clone(),
                confirmed: true,
                channel: consent.channel,
                agreed_to: Some(format!("{} Answered: {}", selection.agreement(company), consent.words)),
            };
            self.subscriber.follow(wish, now);
        }
        for wish in &selection.ways {
            self.subscriber.take(*wish, now);
        }
    }

    fn leave(&mut self, companies: Vec<CompanyId>, now: DateTime<Utc>) -> Answer {
        if companies.is_empty() {
            self.leave_all(now);
        }
        for company in &companies {
            self.subscriber.leave(Some(company), now);
            self.correspondence.void(Some(company), now);
        }
        Answer::Goodbye(companies)
    }

    /// Ends all that is followed, and all that stands open: nothing that was asked before counts any more.
    pub fn leave_all(&mut self, now: DateTime<Utc>) {
        self.subscriber.leave(None, now);
        self.correspondence.void(None, now);
    }

    fn pause(&mut self, now: DateTime<Utc>) -> Answer {
        if !self.subscriber.is_paused(now) {
            self.subscriber.begin_pause(None, now);
        }
        Answer::Paused
    }

    fn resume(&mut self, now: DateTime<Utc>) -> Answer {
        Answer::Resumed(self.subscriber.end_pause(now))
    }
}

impl Selection {
    /// The words that somebody agrees to who follows a company, as they are mailed and noted.
    #[must_use]
    pub fn agreement(&self, company: &CompanyId) -> String {
        let only = self.only.words().map(|words| format!(", {words}")).unwrap_or_default();
        match company.source() {
            Some(source) => format!("Send me mail when anything changes on the source {source}{only}."),
            None => format!("Send me mail when a watched source changes in an entry about {company}{only}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::subscription::Cadence;
    use chrono::Duration;

    fn state() -> Conversation {
        Conversation {
            subscriber: Subscriber::new("ann@example.org".parse().unwrap()),
            correspondence: Correspondence::default(),
            budget: AskBudget::default(),
            taken: Vec::new(),
        }
    }

    fn zte() -> CompanyId {
        "zte".parse().unwrap()
    }

    fn to_follow(company: &str) -> Request {
        Request::Subscribe(Selection { companies: vec![company.parse().unwrap()], ..Selection::default() })
    }

    fn yes(token: TokenHash) -> Request {
        Request::Confirm { token, words: "Yes please, confirm".to_owned() }
    }

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn say(state: &mut Conversation, requests: Vec<Request>, trust: Trust) -> Vec<Answer> {
        // Another token for every question: there is one more of them each time.
        let random = 7 + state.correspondence.asked.len() as u128;
        converse(state, requests, trust, None, || random, now())
    }

    fn token_of(answers: &[Answer]) -> TokenHash {
        match answers {
            [Answer::Confirm(_, token)] => token.hash(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_wants_to_be_asked_nothing_is_left_alone_until_they_ask_themselves() {
        let mut state = state();
        let token = token_of(&say(&mut state, vec![to_follow("zte")], Trust::Unknown));
        let stranger = Request::Never(ConfirmToken::of(1).hash());
        assert_eq!(say(&mut state, vec![stranger], Trust::Unknown), [Answer::Expired]);
        assert_eq!(say(&mut state, vec![Request::Never(token)], Trust::Unknown), [Answer::Never]);
        assert_eq!(say(&mut state, vec![to_follow("hikvision")], Trust::Unknown), []);
        assert_eq!(say(&mut state, vec![to_follow("hikvision")], Trust::Vouched).len(), 1);
    }

    #[test]
    fn one_machine_cannot_have_many_people_asked() {
        let client = Some("203.0.113.7");
        let mut budget = AskBudget::default();
        let taken = (0..70).filter(|number| budget.take(&format!("{number}.example"), client, now()));
        assert_eq!(taken.count(), 60);
        assert!(budget.take("other.example", None, now()));
    }

    #[test]
    fn following_is_asked_back_whoever_vouches_and_takes_effect_once_confirmed() {
        let mut state = state();
        let asked = say(&mut state, vec![to_follow("zte"), to_follow("hikvision")], Trust::Vouched);
        assert!(state.subscriber.active(&zte()).is_none());
        let token = token_of(&asked);
        let answers = say(&mut state, vec![yes(token.clone())], Trust::Unknown);
        assert!(matches!(&answers[..], [Answer::Welcome(selection)] if selection.companies.len() == 2));
        let subscription = state.subscriber.active(&zte()).unwrap();
        assert_eq!(subscription.channel, BY_MAIL);
        let agreed = subscription.agreed_to.as_deref().unwrap();
        assert!(
            agreed.contains("about zte") && agreed.ends_with("Answered: Yes please, confirm"),
            "{agreed}"
        );

        say(&mut state, vec![Request::Unsubscribe(Vec::new())], Trust::Vouched);
        let again = say(&mut state, vec![yes(token)], Trust::Unknown);
        assert_eq!(again, [Answer::Standing], "it says how it stands");
        assert!(state.subscriber.active(&zte()).is_none(), "a confirmation counts once");
    }

    #[test]
    fn an_answer_that_is_no_clear_yes_is_told_once_how_to_confirm() {
        let mut state = state();
        let token = match &say(&mut state, vec![to_follow("zte")], Trust::Unknown)[..] {
            [Answer::Confirm(_, token)] => token.clone(),
            other => panic!("{other:?}"),
        };
        let everything = || Some(Box::new(Request::Unsubscribe(Vec::new())));
        let unclear = |wish| vec![Request::Unclear { token: token.clone(), wish }];
        let answers = say(&mut state, unclear(everything()), Trust::Vouched);
        assert!(matches!(&answers[..], [Answer::Explain(Purpose::Subscribe(_), again)] if *again == token));
        assert_eq!(say(&mut state, unclear(None), Trust::Unknown), [], "once");
        assert!(state.subscriber.active(&zte()).is_none());
        say(&mut state, vec![yes(token.hash())], Trust::Unknown);
        assert!(state.subscriber.active(&zte()).is_some(), "the question still stood open");
        assert_eq!(say(&mut state, unclear(None), Trust::Unknown), [], "a word of thanks");
        let answers = say(&mut state, unclear(everything()), Trust::Vouched);
        assert_eq!(answers, [Answer::Goodbye(Vec::new())], "who follows something leaves by any mail");
        let made_up = Request::Unclear { token: ConfirmToken::of(99), wish: None };
        assert_eq!(say(&mut state, vec![made_up], Trust::Vouched), [Answer::Expired]);
    }

    #[test]
    fn who_leaves_in_words_that_may_mean_something_else_is_asked_back() {
        use crate::domain::company::Company;
        let company = |id: &str, name: &str| Company::new(id.parse().unwrap(), name);
        let watchlist =
            Watchlist::new(vec![company("zte", "ZTE Corporation"), company("dahua", "Dahua")]).unwrap();
        let of = |line: &str| {
            let text = crate::domain::inbound::MailText { words: String::new(), is_whole: true };
            let commands = crate::domain::inbound::commands(None, line, &text);
            commands.into_iter().map(|command| command.resolve(&watchlist, &[])).collect::<Vec<_>>()
        };
        assert_eq!(of("please unsubscribe me"), [Request::Unsubscribe(Vec::new())]);
        assert_eq!(of("Unsubscribe from ZTE"), [Request::Unsubscribe(vec![zte()])]);
        assert_eq!(of("unsubscribe Zte Corp"), [Request::Unsubscribe(vec![zte()])]);
        assert_eq!(of("unsubscribe zte corporatoin"), [Request::MayLeave(vec![zte()])]);
        assert_eq!(of("unsubscribe from the weather"), [Request::MayLeave(Vec::new())]);
        assert_eq!(of("please unsubscribe me. Thanks, Ann"), [Request::Unsubscribe(Vec::new())]);
        assert_eq!(of("subscribe Acme"), [Request::Untracked(Vec::new())]);
        assert_eq!(of("subscribe zte only nonsense"), [Request::Unknown(Vec::new())]);
        let mut state = state();
        let asked = say(&mut state, vec![Request::MayLeave(Vec::new())], Trust::Vouched);
        assert!(matches!(&asked[..], [Answer::Confirm(Purpose::Unsubscribe { .. }, _)]), "{asked:?}");
    }

    #[test]
    fn a_button_confirms_once_and_notes_where_it_was_pressed() {
        let mut state = state();
        let token = token_of(&say(&mut state, vec![to_follow("zte")], Trust::Unknown));
        assert!(matches!(state.confirm_on_web(&token, now()), Some((Answer::Welcome(_), true))));
        assert_eq!(state.subscriber.active(&zte()).unwrap().channel, ON_WEB);
        state.leave_all(now());
        assert_eq!(state.confirm_on_web(&token, now()), Some((Answer::Standing, false)));
        assert!(state.subscriber.active(&zte()).is_none(), "a confirmation counts once");
        assert_eq!(state.confirm_on_web(&ConfirmToken::of(99).hash(), now()), None);
    }

    #[test]
    fn leaving_takes_effect_at_once_where_the_sender_is_vouched_for_and_is_asked_back_otherwise() {
        let mut state = state();
        let token = token_of(&say(&mut state, vec![to_follow("zte")], Trust::Unknown));
        say(&mut state, vec![yes(token)], Trust::Unknown);
        let asked = say(&mut state, vec![Request::Unsubscribe(vec![zte()])], Trust::Unknown);
        assert!(state.subscriber.active(&zte()).is_some());
        let token = token_of(&asked);
        let answers = say(&mut state, vec![yes(token)], Trust::Unknown);
        assert_eq!(answers, [Answer::Goodbye(vec![zte()])]);
        assert!(state.subscriber.active(&zte()).is_none());
        let answers = say(&mut state, vec![Request::Unsubscribe(vec![zte()])], Trust::Vouched);
        assert_eq!(answers, [Answer::Goodbye(vec![zte()])], "the answer does not tell who is subscribed");
    }

    #[test]
    fn leaving_ends_the_questions_that_stand_open() {
        let mut state = state();
        let both = token_of(&say(&mut state, vec![to_follow("zte"), to_follow("hikvision")], Trust::Unknown));
        let other = token_of(&say(&mut state, vec![to_follow("huawei")], Trust::Unknown));
        say(&mut state, vec![Request::Unsubscribe(vec![zte()])], Trust::Vouched);
        assert_eq!(say(&mut state, vec![yes(both)], Trust::Unknown), [Answer::Standing]);
        assert!(!state.subscriber.is_active());
        say(&mut state, vec![Request::Leave], Trust::Unknown);
        assert_eq!(state.confirm_on_web(&other, now()), Some((Answer::Standing, false)));
        assert!(!state.subscriber.is_active());
    }

    #[test]
    fn a_stranger_is_asked_the_same_whether_they_are_known_or_not() {
        let (mut known, mut stranger) = (state(), state());
        let token = token_of(&say(&mut known, vec![to_follow("zte")], Trust::Unknown));
        say(&mut known, vec![yes(token)], Trust::Unknown);
        for request in [Request::List, Request::Unsubscribe(Vec::new())] {
            let answers = [&mut known, &mut stranger].map(|state| {
                match say(state, vec![request.clone()], Trust::Unknown).remove(0) {
                    Answer::Confirm(purpose, _) => purpose,
                    other => panic!("{other:?}"),
                }
            });
            assert_eq!(answers[0], answers[1]);
        }
    }

    #[test]
    fn a_pause_holds_until_it_is_ended() {
        let mut state = state();
        assert_eq!(say(&mut state, vec![Request::Pause], Trust::Vouched), [Answer::Paused]);
        let later = now() + Duration::days(1);
        converse(&mut state, vec![Request::Pause], Trust::Vouched, None, || 1, later);
        let answers = converse(&mut state, vec![Request::Resume], Trust::Vouched, None, || 1, later);
        assert_eq!(answers, [Answer::Resumed(Some(now()))]);
    }

    #[test]
    fn how_mail_comes_is_asked_back_unless_the_sender_is_vouched_for() {
        let mut state = state();
        let daily = Request::Prefer(Preference::Cadence(Cadence::Daily));
        let token = token_of(&say(&mut state, vec![daily.clone()], Trust::Unknown));
        assert_eq!(state.subscriber.preferences.cadence, Cadence::Immediate);
        say(&mut state, vec![yes(token.clone())], Trust::Unknown);
        assert_eq!(state.subscriber.preferences.cadence, Cadence::Daily);
        let weekly = Request::Prefer(Preference::Cadence(Cadence::Weekly));
        assert_eq!(say(&mut state, vec![weekly], Trust::Vouched), [Answer::Preferred]);
        say(&mut state, vec![yes(token)], Trust::Unknown);
        assert_eq!(state.subscriber.preferences.cadence, Cadence::Weekly, "a confirmation counts once");
    }

    #[test]
    fn what_is_left_of_a_question_of_which_a_part_was_left_is_asked_again() {
        let mut state = state();
        let names = ["hikvision", "huawei", "zte"].map(|name| name.parse().unwrap());
        let selection = Selection { companies: names.to_vec(), ..Selection::default() };
        let first = token_of(&say(&mut state, vec![Request::Subscribe(selection)], Trust::Vouched));
        say(&mut state, vec![Request::Unsubscribe(vec![zte()])], Trust::Vouched);
        assert_eq!(say(&mut state, vec![yes(first)], Trust::Unknown), [Answer::Standing]);
        assert!(state.subscriber.subscriptions.is_empty(), "nobody agreed to the rest in those words");
        let asked = state.ask_again(|| 77, now());
        let [Answer::Confirm(Purpose::Subscribe(rest), second)] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!(rest.companies, names[..2]);
        assert_eq!(state.ask_again(|| 78, now()), [], "once");
        // Left again before it was answered: two companies, one of which is left over.
        say(&mut state, vec![Request::Unsubscribe(vec![names[0].clone()])], Trust::Vouched);
        assert_eq!(say(&mut state, vec![yes(second.hash())], Trust::Unknown), [Answer::Standing]);
        let third = token_of(&state.ask_again(|| 79, now()));
        let answers = say(&mut state, vec![yes(third)], Trust::Unknown);
        assert!(
            matches!(&answers[..], [Answer::Welcome(rest)] if rest.companies == names[1..2]),
            "{answers:?}"
        );
    }

    #[test]
    fn nothing_is_asked_again_of_who_left_all_or_wants_to_be_asked_nothing() {
        let mut state = state();
        let both = || {
            let companies = vec!["hikvision".parse().unwrap(), zte()];
            Request::Subscribe(Selection { companies, ..Selection::default() })
        };
        say(&mut state, vec![both()], Trust::Vouched);
        say(&mut state, vec![Request::Unsubscribe(vec![zte()])], Trust::Vouched);
        say(&mut state, vec![Request::Unsubscribe(Vec::new())], Trust::Vouched);
        assert_eq!(state.ask_again(|| 77, now()), []);
        let token = token_of(&say(&mut state, vec![both()], Trust::Vouched));
        say(&mut state, vec![Request::Unsubscribe(vec![zte()]), Request::Never(token)], Trust::Vouched);
        assert_eq!(state.ask_again(|| 78, now()), []);
    }

    #[test]
    fn a_forged_message_does_nothing_and_is_not_answered() {
        let mut state = state();
        assert_eq!(say(&mut state, vec![to_follow("zte"), Request::Help], Trust::Forged), []);
        assert_eq!(state.correspondence, Correspondence::default());
    }

    #[test]
    fn a_made_up_token_brings_nothing() {
        let mut state = state();
        let token = ConfirmToken::of(99).hash();
        assert_eq!(say(&mut state, vec![yes(token)], Trust::Vouched), [Answer::Expired]);
    }

    #[test]
    fn what_may_be_done_is_done_however_often_the_sender_was_answered_today() {
        let mut state = state();
        let token = token_of(&say(&mut state, vec![to_follow("zte")], Trust::Unknown));
        for _ in 0..20 {
            say(&mut state, vec![Request::Help], Trust::Unknown);
        }
        assert_eq!(say(&mut state, vec![yes(token)], Trust::Unknown), []);
        assert!(state.subscriber.active(&zte()).is_some(), "confirmed, though not told");
        assert_eq!(say(&mut state, vec![Request::Unsubscribe(Vec::new())], Trust::Vouched), []);
        assert!(state.subscriber.active(&zte()).is_none());
        assert_eq!(say(&mut state, vec![to_follow("zte")], Trust::Unknown), []);
        assert!(
            !state.correspondence.asked.iter().any(|asked| asked.answered_at.is_none()),
            "none stands open"
        );
    }

    #[test]
    fn every_answer_of_a_mail_counts() {
        let mut state = state();
        let many = [Request::List, Request::Help, Request::Pause, Request::Unknown(Vec::new())];
        let mut answered = || say(&mut state, many.to_vec(), Trust::Vouched).len();
        assert_eq!([answered(), answered(), answered(), answered()], [4, 4, 2, 0]);
        assert_eq!(state.subscriber.paused_since, Some(now()));
    }

    #[test]
    fn who_leaves_is_heard_once_a_day_whatever_others_wrote_in_their_name() {
        let mut state = state();
        let token = token_of(&say(&mut state, vec![to_follow("zte")], Trust::Unknown));
        say(&mut state, vec![yes(token)], Trust::Unknown);
        for day in 0..9 {
            let now = now() + Duration::days(day);
            let others = [Request::List, Request::Pause, Request::Resume, Request::Help];
            for request in others.iter().cycle().take(40) {
                converse(&mut state, vec![request.clone()], Trust::Unknown, None, || 1, now);
            }
            while state.budget.take(&format!("{day}.example"), None, now) {}
            let mut leave = || {
                converse(&mut state, vec![Request::Unsubscribe(Vec::new())], Trust::Unknown, None, || 9, now)
            };
            assert!(matches!(leave()[..], [Answer::Confirm(Purpose::Unsubscribe { .. }, _)]), "{day}");
            assert_eq!(leave(), [], "{day}");
        }
        say(&mut state, vec![Request::Leave], Trust::Unknown);
        assert!(state.subscriber.active(&zte()).is_none());
    }

    #[test]
    fn a_flood_of_nonsense_in_others_names_leaves_room_for_questions() {
        let mut budget = AskBudget::default();
        let mut say = |number: u32, request: Request, trust: Trust| {
            let address = format!("ann@{number}.example").parse().unwrap();
            let budget_before = std::mem::take(&mut budget);
            let mut state =
                Conversation { subscriber: Subscriber::new(address), budget: budget_before, ..state() };
            let answers = converse(&mut state, vec![request], trust, None, || 1, now());
            budget = state.budget;
            answers.len()
        };
        let unknown = || Request::Unknown(Vec::new());
        assert_eq!((0..1000).map(|number| say(number, unknown(), Trust::Unknown)).sum::<usize>(), 75);
        assert_eq!(say(1000, to_follow("zte"), Trust::Unknown), 1);
        assert_eq!(say(1001, unknown(), Trust::Vouched), 1);
        (0..200).map(|number| say(number, to_follow("zte"), Trust::Unknown)).for_each(drop);
        assert_eq!(say(1002, to_follow("zte"), Trust::Unknown), 0);
        assert_eq!(say(1003, to_follow("zte"), Trust::Vouched), 1);
    }
}
