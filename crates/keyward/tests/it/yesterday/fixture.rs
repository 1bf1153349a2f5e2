//! Copies of the fixtures, and what `README.md` beside them says is in them.

use std::path::Path;

use keyward_infra::testing::execute;
use serde_json::Value;

const SQLITE: &[u8] = include_bytes!("../../yesterday/sqlite.db");
const POSTGRES: &str = include_str!("../../yesterday/postgres.sql");

/// What is in a fixture.
pub(super) struct Yesterday {
    facts: Value,
    /// The bytes of its file `master.key`.
    pub(super) master: &'static [u8],
}

impl Yesterday {
    /// Puts a copy into the empty database at `url`. The folder of a SQLite file must exist.
    pub(super) async fn copy_to(url: &str) -> Self {
        let (facts, master): (_, &[u8]) = if let Some(file) = url.strip_prefix("sqlite://") {
            write_private(Path::new(file), SQLITE);
            let master = include_bytes!("../../yesterday/throw-away-master-key-of-sqlite.bin");
            (include_str!("../../yesterday/sqlite.json"), master)
        } else {
            execute(url, POSTGRES).await;
            let master = include_bytes!("../../yesterday/throw-away-master-key-of-postgres.bin");
            (include_str!("../../yesterday/postgres.json"), master)
        };
        Self { facts: serde_json::from_str(facts).unwrap(), master }
    }

    /// A text of the JSON file, by its path.
    pub(super) fn text(&self, path: &str) -> &str {
        self.facts.pointer(path).and_then(Value::as_str).unwrap()
    }

    /// A number of the JSON file, by its path.
    pub(super) fn number(&self, path: &str) -> i64 {
        self.facts.pointer(path).and_then(Value::as_i64).unwrap()
    }
}

/// Writes a file that its owner alone can read, as the program does.
pub(super) fn write_private(path: &Path, content: &[u8]) {
    std::fs::write(path, content).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}
