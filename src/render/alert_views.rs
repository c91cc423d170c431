//! What mails show that tell many readers the same, made once for all of them.
//!
//! A change that thousands follow is told to each in the same words. What differs are the reader's address, the links, and
//! since when they follow: the foot of a mail, and where each change is seen.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::alert::{AlertView, notice_of, view};
use super::notice::Notice;
use super::rendered::{RenderError, Rendered};
use crate::domain::deadline::Deadline;
use crate::domain::health::SourceHealth;
use crate::domain::id::ChangeId;
use crate::domain::subscription::{Cadence, EndedPause};
use crate::domain::topic::Topic;
use crate::domain::untold::Untold;

/// So many are kept; of what is told in more ways at once, the oldest is made again when it comes up.
const MAX_KEPT: usize = 32;

/// What was made of the notices so far. For notices with the same watchlist, words of the sources, ties and sender: those are
/// not compared.
#[derive(Default)]
pub struct AlertViews {
    kept: Mutex<VecDeque<(Telling, Arc<AlertView>)>>,
}

impl AlertViews {
    /// Puts a notice into words, as [`super::notice()`] does.
    ///
    /// # Errors
    /// As there.
    pub fn notice(&self, notice: &Notice) -> Result<Rendered, RenderError> {
        notice_of(notice, |detailed, title_chars| self.view(notice, detailed, title_chars))
    }

    /// What is shown of a notice with so many changes in detail, made now unless it was before.
    fn view(
        &self,
        notice: &Notice,
        detailed: usize,
        title_chars: usize,
    ) -> Result<Arc<AlertView>, RenderError> {
        let telling = Telling::of(notice, detailed, title_chars);
        if let Some((_, known)) = self.kept().iter().find(|(known, _)| *known == telling) {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(view(notice, detailed, title_chars)?);
        let mut kept = self.kept();
        kept.truncate(MAX_KEPT - 1);
        kept.push_front((telling, Arc::clone(&made)));
        Ok(made)
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(Telling, Arc<AlertView>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AlertViews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertViews").field("kept", &self.kept().len()).finish()
    }
}

/// All of a notice on which an [`AlertView`] depends.
#[derive(PartialEq)]
struct Telling {
    told: Vec<ChangeTelling>,
    zone: Tz,
    now: DateTime<Utc>,
    part: Option<(usize, usize)>,
    test: bool,
    cadence: Cadence,
    health: Vec<SourceHealth>,
    pause: Option<EndedPause>,
    untold: Untold,
    has_pages: bool,
    detailed: usize,
    title_chars: usize,
}

/// A change, by what its reader is told of it, and what presses.
type ChangeTelling = (ChangeId, Vec<Topic>, Option<Deadline>);

impl Telling {
    fn of(notice: &Notice, detailed: usize, title_chars: usize) -> Self {
        // The others say to whom it goes and from whom, or are the same for all of them. One that is new is decided on here.
        let Notice {
            recipient: _,
            told,
            watchlist: _,
            service: _,
            sources: _,
            zone,
            now,
            part,
            test,
            cadence,
            health,
            pause,
            untold,
            ties: _,
        } = notice;
        let told = told.iter().map(|told| {
            let topics = told.followed.iter().map(|subscription| subscription.topic.clone()).collect();
            (told.change.id.clone(), topics, told.deadline)
        });
        Self {
            told: told.collect(),
            zone: *zone,
            now: *now,
            part: *part,
            test: *test,
            cadence: *cadence,
            health: health.to_vec(),
            pause: *pause,
            untold: *untold,
            has_pages: notice.has_pages(),
            detailed,
            title_chars,
        }
    }
}
