//! Doing a step anew that somebody else's came before.

use super::error::StoreError;

/// What others come before so often is left to be tried again later.
const MAX_TRIES: usize = 8;

/// Does a step, and does it anew while it fails because another was taken meanwhile for the same source, person or work.
/// `cause` gives the store's error behind an error of the step.
///
/// # Errors
/// The step's own; after so many tries also that others came before it.
pub async fn anew_if_overtaken<T, E, F>(
    step: impl Fn() -> F,
    cause: impl Fn(&E) -> Option<&StoreError>,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    for _ in 1..MAX_TRIES {
        let ended = step().await;
        if !ended.as_ref().is_err_and(|error| cause(error).is_some_and(StoreError::is_overtaken)) {
            return ended;
        }
    }
    step().await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[expect(
        clippy::unnecessary_wraps,
        reason = "some errors have no cause in the store, these are their own"
    )]
    fn itself(error: &StoreError) -> Option<&StoreError> {
        Some(error)
    }

    async fn tries(failing: usize, error: StoreError) -> (usize, Result<&'static str, StoreError>) {
        let (tries, error) = (AtomicUsize::new(0), &error);
        let step = || async {
            if tries.fetch_add(1, Ordering::SeqCst) < failing { Err(error.clone()) } else { Ok("kept") }
        };
        let ended = anew_if_overtaken(step, itself).await;
        (tries.into_inner(), ended)
    }

    #[tokio::test]
    async fn a_step_that_others_came_before_is_done_anew_and_any_other_failure_is_told_at_once() {
        let superseded = || StoreError::Superseded { what: "an alert was given to its readers" };
        assert!(matches!(tries(0, superseded()).await, (1, Ok("kept"))));
        assert!(matches!(tries(3, superseded()).await, (4, Ok("kept"))));
        assert!(matches!(tries(99, superseded()).await, (MAX_TRIES, Err(StoreError::Superseded { .. }))));
        assert!(matches!(tries(1, StoreError::Closed).await, (1, Err(StoreError::Closed))));
    }
}
