//! The tasks that the daemon runs by itself, and whether they still do.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Tasks of one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    /// What they do.
    pub name: String,
    /// Those that run.
    pub running: usize,
    /// Those that ended abruptly.
    pub failed: usize,
}

impl Worker {
    /// Whether some of what it does is left undone.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.failed > 0
    }
}

/// Keeps count of the tasks. Clones keep the same count.
#[derive(Debug, Clone, Default)]
pub struct Workers {
    counts: Arc<Mutex<BTreeMap<&'static str, Count>>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    running: usize,
    failed: usize,
}

/// Ends a task's count when it is dropped, however the task ended.
struct TaskGuard {
    workers: Workers,
    name: &'static str,
    is_done: bool,
}

impl Workers {
    /// Runs a task under a name. It counts from now on, also before it is polled.
    pub fn run<F: Future>(&self, name: &'static str, task: F) -> impl Future<Output = F::Output> + use<F> {
        self.change(name, |count| count.running += 1);
        let counted = TaskGuard { workers: self.clone(), name, is_done: false };
        async move {
            // All of it, so that it is dropped with the task.
            let mut counted = counted;
            let output = task.await;
            counted.is_done = true;
            drop(counted);
            output
        }
    }

    /// Every kind of task that runs, or ended abruptly, by name; none where no daemon runs.
    #[must_use]
    pub fn list(&self) -> Vec<Worker> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let worker = |(name, count): (&&str, &Count)| Worker {
            name: (*name).to_owned(),
            running: count.running,
            failed: count.failed,
        };
        counts.iter().filter(|(_, count)| count.running + count.failed > 0).map(worker).collect()
    }

    fn change(&self, name: &'static str, change: impl FnOnce(&mut Count)) {
        change(self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default());
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        let is_done = self.is_done;
        self.workers.change(self.name, |count| {
            count.running = count.running.saturating_sub(1);
            count.failed += usize::from(!is_done);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_abruptly_is_told_from_one_that_is_done() {
        let workers = Workers::default();
        let forever = workers.run("web", std::future::pending::<()>());
        workers.run("reading", async {}).await;
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(workers.run("telling", async { panic!("it gave up") }));
        assert!(tasks.join_next().await.unwrap().is_err());
        let counts: Vec<_> = workers
            .list()
            .into_iter()
            .map(|worker| (worker.name.clone(), worker.running, worker.is_down()))
            .collect();
        let expected = [("telling", 0, true), ("web", 1, false)];
        assert_eq!(counts, expected.map(|(name, running, is_down)| (name.to_owned(), running, is_down)));
        drop(forever);
        assert!(workers.list()[1].is_down(), "a task that was dropped does its work no longer");
    }
}
