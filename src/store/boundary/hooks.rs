//! Webhooks.

use super::LeaseToken;
use crate::domain::webhook::{Delivery, Webhook};

/// A claim on a delivery. Only who has the present one can say what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryLease {
    /// The delivery.
    pub delivery: String,
    /// Of all its leases this one.
    pub(in crate::store) token: LeaseToken,
}

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
