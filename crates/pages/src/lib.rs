//! Pages of Keyward for people, rendered on the server: log in, sign up, and look after one's own account.
//!
//! A browser's session is kept by a cookie that these routes alone read. [`visit::Visit`] is what every page takes,
//! [`browser_session::BrowserSession`] what one behind a login takes, [`page_form::PageForm`] what a form is read by, and
//! [`page::Page`] what is answered. [`next::Next`] carries where a login goes on to.
#![forbid(unsafe_code)]

pub mod account;
pub mod browser_session;
mod cookie;
pub mod entry;
pub mod form_token;
mod known_device;
pub mod login;
pub mod mail_links;
pub mod next;
pub mod oauth;
mod once;
pub mod page;
pub mod page_form;
pub mod refusal;
mod routes;
mod same_origin;
pub mod site;
pub mod visit;

pub use routes::pages;
