//! Whether a relay is believed that a mailbox is not there.
//!
//! A relay that lost its table of users, or a provider in trouble, says of everybody that there is no
//! such mailbox (550 5.1.1), and whoever takes that at its word ends every subscription: the readers would
//! never again hear of anything. So the first word is not believed. The mail waits, and the second word
//! counts only if it comes a while later and others were taken in the meantime, by the relay and by the
//! recipient's own domain, more of them than were refused. A relay that refuses one after another and
//! takes nothing is taken for broken, and no more is asked of it than whether it is mended.
//!
//! Kept in memory only. What is forgotten is doubted anew: a restart never makes anybody believed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Duration, Utc};

use super::email::EmailAddress;
use super::moment;

/// The second word counts no earlier than this after the first.
const SECOND_WORD_AFTER: Duration = Duration::minutes(30);

/// Who was not refused again for so long is forgotten. A mail that nobody takes lives five days.
const REMEMBERED_FOR: Duration = Duration::days(6);

/// So many are remembered; what was taken is needed only as far as it outweighs what was refused.
const MAX_REFUSED: usize = 2_000;
const MAX_TAKEN: usize = 1_000;

/// So many of one domain refused, and it takes a majority of them to believe it.
const MANY_OF_A_DOMAIN: usize = 3;

/// What a refusal is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Belief {
    /// The mailbox is not there.
    Believed,
    /// It may be. The mail waits for a second word.
    Doubted,
    /// The relay refuses whomever it is asked for.
    Broken {
        /// Whom, in words.
        words: String,
    },
}

/// Who was refused of late as not being there, and who was taken since.
#[derive(Debug, Default)]
pub struct RecipientRejections {
    refused: BTreeMap<EmailAddress, RefusalSpan>,
    /// Taken after the first who is still remembered as refused, the earliest first.
    taken: VecDeque<(u64, EmailAddress)>,
    /// Refused since the last who was taken.
    in_a_row: BTreeSet<EmailAddress>,
    /// Counts what happened: moments may be equal.
    events: u64,
}

#[derive(Debug, Clone, Copy)]
struct RefusalSpan {
    first_at: DateTime<Utc>,
    first: u64,
    last_at: DateTime<Utc>,
    last: u64,
}

impl RecipientRejections {
    /// Notes that a mail to a recipient was taken.
    pub fn took(&mut self, recipient: &EmailAddress) {
        if self.refused.is_empty() {
            return;
        }
        self.events += 1;
        self.in_a_row.clear();
        self.refused.remove(recipient);
        if self.taken.len() == MAX_TAKEN {
            self.taken.pop_front();
        }
        self.taken.push_back((self.events, recipient.clone()));
    }

    /// Notes that there is said to be no mailbox of a recipient; tells what that is worth.
    pub fn refused(&mut self, recipient: &EmailAddress, now: DateTime<Utc>) -> Belief {
        self.forget(now);
        self.events += 1;
        let event = self.events;
        self.in_a_row.insert(recipient.clone());
        let known = self.refused.entry(recipient.clone()).or_insert(RefusalSpan {
            first_at: now,
            first: event,
            last_at: now,
            last: event,
        });
        (known.last_at, known.last) = (now, event);
        let known = *known;
        if let Some(words) = self.broken() {
            Belief::Broken { words }
        } else if !moment::is_over(known.first_at, SECOND_WORD_AFTER, now)
            || !self.is_outweighed(recipient, known.first)
        {
            Belief::Doubted
        } else {
            Belief::Believed
        }
    }

    /// Whether so few refuse of those who were asked since an event that it is they who are gone, and not
    /// the relay or the recipient's domain that is in trouble.
    ///
    /// Recipients are counted, and their domains: a relay that has lost its way out takes those of its
    /// own domain and nobody else.
    fn is_outweighed(&self, recipient: &EmailAddress, since: u64) -> bool {
        let refused: BTreeSet<&EmailAddress> =
            self.refused.iter().filter(|(_, refused)| refused.last >= since).map(|(who, _)| who).collect();
        let taken: BTreeSet<&EmailAddress> =
            self.taken.iter().filter(|(event, _)| *event > since).map(|(_, who)| who).collect();
        let domain = recipient.domain();
        let of_domain =
            |who: &BTreeSet<&EmailAddress>| who.iter().filter(|who| who.domain() == domain).count();
        let is_domain_well =
            of_domain(&refused) < MANY_OF_A_DOMAIN || of_domain(&taken) >= of_domain(&refused);
        taken.len() >= refused.len() && domains(&taken) >= domains(&refused) && is_domain_well
    }

    /// Whom the relay refused without taking anybody, where they are too many to be gone.
    fn broken(&self) -> Option<String> {
        let (recipients, domains) = (self.in_a_row.len(), domains(&self.in_a_row.iter().collect()));
        let are_many = recipients >= 5 || (recipients >= 3 && domains >= 2);
        let domains = if domains == 1 { "1 domain".to_owned() } else { format!("{domains} domains") };
        are_many.then(|| {
            format!(
                "{recipients} recipients of {domains} in a row are said not to be there, and nobody is taken"
            )
        })
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        if self.refused.len() >= MAX_REFUSED {
            self.refused.clear();
        }
        self.refused.retain(|_, refused| moment::is_within(refused.last_at, REMEMBERED_FOR, now));
        self.in_a_row.retain(|who| self.refused.contains_key(who));
        if self.refused.is_empty() {
            self.taken.clear();
        }
    }
}

