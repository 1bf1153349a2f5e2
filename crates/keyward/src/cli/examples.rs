//! Examples at the end of the help of commands.

pub(super) const KEYWARD: &str = "\
Examples:
  keyward                                   Serve on http://127.0.0.1:8000, with SQLite in ./data
  keyward --listen :8000 --issuer https://login.example.com
                                            Serve on every interface, behind a proxy with that address
  KEYWARD_DATABASE_URL=postgres://keyward:secret@db/keyward keyward
                                            Serve from PostgreSQL; secrets are safer in variables than in flags
  keyward doctor                            Say what is wrong with the settings, and how to fix it
  keyward user create --email ana@example.com --role admin
                                            Make an administrator; asks for the password";

pub(super) const USER_CREATE: &str = "\
Examples:
  keyward user create --email ana@example.com
  keyward user create --email root@example.com --role admin --password-stdin < password.txt";

pub(super) const USER_IMPORT: &str = "\
Examples:
  keyward user import users.csv --dry-run              Check every line and add no account
  keyward user import users.csv --report refused.txt   Add the accounts, and note which lines were refused";

pub(super) const CLIENT_CREATE: &str = "\
Examples:
  keyward client create --name Reports --scope posts:read
  keyward client create --name Invoices --scope revocations:read --id invoices";

pub(super) const KEYS: &str = "\
Examples:
  keyward keys list
  keyward keys rotate          Publish a key that signs in ten minutes
  keyward keys rotate --algorithm RS256
                               The same for ID tokens, whose keys are of the algorithm that clients are registered for
  keyward keys retire KID      Refuse everything that a key signed, from now on";

pub(super) const BACKUP: &str = "\
Examples:
  keyward backup /backup/keyward.db
  keyward restore /backup/keyward.db      With every server and command stopped";

pub(super) const OUTBOX: &str = "\
Examples:
  keyward outbox list --state dead
  keyward outbox retry --all";

pub(super) const EVENTS: &str = "\
Examples:
  keyward events tail --limit 10
  keyward events tail --follow | jq 'select(.event == \"login_failed\")'";
