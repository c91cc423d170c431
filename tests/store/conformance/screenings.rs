//! Standing lists of suppliers: what is new on one is told once.

use std::collections::BTreeSet;

use regwatch::domain::screening::{Against, StandingList};

use super::Home;
use crate::fixture::{at, mail};

fn list(screened_at: i64) -> StandingList {
    StandingList {
        id: "suppliers".parse().unwrap(),
        owner: "ann@example.org".parse().unwrap(),
        is_operators: true,
        names: vec!["ZTE".to_owned()],
        added_at: at(0),
        screened_at: at(screened_at),
        against: Against::default(),
        known: BTreeSet::new(),
    }
}

#[tokio::test]
async fn of_two_looks_at_one_list_the_second_tells_nothing() {
    let home = Home::new();
    let store = home.open();
    store.keep_standing_list(list(0)).await.unwrap();
    let told = async |before, after, name| {
        store.told_of_standing_list(list(before), list(after), Some(mail(name, at(after)))).await.unwrap()
    };
    assert!(told(0, 1, "one").await);
    assert!(!told(0, 2, "other").await);
    assert!(told(1, 3, "later").await);
    assert!(store.remove_standing_list(&list(0).id).await.unwrap());
    assert!(!told(3, 4, "gone").await);
    let store = home.reopen(store).await;
    assert_eq!(store.standing_lists().await.unwrap(), []);
    let mut subjects: Vec<String> =
        store.mails(None, 9).await.unwrap().into_iter().map(|mail| mail.subject).collect();
    subjects.sort();
    assert_eq!(subjects, ["Change for later", "Change for one"]);
}
