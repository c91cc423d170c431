//! A hash over many leaves of which each can be shown to be in it without the others (RFC 9162, 2.1).

use sha2::{Digest as _, Sha256};

use crate::domain::id::BodyHash;

/// A SHA-256.
type Hash = [u8; 32];

/// The root over leaves; over none the hash of nothing.
#[must_use]
pub fn root(leaves: &[Vec<u8>]) -> BodyHash {
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| of_leaf(leaf)).collect();
    BodyHash::from_digest(&root_of(&hashes))
}

/// What must be known beside a leaf to come to the root, from the leaf upwards.
#[must_use]
pub fn path(leaves: &[Vec<u8>], index: usize) -> Vec<BodyHash> {
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| of_leaf(leaf)).collect();
    path_of(&hashes, index).iter().map(|hash| BodyHash::from_digest(hash)).collect()
}

/// The root to which a leaf leads by a path (RFC 9162, 2.1.3.2); `None` where that is no path of such a leaf.
#[must_use]
pub fn root_by(leaf: &[u8], index: u64, size: u64, path: &[BodyHash]) -> Option<BodyHash> {
    let mut last = size.checked_sub(1)?;
    let mut at = index;
    if at > last {
        return None;
    }
    let mut hash = of_leaf(leaf);
    for other in path {
        let other = other.digest()?;
        if last == 0 {
            return None;
        }
        if at % 2 == 1 || at == last {
            hash = of_node(&other, &hash);
            while at.is_multiple_of(2) && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = of_node(&hash, &other);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then(|| BodyHash::from_digest(&hash))
}

fn of_leaf(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

fn of_node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The largest power of two below a count of at least 2.
fn split(count: usize) -> usize {
    count.next_power_of_two() / 2
}

fn root_of(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(split(many.len()));
            of_node(&root_of(left), &root_of(right))
        }
    }
}

fn path_of(hashes: &[Hash], index: usize) -> Vec<Hash> {
    if hashes.len() < 2 {
        return Vec::new();
    }
    let (left, right) = hashes.split_at(split(hashes.len()));
    let (mut path, other) = if index < left.len() {
        (path_of(left, index), root_of(right))
    } else {
        (path_of(right, index - left.len()), root_of(left))
    };
    path.push(other);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_leads_to_the_root_by_its_path_and_by_no_other() {
        for count in 1..=20_usize {
            let leaves: Vec<Vec<u8>> = (0..count).map(|number| number.to_string().into_bytes()).collect();
            let root = root(&leaves);
            for (index, leaf) in leaves.iter().enumerate() {
                let path = path(&leaves, index);
                let by = |leaf: &[u8], index: usize| root_by(leaf, index as u64, count as u64, &path);
                assert_eq!(by(leaf, index), Some(root.clone()), "{index} of {count}");
                assert_ne!(by(b"other", index), Some(root.clone()));
                assert_eq!(by(leaf, count), None);
                if count > 1 {
                    assert_ne!(by(leaf, (index + 1) % count), Some(root.clone()), "{index} of {count}");
                }
            }
        }
    }

    /// The example of RFC 6962's test vectors: the leaves of certificate transparency's reference implementation.
    #[test]
    fn the_root_is_that_of_the_reference() {
        let leaves = [&b""[..], b"\x00", b"\x10"].map(<[u8]>::to_vec);
        assert_eq!(
            root(&leaves).as_str(),
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
        );
    }
}
