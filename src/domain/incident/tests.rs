use super::*;
use crate::domain::mail_source::{MailSource, MailSourceState};
use crate::domain::noise::Noise;
use crate::domain::snapshot::Validators;
use crate::domain::source::{RequestSettings, SourceKind};

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::minutes(minutes)
}

fn source(id: &str, stale_after: Option<std::time::Duration>) -> Source {
    let kind = SourceKind::Feed;
    Source {
        id: id.parse().unwrap(),
        title: format!("The {id}"),
        url: "https://agency.test/".parse().unwrap(),
        guard: kind.default_guard(),
        kind,
        schedule: "@hourly".parse().unwrap(),
        timezone: chrono_tz::UTC,
        companies: Vec::new(),
        noise: Noise::default(),
        request: RequestSettings::default(),
        stale_after,
        quiet_after: None,
        misses: None,
        catalogue: crate::domain::catalogue::Catalogue::default(),
        listing: None,
    }
}

fn good(id: &str, minutes: i64) -> ReadState {
    ReadState::good(id.parse().unwrap(), Validators::default(), at(minutes))
}

fn not_good(previous: ReadState, verdict: Verdict, minutes: i64) -> ReadState {
    let id = previous.source.clone();
    ReadState::unread(id, Some(previous), verdict, format!("{verdict} at {minutes}"), None, at(minutes))
}

fn down(previous: ReadState, minutes: i64) -> ReadState {
    not_good(previous, Verdict::Failed, minutes).unreachable(true)
}

const POLICY: Policy = Policy { failures: 3, remind_every: Duration::days(1) };

/// Everything that is known and what becomes of it, as the program keeps it.
#[derive(Default)]
struct World {
    sources: Vec<Source>,
    states: Vec<ReadState>,
    incidents: Vec<Incident>,
    ways_in: Vec<MailSourceState>,
}

impl World {
    fn of(states: Vec<ReadState>) -> Self {
        let sources = states.iter().map(|state| source(state.source.as_str(), None)).collect();
        Self { sources, states, incidents: Vec::new(), ways_in: Vec::new() }
    }

    /// Reviews at a moment; gives what is told then, as `telling kind source`.
    fn told(&mut self, minutes: i64) -> Vec<String> {
        let standings: Vec<ObservedSource<'_>> = self
            .sources
            .iter()
            .zip(&self.states)
            .map(|(source, state)| ObservedSource { source, state: Some(state) })
            .collect();
        for changed in review(&self.incidents, &standings, &self.ways_in, &POLICY, at(0), at(minutes)) {
            self.incidents.retain(|incident| incident.id != changed.id);
            self.incidents.push(changed);
        }
        let mut told = Vec::new();
        for incident in &mut self.incidents {
            if let Some((telling, from)) = incident.next_telling(&POLICY)
                && from <= at(minutes)
            {
                let subject = incident.source.as_ref().map_or("all", SourceId::as_str);
                told.push(format!("{telling:?} {} {subject}", incident.kind));
                *incident = incident.clone().told(telling, at(minutes));
            }
        }
        told.sort();
        told
    }

    fn read(&mut self, index: usize, next: impl FnOnce(ReadState) -> ReadState) {
        let state = self.states[index].clone();
        self.states[index] = next(state);
    }
}

const DAY: i64 = 24 * 60;

#[test]
fn a_held_source_is_told_once_reminded_daily_and_told_again_when_it_recovers() {
    let mut world = World::of(vec![good("a", 0)]);
    assert_eq!(world.told(1), [""; 0]);
    world.read(0, |state| not_good(state, Verdict::Suspect, 60));
    assert_eq!(world.told(60), ["Begun held a"]);
    for hour in 2..24 {
        world.read(0, |state| not_good(state, Verdict::Suspect, hour * 60));
        assert_eq!(world.told(hour * 60), [""; 0], "a mail an hour");
    }
    assert_eq!(world.told(DAY + 60), ["Reminder held a"]);
    assert_eq!(world.told(2 * DAY + 60), ["Reminder held a"]);
    assert_eq!(world.incidents.len(), 1);
    assert_eq!(world.incidents[0].opened_at, at(60));
    world.read(0, |_| good("a", 3 * DAY));
    assert_eq!(world.told(3 * DAY), ["Over held a"]);
    assert_eq!(world.told(4 * DAY), [""; 0]);
}

