//! Sets of migrations: the files of one owner, such as a resource, and the table that notes which of them
//! were applied.

use std::collections::HashSet;

use sea_orm_migration::sea_orm::{DbErr, DynIden};
use sea_orm_migration::sea_query::IntoIden;
use sea_orm_migration::{MigrationTrait, MigratorTraitSelf};

/// The longest name, in bytes. PostgreSQL cuts names of tables off after 63, and two sets would share one
/// table.
const LONGEST: usize = 40;

/// The migrations of one owner, noted in a table of their own.
#[derive(Clone, Copy, Debug)]
pub struct MigrationSet {
    /// The owner's name: 1 to 40 of the characters `a` to `z` and `_`. The table of the set `notes` is
    /// `seaql_migrations_notes`, so the name never changes once a database has run the set.
    pub name: &'static str,
    /// Returns the files, in the order in which they are applied.
    pub files: fn() -> Vec<Box<dyn MigrationTrait>>,
}

impl MigrationSet {
    /// The table that notes which files were applied. The product's own set has no name.
    pub(crate) fn table(&self) -> String {
        if self.name.is_empty() {
            "seaql_migrations".to_owned()
        } else {
            format!("seaql_migrations_{}", self.name)
        }
    }

    /// The name by which a file is reported: `notes/m20270101_000001_notes`; a file of the product has no
    /// prefix.
    pub(crate) fn label(&self, file: &str) -> String {
        if self.name.is_empty() { file.to_owned() } else { format!("{}/{file}", self.name) }
    }
}

/// Applies (`up`) and takes back (`down`) this set alone. [`crate::migrate`] is what a program calls.
impl MigratorTraitSelf for MigrationSet {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        (self.files)()
    }

    fn migration_table_name(&self) -> DynIden {
        self.table().into_iden()
    }
}

/// Refuses a name that is not plain, and two sets of one name.
pub(crate) fn check(sets: &[MigrationSet]) -> Result<(), DbErr> {
    let mut names = HashSet::new();
    for MigrationSet { name, .. } in sets {
        let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if name.is_empty() || name.len() > LONGEST || !plain {
            let rule = format!("1 to {LONGEST} of the characters a to z and _");
            return Err(DbErr::Migration(format!(
                "a set of migrations cannot be named `{name}`: use {rule}"
            )));
        }
        if !names.insert(name) {
            return Err(DbErr::Migration(format!("two sets of migrations are named `{name}`")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(names: &[&'static str]) -> Option<String> {
        let sets: Vec<_> = names.iter().map(|name| MigrationSet { name, files: Vec::new }).collect();
        check(&sets).err().map(|error| error.to_string())
    }

    #[test]
    fn a_name_is_plain_and_short() {
        let longest = "abcdefghijklmnopqrstuvwxyz_abcdefghijklm";
        assert_eq!(longest.len(), LONGEST);
        for name in ["notes", "a", "my_notes", longest] {
            assert_eq!(refusal(&[name]), None, "{name}");
        }
        let too_long = "abcdefghijklmnopqrstuvwxyz_abcdefghijklmn";
        for name in ["", "Notes", "notes2", "my-notes", "my notes", "notes;", "nötes", "notes\"", too_long] {
            let refusal = refusal(&[name]).unwrap();
            assert!(refusal.contains(&format!("`{name}`")), "{refusal}");
        }
    }

    #[test]
    fn two_sets_never_have_one_name() {
        assert_eq!(refusal(&["notes", "tags"]), None);
        assert!(refusal(&["notes", "tags", "notes"]).unwrap().contains("two sets"));
    }

    #[test]
    fn the_product_and_each_set_have_a_table_of_their_own() {
        let tables = ["", "notes"].map(|name| MigrationSet { name, files: Vec::new }.table());
        assert_eq!(tables, ["seaql_migrations", "seaql_migrations_notes"]);
    }
}
