//! Categories that a rule covers without naming anybody.
//!
//! "Uncrewed aircraft systems produced in a foreign country" covers a maker of them as surely as
//! a row with its name does, and yet names no one: that is an exposure, never a hit.

use serde::{Deserialize, Serialize};

use super::id::CategoryId;

/// A sort of things, and the words by which texts speak of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// The operator's handle for it.
    pub id: CategoryId,
    /// What readers call it.
    pub title: String,
    /// The phrases that mean it.
    pub phrases: Vec<String>,
}
