//! Bodies are read into entries beside the runtime's own threads, one a core, and within a time.

use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

use crate::domain::source::Source;
use crate::domain::text::error_chain;

/// The most time a body may take to be read into entries; real pages take milliseconds.
const EXTRACTION_LIMIT: Duration = Duration::from_secs(30);

/// The longest wait for a core. Bodies that hold the cores for longer never end.
const QUEUE_LIMIT: Duration = Duration::from_secs(10 * 60);

/// As many bodies are read into entries at once as there are cores: more would only hold more memory.
static EXTRACTIONS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(cores())));

/// Threads for this alone. A page takes megabytes for milliseconds, of which its thread keeps some for the next one: spread
/// over all threads that wait for names and disks, each of them would.
static THREADS: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_current_thread().thread_name("extraction").max_blocking_threads(cores()).build()
});

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Returns the most time that a source's body may take. A source with a longer timeout for its file has as long for its entries.
pub(super) fn extraction_limit(source: &Source) -> Duration {
    EXTRACTION_LIMIT.max(source.request.total_timeout.unwrap_or_default())
}

/// Does work beside the runtime's own threads, when its turn has come.
///
/// # Errors
/// The reason in words where it took too long or broke off.
pub(super) async fn in_time<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    within_time(EXTRACTION_LIMIT, work).await
}

/// The same with another limit.
pub(super) async fn within_time<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let threads = THREADS.as_ref().map_err(|error| error_chain(error))?;
    let turn = tokio::time::timeout(QUEUE_LIMIT, Arc::clone(&EXTRACTIONS).acquire_owned()).await;
    let Ok(Ok(turn)) = turn else {
        return Err("other bodies kept every core from reading the entries".to_owned());
    };
    // The turn ends with the work, which goes on after nobody waits for it any more.
    let work = move || {
        let _turn = turn;
        work()
    };
    match tokio::time::timeout(limit, threads.spawn_blocking(work)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(panic)) => Err(format!("reading the entries panicked: {panic}")),
        Err(_) => Err(format!("reading the entries took longer than {} s", limit.as_secs())),
    }
}
