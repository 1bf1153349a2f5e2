//! The houses: the rooms of each crate that has any, in layers.

/// The rooms of one crate.
pub(super) struct House {
    /// The folder of its sources, with a slash at its end.
    pub(super) sources: &'static str,
    /// Whether it is checked.
    pub(super) in_force: bool,
    /// Whether every file but the crate's root has to be in a room. Otherwise those beside the folders are
    /// not checked.
    pub(super) whole: bool,
    /// From the lowest, which all others may use, to the highest.
    pub(super) layers: &'static [Layer],
}

/// Rooms that stand side by side. A room is a folder and the file of its name beside it, or with `.rs` that
/// file alone.
pub(super) struct Layer {
    pub(super) rooms: &'static [&'static str],
    /// Whether they may use one another, as long as no two of them do so mutually, directly or through
    /// others.
    pub(super) open: bool,
}

pub(super) const fn closed(rooms: &'static [&'static str]) -> Layer {
    Layer { rooms, open: false }
}

pub(super) const fn open(rooms: &'static [&'static str]) -> Layer {
    Layer { rooms, open: true }
}

/// The rooms of each crate that has any. docs/ARCHITECTURE.md says why.
pub(super) const HOUSES: &[House] = &[
    House {
        sources: "crates/domain/src/",
        in_force: true,
        whole: true,
        layers: &[
            closed(&["values"]),
            closed(&["model"]),
            closed(&["ports"]),
            closed(&["limits", "mail"]),
            open(&["identity", "sessions", "oauth", "factors", "keys", "upkeep"]),
        ],
    },
    House {
        sources: "crates/api/src/",
        in_force: true,
        whole: true,
        layers: &[
            closed(&["codes.rs"]),
            closed(&["error"]),
            closed(&["answers"]),
            closed(&["boundary"]),
            closed(&["access"]),
            closed(&["metrics"]),
            closed(&["settings"]),
            closed(&["foundation.rs"]),
            closed(&["state"]),
            closed(&["extract"]),
            closed(&["resources"]),
            closed(&["document"]),
            closed(&["routes"]),
            closed(&["error_pages.rs"]),
            closed(&["middleware.rs"]),
            closed(&["router.rs"]),
            closed(&["wiring"]),
            closed(&["service.rs"]),
            closed(&["testing"]),
        ],
    },
    House {
        sources: "crates/pages/src/",
        in_force: true,
        whole: true,
        layers: &[
            closed(&["site.rs"]),
            closed(&["cookie.rs", "form_token.rs", "next.rs", "same_origin.rs"]),
            closed(&["once.rs", "known_device.rs"]),
            closed(&["browser_session.rs"]),
            closed(&["visit.rs"]),
            closed(&["page.rs"]),
            closed(&["refusal.rs"]),
            closed(&["entry.rs", "page_form.rs"]),
            open(&["login", "oauth", "account", "mail_links"]),
            closed(&["routes.rs"]),
        ],
    },
];
