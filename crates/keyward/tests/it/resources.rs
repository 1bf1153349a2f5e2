//! How resources are mounted: one that is made here, as a crate of its own would make it, and the choice of
//! `KEYWARD_RESOURCES`.

mod choice;
mod leaving;
pub(crate) mod memos;
mod mounting;
mod service;
mod sharing;
mod without_pages;
