//! How a test says that this machine lacks what it needs.

use std::io::Write;
use std::sync::Once;

/// Tells on standard error what is left out and why; in CI, which must leave nothing out, it fails.
///
/// A test binary says it once, and past the test runner, which shows nothing of a test that passes.
pub fn left_out(what: &str, reason: &str) {
    static SAID: Once = Once::new();
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!in_ci, "{what}: {reason}, and CI must leave no test out");
    SAID.call_once(|| {
        let _ = writeln!(std::io::stderr(), "left out: {what}: {reason}");
    });
}
