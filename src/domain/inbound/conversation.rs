//! One mail taken in: what it changes, and what is answered.
//!
//! Nothing takes effect on the word of a sender's address, which anybody can write: to follow
//! something is always asked back, to end it unless the sender's domain vouches for the mail.

use chrono::{DateTime, Utc};

use super::command::MailCommand;
use super::correspondence::{AskBudget, Correspondence, Purpose};
use super::selection::{Selection, companies, select};
use super::token::{ConfirmToken, TokenHash};
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
    /// Answers a question.
    Confirm(TokenHash),
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
}

/// The state a message meets and leaves behind.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Whose it is; somebody new where nobody is known.
    pub subscriber: Subscriber,
    /// What went before.
    pub correspondence: Correspondence,
    /// How much may still be asked, of anybody.
    pub budget: AskBudget,
}

impl MailCommand {
    /// Finds out who is meant.
    #[must_use]
    pub fn resolve(self, watchlist: &Watchlist, sources: &[SourceId]) -> Request {
        match self {
            Self::Subscribe(words) => match select(&words, watchlist, sources) {
                Ok(selection) => Request::Subscribe(selection),
                Err(unresolved) => Request::Unknown(unresolved.nearest),
            },
            Self::Unsubscribe(words) if is_everything(&words) => Request::Unsubscribe(Vec::new()),
            Self::Unsubscribe(words) => match companies(&words, watchlist) {
                Ok(companies) => Request::Unsubscribe(companies),
                Err(unresolved) => Request::Unknown(unresolved.nearest),
            },
            Self::List => Request::List,
            Self::Help => Request::Help,
            Self::Confirm(token) => Request::Confirm(token.hash()),
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

fn is_everything(words: &str) -> bool {
    matches!(words.trim().to_lowercase().as_str(), "" | "all" | "everything" | "me")
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
            Err(request) => Some(state.act(request, now))
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
        if is_bounded && !self.budget.take(self.subscriber.address.domain(), client, now) {
            return None;
        }
        self.correspondence = correspondence;
        Some(Answer::Confirm(purpose, token))
    }

    /// Whether an answer may leave that tells its reader nothing they need: others may have made them up
    /// who is said to have written.
    fn is_owed(&mut self, answer: &Answer, trust: Trust, client: Option<&str>, now: DateTime<Utc>) -> bool {
        let is_idle = matches!(answer, Answer::Help | Answer::Unknown(_) | Answer::Expired);
        !is_idle
            || trust == Trust::Vouched
            || self.budget.take_idle(self.subscriber.address.domain(), client, now)
    }

    /// Does what needs no question, or was answered.
    fn act(&mut self, request: Request, now: DateTime<Utc>) -> Answer {
        match request {
            Request::Confirm(token) => match self.correspondence.answer(&token, now) {
                Some((purpose, is_first)) => self.act_on(purpose, is_first, BY_MAIL, now),
                None => Answer::Expired,
            },
            Request::Never(token) if self.correspondence.refuse(&token, now) => {
                self.subscriber.leave(None);
                Answer::Never
            }
            Request::Never(_) => Answer::Expired,
            Request::Subscribe(selection) => Answer::Welcome(selection),
            Request::Unsubscribe(companies) => self.leave(companies),
            Request::Leave => self.leave(Vec::new()),
            Request::List => Answer::List,
            Request::Help => Answer::Help,
            Request::Pause => self.pause(now),
            Request::Resume => Answer::Resumed(self.subscriber.paused_since.take()),
            Request::Prefer(wish) => self.prefer(wish, now),
            Request::Unknown(nearest) => Answer::Unknown(nearest),
        }
    }

    /// Takes an answer given on the page to which the question led, and tells whether it is the first.
    /// Nothing where the token is unknown or too old.
    pub fn confirm_on_web(&mut self, token: &TokenHash, now: DateTime<Utc>) -> Option<(Answer, bool)> {
        let (purpose, is_first) = self.correspondence.answer(token, now)?;
        Some((self.act_on(purpose, is_first, ON_WEB, now), is_first))
    }

    /// Does what was confirmed. A confirmation that comes again does nothing again: what was left
    /// meanwhile stays left.
    fn act_on(&mut self, purpose: Purpose, is_first: bool, channel: &str, now: DateTime<Utc>) -> Answer {
        match purpose {
            Purpose::Subscribe(selection) => {
                if is_first {
                    self.follow(&selection, channel, now);
                }
                Answer::Welcome(selection)
            }
            Purpose::Unsubscribe { companies } if is_first => self.leave(companies),
            Purpose::Unsubscribe { companies } => Answer::Goodbye(companies),
            Purpose::Pause if is_first => self.pause(now),
            Purpose::Pause => Answer::Paused,
            Purpose::Resume if is_first => Answer::Resumed(self.subscriber.paused_since.take()),
            Purpose::Resume => Answer::Resumed(None),
            Purpose::Prefer { wish } if is_first => self.prefer(wish, now),
            Purpose::Prefer { .. } => Answer::Preferred,
            Purpose::List => Answer::List,
        }
    }

    fn prefer(&mut self, wish: Preference, now: DateTime<Utc>) -> Answer {
        self.subscriber.preferences.take(wish, now);
        Answer::Preferred
    }

    fn follow(&mut self, selection: &Selection, channel: &str, now: DateTime<Utc>) {
        for company in &selection.companies {
            let wish = Wish {
                company,
                only: selection.only.clone(),
                confirmed: true,
                channel,
                agreed_to: Some(selection.agreement(company)),
            };
            self.subscriber.follow(wish, now);
        }
    }

    fn leave(&mut self, companies: Vec<CompanyId>) -> Answer {
        if companies.is_empty() {
            self.subscriber.leave(None);
        }
        for company in &companies {
            self.subscriber.leave(Some(company));
        }
        Answer::Goodbye(companies)
    }

    fn pause(&mut self, now: DateTime<Utc>) -> Answer {
        self.subscriber.paused_since.get_or_insert(now);
        Answer::Paused
    }
}

impl Selection {
    /// The words that somebody agrees to who follows a company, as they are mailed and noted.
    #[must_use]
    pub fn agreement(&self, company: &CompanyId) -> String {
        let only = self.only.words().map(|words| format!(", {words}")).unwrap_or_default();
        format!("Send me mail when a watched source changes in an entry about {company}{only}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::subscription::{Cadence, Filter};
    use chrono::Duration;

    fn state() -> Conversation {
        Conversation {
            subscriber: Subscriber::new("ann@example.org".parse().unwrap()),
            correspondence: Correspondence::default(),
            budget: AskBudget::default(),
        }
    }

    fn zte() -> CompanyId {
        "zte".parse().unwrap()
    }

    fn to_follow(company: &str) -> Request {
        Request::Subscribe(Selection { companies: vec![company.parse().unwrap()], only: Filter::default() })
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
        let answers = say(&mut state, vec![Request::Confirm(token.clone())], Trust::Unknown);
        assert!(matches!(&answers[..], [Answer::Welcome(selection)] if selection.companies.len() == 2));
        let subscription = state.subscriber.active(&zte()).unwrap();
        assert_eq!(subscription.channel, BY_MAIL);
        assert!(subscription.agreed_to.as_deref().unwrap().contains("about zte"));

        say(&mut state, vec![Request::Unsubscribe(Vec::new())], Trust::Vouched);
        let again = say(&mut state, vec![Request::Confirm(token)], Trust::Unknown);
        assert!(matches!(&again[..], [Answer::Welcome(_)]));
        assert!(state.subscriber.active(&zte()).is_none(), "a confirmation counts once");
    }

    #[test]
    fn a_button_confirms_once_and_notes_where_it_was_pressed() {
        let mut state = state();
        let token = token_of(&say(&mut state, vec![to_follow("zte")], Trust::Unknown));
        let welcome = |answer: Option<(Answer, bool)>| match answer {
            Some((Answer::Welcome(_), is_first)) => is_first,
            other => panic!("{other:?}"),
        };
        assert!(welcome(state.confirm_on_web(&token, now())));
        assert_eq!(state.subscriber.active(&zte()).unwrap().channel, ON_WEB);
        state.subscriber.leave(None);
        assert!(!welcome(state.confirm_on_web(&token, now())));
        assert!(state.subscriber.active(&zte()).is_none(), "a confirmation counts once");
        assert_eq!(state.confirm_on_web(&ConfirmToken::of(99).hash(), now()), None);
    }

    #[test]
    fn leaving_takes_effect_at_once_where_the_sender_is_vouched_for_and_is_asked_back_otherwise() {
        let mut state = state();
        let token = token_of(&say(&mut state, vec![to_follow("zte")], Trust::Unknown));
        say(&mut state, vec![Request::Confirm(token)], Trust::Unknown);
        let asked = say(&mut state, vec![Request::Unsubscribe(vec![zte()])], Trust::Unknown);
        assert!(state.subscriber.active(&zte()).is_some());
        let token = token_of(&asked);
        let answers = say(&mut state, vec![Request::Confirm(token)], Trust::Unknown);
        assert_eq!(answers, [Answer::Goodbye(vec![zte()])]);
        assert!(state.subscriber.active(&zte()).is_none());
        let answers = say(&mut state, vec![Request::Unsubscribe(vec![zte()])], Trust::Vouched);
        assert_eq!(answers, [Answer::Goodbye(vec![zte()])], "the answer does not tell who is subscribed");
    }

    #[test]
    fn a_stranger_is_asked_the_same_whether_they_are_known_or_not() {
        let (mut known, mut stranger) = (state(), state());
        let token = token_of(&say(&mut known, vec![to_follow("zte")], Trust::Unknown));
        say(&mut known, vec![Request::Confirm(token)], Trust::Unknown);
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
        say(&mut state, vec![Request::Confirm(token.clone())], Trust::Unknown);
        assert_eq!(state.subscriber.preferences.cadence, Cadence::Daily);
        let weekly = Request::Prefer(Preference::Cadence(Cadence::Weekly));
        assert_eq!(say(&mut state, vec![weekly], Trust::Vouched), [Answer::Preferred]);
        say(&mut state, vec![Request::Confirm(token)], Trust::Unknown);
        assert_eq!(state.subscriber.preferences.cadence, Cadence::Weekly, "a confirmation counts once");
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
        assert_eq!(say(&mut state, vec![Request::Confirm(token)], Trust::Vouched), [Answer::Expired]);
    }

    #[test]
    fn what_may_be_done_is_done_however_often_the_sender_was_answered_today() {
        let mut state = state();
        let token = token_of(&say(&mut state, vec![to_follow("zte")], Trust::Unknown));
        for _ in 0..20 {
            say(&mut state, vec![Request::Help], Trust::Unknown);
        }
        assert_eq!(say(&mut state, vec![Request::Confirm(token)], Trust::Unknown), []);
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
        say(&mut state, vec![Request::Confirm(token)], Trust::Unknown);
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
        assert_eq!((0..1000).map(|number| say(number, unknown(), Trust::Unknown)).sum::<usize>(), 150);
        assert_eq!(say(1000, to_follow("zte"), Trust::Unknown), 1);
        assert_eq!(say(1001, unknown(), Trust::Vouched), 1);
        (0..200).map(|number| say(number, to_follow("zte"), Trust::Unknown)).for_each(drop);
        assert_eq!(say(1002, to_follow("zte"), Trust::Unknown), 0);
        assert_eq!(say(1003, to_follow("zte"), Trust::Vouched), 1);
    }
}
