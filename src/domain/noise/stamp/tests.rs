use super::*;
use crate::domain::noise::Noise;

fn prose() -> Noise {
    Noise::of([
        NoiseClass::Timestamps,
        NoiseClass::RelativeTimes,
        NoiseClass::Counters,
        NoiseClass::Nonces,
        NoiseClass::LineOrder,
    ])
}

#[track_caller]
fn same(pairs: &[(&str, &str)]) {
    for (before, after) in pairs {
        assert!(prose().is_same(before, after), "{before:?} {after:?}");
        let block = |stamp: &str| format!("The ban applies.\n{stamp}\nMore.");
        assert!(prose().is_same(&block(before), &block(after)), "{before:?} {after:?} between other blocks");
    }
}

#[track_caller]
fn differ(pairs: &[(&str, &str)]) {
    for (before, after) in pairs {
        assert!(!prose().is_same(before, after), "{before:?} {after:?}");
    }
}

#[test]
fn when_a_page_was_made_or_looked_through_is_a_stamp() {
    same(&[
        ("Last updated: 2 November 2026", "Last updated: 3 November 2026"),
        ("Last Updated 01/14/2025", "Last updated: July 9, 2026 at 3:04 PM EDT"),
        ("Last updated on 02-Nov-2026", "Last updated on 03-Nov-2026"),
        ("Page Last Reviewed or Updated: 02-Nov-2026", "Page Last Reviewed or Updated: 03-Nov-2026"),
        ("Content current as of: 11/02/2026", "Content current as of: 11/03/2026"),
        ("Content last reviewed November 2, 2026", "Content last reviewed November 3, 2026"),
        ("Page last updated Nov 2nd, 2026", "Page last updated Nov 3rd, 2026"),
        ("Last Modified: Mon, 2 Nov 2026", "Last Modified: Tue, 3 Nov 2026"),
        ("Date last updated: 2026-11-02", "Date last updated: 2026-11-03"),
        ("Date modified: 2026-11-02", "Date modified: 2026-11-03"),
        ("Updated as of November 2, 2026", "Updated as of November 3, 2026"),
        (
            "This page was last updated on 2 November 2026 at 10:02.",
            "This page was last updated on 3 November 2026 at 10:04.",
        ),
        ("Last published: 02 Nov 2026", "Last published: 03 Nov 2026"),
        ("Data as of 11/02/2026 10:00 AM ET", "Data as of 11/03/2026 10:00 AM ET"),
        ("Report generated: 02NOV2026 10:00", "Report generated: 03NOV2026 10:00"),
        ("Retrieved 2 Nov 2026, 10:00:01", "Retrieved 3 Nov 2026, 10:00:02"),
        ("Printed on 11/2/2026", "Printed on 11/3/2026"),
        ("Today is Monday, November 2, 2026", "Today is Tuesday, November 3, 2026"),
        ("Last updated yesterday", "Last updated 2 days ago"),
        ("(Last viewed: 01/14/2025 10:02)", "(Last viewed: 01/15/2025 9:12)"),
        ("Page generated on 2026-01-01 10:00:01", "Page generated on 2026-01-02T11:20:01Z"),
        ("Last updated: 2 November 2026 by A. Clerk", "Last updated: 3 November 2026 by A. Clerk"),
        ("Last updated\n2 November 2026", "Last updated\n3 November 2026"),
        ("Last updated | 2 November 2026", "Last updated | 3 November 2026"),
        ("Home | Last updated: 2 Nov 2026 | Contact", "Home | Last updated: 3 Nov 2026 | Contact"),
    ]);
    differ(&[("Last updated: 2 November 2026 by A. Clerk", "Last updated: 2 November 2026 by B. Clerk")]);
}

#[test]
fn it_is_one_in_other_languages_too() {
    same(&[
        ("Stand: 02.11.2026", "Stand: 03.11.2026"),
        ("Zuletzt aktualisiert: 2. November 2026", "Zuletzt aktualisiert: 3. November 2026"),
        ("Dernière mise à jour : 2 novembre 2026", "Dernière mise à jour : 3 novembre 2026"),
        ("Última actualización: 02/11/2026", "Última actualización: 03/11/2026"),
        ("更新日期：2026年11月2日", "更新日期：2026年11月3日"),
        ("최종 수정일: 2026년 11월 2일", "최종 수정일: 2026년 11월 3일"),
    ]);
}

