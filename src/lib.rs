//! regwatch watches public regulatory pages and tells the people concerned what changed.
//!
//! The flow, and the layers it passes through, are drawn in `docs/ARCHITECTURE.md`.

pub mod app;
pub mod archive;
pub mod backtest;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod convert;
pub mod deliver;
pub mod dispatch;
pub mod doctor;
pub mod domain;
pub mod escalate;
pub mod evidence;
pub mod exchange;
pub mod extract;
pub mod fetch;
pub mod html;
pub mod inbox;
pub mod mail;
pub mod metrics;
pub mod monitor;
pub mod prove;
pub mod registry;
pub mod reload;
pub mod render;
pub mod scheduler;
pub mod screen;
pub mod settings;
pub mod status;
pub mod store;
pub mod subscribe;
pub mod view;
pub mod web;
pub mod webhook;
