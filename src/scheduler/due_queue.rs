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

/// What can be read beside what is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Nothing.
    None,
    /// A large source is being read, and another one would only wait in the others' place.
    ForSmall,
    /// Anything.
    ForAny,
}

/// Sources by the moment at which they come up. Each has one place at most.
#[derive(Debug)]
pub(super) struct DueQueue {
    /// Those of which one is read at a time.
    are_large: Vec<bool>,
    places: Vec<Option<Upcoming>>,
    looks: BTreeSet<(DateTime<Utc>, usize)>,
    reads: BTreeSet<(DateTime<Utc>, usize)>,
}

impl DueQueue {
    /// An empty one for sources, which are named by their numbers; says of each whether it is large.
    pub(super) fn of(are_large: Vec<bool>) -> Self {
        let places = vec![None; are_large.len()];
        Self { are_large, places, looks: BTreeSet::new(), reads: BTreeSet::new() }
    }

    /// Whether a source is large.
    pub(super) fn is_large(&self, source: usize) -> bool {
        self.are_large[source]
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

    /// Takes the source out that is to be read and has been due for the longest time, of those that may be read.
    pub(super) fn take_read(&mut self, now: DateTime<Utc>, room: Room) -> Option<usize> {
        let (_, source) = self.first_read(room).filter(|(at, _)| *at <= now)?;
        self.put(source, None);
        Some(source)
    }

    fn first_read(&self, room: Room) -> Option<(DateTime<Utc>, usize)> {
        // All that is due may be waiting for room: then none of it need be looked at.
        if room == Room::None {
            return None;
        }
        let has_room = |source: usize| match room {
            Room::None => false,
            Room::ForSmall => !self.are_large[source],
            Room::ForAny => true,
        };
        self.reads.iter().copied().find(|(_, source)| has_room(*source))
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

    /// When a source comes up next; of those to be read only those count for which there is room.
    pub(super) fn next(&self, room: Room) -> Option<DateTime<Utc>> {
        self.looks.first().copied().into_iter().chain(self.first_read(room)).map(|(at, _)| at).min()
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
        let mut queue = DueQueue::of(vec![false; 5]);
        for (source, minutes) in [(0, 30), (1, 10), (2, 20), (1, 40), (3, 5)] {
            queue.put(source, Some(Upcoming::Read(at(minutes))));
        }
        queue.put(3, None);
        queue.put(4, Some(Upcoming::Look(at(15))));
        assert_eq!((queue.next(Room::ForAny), queue.next(Room::None)), (Some(at(15)), Some(at(15))));
        assert_eq!((queue.take_looks(at(14)), queue.take_looks(at(15))), (vec![], vec![4]));
        assert_eq!((queue.next(Room::ForAny), queue.next(Room::None)), (Some(at(20)), None));
        assert_eq!(queue.take_read(at(19), Room::ForAny), None);
        let taken: Vec<_> = std::iter::from_fn(|| queue.take_read(at(60), Room::ForAny)).collect();
        assert_eq!(taken, [2, 0, 1]);
        assert_eq!(queue.next(Room::ForAny), None);
    }

    #[test]
    fn of_the_large_sources_one_is_taken_at_a_time_and_the_others_keep_their_places() {
        let mut queue = DueQueue::of(vec![true, false, true, false]);
        for source in 0..4_u8 {
            queue.put(source.into(), Some(Upcoming::Read(at(source.into()))));
        }
        assert_eq!(queue.take_read(at(9), Room::ForAny), Some(0));
        assert_eq!(queue.next(Room::ForSmall), Some(at(1)));
        assert_eq!([(); 3].map(|()| queue.take_read(at(9), Room::ForSmall)), [Some(1), Some(3), None]);
        assert_eq!((queue.next(Room::ForSmall), queue.next(Room::ForAny)), (None, Some(at(2))));
        assert_eq!(queue.take_read(at(9), Room::ForAny), Some(2));
    }
}
