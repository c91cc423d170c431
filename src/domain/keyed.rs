//! What only this installation can make: hashes under its own key, and 128 bits as letters.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Lower-case base32 (RFC 4648, 6): survives programs that change the case of what they pass on.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// 128 bits at 5 bits a letter, rounded up.
pub const LETTERS: usize = 26;

/// 128 bits of an HMAC (RFC 2104) over the parts, each closed by a byte no text contains.
#[must_use]
pub fn keyed_hash(key: &[u8; 32], parts: &[&str]) -> u128 {
    // The key's length is the type's: the only error there is cannot occur.
    let mac = Hmac::<Sha256>::new_from_slice(key).map(|mut mac| {
        for part in parts {
            mac.update(part.as_bytes());
            mac.update(&[0xff]);
        }
        mac.finalize().into_bytes()
    });
    let bytes = mac.unwrap_or_default();
    bytes.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

/// 128 bits as letters and digits.
#[must_use]
pub fn letters(bits: u128) -> String {
    let letter = |place: usize| {
        let five = (bits >> (place * 5)) & 31;
        char::from(ALPHABET[usize::try_from(five).unwrap_or_default()])
    };
    (0..LETTERS).map(letter).collect()
}

/// The bits that letters of either case stand for, if they are as many as there must be.
#[must_use]
pub fn bits(letters: &str) -> Option<u128> {
    if letters.len() != LETTERS {
        return None;
    }
    letters.bytes().enumerate().try_fold(0, |bits, (place, letter)| {
        let five = ALPHABET.iter().position(|known| *known == letter.to_ascii_lowercase())?;
        let five = u128::try_from(five).ok()?;
        // Of the last letter only three bits fit.
        let is_whole = (five << (place * 5)) >> (place * 5) == five;
        is_whole.then_some(bits | (five << (place * 5)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stand_for_their_bits_whatever_their_case() {
        for number in [0, 1, u128::MAX, u128::MAX / 3, 1 << 127] {
            let text = letters(number);
            assert_eq!(
                (text.len(), bits(&text), bits(&text.to_uppercase())),
                (26, Some(number), Some(number))
            );
        }
        for bad in ["", "abc", &"a".repeat(27), &"1".repeat(26), &"7".repeat(26), &"ü".repeat(13)] {
            assert_eq!(bits(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_hash_is_bound_to_its_key_and_its_parts() {
        let hash = keyed_hash(&[1; 32], &["ab", "c"]);
        assert_eq!(hash, keyed_hash(&[1; 32], &["ab", "c"]));
        assert_ne!(hash, keyed_hash(&[1; 32], &["a", "bc"]));
        assert_ne!(hash, keyed_hash(&[2; 32], &["ab", "c"]));
    }
}
