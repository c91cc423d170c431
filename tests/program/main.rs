//! The whole program on pages of this machine: from the page that changes to the mail that tells.
//!
//! `cargo test` begins with tests in the order of their names: what takes longest is called so that it is not the last.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod allocator;
mod announced;
mod api;
mod backfill;
mod backtest;
mod backup;
mod begun;
mod bounced;
mod browser;
mod by_mail;
mod cli;
mod clock;
mod company;
mod comparing;
mod counted;
mod crash;
mod daemon;
mod daemons;
mod demo;
mod desk;
mod dkim;
mod docket;
mod doctor;
mod doubted;
mod erasing;
mod event;
mod evidence;
mod exporting;
mod feeds;
mod held;
mod home;
mod hostile;
mod incident;
mod installation;
mod installed;
mod keeping;
mod killed;
mod leaving;
#[path = "../left_out/mod.rs"]
mod left_out;
mod linked;
mod losing;
mod mailbox;
mod measured;
mod metrics;
mod moving;
mod nameless;
#[path = "../old_store/mod.rs"]
mod old_store;
mod parts;
mod pdf;
mod pictured;
#[path = "../postgres/mod.rs"]
mod postgres;
mod proposing;
mod proxied;
mod registry;
mod replay;
mod retraction;
mod routes;
mod running;
mod scored;
mod screening;
mod server;
mod sink;
mod site;
mod status;
mod telling;
mod upgraded;
mod upgrading;
mod watching;
mod web;
mod webhook;
mod whole;
mod whole_source;

use home::Home;
use site::Site;

/// A home that watches one list which nobody read yet.
fn watched() -> (Site, Home) {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::watching_list(&site);
    (site, home)
}

/// The same, with a store in a folder, whatever the others have.
fn watched_in_folder() -> (Site, Home) {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let home = Home::in_folder(&home::list_source(&site.url));
    (site, home)
}

/// A list in the structure of the FCC's page, its rows given as (name, text, dates).
fn covered_list(rows: &[(&str, &str, &str)]) -> String {
    let rows: String = rows
        .iter()
        .map(|(name, text, dates)| {
            let named = format!("Equipment produced by <strong>{name}</strong>{text}");
            ["<tr><td>", &named, "</td><td>", dates, "</td></tr>\n"].concat()
        })
        .collect();
    format!(
        "<!DOCTYPE html><html><head><title>Covered List</title></head><body><div id=\"covered-list\"><table>\
         <tr><th>Covered Equipment or Services*</th><th>Date of Inclusion on Covered List</th></tr>\n\
         {rows}</table></div></body></html>"
    )
}

const HUAWEI: (&str, &str, &str) = ("Huawei Technologies Company", ", and its services.", "March 12, 2021");
const ZTE: (&str, &str, &str) = ("ZTE Corporation", ", and its services.", "March 12, 2021");
const HIKVISION: (&str, &str, &str) =
    ("Hangzhou Hikvision Digital Technology Company", ", for public safety.", "March 12, 2021");
const HIKVISION_AMENDED: (&str, &str, &str) = (
    "Hangzhou Hikvision Digital Technology Company",
    ", and by any affiliate, for public safety.",
    "March 12, 2021Updated:November 20, 2026",
);