fn domains(who: &BTreeSet<&EmailAddress>) -> usize {
    who.iter().map(|who| who.domain()).collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(minutes)
    }

    fn refused(refusals: &mut RecipientRejections, who: &str, minutes: i64) -> &'static str {
        match refusals.refused(&who.parse().unwrap(), at(minutes)) {
            Belief::Believed => "believed",
            Belief::Doubted => "doubted",
            Belief::Broken { .. } => "broken",
        }
    }

    fn took(refusals: &mut RecipientRejections, who: &str) {
        refusals.took(&who.parse().unwrap());
    }

    #[test]
    fn one_who_is_gone_is_believed_gone_at_the_second_word_when_others_were_taken() {
        let mut refusals = RecipientRejections::default();
        assert_eq!(refused(&mut refusals, "gone@a.example", 0), "doubted");
        took(&mut refusals, "ann@b.example");
        assert_eq!(refused(&mut refusals, "gone@a.example", 29), "doubted", "too early");
        assert_eq!(refused(&mut refusals, "gone@a.example", 60), "believed");
    }

    #[test]
    fn where_nobody_else_is_asked_nobody_is_believed_gone() {
        let mut refusals = RecipientRejections::default();
        took(&mut refusals, "ann@b.example");
        for day in 0..5 {
            assert_eq!(refused(&mut refusals, "gone@a.example", day * 24 * 60), "doubted", "day {day}");
        }
    }

    #[test]
    fn a_relay_that_refuses_one_after_another_is_broken_until_it_takes_somebody() {
        let mut refusals = RecipientRejections::default();
        for number in 0..1_000 {
            took(&mut refusals, &format!("p{number}@a.example"));
        }
        let words: Vec<_> =
            (0..6).map(|number| refused(&mut refusals, &format!("p{number}@a.example"), 0)).collect();
        assert_eq!(words, ["doubted", "doubted", "doubted", "doubted", "broken", "broken"]);
        assert_eq!(refused(&mut refusals, "p0@a.example", 600), "broken", "asked again and again");
        took(&mut refusals, "p1@a.example");
        assert_eq!(refused(&mut refusals, "p0@a.example", 660), "doubted", "one was taken, four were not");
        assert_eq!(refused(&mut refusals, "q0@b.example", 660), "doubted");
        assert_eq!(refused(&mut refusals, "r0@c.example", 660), "broken", "three of three domains");
    }

    #[test]
    fn the_same_recipient_refused_again_is_no_row() {
        let mut refusals = RecipientRejections::default();
        for minute in 0..20 {
            assert_eq!(refused(&mut refusals, "gone@a.example", minute), "doubted");
        }
    }

    #[test]
    fn a_relay_that_takes_its_own_and_nobody_else_is_not_believed() {
        let mut refusals = RecipientRejections::default();
        for hour in 0..100 {
            for who in ["ann@a.example", "bob@b.example"] {
                assert_ne!(refused(&mut refusals, who, hour * 60), "believed", "{who} after {hour} hours");
                for number in 0..5 {
                    took(&mut refusals, &format!("p{number}@relay.example"));
                }
            }
        }
    }

    #[test]
    fn a_domain_that_refuses_most_of_its_own_is_not_believed_however_many_others_are_taken() {
        let mut refusals = RecipientRejections::default();
        for hour in 0..100 {
            for number in 0..4 {
                let who = format!("p{number}@big.example");
                assert_ne!(refused(&mut refusals, &who, hour * 60), "believed", "{who}");
                took(&mut refusals, &format!("q{number}@d{number}.example"));
            }
            took(&mut refusals, "lucky@big.example");
        }
    }

    #[test]
    fn a_few_who_are_gone_among_many_are_believed_gone() {
        let mut refusals = RecipientRejections::default();
        let gone = |number: usize| number.is_multiple_of(10);
        for hour in [0, 1] {
            for number in 0..100 {
                let who = format!("p{number}@d{}.example", number % 25);
                if gone(number) {
                    let expected = if hour == 0 { "doubted" } else { "believed" };
                    assert_eq!(refused(&mut refusals, &who, hour * 60), expected, "{who}");
                } else {
                    took(&mut refusals, &who);
                }
            }
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut refusals = RecipientRejections::default();
        for number in 0..2 * MAX_REFUSED + 10 {
            refusals.refused(&format!("p{number}@a.example").parse().unwrap(), at(0));
            took(&mut refusals, &format!("q{}@a.example", number % 7));
        }
        assert!(refusals.refused.len() <= MAX_REFUSED && refusals.taken.len() <= MAX_TAKEN);
        refused(&mut refusals, "ann@a.example", 60 * 24 * 7);
        assert_eq!((refusals.refused.len(), refusals.taken.len(), refusals.in_a_row.len()), (1, 0, 1));
    }
}