#[test]
fn one_failure_is_nobody_s_business_and_several_in_a_row_are_an_incident() {
    let mut world = World::of(vec![good("a", 0)]);
    for minutes in [10, 20] {
        world.read(0, |state| not_good(state, Verdict::Failed, minutes));
        assert_eq!(world.told(minutes), [""; 0]);
    }
    world.read(0, |state| not_good(state, Verdict::Failed, 30));
    assert_eq!(world.told(30), ["Begun failing a"]);
    assert_eq!(world.incidents[0].since(), at(10), "it began with the first of them");
    assert_eq!(world.incidents[0].reason, "failed at 30");
}

#[test]
fn a_source_that_is_blocked_and_then_down_is_in_one_trouble() {
    let mut world = World::of(vec![good("a", 0)]);
    world.read(0, |state| not_good(state, Verdict::Suspect, 10));
    assert_eq!(world.told(10), ["Begun held a"]);
    world.read(0, |state| not_good(state, Verdict::Failed, 20));
    assert_eq!(world.told(20), [""; 0]);
    assert_eq!((world.incidents.len(), world.incidents[0].kind), (1, IncidentKind::Failing));
}

#[test]
fn trouble_that_comes_and_goes_is_one_incident_and_told_again_only_if_it_lasts() {
    let mut world = World::of(vec![good("a", 0)]);
    world.read(0, |state| not_good(state, Verdict::Suspect, 10));
    assert_eq!(world.told(10), ["Begun held a"]);
    world.read(0, |_| good("a", 20));
    assert_eq!(world.told(20), ["Over held a"]);
    for minutes in [40, 80, 120] {
        world.read(0, |state| not_good(state, Verdict::Suspect, minutes));
        assert_eq!(world.told(minutes), [""; 0]);
        world.read(0, |_| good("a", minutes + 10));
        assert_eq!(world.told(minutes + 10), [""; 0]);
    }
    assert_eq!(world.incidents.len(), 1);
    world.read(0, |state| not_good(state, Verdict::Suspect, 200));
    assert_eq!(world.told(200), [""; 0]);
    assert_eq!(world.told(260), ["Begun held a"]);
    world.read(0, |_| good("a", 300));
    assert_eq!(world.told(300), ["Over held a"]);
}

#[test]
fn trouble_long_after_the_last_is_a_new_incident() {
    let mut world = World::of(vec![good("a", 0)]);
    world.read(0, |state| not_good(state, Verdict::Suspect, 10));
    world.told(10);
    world.read(0, |_| good("a", 20));
    world.told(20);
    world.read(0, |state| not_good(state, Verdict::Suspect, 3 * DAY));
    assert_eq!(world.told(3 * DAY), ["Begun held a"]);
    assert_eq!(world.incidents.len(), 2);
}

#[test]
fn no_good_read_for_too_long_is_an_incident_of_its_own() {
    let mut world = World::of(vec![good("a", 0)]);
    world.sources[0].stale_after = Some(std::time::Duration::from_secs(2 * 24 * 60 * 60));
    world.read(0, |state| not_good(state, Verdict::Suspect, 60));
    assert_eq!(world.told(60), ["Begun held a"]);
    world.read(0, |state| not_good(state, Verdict::Suspect, 2 * DAY));
    assert_eq!(world.told(2 * DAY), ["Begun stale a", "Reminder held a"]);
    world.read(0, |_| good("a", 2 * DAY + 60));
    assert_eq!(world.told(2 * DAY + 60), ["Over held a", "Over stale a"]);
}

