//! The pages for people: every block in them runs, every link leads somewhere, every table says what the code says.
//!
//! After a change that is meant to move what a page shows, `QUIESCE_RENEW=1 cargo test -p quiesce --test docs` writes what it
//! is now; the diff is then read.

mod block;
mod blocks;
mod generated;
mod glossary;
mod links;
mod lock_service;
mod page;

#[path = "../shell/mod.rs"]
mod shell;
