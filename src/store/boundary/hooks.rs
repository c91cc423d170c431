//! Webhooks.

use crate::domain::webhook::{Delivery, Webhook};

/// What became of a delivery and of its webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookSettled {
    /// The delivery as it now stands.
    pub delivery: Delivery,
    /// The webhook as it now stands.
    pub hook: Webhook,
    /// Whether the webhook was disabled by it.
    pub is_disabled: bool,
}
