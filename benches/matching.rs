//! How fast names are looked for, and how near that is to the limit: `cargo bench --bench matching`.
//!
//! The limit is plain Aho-Corasick over the raw bytes, which knows no case, no boundaries, no
//! scripts and no way back. First the ratios are printed, then every figure by itself.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]
#![expect(clippy::print_stdout, reason = "the ratios are what it is run for")]
#![expect(clippy::cast_precision_loss, reason = "bytes and nanoseconds fit")]

#[path = "../src/allocator.rs"]
mod allocator;

use std::time::{Duration, Instant};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use divan::{Bencher, black_box};
use regwatch::domain::company::{Alias, AliasKind, Company};
use regwatch::domain::matching::{Folded, Watchlist};
use regwatch::domain::scoring::{Name, compare};

fn main() {
    print_load();
    print_ratios();
    divan::main();
}

const SYLLABLES: [&str; 24] = [
    "ar", "bel", "cor", "dun", "el", "fen", "gor", "hal", "in", "jor", "kel", "lor", "mar", "nor", "os",
    "pel", "quin", "ros", "sel", "tor", "ul", "vel", "wen", "zan",
];
const BRANCHES: [&str; 6] = [
    "Digital Technology Co., Ltd.",
    "Electronics Corporation",
    "Holdings Limited",
    "Communications Inc.",
    "Semiconductor LLC",
    "Systems GmbH",
];
const HAN: [char; 12] = ['海', '康', '威', '視', '华', '为', '技', '術', '通', '訊', '大', '中'];
const SENTENCE: &str = "The Bureau finds that equipment produced by this company, to the extent it is used for the \
     purpose of public safety or security of government facilities, poses an unacceptable risk. ";
const HAN_SENTENCE: &str =
    "决定将下列公司列入出口管制管控名单，禁止向上述公司出口两用物项。Équipement à Zürich – Москва. ";

/// A made-up word for each number.
fn word(mut number: usize) -> String {
    let mut word = String::new();
    for _ in 0..4 {
        word.push_str(SYLLABLES[number % SYLLABLES.len()]);
        number /= SYLLABLES.len();
    }
    word[..1].to_ascii_uppercase() + &word[1..]
}

fn han(mut number: usize) -> String {
    let digits = std::iter::repeat_with(|| {
        let c = HAN[number % HAN.len()];
        number /= HAN.len();
        c
    });
    digits.take(6).collect()
}

/// Companies with five names each, one of them Chinese.
fn companies(aliases: usize) -> Vec<Company> {
    (0..aliases / 5)
        .map(|number| {
            let name = word(number * 7 + 1);
            let branch = BRANCHES[number % BRANCHES.len()];
            Company {
                aliases: vec![
                    Alias::new(name.clone(), AliasKind::Trade),
                    Alias::new(format!("{name} {}", word(number * 13 + 5)), AliasKind::Brand),
                    Alias::new(
                        format!("{} {name} Research Institute", word(number * 3 + 2)),
                        AliasKind::Subsidiary,
                    ),
                    Alias::new(han(number), AliasKind::NativeScript),
                ],
                ..Company::new(format!("company-{number}").parse().unwrap(), format!("{name} {branch}"))
            }
        })
        .collect()
}

/// A text of so many bytes that names a company now and then.
fn text(sentence: &str, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 400);
    let mut number = 0;
    while text.len() < bytes {
        text.push_str(sentence);
        if number % 8 == 0 {
            text.push_str(&word(number * 7 + 1));
            text.push_str(" was named.\n");
        }
        number += 1;
    }
    text
}

fn mixed_sentence() -> String {
    format!("{SENTENCE}{HAN_SENTENCE}")
}

/// The names as raw bytes, found however they stand.
fn plain(aliases: usize) -> AhoCorasick {
    let names = companies(aliases).into_iter().flat_map(|company| {
        std::iter::once(company.name).chain(company.aliases.into_iter().map(|alias| alias.name))
    });
    AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(names).unwrap()
}

