//! The programs that the commands of `docs/ADDING_A_RESOURCE.md` use.

use std::process::Command;

use keyward_servers::shell;

/// Looks for them. What is missing is named in a sentence.
pub(crate) fn look() -> Result<(), String> {
    for program in ["git", "curl", "sed"] {
        let printed = shell::version(&mut Command::new(program));
        let Some(printed) = printed else {
            return Err(format!("there is no {program} on PATH; `apt-get install {program}` gets it."));
        };
        if program == "sed" && !printed.starts_with("sed (GNU sed)") {
            return Err("sed on PATH is not GNU sed, which the document uses.".to_owned());
        }
    }
    Ok(())
}
