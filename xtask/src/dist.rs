//! `cargo xtask dist`: the server as it is shipped.

use keyward_servers::build;
use keyward_servers::shell::Outcome;

pub(crate) const HELP: &str = "
Usage: cargo xtask dist [--features FEATURES]

Builds the server as it is shipped, target/dist/keyward, with link-time and profile-guided optimisation. It takes ten
minutes on two cores. The profile, crates/keyward/keyward.profdata, is of a server under load on x86-64 Linux, with the
default features and the dependencies of Cargo.lock; other builds gain less from it. `cargo xtask bench --train` makes a
new one.";

pub(crate) fn run(args: &[String]) -> Outcome {
    let more = match args {
        [] => Vec::new(),
        [option, features] if option == "--features" => vec!["--features", features],
        _ => return Err(format!("`dist` takes `--features FEATURES` alone, not `{}`.", args.join(" "))),
    };
    let programs = build::build("dist", &[&["--bin", "keyward"], &more[..]].concat())?;
    println!("{}", programs.path("keyward")?.display());
    Ok(())
}