/// The shortest of several runs: what the machine can do when nothing disturbs it.
fn shortest(mut run: impl FnMut()) -> Duration {
    let timed = |_| {
        let begun = Instant::now();
        run();
        begun.elapsed()
    };
    (0..7).map(timed).min().unwrap_or_default()
}

fn mb_per_second(bytes: usize, took: Duration) -> f64 {
    bytes as f64 / 1e6 / took.as_secs_f64()
}

/// What many names cost, before anything else takes memory.
fn print_load() {
    let aliases = 100_000;
    drop(black_box(Watchlist::new(companies(aliases)).unwrap()));
    // Linux alone tells it this way.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("not known").trim();
    let loading = shortest(|| drop(black_box(Watchlist::new(companies(aliases)))));
    println!(
        "{aliases} aliases are loaded in {:.2} s; peak memory of the process {peak}",
        loading.as_secs_f64()
    );
}

fn print_ratios() {
    let (watchlist, limit) = (Watchlist::new(companies(5_000)).unwrap(), plain(5_000));
    println!("5,000 aliases, one core         ours MB/s   plain Aho-Corasick MB/s   ratio");
    for (name, sentence) in [("ASCII", SENTENCE.to_owned()), ("mixed scripts", mixed_sentence())] {
        let text = text(&sentence, 4_000_000);
        let ours = mb_per_second(text.len(), shortest(|| drop(black_box(watchlist.find("text", &text)))));
        let theirs = mb_per_second(
            text.len(),
            shortest(|| {
                black_box(limit.find_overlapping_iter(&text).count());
            }),
        );
        println!("{name:<28} {ours:>12.0} {theirs:>25.0} {:>7.2}", ours / theirs);
    }
    let pairs = 10_000;
    let names: Vec<Name> = companies(500).iter().map(|company| Name::of(&company.name)).collect();
    let comparing = shortest(|| compare_all(&names, pairs));
    println!("{:.0} comparisons of list names a second\n", pairs as f64 / comparing.as_secs_f64());
}

fn compare_all(names: &[Name], pairs: usize) {
    let all = names.iter().flat_map(|a| names.iter().map(move |b| (a, b)));
    all.take(pairs).for_each(|(a, b)| drop(black_box(compare(a, b))));
}

#[divan::bench(args = [5_000, 100_000])]
fn load_aliases(bencher: Bencher, aliases: usize) {
    bencher.with_inputs(|| companies(aliases)).bench_values(|companies| Watchlist::new(companies).unwrap());
}

#[divan::bench(args = [5, 5_000, 100_000])]
fn find_names_in_ascii(bencher: Bencher, aliases: usize) {
    find(bencher, aliases, SENTENCE);
}

#[divan::bench(args = [5, 5_000, 100_000])]
fn find_names_in_mixed_scripts(bencher: Bencher, aliases: usize) {
    find(bencher, aliases, &mixed_sentence());
}

fn find(bencher: Bencher, aliases: usize, sentence: &str) {
    let (watchlist, text) = (Watchlist::new(companies(aliases)).unwrap(), text(sentence, 1_000_000));
    let bytes = divan::counter::BytesCount::new(text.len());
    bencher.counter(bytes).bench(|| watchlist.find("text", black_box(&text)));
}

#[divan::bench(args = ["ascii", "mixed"])]
fn fold(bencher: Bencher, script: &str) {
    let text = if script == "ascii" { text(SENTENCE, 1_000_000) } else { text(&mixed_sentence(), 1_000_000) };
    let bytes = divan::counter::BytesCount::new(text.len());
    bencher.counter(bytes).bench(|| Folded::of(black_box(&text)));
}

#[divan::bench]
fn take_a_name_apart(bencher: Bencher) {
    bencher.bench(|| Name::of(black_box("Hangzhou Hikvision Digital Technology Co., Ltd.")));
}

#[divan::bench]
fn compare_names_that_are_nearly_the_same(bencher: Bencher) {
    let a = Name::of("Hangzhou Hikvision Digital Technology Co., Ltd.");
    let b = Name::of("HIKVISON DIGITAL TECHNOLOGIES COMPANY (HANGZHOU)");
    bencher.bench(|| compare(black_box(&a), black_box(&b)).score);
}
