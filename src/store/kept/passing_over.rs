//! A record that nobody can read keeps nobody from the others: tried on a store that 0.1.0 wrote.

use chrono::{DateTime, Duration, Utc};

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{changes, keys, opening, outbox, sources, subscribers};
use crate::domain::id::SourceId;
use crate::domain::outbox::{Doubt, MailState};
use crate::store::boundary::ChangeQuery;

#[path = "../../../tests/old_store/mod.rs"]
mod old_store;

struct Old {
    _state: tempfile::TempDir,
    trees: Trees,
}

fn old() -> Old {
    let state = tempfile::tempdir().unwrap();
    old_store::unpack(state.path(), old_store::ORIGIN);
    let trees = opening::open(&state.path().join("state/db")).unwrap();
    opening::make_indexes(&trees).unwrap();
    Old { _state: state, trees }
}

pub(super) fn garble(trees: &Trees, tree: TreeName, key: &[u8]) {
    let mut writes = Writes::default();
    writes.put_raw(tree, key, b"\x01\x00no JSON".to_vec()).unwrap();
    writes.apply(trees).unwrap();
}

fn late() -> DateTime<Utc> {
    "2030-01-01T00:00:00Z".parse().unwrap()
}

#[test]
fn a_change_that_cannot_be_read_hides_no_other() {
    let Old { trees, .. } = &old();
    let query = ChangeQuery { limit: 100, ..ChangeQuery::default() };
    let all = changes::list(trees, &query).unwrap();
    assert_eq!(trees.unreadable(), [""; 0]);
    garble(trees, TreeName::Changes, all[1].id.as_str().as_bytes());
    let readable = changes::list(trees, &query).unwrap();
    assert_eq!(readable.len(), all.len() - 1);
    assert_eq!(readable[0], all[0]);
    let unreadable = trees.unreadable();
    assert!(unreadable.len() == 1 && unreadable[0].contains(all[1].id.as_str()), "{unreadable:?}");
}

#[test]
fn a_mail_that_cannot_be_read_or_is_missing_holds_up_no_other() {
    for is_missing in [false, true] {
        let Old { trees, .. } = &old();
        let due: Vec<Vec<u8>> = trees
            .tree(TreeName::MailsDue)
            .iter()
            .keys()
            .map(|key| keys::id_of(&key.unwrap()).to_vec())
            .collect();
        assert!(due.len() >= 2, "{due:?}");
        if is_missing {
            let mut writes = Writes::default();
            writes.remove(TreeName::Mails, &due[0]);
            writes.apply(trees).unwrap();
        } else {
            garble(trees, TreeName::Mails, &due[0]);
        }
        assert!(outbox::next_due(trees).unwrap().is_some());
        let mut writes = Writes::default();
        let lease = (Duration::minutes(1), Doubt::Resend);
        let leased = outbox::lease_due(trees, &mut writes, late(), 10, lease, |_| Ok(())).unwrap();
        assert_eq!(leased.len(), due.len() - 1);
        assert_eq!(outbox::list(trees, Some(MailState::Sent), 10).unwrap().len(), 3);
        assert_eq!(trees.unreadable().len(), 1);
    }
}

#[test]
fn how_a_source_stands_that_cannot_be_read_is_in_no_other_sources_way() {
    let Old { trees, .. } = &old();
    let ids = trees.tree(TreeName::ReadStates).iter().keys();
    let ids: Vec<SourceId> =
        ids.map(|key| std::str::from_utf8(&key.unwrap()).unwrap().parse().unwrap()).collect();
    let states = sources::read_states(trees, ids.clone()).unwrap();
    assert!(ids.len() >= 2 && states.iter().all(|(_, state)| state.is_some()), "{states:?}");
    garble(trees, TreeName::ReadStates, ids[0].as_str().as_bytes());
    garble(trees, TreeName::Held, ids[0].as_str().as_bytes());
    assert!(sources::known(trees, &ids[0]).is_err());
    let states = sources::read_states(trees, ids.clone()).unwrap();
    assert!(states.iter().all(|(id, state)| *id != ids[0] && state.is_some()), "{states:?}");
    assert_eq!(states.len(), ids.len() - 1);
    assert_eq!(sources::asked_to_wait(trees, ids.clone()).unwrap(), []);
    let held = sources::quarantined_of(trees, &ids).unwrap();
    assert_eq!(held.iter().map(|held| held.source.as_str()).collect::<Vec<_>>(), ["register"]);
    assert_eq!(trees.unreadable().len(), 2, "{:?}", trees.unreadable());
}

#[test]
fn a_reader_that_cannot_be_read_ends_no_page_of_readers_early() {
    let Old { trees, .. } = &old();
    garble(trees, TreeName::Subscribers, b"ann@client.example");
    assert_eq!(subscribers::after(trees, None, 2).unwrap().len(), 2);
    assert_eq!(subscribers::all(trees).unwrap().len(), 3);
}
