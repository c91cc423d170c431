//! Bodies are kept byte for byte, each once, and go when nothing refers to them.

use std::collections::BTreeSet;

use regwatch::domain::entry::{Completeness, Document, Entry, Resemblance};
use regwatch::domain::id::{BodyHash, hex};
use regwatch::domain::screening::{Against, StandingList};
use regwatch::store::{GarbageReport, PackedBody, ReadCommit};

use super::Home;
use crate::fixture::{at, changed, keep, mail, noise, page, source, suspect};

#[tokio::test]
async fn bodies_come_back_byte_for_byte() {
    let home = Home::new();
    let store = home.open();
    let bodies = [
        Vec::new(),
        vec![0],
        b"<html>".to_vec(),
        // Around the size of one part.
        noise(1, 2030),
        noise(2, 2048),
        noise(3, 2049),
        page(4, 200_000),
        vec![b' '; 3_000_000],
        noise(5, 5_000_000),
    ];
    for (sequence, body) in (1..).zip(&bodies) {
        keep(&store, changed(&source("fcc"), sequence, body.clone(), &[])).await.unwrap();
    }
    let store = home.reopen(store).await;
    for body in bodies {
        let kept = store.body(&BodyHash::of(&body)).await.unwrap().unwrap();
        assert!(kept == body, "a body of {} bytes came back as {}", body.len(), kept.len());
    }
    assert_eq!(store.body(&BodyHash::of(b"never seen")).await.unwrap(), None);
}

#[tokio::test]
async fn the_same_body_under_two_sources_is_kept_once() {
    let home = Home::new();
    let store = home.open();
    let body = page(1, 30_000);
    for name in ["bis", "fcc"] {
        for sequence in 1..=3 {
            keep(&store, changed(&source(name), sequence, body.clone(), &[])).await.unwrap();
        }
    }
    keep(&store, suspect(&source("ofac"), body)).await.unwrap();
    assert_eq!(store.collect_garbage().await.unwrap(), GarbageReport { kept: 1, removed: 0 });
}

#[tokio::test]
async fn a_body_that_was_compressed_before_it_is_handed_over_is_the_body() {
    let home = Home::new();
    let store = home.open();
    let (fcc, bis) = (source("fcc"), source("bis"));
    let body = page(1, 300_000);
    // It hardly grows smaller, so that it lies in a file until it is kept.
    let large = noise(2, 3_000_000);
    let packings = [(&body, PackedBody::of(&body)), (&large, store.pack(&large, &BodyHash::of(&large)))];
    for (sequence, (body, packed)) in (1..).zip(packings) {
        let packed = packed.unwrap();
        assert!(packed.unpacked().unwrap() == *body);
        let mut read = changed(&fcc, sequence, body.clone(), &[]);
        if let Some(accepted) = &mut read.accepted {
            accepted.body = packed.into();
        }
        keep(&store, read).await.unwrap();
        keep(&store, suspect(&bis, body.clone())).await.unwrap();
    }
    let store = home.reopen(store).await;
    for body in [body, large] {
        assert!(store.body(&BodyHash::of(&body)).await.unwrap().unwrap() == body);
    }
    assert_eq!(store.collect_garbage().await.unwrap(), GarbageReport { kept: 2, removed: 0 });
}

#[tokio::test]
async fn an_accepted_state_of_many_entries_comes_back_as_it_was() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    let mut read = changed(&fcc, 1, page(1, 3_000), &[]);
    let accepted = read.accepted.as_mut().unwrap();
    // Such texts hardly grow smaller, so that they lie there in many parts.
    let entry = |number: usize| Entry::new(format!("{number}"), hex(&noise(number as u64, 200)));
    let entries = (0..4_000).map(entry).collect();
    accepted.baseline.document = Document::new(entries, Completeness::Whole, Resemblance::Never);
    let kept = accepted.baseline.clone();
    keep(&store, read).await.unwrap();
    let store = home.reopen(store).await;
    assert!(store.baseline(&fcc).await.unwrap() == Some(kept));
}