#[test]
fn a_source_that_nobody_reads_becomes_stale_but_not_before_it_could_be_read() {
    let mut world = World::of(vec![good("a", -3 * DAY)]);
    world.sources[0].stale_after = Some(std::time::Duration::from_secs(24 * 60 * 60));
    assert_eq!(world.told(1), [""; 0], "the service only just started");
    assert_eq!(world.told(60), ["Begun stale a"]);
}

#[test]
fn failing_everywhere_at_once_is_one_incident_of_this_machine() {
    let names = ["a", "b", "c", "d"];
    let mut world = World::of(names.iter().map(|name| good(name, 0)).collect());
    for round in 1..=3 {
        for index in 0..4 {
            world.read(index, |state| down(state, round * 10));
        }
        let expected: &[&str] = if round == 3 { &["Begun outage all"] } else { &[] };
        assert_eq!(world.told(round * 10), expected);
    }
    assert_eq!(world.incidents[0].members.len(), 4);
    // They come back one by one: the incident ends once, and no source begins one of its own.
    world.read(0, |_| good("a", 40));
    assert_eq!(world.told(40), [""; 0]);
    world.read(1, |_| good("b", 41));
    world.read(2, |_| good("c", 41));
    assert_eq!(world.told(41), ["Over outage all"]);
    world.read(3, |state| down(state, 50));
    assert_eq!(world.told(50), ["Begun failing d"], "what fails afterwards fails by itself");
}

#[test]
fn a_source_that_was_dead_long_before_does_not_hide_an_outage_and_keeps_its_own_incident() {
    let mut world = World::of(vec![good("dead", 0), good("b", 0), good("c", 0)]);
    for minutes in [1, 2, 3] {
        world.read(0, |state| down(state, minutes));
    }
    assert_eq!(world.told(3), ["Begun failing dead"]);
    for minutes in [100, 110, 120] {
        for index in 0..3 {
            world.read(index, |state| down(state, minutes));
        }
    }
    assert_eq!(world.told(120), ["Begun outage all"]);
    assert!(
        world
            .incidents
            .iter()
            .filter(|incident| incident.kind == IncidentKind::Failing)
            .all(Incident::is_open)
    );
}

#[test]
fn one_source_of_many_that_cannot_be_reached_is_no_outage() {
    let mut world = World::of(["a", "b", "c"].iter().map(|name| good(name, 0)).collect());
    for minutes in [10, 20, 30] {
        world.read(0, |state| down(state, minutes));
        world.read(1, |_| good("b", minutes));
        world.read(2, |_| good("c", minutes));
    }
    assert_eq!(world.told(30), ["Begun failing a"]);
}

#[test]
fn what_is_not_watched_any_more_is_in_no_trouble() {
    let mut world = World::of(vec![good("a", 0)]);
    world.read(0, |state| not_good(state, Verdict::Suspect, 10));
    world.told(10);
    (world.sources, world.states) = (Vec::new(), Vec::new());
    assert_eq!(world.told(20), ["Over held a"]);
}

fn failing(failures: u32) -> MailSourceState {
    (0..failures)
        .fold(MailSourceState::new(MailSource::Imap), |state, _| state.failed("refused".to_owned(), at(5)))
}

#[test]
fn a_mailbox_that_cannot_be_read_is_an_incident_until_it_can() {
    let mut world = World::of(Vec::new());
    world.ways_in = vec![failing(2)];
    assert_eq!(world.told(10), [""; 0]);
    world.ways_in = vec![failing(3)];
    assert_eq!(world.told(11), ["Begun mailbox all"]);
    assert_eq!(world.incidents[0].reason, "imap: refused");
    assert_eq!(world.incidents[0].opened_at, at(5));
    world.ways_in = vec![failing(3).worked(0, at(20))];
    assert_eq!(world.told(20), ["Over mailbox all"]);
    // Before the first attempt after a start nothing is known but what was known.
    assert_eq!(world.told(21), [""; 0]);
}

