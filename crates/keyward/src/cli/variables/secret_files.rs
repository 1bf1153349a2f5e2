//! Secrets from files: `KEYWARD_SECRET_FILE=/run/secrets/x` is `KEYWARD_SECRET` with what the file holds.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::cli::output::Problem;

/// The end of the name of a variable that names a file.
pub(super) const SUFFIX: &str = "_FILE";
/// How many bytes a secret may have.
const LONGEST: u64 = 64 * 1024;

/// Takes the variable that names the file of `name` out of `layer`, and returns what the file holds.
///
/// # Errors
/// One sentence, where `name` is set as well, or the file cannot be read. Nothing of the file is quoted.
pub(super) fn take(name: &str, layer: &mut BTreeMap<String, OsString>) -> Result<Option<OsString>, Problem> {
    let variable = format!("{name}{SUFFIX}");
    let Some(path) = layer.remove(&variable) else { return Ok(None) };
    if layer.contains_key(name) {
        return Err(format!("{name} and {variable} are both set: set one of them"));
    }
    let path = Path::new(&path);
    let unusable = |reason: &dyn std::fmt::Display| format!("{variable}: {}: {reason}", path.display());
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    read.map_err(|error| unusable(&format_args!("it cannot be read: {error}")))?;
    if bytes.len() as u64 > LONGEST {
        return Err(unusable(&format_args!("it is longer than {LONGEST} bytes")));
    }
    let value = plain(bytes).ok_or_else(|| unusable(&"it must be UTF-8"))?;
    if value.is_empty() { Err(unusable(&"it is empty")) } else { Ok(Some(value)) }
}

/// Text without the line end that editors add. What is no text is a key of raw bytes, and all of it counts.
fn plain(bytes: Vec<u8>) -> Option<OsString> {
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text =
                text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
            Some(text.into())
        }
        Err(error) => raw(error.into_bytes()),
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there are none")]
fn raw(bytes: Vec<u8>) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn raw(_: Vec<u8>) -> Option<OsString> {
    None
}
