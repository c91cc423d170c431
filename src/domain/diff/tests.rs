use super::*;
use crate::domain::entry::LINKS;
use crate::domain::noise::NoiseClass;
use crate::domain::source::{PageTextSettings, SourceKind};

fn row(key: &str, text: &str) -> Entry {
    Entry::new(key, key).with("text", text)
}

fn list(entries: Vec<Entry>) -> Document {
    Document::new(entries, Completeness::Whole, Resemblance::Title)
}

fn summary(changes: &[EntryChange]) -> Vec<(ChangeKind, String)> {
    changes.iter().map(|change| (change.kind, change.key.clone())).collect()
}

#[track_caller]
fn check(before: Vec<Entry>, after: Vec<Entry>, expected: &[(ChangeKind, &str)]) {
    let changes = diff(&list(before), &list(after), &Noise::of([NoiseClass::FootnoteMarks]));
    let expected: Vec<_> = expected.iter().map(|&(kind, key)| (kind, key.to_owned())).collect();
    assert_eq!(summary(&changes), expected);
}

#[test]
fn entries_come_go_and_are_amended() {
    check(
        vec![row("a", "one"), row("b", "two"), row("c", "three")],
        vec![row("b", "two"), row("a", "one more"), row("d", "four")],
        &[(ChangeKind::Amended, "a"), (ChangeKind::Added, "d"), (ChangeKind::Removed, "c")],
    );
}

#[test]
fn order_and_noise_are_no_change() {
    check(vec![row("a", "one^"), row("b", "two")], vec![row("b", "two"), row("a", "one ^")], &[]);
}

#[test]
fn a_new_twin_does_not_disturb_the_old_one() {
    check(
        vec![row("acme", "zebra rule of 2021")],
        vec![row("acme", "aardvark rule of 2026"), row("acme", "zebra rule of 2021")],
        &[(ChangeKind::Added, "acme")],
    );
    check(
        vec![row("acme", "the first rule"), row("acme", "the second rule")],
        vec![row("acme", "the second rule, amended"), row("acme", "the first rule")],
        &[(ChangeKind::Amended, "acme~2")],
    );
}

#[test]
fn a_company_renamed_on_the_list_is_not_delisted() {
    let before = Entry::new("hik company", "Hangzhou Hikvision Digital Technology Company").with("text", "x");
    let after = Entry::new("hik co ltd", "Hangzhou Hikvision Digital Technology Co., Ltd.").with("text", "y");
    check(vec![before], vec![after], &[(ChangeKind::Amended, "hik co ltd")]);
}

#[test]
fn one_company_for_another_is_an_addition_and_a_removal() {
    let before = Entry::new("h", "Huawei Technologies Company").with("text", "equipment produced by Huawei");
    let after =
        Entry::new("d", "Digitalsystem Technology Inc.").with("text", "equipment produced by Digitalsystem");
    check(vec![before], vec![after], &[(ChangeKind::Added, "d"), (ChangeKind::Removed, "h")]);
}

#[test]
fn absence_from_a_window_is_not_a_removal() {
    let before = Document::new(vec![row("a", "one")], Completeness::Window, Resemblance::Never);
    let after = Document::new(vec![row("b", "two")], Completeness::Window, Resemblance::Never);
    let changes = diff(&before, &after, &Noise::default());
    assert_eq!(summary(&changes), [(ChangeKind::Added, "b".to_owned())]);
}

#[test]
fn a_moved_link_target_is_a_change() {
    let links = |address: &str| vec![row("a", "order").with(LINKS, format!("Order\t{address}"))];
    let moved = [(ChangeKind::Amended, "a")];
    check(links("https://x.test/order.pdf"), links("https://x.test/order-rev1.pdf"), &moved);
    check(links("https://x.test/order.pdf?sid=1"), links("https://x.test/order.pdf?sid=2"), &[]);
    let at = |url: &str| {
        let mut entry = row("a", "order");
        entry.url = Some(url.to_owned());
        vec![entry]
    };
    check(at("https://x.test/order.pdf"), at("https://x.test/order-rev1.pdf"), &moved);
}

