//! Addresses to which a mail comes back, each naming its mail (VERP).
//!
//! ```text
//! watch+bounce-  0123456789abcdef  .  mmmmmmmmmmmmm  @tracker.example
//! the mailbox    the mail             its HMAC
//! ```
//!
//! The mail is named by the first 16 digits of its id, so that the local part stays below 64 characters.
//! The mailbox is the one people write to, so that no second one is needed. The HMAC under the
//! installation's key lets nobody make up a bounce: an address that was not made here names no mail.

use super::email::EmailAddress;
use super::id::MailId;
use super::keyed::{keyed_hash, letters};

/// What stands before the mail in the detail of the address.
const PREFIX: &str = "bounce-";

/// 65 bits.
const MAC_LETTERS: usize = 13;

/// Where a mail comes back to; nothing where the mailbox's name is too long for it.
#[must_use]
pub fn bounce_address(key: &[u8; 32], mail: &MailId, inbox: &EmailAddress) -> Option<EmailAddress> {
    let (local, domain) = (inbox.local(), inbox.domain());
    let mail = mail.short();
    format!("{local}+{PREFIX}{mail}.{}@{domain}", mac(key, mail)).parse().ok()
}

/// Whether the detail of an address is of this form, forged or not.
#[must_use]
pub fn is_bounce_detail(detail: &str) -> bool {
    detail.get(..PREFIX.len()).is_some_and(|head| head.eq_ignore_ascii_case(PREFIX))
}

/// The beginning of the id of the mail that the detail of an address names; nothing for one that was not
/// made here.
#[must_use]
pub fn mail_of(key: &[u8; 32], detail: &str) -> Option<String> {
    let detail = detail.to_ascii_lowercase();
    let (mail, given) = detail.strip_prefix(PREFIX)?.split_once('.')?;
    let expected = mac(key, mail);
    // Every letter is looked at, so that the time it takes tells nothing of where they differ.
    let differs = expected.bytes().zip(given.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
    (given.len() == expected.len() && differs == 0).then(|| mail.to_owned())
}

fn mac(key: &[u8; 32], mail: &str) -> String {
    letters(keyed_hash(key, &["bounce", mail])).chars().take(MAC_LETTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox() -> EmailAddress {
        "watch@tracker.example".parse().unwrap()
    }

    fn detail_of(address: &EmailAddress) -> String {
        address.local().split_once('+').unwrap().1.to_owned()
    }

    #[test]
    fn an_address_names_its_mail_whatever_the_case_of_its_letters() {
        let mail = MailId::derive(&["a"]);
        let address = bounce_address(&[7; 32], &mail, &inbox()).unwrap();
        let detail = detail_of(&address);
        assert!(is_bounce_detail(&detail) && is_bounce_detail("BOUNCE-x") && !is_bounce_detail("bounc"));
        assert_eq!(mail_of(&[7; 32], &detail), Some(mail.short().to_owned()));
        assert_eq!(mail_of(&[7; 32], &detail.to_uppercase()), Some(mail.short().to_owned()));
        assert_eq!(mail_of(&[8; 32], &detail), None, "another installation's");
    }

    #[test]
    fn nobody_makes_one_up() {
        let detail = detail_of(&bounce_address(&[7; 32], &MailId::derive(&["a"]), &inbox()).unwrap());
        for place in PREFIX.len()..detail.len() {
            let other = if &detail[place..=place] == "a" { "b" } else { "a" };
            let forged = format!("{}{other}{}", &detail[..place], &detail[place + 1..]);
            assert_eq!(mail_of(&[7; 32], &forged), None, "{forged}");
        }
        for bad in ["", "bounce-", "bounce-.", "bounce-ü.ü", "bounce-a", &format!("{detail}a"), "bounce-a."]
        {
            assert_eq!(mail_of(&[7; 32], bad), None, "{bad}");
        }
    }

    #[test]
    fn a_mailbox_with_a_long_name_gets_none() {
        let long = format!("{}@tracker.example", "w".repeat(27)).parse().unwrap();
        assert_eq!(bounce_address(&[7; 32], &MailId::derive(&["a"]), &long), None);
    }
}
