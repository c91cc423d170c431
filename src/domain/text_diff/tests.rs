use super::*;

/// The runs as a mail marks them.
fn marked(before: &str, after: &str) -> String {
    let mark = |run: WordRun| match run.fate {
        WordFate::Kept => run.text,
        WordFate::Removed => format!("[-{}-]", run.text),
        WordFate::Added => format!("{{+{}+}}", run.text),
    };
    words(before, after).into_iter().map(mark).collect()
}

#[test]
fn words_tell_what_was_replaced() {
    assert_eq!(
        marked("by October 1, 2026 at noon", "by October 15, 2027 at noon"),
        "by October [-1, 2026-]{+15, 2027+} at noon"
    );
}

#[test]
fn a_line_that_went_is_a_line_and_no_scattering_of_words() {
    let row = |name: &str| format!("{name} of the list of covered equipment and services\n");
    let before: String = ["Alpha", "Bravo", "Charlie", "Delta"].map(row).concat();
    let after: String = ["Alpha", "Charlie", "Delta"].map(row).concat();
    let runs = words(&before, &after);
    let changed: Vec<&WordRun> = runs.iter().filter(|run| run.fate != WordFate::Kept).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!((changed[0].fate, &changed[0].text), (WordFate::Removed, &row("Bravo")));
}

#[test]
fn of_many_lines_each_is_compared_with_the_one_it_became() {
    let text = marked(
        "Alpha Works was listed on 1 May\nBravo Works was listed on 2 May\nend\n",
        "New Works was listed by mistake\nBravo Works was listed on 7 May\nend\n",
    );
    assert!(text.contains("Bravo Works was listed on [-2-]{+7+} May"), "{text}");
}

#[test]
fn unrelated_paragraphs_are_not_woven_into_each_other() {
    let old =
        "The bureau will accept comments on the proposed rule until the first day of the coming month.\n";
    let new =
        "Anyone may inspect what the two companies filed in this proceeding at the reading room downtown.\n";
    assert_eq!(marked(old, new), format!("[-{old}-]{{+{new}+}}"));
}

#[test]
fn one_word_in_a_megabyte_is_found() {
    let line = |number: usize, word: &str| format!("Row {number} says {word} of entry {}\n", number * 7);
    let text = |word: &str| -> String {
        (0..20_000).map(|number| line(number, if number == 15_000 { word } else { "nothing" })).collect()
    };
    let runs = words(&text("something"), &text("rescinded"));
    let changed: String =
        runs.iter().filter(|run| run.fate != WordFate::Kept).map(|run| run.text.as_str()).collect();
    assert_eq!(changed, "somethingrescinded");
}

#[test]
fn texts_that_share_nothing_are_compared_in_time() {
    let text = |stem: &str| -> String { (0..100_000).map(|number| format!("{stem}{number} ")).collect() };
    assert_eq!(words(&text("a"), &text("b")).len(), 2);
    let lines = |stem: &str| -> String { (0..50_000).map(|number| format!("{stem}{number}\n")).collect() };
    assert_eq!(words(&lines("a"), &lines("b")).len(), 2);
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_give_both_texts_back(a in "[a-c. \n]{0,40}", b in "[a-c. \n]{0,40}") {
            let runs = words(&a, &b);
            let text = |fate| runs.iter().filter(|r| r.fate != fate).map(|r| r.text.as_str()).collect::<String>();
            prop_assert_eq!(text(WordFate::Added), a);
            prop_assert_eq!(text(WordFate::Removed), b);
        }

        #[test]
        fn nothing_differs_from_itself(a in "[a-c. \n]{0,40}") {
            prop_assert!(words(&a, &a).iter().all(|run| run.fate == WordFate::Kept));
        }
    }
}