#[test]
fn visits_requests_and_the_year_of_a_copyright_are_stamps() {
    same(&[
        ("generated in 0.12 s", "generated in 0.14 s"),
        ("This page was generated in 0.123 seconds", "This page was generated in 0.145 seconds"),
        ("Copyright © 2026", "Copyright © 2027"),
        (
            "© 2024-2026 Example Bureau. All rights reserved.",
            "© 2024-2027 Example Bureau. All rights reserved.",
        ),
        ("Server: web03", "Server: web07"),
        ("You are visitor 12345", "You are visitor 12399"),
        ("12,345 people have viewed this", "12,399 people have viewed this"),
        ("This page: 1,234 views", "This page: 1,301 views"),
        ("Visitors: 9", "Visitors: 12"),
        ("Number of views (4099)", "Number of views (4116)"),
        ("Number of views (4099)/Comments (0)", "Number of views (4116)/Comments (0)"),
        ("Viewed 1,202 times.", "Viewed 1,377 times."),
        ("Session expires at 10:32", "Session expires at 10:45"),
        ("Your IP address is 203.0.113.7", "Your IP address is 203.0.113.9"),
        ("Reference #18.7d3f1602.1700000000.1a2b3c", "Reference #18.7d3f1602.1700000999.9a8b7c"),
        ("Request ID: a8f3c2-1", "Request ID: 77ab1-9"),
        ("0123456789abcdef0123456789abcdef", "ffffffffffffffffffffffffffffffff"),
        ("Showing results 1 - 20 of 3,412", "Showing results 1 - 20 of 3,413"),
        ("The post Matter 1 appeared first on Agency.", "The post Matter One appeared first on Agency News."),
        ("© 2026 Example Bureau | Visitors: 9", "© 2027 Example Bureau | Visitors: 12"),
    ]);
    differ(&[("Copyright © 2026 Example Bureau", "Copyright © 2026 Other Bureau")]);
}

#[test]
fn a_moment_told_from_this_one_is_noise_in_the_way_that_time_passes() {
    same(&[
        ("Posted 3 days ago", "Posted 4 days ago"),
        ("about an hour ago", "2 hours ago"),
        ("5 days left", "4 days left"),
        ("Comments: 5 days left", "Comments: 4 days left"),
        ("1 day 3 hours left", "22 hours left"),
    ]);
    differ(&[
        ("Comments: 5 days left", "Comments: 35 days left"),
        ("Inspected: 5 days ago", "Inspected: 6 days ago"),
    ]);
}

#[test]
fn what_a_sentence_or_another_label_says_is_meaning() {
    differ(&[
        ("Comments are due by November 2, 2026", "Comments are due by November 3, 2026"),
        ("Effective: 11/02/2026", "Effective: 11/03/2026"),
        ("Effective as of November 2, 2026", "Effective as of November 3, 2026"),
        ("Reference number: DA-26-100", "Reference number: DA-26-200"),
        ("Case reference no. 26/0417", "Case reference no. 26/0418"),
        ("Request number 2026-100 was granted to ZTE", "Request number 2026-200 was granted to ZTE"),
        ("Request ID: 2026-100", "Request ID: 2026-200"),
        ("Request ID: DA-26-100", "Request ID: DA-26-200"),
        ("Incident number 5 led to the ban", "Incident number 6 led to the ban"),
        (
            "SHA-256 of the list: 0123456789abcdef0123456789abcdef",
            "SHA-256 of the list: 1123456789abcdef0123456789abcdef",
        ),
        ("SHA-256\n0123456789abcdef0123456789abcdef", "SHA-256\n1123456789abcdef0123456789abcdef"),
        ("Limited to 1,000 downloads a day", "Limited to 10 downloads a day"),
        ("The order was last modified on March 1, 2026", "The order was last modified on April 1, 2026"),
        ("The licence has 3 years remaining", "The licence has 1 year remaining"),
        ("Licence granted a year ago", "Licence granted 2 years ago"),
        ("Rule last reviewed 2024-01-01", "Rule last reviewed 2026-01-01"),
        ("Trace ID 4A1 of ZTE is barred", "Trace ID 4A2 of ZTE is barred"),
        ("100 visits by inspectors are due", "10 visits by inspectors are due"),
        ("The ban was lifted just now", "The ban was lifted"),
        ("The list was retrieved 2026-01-01", "The list was retrieved 2026-11-01"),
        ("The ban applies. Last updated: 2 November 2026", "The ban applies. Last updated: 3 November 2026"),
        ("Monday, November 2, 2026, 10:03 am", "Tuesday, November 3, 2026, 10:04 am"),
        ("Last updated rates: 5 and 6", "Last updated rates: 7 and 8"),
        ("Last reviewed by the court on 2 November 2026", "Last reviewed by the court on 3 November 2026"),
        ("Standards 5", "Standards 6"),
    ]);
}

#[test]
fn nothing_is_a_stamp_where_the_source_does_not_say_so() {
    let list = Noise::of([NoiseClass::LineOrder, NoiseClass::FootnoteMarks]);
    for (before, after) in
        [("Visitors: 9", "Visitors: 12"), ("Last updated: 1/2/2026", "Last updated: 1/3/2026")]
    {
        assert!(!list.is_same(before, after));
    }
}
