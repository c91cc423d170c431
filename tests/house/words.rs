//! The words of the domain: one for each variant, the same wherever it is written, read, shown or documented.

use std::fmt::{Debug, Display};
use std::path::Path;
use std::str::FromStr;

use regwatch::domain::company::AliasKind;
use regwatch::domain::drift::ObservedFact;
use regwatch::domain::identifier::IdentifierScheme;
use regwatch::domain::incident::IncidentKind;
use regwatch::domain::mail_kind::MailKind;
use regwatch::domain::mail_source::MailSource;
use regwatch::domain::outbox::MailState;
use regwatch::domain::screening;
use regwatch::domain::subscription::SubscriptionState;
use regwatch::domain::suppression::SuppressionReason;
use regwatch::domain::verdict::Verdict;
use regwatch::domain::webhook::{DeliveryState, HookFormat, HookState};
use serde::Serialize;
use strum::{VariantArray, VariantNames};

/// Fails unless each variant is kept, shown and read by the word that help lists.
#[track_caller]
fn check<T>()
where
    T: VariantArray + VariantNames + Serialize + Display + FromStr + PartialEq + Debug,
{
    let (names, variants) = (<T as VariantNames>::VARIANTS, <T as VariantArray>::VARIANTS);
    assert_eq!(names.len(), variants.len());
    for (name, variant) in names.iter().zip(variants) {
        assert_eq!(serde_json::to_value(variant).unwrap(), *name);
        assert_eq!(variant.to_string(), *name);
        assert_eq!(name.parse::<T>().ok().as_ref(), Some(variant));
        // Tables pad it.
        assert_eq!(format!("{variant:<24}").len(), 24);
    }
}

#[test]
fn a_variant_has_one_word_however_it_is_written() {
    check::<AliasKind>();
    check::<DeliveryState>();
    check::<ObservedFact>();
    check::<HookFormat>();
    check::<HookState>();
    check::<IdentifierScheme>();
    check::<IncidentKind>();
    check::<MailKind>();
    check::<MailState>();
    check::<screening::ScreeningAnswer>();
    check::<screening::ListFreshness>();
    check::<SubscriptionState>();
    check::<SuppressionReason>();
    check::<Verdict>();
    check::<MailSource>();
}

#[test]
fn the_documented_verdicts_are_those_that_there_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let documented = &schema["$defs"]["source"]["properties"]["verdict"]["enum"];
    assert_eq!(*documented, serde_json::json!(<Verdict as VariantNames>::VARIANTS));
}
