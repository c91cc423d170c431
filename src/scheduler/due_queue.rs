//! The order in which sources come up.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

/// What is done with a source when its moment comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Upcoming {
    /// What is kept of it is looked up again, and says what is next.
    Look(DateTime<Utc>),
    /// It is read.
    Read(DateTime<Utc>),
}

/// Sources by the moment at which they come up. Each has one place at most.
#[derive(Debug)]
pub(super) struct DueQueue {
    places: Vec<Option<Upcoming>>,
    looks: BTreeSet<(DateTime<Utc>, usize)>,
    reads: BTreeSet<(DateTime<Utc>, usize)>,
}

impl DueQueue {
    /// An empty one for so many sources, which are named by their numbers.
    pub(super) fn of(sources: usize) -> Self {
        Self { places: vec![None; sources], looks: BTreeSet::new(), reads: BTreeSet::new() }
    }

    /// Gives a source another place, or none.
    pub(super) fn put(&mut self, source: usize, turn: Option<Upcoming>) {
        let before = std::mem::replace(&mut self.places[source], turn);
        match before {
            Some(Upcoming::Look(at)) => self.looks.remove(&(at, source)),
            Some(Upcoming::Read(at)) => self.reads.remove(&(at, source)),
            None => false,
        };
        match turn {
            Some(Upcoming::Look(at)) => self.looks.insert((at, source)),
            Some(Upcoming::Read(at)) => self.reads.insert((at, source)),
            None => false,
        };
    }

    /// Takes the source out that is to be read and has been due for the longest time.
    pub(super) fn take_read(&mut self, now: DateTime<Utc>) -> Option<usize> {
        let &(_, source) = self.reads.first().filter(|(at, _)| *at <= now)?;
        self.put(source, None);
        Some(source)
    }

    /// Takes all sources out that are to be looked up.
    pub(super) fn take_looks(&mut self, now: DateTime<Utc>) -> Vec<usize> {
        let due: Vec<usize> =
            self.looks.iter().take_while(|(at, _)| *at <= now).map(|(_, source)| *source).collect();
        for &source in &due {
            self.put(source, None);
        }
        due
    }

    /// When a source comes up next; those to be read count only if one can be read.
    pub(super) fn next(&self, can_read: bool) -> Option<DateTime<Utc>> {
        let read = self.reads.first().filter(|_| can_read);
        self.looks.first().into_iter().chain(read).map(|(at, _)| *at).min()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn sources_come_up_in_the_order_of_their_moments_and_each_once() {
        let mut queue = DueQueue::of(5);
        for (source, minutes) in [(0, 30), (1, 10), (2, 20), (1, 40), (3, 5)] {
            queue.put(source, Some(Upcoming::Read(at(minutes))));
        }
        queue.put(3, None);
        queue.put(4, Some(Upcoming::Look(at(15))));
        assert_eq!((queue.next(true), queue.next(false)), (Some(at(15)), Some(at(15))));
        assert_eq!((queue.take_looks(at(14)), queue.take_looks(at(15))), (vec![], vec![4]));
        assert_eq!((queue.next(true), queue.next(false)), (Some(at(20)), None));
        assert_eq!(queue.take_read(at(19)), None);
        let taken: Vec<_> = std::iter::from_fn(|| queue.take_read(at(60))).collect();
        assert_eq!(taken, [2, 0, 1]);
        assert_eq!(queue.next(true), None);
    }
}
