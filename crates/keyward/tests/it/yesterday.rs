//! Databases of an earlier version of the program (`tests/yesterday`), opened by this one with any choice of resources, in
//! any order.

mod deletion;
mod document;
mod fixture;
mod installation;
mod servers;
mod stores;