#[test]
fn messages_put_aside_are_an_incident_until_somebody_has_looked() {
    let mut world = World::of(Vec::new());
    let aside = MailSourceState::new(MailSource::Maildir).worked(2, at(5));
    world.ways_in = vec![aside.clone(), failing(3)];
    assert_eq!(world.told(10), ["Begun mailbox all"]);
    let reason = world.incidents[0].reason.as_str();
    assert!(
        reason.contains("failed to take in 2 messages") && reason.contains("; imap: refused"),
        "{reason}"
    );
    world.ways_in = vec![aside.worked(0, at(20)), failing(3).worked(0, at(20))];
    assert_eq!(world.told(20), ["Over mailbox all"]);
}

const HOUR: i64 = 60;

#[test]
fn copies_from_before_the_accepted_page_are_an_incident_after_a_day_of_them() {
    let older =
        |previous: ReadState, minutes| not_good(previous, Verdict::Suspect, minutes).after_older_copy(true);
    let mut world = World::of(vec![older(good("fcc", 0), HOUR)]);
    assert_eq!(world.told(HOUR), [""; 0]);
    world.states[0] = older(world.states[0].clone(), 24 * HOUR);
    assert_eq!(world.told(24 * HOUR), [""; 0]);
    // A server that is down meanwhile says nothing of copies.
    world.states[0] =
        not_good(world.states[0].clone(), Verdict::Failed, 24 * HOUR + 5).after_older_copy(false);
    world.states[0] = older(world.states[0].clone(), 25 * HOUR);
    assert_eq!(world.told(25 * HOUR), ["Begun held fcc"]);
    world.states[0] = older(world.states[0].clone(), 49 * HOUR);
    assert_eq!(world.told(50 * HOUR), ["Reminder held fcc"]);
    world.states[0] = good("fcc", 51 * HOUR);
    assert_eq!(world.told(51 * HOUR), ["Over held fcc"]);
    // What is held for another reason is told at once.
    world.states[0] = not_good(good("fcc", 99 * HOUR), Verdict::Suspect, 100 * HOUR).after_older_copy(false);
    assert_eq!(world.told(100 * HOUR).len(), 1);
}

#[test]
fn a_court_that_moved_is_told_after_three_silent_working_days_and_no_weekend_is() {
    let court = |minutes, is_news: bool, previous: Option<&ReadState>| {
        ReadState::good("a".parse().unwrap(), Validators::default(), at(minutes))
            .bringing(is_news, None)
            .counted_after(previous)
    };
    // The first day of 1970 is a Thursday and a holiday; Monday is the fifth.
    let monday = 4 * DAY + 12 * 60;
    let mut world = World::of(vec![court(monday + 4 * DAY, true, None)]);
    world.sources[0].kind = SourceKind::CourtRss(crate::domain::source::DocketSettings::default());
    for day in 5..=9 {
        world.read(0, |state| court(monday + day * DAY, false, Some(&state)));
        assert_eq!(world.told(monday + day * DAY), [""; 0], "day {day}: a weekend and two working days");
    }
    world.read(0, |state| court(monday + 10 * DAY, false, Some(&state)));
    assert_eq!(world.told(monday + 10 * DAY), ["Begun quiet a"]);
    assert!(
        world.incidents[0].reason.contains("nothing new since 1970-01-09"),
        "{}",
        world.incidents[0].reason
    );
    // That it cannot be read for a while does not mean that it speaks.
    world.read(0, |state| not_good(state, Verdict::Suspect, monday + 10 * DAY + 60).counted_after(None));
    world.sources[0].quiet_after = Some(0);
    assert_eq!(world.told(monday + 10 * DAY + 60).len(), 2);
    world.sources[0].quiet_after = None;
    let mut feed = World::of(vec![court(monday, true, None)]);
    feed.read(0, |state| court(monday + 300 * DAY, false, Some(&state)));
    assert_eq!(feed.told(monday + 300 * DAY), [""; 0], "silence of an agency is usual");
    feed.sources[0].quiet_after = Some(100);
    assert_eq!(feed.told(monday + 300 * DAY), ["Begun quiet a"]);
    feed.read(0, |state| court(monday + 301 * DAY, true, Some(&state)));
    assert_eq!(feed.told(monday + 301 * DAY), ["Over quiet a"]);
    assert_eq!(feed.incidents[0].ending, None, "it spoke");
}

