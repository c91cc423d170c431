//! When sources are read is looked up together, and whoever plans it hears of every write that changes it.

use chrono::Duration;
use regwatch::domain::source::SourcePause;
use regwatch::store::{KeptSchedule, ReadCommit, Rung};

use super::Home;
use crate::fixture::{at, changed, keep, source, suspect};

#[tokio::test]
async fn schedules_are_looked_up_together_in_the_order_asked_for() {
    let home = Home::new();
    let store = home.open();
    let (fcc, bis, never) = (source("fcc"), source("bis"), source("never"));
    let read = changed(&fcc, 1, b"a page".to_vec(), &[]);
    keep(&store, read.clone()).await.unwrap();
    let pause = SourcePause { since: at(0), until: Some(at(60)) };
    store.pause_source(&bis, Some(pause)).await.unwrap();
    let found = store.schedules(vec![bis, never, fcc]).await.unwrap();
    let found: Vec<_> = found.into_iter().map(Result::unwrap).collect();
    let expected = [
        KeptSchedule { pause: Some(pause), ..KeptSchedule::default() },
        KeptSchedule::default(),
        KeptSchedule { state: Some(read.state), ..KeptSchedule::default() },
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_bell_rings_for_what_says_when_a_source_is_read_once_it_can_be_read() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    keep(&store, changed(&fcc, 1, b"a page".to_vec(), &[])).await.unwrap();
    let mut watch = store.watch_sources();
    assert_eq!(watch.take(), None, "it was kept before");

    keep(&store, suspect(&fcc, b"another page".to_vec())).await.unwrap();
    assert_eq!(watch.take(), Some(Rung::For(fcc.clone())), "a read of whatever kind");
    let pause = SourcePause { since: at(0), until: None };
    store.pause_source(&fcc, Some(pause)).await.unwrap();
    assert_eq!(watch.take(), Some(Rung::For(fcc.clone())), "a pause");
    store.pause_source(&fcc, None).await.unwrap();
    assert_eq!(watch.take(), Some(Rung::For(fcc.clone())), "its end");
    assert_eq!(watch.take(), None, "once each");

    // Nobody waits for the write, and it rings all the same; what it rings for is there to be read.
    let known = store.known(&fcc).await.unwrap();
    let mut later = store.read_state(&fcc).await.unwrap().unwrap();
    later.last_read_at = at(90);
    drop(store.commit_together(ReadCommit::of(later.clone()).computed_from(known.version)));
    assert_eq!(watch.next().await, Rung::For(fcc.clone()));
    assert_eq!(store.read_state(&fcc).await.unwrap(), Some(later.clone()));

    // A step that fails changes nothing, and one that is about something else does not count.
    store.commit(ReadCommit::of(later)).await.unwrap_err();
    store.beat().await.unwrap();
    assert_eq!(watch.take(), None);

    // The clock went back: states are amended.
    store.note_time(at(100)).await.unwrap();
    store.note_time(at(100) - Duration::days(1)).await.unwrap();
    assert_eq!(watch.take(), Some(Rung::For(fcc)));
}