#[test]
fn an_address_that_a_field_tells_is_not_told_twice() {
    let at = |link: &str, url: &str| {
        let entry = Entry { url: Some(url.to_owned()), ..row("a", "order").with("page", link) };
        list(vec![entry])
    };
    let fields = |before: &Document, after: &Document| -> Vec<String> {
        let changes = diff(before, after, &Noise::default());
        changes.iter().flat_map(|change| &change.fields).map(|field| field.name.clone()).collect()
    };
    let (old, new) = (at("../docs/1", "https://x.test/docs/1"), at("../docs/2", "https://x.test/docs/2"));
    assert_eq!(fields(&old, &new), ["page"]);
    let elsewhere = at("../docs/3", "https://y.test/other");
    assert_eq!(fields(&old, &elsewhere), ["page", "url"], "the field does not say where it leads");
}

#[test]
fn paragraphs_in_another_order_are_no_change_where_the_source_says_so() {
    let prose = |lines: [&str; 3]| {
        Document::new(vec![row("scope", &lines.join("\n"))], Completeness::Whole, Resemblance::Text)
    };
    let (before, after) = (prose(["One.", "Two.", "Three."]), prose(["Three.", "One.", "Two."]));
    let page_text =
        SourceKind::PageText(PageTextSettings { keep: Vec::new(), drop: Vec::new(), one_page: false });
    let noise = Noise::of(page_text.default_noise());
    assert!(diff(&before, &after, &noise).is_empty());
    assert_eq!(diff(&before, &prose(["Three.", "One.", "Four."]), &noise).len(), 1);
    assert_eq!(diff(&before, &after, &Noise::default()).len(), 1, "where order is meaning it is told");
}

#[test]
fn a_link_that_vanishes_is_noise_only_where_the_source_says_so() {
    let with = list(vec![row("a", "order").with(LINKS, "Order\thttps://x.test/1\nNote\thttps://x.test/2")]);
    let without = list(vec![row("a", "order").with(LINKS, "Order\thttps://x.test/1")]);
    let moved = list(vec![row("a", "order").with(LINKS, "Order\thttps://x.test/9")]);
    let lenient = Noise::of([NoiseClass::LinkPresence]);
    assert_eq!(diff(&with, &without, &Noise::default()).len(), 1);
    assert!(diff(&with, &without, &lenient).is_empty());
    assert_eq!(diff(&with, &moved, &lenient).len(), 1);
}

#[test]
fn a_reworded_heading_is_recognised_by_its_text() {
    let prose = "The department will remove the devices from sensitive sites and buy no more of them";
    let section = |heading: &str, text: &str| {
        Document::new(
            vec![Entry::new(heading, heading).with("text", text)],
            Completeness::Whole,
            Resemblance::Text,
        )
    };
    let changes = diff(&section("scope", prose), &section("who is covered", prose), &Noise::default());
    assert_eq!(summary(&changes), [(ChangeKind::Amended, "who is covered".to_owned())]);
    assert_eq!(changes[0].fields[0].name, "title");
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    fn documents() -> impl Strategy<Value = Document> {
        proptest::collection::vec(("[a-d]{1,2}", "[a-z ]{0,12}"), 0..8)
            .prop_map(|rows| list(rows.into_iter().map(|(key, text)| row(&key, &text)).collect()))
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself(document in documents()) {
            prop_assert!(diff(&document, &document, &Noise::default()).is_empty());
        }

        #[test]
        fn additions_and_removals_mirror_each_other(a in documents(), b in documents()) {
            let count = |changes: &[EntryChange], kind| changes.iter().filter(|c| c.kind == kind).count();
            let (there, back) = (diff(&a, &b, &Noise::default()), diff(&b, &a, &Noise::default()));
            prop_assert_eq!(count(&there, ChangeKind::Added), count(&back, ChangeKind::Removed));
            prop_assert_eq!(count(&there, ChangeKind::Removed), count(&back, ChangeKind::Added));
        }
    }
}
