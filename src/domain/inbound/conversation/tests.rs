use chrono::Duration;

use super::*;
use crate::domain::confirm_token::{ConfirmToken, TokenHash};
use crate::domain::matching::Watchlist;
use crate::domain::subscription::{Cadence, Preference};
use crate::domain::topic::Topic;

fn state() -> Conversation {
    Conversation {
        subscriber: Subscriber::new("ann@example.org".parse().unwrap()),
        correspondence: Correspondence::default(),
        budget: AskBudget::default(),
        taken: Vec::new(),
    }
}

fn zte() -> Topic {
    "zte".parse().unwrap()
}

fn to_follow(company: &str) -> PersonRequest {
    PersonRequest::Subscribe(Selection { topics: vec![company.parse().unwrap()], ..Selection::default() })
}

fn yes(token: TokenHash) -> PersonRequest {
    PersonRequest::Confirm { token, words: "Yes please, confirm".to_owned() }
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn say(state: &mut Conversation, requests: Vec<PersonRequest>, trust: Trust) -> Vec<ReplyKind> {
    // Another token for every question: there is one more of them each time.
    let random = 7 + state.correspondence.asked.len() as u128;
    converse(state, requests, trust, None, || random, now())
}

fn token_of(answers: &[ReplyKind]) -> TokenHash {
    match answers {
        [ReplyKind::Confirm(_, token)] => token.hash(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_wants_to_be_asked_nothing_is_left_alone_until_they_ask_themselves() {
    let mut state = state();
    let token = token_of(&say(&mut state, vec![to_follow("zte")], Trust::Unknown));
    let stranger = PersonRequest::Never(ConfirmToken::of(1).hash());
    assert_eq!(say(&mut state, vec![stranger], Trust::Unknown), [ReplyKind::Expired]);
    assert_eq!(say(&mut state, vec![PersonRequest::Never(token)], Trust::Unknown), [ReplyKind::Never]);
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
    assert!(matches!(&answers[..], [ReplyKind::Welcome(selection)] if selection.topics.len() == 2));
    let subscription = state.subscriber.active(&zte()).unwrap();
    assert_eq!(subscription.channel, BY_MAIL);
    let agreed = subscription.agreed_to.as_deref().unwrap();
    assert!(agreed.contains("about zte") && agreed.ends_with("Answered: Yes please, confirm"), "{agreed}");

    say(&mut state, vec![PersonRequest::Unsubscribe(Vec::new())], Trust::Vouched);
    let again = say(&mut state, vec![yes(token)], Trust::Unknown);
    assert_eq!(again, [ReplyKind::Standing], "it says how it stands");
    assert!(state.subscriber.active(&zte()).is_none(), "a confirmation counts once");
}

#[test]
fn an_answer_that_is_no_clear_yes_is_told_once_how_to_confirm() {
    let mut state = state();
    let token = match &say(&mut state, vec![to_follow("zte")], Trust::Unknown)[..] {
        [ReplyKind::Confirm(_, token)] => token.clone(),
        other => panic!("{other:?}"),
    };
    let everything = || Some(Box::new(PersonRequest::Unsubscribe(Vec::new())));
    let unclear = |wish| vec![PersonRequest::Unclear { token: token.clone(), wish }];
    let answers = say(&mut state, unclear(everything()), Trust::Vouched);
    assert!(matches!(&answers[..], [ReplyKind::Explain(Purpose::Subscribe(_), again)] if *again == token));
    assert_eq!(say(&mut state, unclear(None), Trust::Unknown), [], "once");
    assert!(state.subscriber.active(&zte()).is_none());
    say(&mut state, vec![yes(token.hash())], Trust::Unknown);
    assert!(state.subscriber.active(&zte()).is_some(), "the question still stood open");
    assert_eq!(say(&mut state, unclear(None), Trust::Unknown), [], "a word of thanks");
    let answers = say(&mut state, unclear(everything()), Trust::Vouched);
    assert_eq!(answers, [ReplyKind::Goodbye(Vec::new())], "who follows something leaves by any mail");
    let made_up = PersonRequest::Unclear { token: ConfirmToken::of(99), wish: None };
    assert_eq!(say(&mut state, vec![made_up], Trust::Vouched), [ReplyKind::Expired]);
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
    assert_eq!(of("please unsubscribe me"), [PersonRequest::Unsubscribe(Vec::new())]);
    assert_eq!(of("Unsubscribe from ZTE"), [PersonRequest::Unsubscribe(vec![zte()])]);
    assert_eq!(of("unsubscribe Zte Corp"), [PersonRequest::Unsubscribe(vec![zte()])]);
    assert_eq!(of("unsubscribe zte corporatoin"), [PersonRequest::MayLeave(vec![zte()])]);
    assert_eq!(of("unsubscribe from the weather"), [PersonRequest::MayLeave(Vec::new())]);
    assert_eq!(of("please unsubscribe me. Thanks, Ann"), [PersonRequest::Unsubscribe(Vec::new())]);
    assert_eq!(of("subscribe Acme"), [PersonRequest::Untracked(Vec::new())]);
    assert_eq!(of("subscribe zte only nonsense"), [PersonRequest::Unknown(Vec::new())]);
    let mut state = state();
    let asked = say(&mut state, vec![PersonRequest::MayLeave(Vec::new())], Trust::Vouched);
    assert!(matches!(&asked[..], [ReplyKind::Confirm(Purpose::Unsubscribe { .. }, _)]), "{asked:?}");
}

#[test]
fn a_button_confirms_once_and_notes_where_it_was_pressed() {
    let mut state = state();
    let token = token_of(&say(&mut state, vec![to_follow("zte")], Trust::Unknown));
    assert!(matches!(state.confirm_on_web(&token, now()), Some((ReplyKind::Welcome(_), true))));
    assert_eq!(state.subscriber.active(&zte()).unwrap().channel, ON_WEB);
    state.leave_all(now());
    assert_eq!(state.confirm_on_web(&token, now()), Some((ReplyKind::Standing, false)));
    assert!(state.subscriber.active(&zte()).is_none(), "a confirmation counts once");
    assert_eq!(state.confirm_on_web(&ConfirmToken::of(99).hash(), now()), None);
}

#[test]
fn leaving_takes_effect_at_once_where_the_sender_is_vouched_for_and_is_asked_back_otherwise() {
    let mut state = state();
    let token = token_of(&say(&mut state, vec![to_follow("zte")], Trust::Unknown));
    say(&mut state, vec![yes(token)], Trust::Unknown);
    let asked = say(&mut state, vec![PersonRequest::Unsubscribe(vec![zte()])], Trust::Unknown);
    assert!(state.subscriber.active(&zte()).is_some());
    let token = token_of(&asked);
    let answers = say(&mut state, vec![yes(token)], Trust::Unknown);
    assert_eq!(answers, [ReplyKind::Goodbye(vec![zte()])]);
    assert!(state.subscriber.active(&zte()).is_none());
    let answers = say(&mut state, vec![PersonRequest::Unsubscribe(vec![zte()])], Trust::Vouched);
    assert_eq!(answers, [ReplyKind::Goodbye(vec![zte()])], "the answer does not tell who is subscribed");
}

#[test]
fn leaving_ends_the_questions_that_stand_open() {
    let mut state = state();
    let both = token_of(&say(&mut state, vec![to_follow("zte"), to_follow("hikvision")], Trust::Unknown));
    let other = token_of(&say(&mut state, vec![to_follow("huawei")], Trust::Unknown));
    say(&mut state, vec![PersonRequest::Unsubscribe(vec![zte()])], Trust::Vouched);
    assert_eq!(say(&mut state, vec![yes(both)], Trust::Unknown), [ReplyKind::Standing]);
    assert!(!state.subscriber.is_active());
    say(&mut state, vec![PersonRequest::Leave], Trust::Unknown);
    assert_eq!(state.confirm_on_web(&other, now()), Some((ReplyKind::Standing, false)));
    assert!(!state.subscriber.is_active());
}

#[test]
fn a_stranger_is_asked_the_same_whether_they_are_known_or_not() {
    let (mut known, mut stranger) = (state(), state());
    let token = token_of(&say(&mut known, vec![to_follow("zte")], Trust::Unknown));
    say(&mut known, vec![yes(token)], Trust::Unknown);
    for request in [PersonRequest::List, PersonRequest::Unsubscribe(Vec::new())] {
        let answers = [&mut known, &mut stranger].map(|state| {
            match say(state, vec![request.clone()], Trust::Unknown).remove(0) {
                ReplyKind::Confirm(purpose, _) => purpose,
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(answers[0], answers[1]);
    }
}

#[test]
fn a_pause_holds_until_it_is_ended() {
    let mut state = state();
    assert_eq!(say(&mut state, vec![PersonRequest::Pause], Trust::Vouched), [ReplyKind::Paused]);
    let later = now() + Duration::days(1);
    converse(&mut state, vec![PersonRequest::Pause], Trust::Vouched, None, || 1, later);
    let answers = converse(&mut state, vec![PersonRequest::Resume], Trust::Vouched, None, || 1, later);
    assert_eq!(answers, [ReplyKind::Resumed(Some(now()))]);
}

#[test]
fn how_mail_comes_is_asked_back_unless_the_sender_is_vouched_for() {
    let mut state = state();
    let daily = PersonRequest::Prefer(Preference::Cadence(Cadence::Daily));
    let token = token_of(&say(&mut state, vec![daily.clone()], Trust::Unknown));
    assert_eq!(state.subscriber.preferences.cadence, Cadence::Immediate);
    say(&mut state, vec![yes(token.clone())], Trust::Unknown);
    assert_eq!(state.subscriber.preferences.cadence, Cadence::Daily);
    let weekly = PersonRequest::Prefer(Preference::Cadence(Cadence::Weekly));
    assert_eq!(say(&mut state, vec![weekly], Trust::Vouched), [ReplyKind::Preferred]);
    say(&mut state, vec![yes(token)], Trust::Unknown);
    assert_eq!(state.subscriber.preferences.cadence, Cadence::Weekly, "a confirmation counts once");
}

#[test]
fn what_is_left_of_a_question_of_which_a_part_was_left_is_asked_again() {
    let mut state = state();
    let names = ["hikvision", "huawei", "zte"].map(|name| name.parse().unwrap());
    let selection = Selection { topics: names.to_vec(), ..Selection::default() };
    let first = token_of(&say(&mut state, vec![PersonRequest::Subscribe(selection)], Trust::Vouched));
    say(&mut state, vec![PersonRequest::Unsubscribe(vec![zte()])], Trust::Vouched);
    assert_eq!(say(&mut state, vec![yes(first)], Trust::Unknown), [ReplyKind::Standing]);
    assert!(state.subscriber.subscriptions.is_empty(), "nobody agreed to the rest in those words");
    let asked = state.ask_again(|| 77, now());
    let [ReplyKind::Confirm(Purpose::Subscribe(rest), second)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(rest.topics, names[..2]);
    assert_eq!(state.ask_again(|| 78, now()), [], "once");
    // Left again before it was answered: two companies, one of which is left over.
    say(&mut state, vec![PersonRequest::Unsubscribe(vec![names[0].clone()])], Trust::Vouched);
    assert_eq!(say(&mut state, vec![yes(second.hash())], Trust::Unknown), [ReplyKind::Standing]);
    let third = token_of(&state.ask_again(|| 79, now()));
    let answers = say(&mut state, vec![yes(third)], Trust::Unknown);
    assert!(matches!(&answers[..], [ReplyKind::Welcome(rest)] if rest.topics == names[1..2]), "{answers:?}");
}

#[test]
fn nothing_is_asked_again_of_who_left_all_or_wants_to_be_asked_nothing() {
    let mut state = state();
    let both = || {
        let topics = vec!["hikvision".parse().unwrap(), zte()];
        PersonRequest::Subscribe(Selection { topics, ..Selection::default() })
    };
    say(&mut state, vec![both()], Trust::Vouched);
    say(&mut state, vec![PersonRequest::Unsubscribe(vec![zte()])], Trust::Vouched);
    say(&mut state, vec![PersonRequest::Unsubscribe(Vec::new())], Trust::Vouched);
    assert_eq!(state.ask_again(|| 77, now()), []);
    let token = token_of(&say(&mut state, vec![both()], Trust::Vouched));
    say(
        &mut state,
        vec![PersonRequest::Unsubscribe(vec![zte()]), PersonRequest::Never(token)],
        Trust::Vouched,
    );
    assert_eq!(state.ask_again(|| 78, now()), []);
}

#[test]
fn a_forged_message_does_nothing_and_is_not_answered() {
    let mut state = state();
    assert_eq!(say(&mut state, vec![to_follow("zte"), PersonRequest::Help], Trust::Forged), []);
    assert_eq!(state.correspondence, Correspondence::default());
}

#[test]
fn a_made_up_token_brings_nothing() {
    let mut state = state();
    let token = ConfirmToken::of(99).hash();
    assert_eq!(say(&mut state, vec![yes(token)], Trust::Vouched), [ReplyKind::Expired]);
}

#[test]
fn what_may_be_done_is_done_however_often_the_sender_was_answered_today() {
    let mut state = state();
    let token = token_of(&say(&mut state, vec![to_follow("zte")], Trust::Unknown));
    for _ in 0..20 {
        say(&mut state, vec![PersonRequest::Help], Trust::Unknown);
    }
    assert_eq!(say(&mut state, vec![yes(token)], Trust::Unknown), []);
    assert!(state.subscriber.active(&zte()).is_some(), "confirmed, though not told");
    assert_eq!(say(&mut state, vec![PersonRequest::Unsubscribe(Vec::new())], Trust::Vouched), []);
    assert!(state.subscriber.active(&zte()).is_none());
    assert_eq!(say(&mut state, vec![to_follow("zte")], Trust::Unknown), []);
    assert!(!state.correspondence.asked.iter().any(|asked| asked.answered_at.is_none()), "none stands open");
}

#[test]
fn every_answer_of_a_mail_counts() {
    let mut state = state();
    let many =
        [PersonRequest::List, PersonRequest::Help, PersonRequest::Pause, PersonRequest::Unknown(Vec::new())];
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
        let others = [PersonRequest::List, PersonRequest::Pause, PersonRequest::Resume, PersonRequest::Help];
        for request in others.iter().cycle().take(40) {
            converse(&mut state, vec![request.clone()], Trust::Unknown, None, || 1, now);
        }
        while state.budget.take(&format!("{day}.example"), None, now) {}
        let mut leave = || {
            converse(
                &mut state,
                vec![PersonRequest::Unsubscribe(Vec::new())],
                Trust::Unknown,
                None,
                || 9,
                now,
            )
        };
        assert!(matches!(leave()[..], [ReplyKind::Confirm(Purpose::Unsubscribe { .. }, _)]), "{day}");
        assert_eq!(leave(), [], "{day}");
    }
    say(&mut state, vec![PersonRequest::Leave], Trust::Unknown);
    assert!(state.subscriber.active(&zte()).is_none());
}

#[test]
fn a_flood_of_nonsense_in_others_names_leaves_room_for_questions() {
    let mut budget = AskBudget::default();
    let mut say = |number: u32, request: PersonRequest, trust: Trust| {
        let address = format!("ann@{number}.example").parse().unwrap();
        let budget_before = std::mem::take(&mut budget);
        let mut state =
            Conversation { subscriber: Subscriber::new(address), budget: budget_before, ..state() };
        let answers = converse(&mut state, vec![request], trust, None, || 1, now());
        budget = state.budget;
        answers.len()
    };
    let unknown = || PersonRequest::Unknown(Vec::new());
    assert_eq!((0..1000).map(|number| say(number, unknown(), Trust::Unknown)).sum::<usize>(), 75);
    assert_eq!(say(1000, to_follow("zte"), Trust::Unknown), 1);
    assert_eq!(say(1001, unknown(), Trust::Vouched), 1);
    (0..200).map(|number| say(number, to_follow("zte"), Trust::Unknown)).for_each(drop);
    assert_eq!(say(1002, to_follow("zte"), Trust::Unknown), 0);
    assert_eq!(say(1003, to_follow("zte"), Trust::Vouched), 1);
}
