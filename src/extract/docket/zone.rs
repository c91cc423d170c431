//! Where a court's clock stands.

use chrono_tz::{America, Pacific, Tz};
use url::Url;

/// What the address of a court's system ends with.
const DOMAIN: &str = ".uscourts.gov";

/// The zone of a district or bankruptcy court, by the letters in its address: two for the state and
/// those of the district. Where a state has two zones it is that of the district's main seat.
pub(super) fn of_court(address: &Url) -> Option<Tz> {
    let court = address.host_str()?.strip_suffix(DOMAIN)?.rsplit('.').next()?;
    let is_trial_court = court.ends_with(['d', 'b']) && court.bytes().all(|byte| byte.is_ascii_lowercase());
    match court {
        "cit" | "uscfc" | "jpml" | "tned" | "tneb" => return Some(America::New_York),
        "nmid" => return Some(Pacific::Saipan),
        _ if !is_trial_court => return None,
        _ => {}
    }
    Some(match court.get(..2)? {
        "ct" | "dc" | "de" | "fl" | "ga" | "in" | "ky" | "ma" | "md" | "me" | "mi" | "nc" | "nh" | "nj"
        | "ny" | "oh" | "pa" | "ri" | "sc" | "va" | "vt" | "wv" => America::New_York,
        "al" | "ar" | "ia" | "il" | "ks" | "la" | "mn" | "mo" | "ms" | "nd" | "ne" | "ok" | "sd" | "tn"
        | "tx" | "wi" => America::Chicago,
        "co" | "id" | "mt" | "nm" | "ut" | "wy" => America::Denver,
        "az" => America::Phoenix,
        "ca" | "nv" | "or" | "wa" => America::Los_Angeles,
        "ak" => America::Anchorage,
        "hi" => Pacific::Honolulu,
        "pr" | "vi" => America::Puerto_Rico,
        "gu" => Pacific::Guam,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, expected: Option<Tz>) {
        let address = format!("https://{host}/cgi-bin/rss_outside.pl").parse().unwrap();
        assert_eq!(of_court(&address), expected, "{host}");
    }

    #[test]
    fn a_court_is_known_by_its_address() {
        check("ecf.nyed.uscourts.gov", Some(America::New_York));
        check("ecf.tnmd.uscourts.gov", Some(America::Chicago));
        check("ecf.tned.uscourts.gov", Some(America::New_York));
        check("ecf.cacb.uscourts.gov", Some(America::Los_Angeles));
        check("ecf.cit.uscourts.gov", Some(America::New_York));
        check("ecf.gud.uscourts.gov", Some(Pacific::Guam));
        for unknown in
            ["ecf.ca9.uscourts.gov", "ecf.xxd.uscourts.gov", "uscourts.gov", "ecf.nyed.test", "127.0.0.1"]
        {
            check(unknown, None);
        }
    }
}
