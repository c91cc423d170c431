//! Telling whoever plans reads that something about a source was written, by any writer.
//!
//! The bell is rung where writes are applied, so that no writer can forget it and nobody who stops waiting for a write
//! takes the word of it along.

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::domain::id::SourceId;

/// So many sources are named to one who does not listen; of more it is only said that there were any.
const NAMED: usize = 1024;

/// Rings for sources. Clones ring the same bell.
#[derive(Debug, Clone)]
pub struct SourceBell(broadcast::Sender<SourceId>);

/// What the bell rang for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rung {
    /// This source.
    For(SourceId),
    /// More sources than could be named: it may be any.
    ForMany,
}

/// Hears the bell, from the moment at which it was made.
#[derive(Debug)]
pub struct SourceWatch(broadcast::Receiver<SourceId>);

impl Default for SourceBell {
    fn default() -> Self {
        Self(broadcast::Sender::new(NAMED))
    }
}

impl SourceBell {
    /// Hears it from now on.
    #[must_use]
    pub fn watch(&self) -> SourceWatch {
        SourceWatch(self.0.subscribe())
    }

    /// Whether anybody hears it.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Rings it for a source of which something was written and can be read.
    pub fn ring(&self, source: SourceId) {
        // Nobody may hear it.
        let _ = self.0.send(source);
    }
}

impl SourceWatch {
    /// Waits until it rings. May be broken off: nothing is missed by that.
    pub async fn next(&mut self) -> Rung {
        match self.0.recv().await {
            Ok(source) => Rung::For(source),
            Err(RecvError::Lagged(_)) => Rung::ForMany,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    /// Returns what it rang for and was not heard yet.
    pub fn take(&mut self) -> Option<Rung> {
        match self.0.try_recv() {
            Ok(source) => Some(Rung::For(source)),
            Err(TryRecvError::Lagged(_)) => Some(Rung::ForMany),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(number: usize) -> SourceId {
        format!("s{number}").parse().unwrap()
    }

    #[tokio::test]
    async fn who_listens_late_still_hears_that_it_rang() {
        let bell = SourceBell::default();
        assert!(!bell.is_heard());
        bell.ring(source(0));
        let mut watch = bell.watch();
        assert_eq!(watch.take(), None, "it rang before");
        for number in 0..3 {
            bell.ring(source(number));
        }
        assert_eq!(watch.next().await, Rung::For(source(0)));
        assert_eq!(watch.take(), Some(Rung::For(source(1))));
        for number in 0..=NAMED {
            bell.ring(source(number));
        }
        assert_eq!(watch.next().await, Rung::ForMany);
    }
}