#[tokio::test]
async fn a_body_goes_when_nothing_refers_to_it_and_all_else_stays() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    let large = "長".repeat(2000);
    let mut kept = Vec::new();
    for sequence in 1..=3 {
        let mut read = changed(&fcc, sequence, page(sequence, 30_000), &["zte"]);
        read.changes[0].entry.title = format!("{sequence}{large}");
        kept.push(page(sequence, 30_000));
        keep(&store, read).await.unwrap();
    }
    store.dispatch(&[], vec![mail("ann", at(0))]).await.unwrap();
    // Three held bodies are replaced, two of them bodies that something else refers to as well.
    let gone = noise(9, 10_000);
    for body in [gone.clone(), kept[0].clone(), mail("ann", at(0)).bytes, noise(8, 10_000)] {
        keep(&store, suspect(&fcc, body)).await.unwrap();
    }
    // Three pages, three long changes, one mail, and the held body.
    let expected = GarbageReport { kept: 8, removed: 1 };
    assert_eq!(store.collect_garbage().await.unwrap(), expected);
    assert_eq!(store.collect_garbage().await.unwrap(), GarbageReport { removed: 0, ..expected });

    let store = home.reopen(store).await;
    assert_eq!(store.body(&BodyHash::of(&gone)).await.unwrap(), None);
    for body in kept {
        assert_eq!(store.body(&BodyHash::of(&body)).await.unwrap().unwrap(), body);
    }
    assert_eq!(store.pending_alerts().await.unwrap().len(), 3);
    assert_eq!(
        store.quarantined(&fcc).await.unwrap().unwrap().evidence.sha256,
        BodyHash::of(&noise(8, 10_000))
    );
    let leased = store.lease_due(at(1), 9, chrono::Duration::minutes(1)).await.unwrap();
    assert_eq!(leased[0].bytes, mail("ann", at(0)).bytes);
}

/// Its records are large: what they say lies among the bodies.
#[tokio::test]
async fn a_clean_up_takes_nothing_of_a_long_list_of_suppliers() {
    let home = Home::new();
    let store = home.open();
    let list = StandingList {
        id: "suppliers".parse().unwrap(),
        owner: "ann@example.org".parse().unwrap(),
        is_operators: false,
        names: (0..500).map(|number| format!("Supplier {number} of equipment")).collect(),
        added_at: at(0),
        screened_at: at(0),
        against: Against::default(),
        known: BTreeSet::new(),
    };
    store.keep_standing_list(list.clone()).await.unwrap();
    assert_eq!(store.collect_garbage().await.unwrap(), GarbageReport { kept: 1, removed: 0 });
    let store = home.reopen(store).await;
    assert_eq!(store.standing_lists().await.unwrap(), [list]);
}

#[tokio::test]
async fn a_body_that_went_can_come_again() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    let body = noise(1, 50_000);
    let read = suspect(&fcc, body.clone());
    keep(&store, read.clone()).await.unwrap();
    keep(&store, ReadCommit { clears_held: true, ..ReadCommit::of(read.state) }).await.unwrap();
    assert_eq!(store.collect_garbage().await.unwrap(), GarbageReport { kept: 0, removed: 1 });
    keep(&store, changed(&fcc, 1, body.clone(), &[])).await.unwrap();
    let store = home.reopen(store).await;
    assert_eq!(store.body(&BodyHash::of(&body)).await.unwrap().unwrap(), body);
}

#[tokio::test]
async fn the_bytes_of_who_is_erased_go_with_them_and_no_other_body_does() {
    let home = Home::new();
    let store = home.open();
    store.instance_key([1; 32]).await.unwrap();
    let (ann, bob) = (mail("ann", at(0)), mail("bob", at(0)));
    store.dispatch(&[], vec![ann.clone(), bob.clone()]).await.unwrap();
    let erased = store.erase(&ann.mail.recipient, at(1)).await.unwrap();
    assert_eq!((erased.mails, erased.under_way), (1, 0));
    let store = home.reopen(store).await;
    assert_eq!(store.body(&BodyHash::of(&ann.bytes)).await.unwrap(), None);
    assert_eq!(store.message(&bob.mail.id).await.unwrap(), bob.bytes);
    assert_eq!(store.collect_garbage().await.unwrap(), GarbageReport { kept: 1, removed: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_up_takes_nothing_from_those_who_read_and_write_meanwhile() {
    let home = Home::new();
    let store = home.open();
    let bodies: Vec<Vec<u8>> = (0..8).map(|seed| page(seed, 20_000)).collect();
    let (of_writer, keeper) = (bodies.clone(), store.clone());
    // Each body is let go of, wanted by another source, and let go of again.
    #[allow(clippy::disallowed_methods, reason = "it is awaited below")]
    let writing = tokio::spawn(async move {
        for round in 0..60 {
            let body = of_writer[round % of_writer.len()].clone();
            let fcc = source(["fcc", "bis", "ofac"][round % 3]);
            keep(&keeper, suspect(&fcc, body.clone())).await.unwrap();
            let held = keeper.body(&BodyHash::of(&body)).await.unwrap();
            assert!(held.as_ref() == Some(&body), "round {round}: {:?} bytes", held.map(|held| held.len()));
        }
    });
    let mut clean_ups = 0;
    while !writing.is_finished() {
        store.collect_garbage().await.unwrap();
        clean_ups += 1;
    }
    writing.await.unwrap();
    println!("{clean_ups} clean-ups while 60 bodies were held");
    for id in ["fcc", "bis", "ofac"] {
        let held = store.quarantined(&source(id)).await.unwrap().unwrap();
        assert!(store.body(&held.evidence.sha256).await.unwrap().is_some(), "{id}");
    }
    store.collect_garbage().await.unwrap();
    assert_eq!(store.collect_garbage().await.unwrap(), GarbageReport { kept: 3, removed: 0 });
}
