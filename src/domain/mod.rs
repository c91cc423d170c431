//! The product's own knowledge, as pure functions over plain values.
//!
//! Nothing here does I/O, waits, reads a clock or draws a random number: time
//! and randomness arrive as parameters. That is what lets every rule about what
//! counts as a change, whom it concerns and when a mail may be sent be tested in
//! milliseconds without a mock.
//!
//! Deliberately absent: HTTP, HTML, SMTP and storage. `tests/house/layering.rs` fails
//! the build when one of them is imported here.

pub mod access_token;
pub mod age;
pub mod agreement;
pub mod alert;
pub mod asked;
pub mod assess;
pub mod audit;
pub mod block;
pub mod bounce;
pub mod breaker;
pub mod bundle;
pub mod catalogue;
pub mod category;
pub mod change;
pub mod company;
pub mod comparable;
pub mod confirm_token;
pub mod consent;
pub mod deadline;
pub mod diff;
pub mod docket;
pub mod drift;
pub mod due;
pub mod element_path;
pub mod email;
pub mod entry;
pub mod evaluation;
pub mod event;
pub mod evidence;
pub mod fields;
pub mod flicker;
pub mod folded;
pub mod found;
pub mod group;
pub mod grouping;
pub mod guard;
pub mod health;
pub mod host_pace;
pub mod id;
pub mod identifier;
pub mod identity;
pub mod inbound;
pub mod incident;
pub mod jitter;
pub mod keyed;
pub mod keyed_link;
pub mod listed;
pub mod mail_kind;
pub mod mail_pace;
pub mod mail_source;
pub mod mass;
pub mod match_index;
pub mod matching;
pub mod meter;
pub mod moment;
pub mod news;
pub mod noise;
pub mod numbers;
pub mod outbox;
pub mod page_profile;
pub mod pending;
pub mod placeholder;
pub mod prose;
pub mod quality;
pub mod read_record;
pub mod read_state;
pub mod redact;
pub mod reference;
pub mod refusal;
pub mod report;
pub mod response;
pub mod retraction;
pub mod robots;
pub mod schedule;
pub mod scoring;
pub mod screening;
pub(crate) mod script;
pub mod search;
pub mod silence;
pub mod snapshot;
pub mod source;
pub mod spelling;
pub mod subscription;
pub mod suppression;
pub mod tally;
pub mod text;
pub mod text_diff;
pub mod timing;
pub mod token;
pub mod token_bucket;
pub mod topic;
pub mod touch;
pub mod untold;
pub mod verdict;
pub mod verp;
pub mod webhook;
pub mod window;
pub mod working_day;
