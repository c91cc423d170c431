//! Showing on a terminal that long work goes on.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::domain::meter::Meter;
use crate::domain::report::SourceCheck;

/// How often what moves is drawn.
const TICK: Duration = Duration::from_millis(120);

/// Reads that wait to be shown.
const BUFFERED: usize = 16;

/// A bar on standard error that moves with every source read; invisible where that is no terminal.
pub(super) struct CheckProgress {
    drawing: JoinSet<()>,
}

impl CheckProgress {
    /// Starts drawing. Send what reads found into the channel; drop it when there are no more. Where nothing is drawn
    /// it is closed.
    pub(super) fn start(sources: usize) -> (Self, mpsc::Sender<SourceCheck>) {
        let (sender, mut reads) = mpsc::channel::<SourceCheck>(BUFFERED);
        let mut drawing = JoinSet::new();
        if !io::stderr().is_terminal() {
            return (Self { drawing }, sender);
        }
        let bar = bar(sources);
        drawing.spawn(async move {
            while let Some(read) = reads.recv().await {
                bar.set_message(format!("{} {}", read.id, read.verdict));
                bar.inc(1);
            }
            bar.finish_and_clear();
        });
        (Self { drawing }, sender)
    }

    /// Waits until the bar is gone, so that it does not stand in what is printed next.
    pub(super) async fn end(mut self) {
        self.drawing.join_next().await;
    }
}

/// A sign on standard error that long work goes on, which is gone when it is dropped.
pub(super) struct WaitingSign {
    bar: ProgressBar,
}

/// Work that takes less time shows nothing.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// Whether a sign is shown: work within other work adds none.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

impl WaitingSign {
    /// Shows it; invisible where standard error is no terminal.
    pub(super) fn begin(words: &'static str) -> Self {
        Self::metered(words, &Meter::default())
    }

    /// The same with how far the work has come, in percent, once the meter says it.
    pub(super) fn metered(words: &'static str, meter: &Meter) -> Self {
        if !io::stderr().is_terminal() || IS_SHOWN.swap(true, Ordering::Relaxed) {
            return Self { bar: ProgressBar::hidden() };
        }
        let meter = meter.clone();
        let share = move |_: &ProgressState, out: &mut dyn fmt::Write| {
            let _ = meter.percent().map_or(Ok(()), |percent| write!(out, " {percent} %"));
        };
        let style = ProgressStyle::with_template("{spinner} {msg}{share}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner()).with_key("share", share);
        let bar = ProgressBar::new_spinner().with_style(style).with_message(words);
        bar.enable_steady_tick(TICK);
        Self { bar }
    }

    /// Shows it while something is awaited, from its second second on.
    pub(super) async fn for_long<F: Future>(words: &'static str, work: F) -> F::Output {
        let mut work = std::pin::pin!(work);
        if let Ok(done) = timeout(SHOWN_AFTER, &mut work).await {
            return done;
        }
        let waiting = Self::begin(words);
        let done = work.await;
        waiting.end();
        done
    }

    /// Takes it away, so that it does not stand in what is printed next.
    pub(super) fn end(self) {
        drop(self);
    }

    /// Shows it while something is done, which says how far it has come.
    pub(super) fn while_doing<R>(words: &'static str, work: impl FnOnce(&Meter) -> R) -> R {
        let meter = Meter::default();
        let waiting = Self::metered(words, &meter);
        let result = work(&meter);
        waiting.end();
        result
    }
}

impl Drop for WaitingSign {
    fn drop(&mut self) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.finish_and_clear();
        IS_SHOWN.store(false, Ordering::Relaxed);
    }
}

fn bar(sources: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} reading {pos}/{len} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(Some(sources as u64), ProgressDrawTarget::stderr());
    bar.set_style(style);
    bar.enable_steady_tick(TICK);
    bar
}
