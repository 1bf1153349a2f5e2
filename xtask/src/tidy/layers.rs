//! The layers: which of our crates each crate may import, and the libraries it does without.

/// What one package may and may not have.
pub(super) struct Layer {
    pub(super) name: &'static str,
    /// Ours it may import.
    pub(super) imports: &'static [&'static str],
    /// Ours that its tests may import besides.
    pub(super) tests_import: &'static [&'static str],
    /// Libraries of others it does without, tests aside.
    pub(super) without: &'static [&'static str],
}

/// What a resource may import: all below the binary but the pages, and no other resource. A resource is a package in
/// `samples`; a new one needs no line here.
pub(super) const RESOURCE: Layer = Layer {
    name: "a resource",
    imports: &[
        "keyward-auth",
        "keyward-guard",
        "keyward-web",
        "keyward-domain",
        "keyward-infra",
        "keyward-migration",
        "keyward-api",
    ],
    tests_import: &["keyward-client"],
    without: &[],
};

/// The binary's package, which mounts resources.
pub(super) const BINARY: &str = "keyward";

/// The layers, from the inside out. docs/ARCHITECTURE.md says why. A package here need not exist yet.
pub(super) const LAYERS: &[Layer] = &[
    Layer {
        name: "keyward-auth",
        imports: &[],
        tests_import: &[],
        without: &["tokio", "axum", "http", "hyper", "sea-orm", "sqlx", "utoipa"],
    },
    Layer {
        name: "keyward-guard",
        imports: &["keyward-auth"],
        tests_import: &[],
        without: &["sea-orm", "sqlx"],
    },
    Layer {
        name: "keyward-web-derive",
        imports: &[],
        tests_import: &[],
        without: &["tokio", "axum", "http", "hyper", "sea-orm", "sqlx", "utoipa"],
    },
    Layer {
        name: "keyward-web",
        imports: &["keyward-guard", "keyward-web-derive"],
        tests_import: &[],
        without: &["sea-orm", "sqlx"],
    },
    Layer {
        name: "keyward-client",
        imports: &[],
        tests_import: &[],
        without: &["sea-orm", "sqlx", "axum", "hyper", "utoipa"],
    },
    Layer {
        name: "keyward-domain",
        imports: &["keyward-auth"],
        tests_import: &[],
        without: &["sea-orm", "sqlx", "axum", "http", "hyper", "serde", "tokio", "utoipa"],
    },
    Layer {
        name: "keyward-infra",
        imports: &["keyward-auth", "keyward-domain"],
        tests_import: &["keyward-migration"],
        without: &["axum", "utoipa"],
    },
    Layer {
        name: "keyward-api",
        // Infra and migration in its wiring alone, which `sources` checks.
        imports: &[
            "keyward-auth",
            "keyward-guard",
            "keyward-web",
            "keyward-domain",
            "keyward-infra",
            "keyward-migration",
        ],
        tests_import: &["keyward-client"],
        without: &["hyper"],
    },
    Layer {
        name: "keyward-pages",
        imports: &["keyward-auth", "keyward-guard", "keyward-web", "keyward-domain", "keyward-api"],
        tests_import: &["keyward-client"],
        without: &["sea-orm", "sqlx"],
    },
    Layer {
        name: BINARY,
        imports: &[
            "keyward-auth",
            "keyward-guard",
            "keyward-web",
            "keyward-domain",
            "keyward-infra",
            "keyward-migration",
            "keyward-api",
            "keyward-pages",
            "keyward-client",
        ],
        tests_import: &[],
        without: &[],
    },
    Layer { name: "keyward-migration", imports: &[], tests_import: &[], without: &["axum", "utoipa"] },
    Layer {
        name: "keyward-properties",
        imports: &[
            "keyward",
            "keyward-api",
            "keyward-auth",
            "keyward-blog",
            "keyward-domain",
            "keyward-guard",
            "keyward-infra",
            "keyward-pages",
            "keyward-shop",
            "keyward-web",
        ],
        tests_import: &[],
        without: &["sea-orm", "sqlx"],
    },
    Layer {
        name: "cli-login",
        imports: &["keyward-client"],
        tests_import: &[],
        without: &["axum", "sea-orm"],
    },
    Layer { name: "cli-tokens", imports: &["keyward-auth"], tests_import: &[], without: &["tokio"] },
    Layer {
        name: "invoices",
        imports: &["keyward-guard", "keyward-web"],
        tests_import: &["keyward-client"],
        without: &["sea-orm"],
    },
    Layer {
        name: "embedded",
        imports: &["keyward-api", "keyward-guard"],
        tests_import: &[],
        without: &["sea-orm"],
    },
    Layer {
        name: "notes",
        imports: &["keyward-guard", "keyward-web"],
        tests_import: &[],
        without: &["sea-orm"],
    },
    Layer {
        name: "tonic-greeter",
        imports: &["keyward-guard"],
        tests_import: &["keyward-auth", "keyward-client"],
        without: &["axum", "utoipa"],
    },
    // Tools see the service from outside, as its users do.
    Layer { name: "keyward-bench", imports: &["keyward-servers"], tests_import: &[], without: &[] },
    Layer { name: "keyward-faults", imports: &["keyward-servers"], tests_import: &[], without: &[] },
    // These two build in seconds.
    Layer {
        name: "keyward-servers",
        imports: &[],
        tests_import: &[],
        without: &["tokio", "reqwest", "sqlx", "sea-orm", "axum"],
    },
    Layer {
        name: "xtask",
        imports: &["keyward-servers"],
        tests_import: &[],
        without: &["tokio", "reqwest", "sqlx", "sea-orm", "axum"],
    },
];