#[test]
fn a_limit_that_was_taken_out_makes_a_source_neither_read_nor_speak() {
    let hour = std::time::Duration::from_secs(3600);
    let mut world = World::of(vec![good("a", 0)]);
    world.states[0].news.at = Some(at(0));
    world.sources[0].stale_after = Some(hour);
    assert_eq!(world.told(2 * 60), ["Begun stale a"]);
    world.sources[0].stale_after = None;
    assert_eq!(world.told(2 * 60 + 1), ["Over stale a"]);
    assert_eq!(world.incidents[0].ending, Some(Ending::NotCounted));

    let mut world = World::of(vec![good("a", 0)]);
    world.sources[0].stale_after = Some(hour);
    assert_eq!(world.told(2 * 60), ["Begun stale a"]);
    world.read(0, |_| good("a", 2 * 60 + 1));
    assert_eq!(world.told(2 * 60 + 1), ["Over stale a"]);
    assert_eq!(world.incidents[0].ending, None, "it was read");

    let mut world = World::of(vec![good("a", 30 * DAY)]);
    world.states[0].news.at = Some(at(0));
    world.sources[0].quiet_after = Some(5);
    assert_eq!(world.told(30 * DAY), ["Begun quiet a"]);
    world.sources[0].quiet_after = Some(0);
    assert_eq!(world.told(30 * DAY + 1), ["Over quiet a"]);
    assert_eq!(world.incidents[0].ending, Some(Ending::NotCounted), "it said nothing");
}

#[test]
fn a_source_that_is_not_watched_any_more_is_not_said_to_be_read_again() {
    let mut world = World::of(vec![good("a", 0), good("b", 0)]);
    for minutes in 1..=3 {
        world.read(0, |state| not_good(state, Verdict::Failed, minutes));
        world.read(1, |state| not_good(state, Verdict::Failed, minutes));
        world.told(minutes);
    }
    world.sources.remove(0);
    world.states.remove(0);
    world.read(0, |_| good("b", 5));
    assert_eq!(world.told(5), ["Over failing a", "Over failing b"]);
    let ending = |id: &str| {
        let of = |incident: &&Incident| incident.source.as_ref().is_some_and(|source| source.as_str() == id);
        world.incidents.iter().find(of).unwrap().ending
    };
    assert_eq!((ending("a"), ending("b")), (Some(Ending::OutOfUse), None));
}

#[test]
fn a_way_in_that_is_not_used_any_more_is_not_said_to_work() {
    let mut world = World::of(vec![good("a", 0)]);
    let failing =
        (1..=3).fold(MailSourceState::new(MailSource::Imap), |state, n| state.failed("no".to_owned(), at(n)));
    world.ways_in = vec![failing.clone()];
    world.told(3);
    world.ways_in = vec![MailSourceState::new(MailSource::Maildir)];
    world.told(4);
    assert_eq!(world.incidents[0].ending, Some(Ending::OutOfUse));
    world.ways_in = vec![failing];
    world.told(5);
    world.ways_in = vec![MailSourceState::new(MailSource::Imap).worked(0, at(6))];
    world.told(6);
    assert_eq!((world.incidents[0].is_open(), world.incidents[0].ending), (false, None));
}
