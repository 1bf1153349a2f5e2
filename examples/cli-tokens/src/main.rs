//! Passwords and tokens with `keyward-auth` alone. The crate does no I/O: reading, writing and looking at the clock is done here.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use keyward_auth::{
    Algorithm, Argon2Params, Argon2idHasher, Grant, IssuerSettings, JwtIssuer, JwtVerifier, KeyRing,
    Password, PasswordHash, PasswordHasher, PasswordPolicy, ScopeSet, SharedKeyRing, SigningKey,
    SystemRandom, TokenIssuer, TokenVerifier, Verdict, VerifierSettings,
};

type Answer = Result<String, Box<dyn Error>>;

const ISSUER: &str = "https://auth.example.com";
const AUDIENCE: &str = "https://api.example.com";

const USAGE: &str = "\
cli-tokens hash                      a password on standard input to what one stores
cli-tokens verify HASH               whether the password on standard input is that one
cli-tokens issue SUBJECT [SCOPE ..]  an access token, good for 15 minutes
cli-tokens check TOKEN               whose it is and what it may do
cli-tokens rotate                    a new key signs; the one before it still verifies";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[&str]) -> Answer {
    match args {
        [] => Ok(USAGE.to_owned()),
        ["hash"] => hash(&typed()?),
        ["verify", stored] => verify(&typed()?, stored),
        ["issue", subject, scopes @ ..] => issue(subject, &scopes.join(" ")),
        ["check", token] => check(token),
        ["rotate"] => rotate(),
        _ => Err(USAGE.into()),
    }
}

fn hash(password: &Password) -> Answer {
    PasswordPolicy::default().check(password, &[])?;
    Ok(hasher()?.hash(password)?.as_str().to_owned())
}

fn verify(password: &Password, stored: &str) -> Answer {
    match hasher()?.verify(password, &PasswordHash::from_stored(stored.to_owned()))? {
        Verdict::Match { needs_rehash: false } => Ok("right".to_owned()),
        Verdict::Match { needs_rehash: true } => Ok("right, and due to be hashed anew".to_owned()),
        Verdict::Mismatch => Err("wrong".into()),
    }
}

fn issue(subject: &str, scope: &str) -> Answer {
    let settings =
        IssuerSettings { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned(), ttl_seconds: 900 };
    let scope = ScopeSet::parse(scope)?;
    let grant = Grant {
        key: None,
        subject: subject.to_owned(),
        session: None,
        client_id: None,
        scope,
        audience: Vec::new(),
        userinfo: false,
        authentication: None,
    };
    let issuer = JwtIssuer::new(settings, ring()?, Arc::new(SystemRandom));
    Ok(issuer.issue(&grant, now()?)?.as_str().to_owned())
}

fn check(token: &str) -> Answer {
    let verifier = JwtVerifier::new(VerifierSettings::new(ISSUER, AUDIENCE), ring()?);
    let claims = verifier.verify(token, now()?)?;
    Ok(format!("{} may {}", claims.sub, claims.scope))
}

fn rotate() -> Answer {
    let before = keys()?;
    add(before.last().map_or(1, |(number, _)| number + 1))?;
    // The tokens of the last key are out, those of the ones before it have expired.
    for (_, path) in before.iter().rev().skip(1) {
        fs::remove_file(path)?;
    }
    Ok(format!("{} signs now", ring()?.load().current().and_then(SigningKey::kid).unwrap_or_default()))
}

/// The key of the highest number signs, the others verify.
fn ring() -> Result<SharedKeyRing, Box<dyn Error>> {
    if keys()?.is_empty() {
        add(1)?;
    }
    let read = |(_, path)| Ok(SigningKey::from_pkcs8_der(Algorithm::EdDsa, &fs::read(path)?)?);
    let mut keys = keys()?.into_iter().map(read).collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let current = keys.pop().ok_or("there is no key")?;
    Ok(SharedKeyRing::new(KeyRing::new(current).with_previous(keys.iter().map(SigningKey::verifying_key))))
}

/// The files `keys/1.der`, `keys/2.der` .. by their numbers.
fn keys() -> Result<Vec<(u32, PathBuf)>, Box<dyn Error>> {
    fs::create_dir_all("keys")?;
    let mut keys = Vec::new();
    for entry in fs::read_dir("keys")? {
        let path = entry?.path();
        if let Some(number) = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok()) {
            keys.push((number, path));
        }
    }
    keys.sort();
    Ok(keys)
}

fn add(number: u32) -> Result<(), Box<dyn Error>> {
    let key = SigningKey::generate(Algorithm::EdDsa)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(format!("keys/{number}.der"))?;
    file.write_all(&key.to_pkcs8_der().ok_or("an Ed25519 key has a private half")?)?;
    Ok(())
}

fn hasher() -> Result<Argon2idHasher, Box<dyn Error>> {
    Ok(Argon2idHasher::new(Argon2Params::default(), Arc::new(SystemRandom))?)
}

/// A line of standard input: an argument would be seen by everybody on the machine.
fn typed() -> Result<Password, Box<dyn Error>> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(Password::new(line.trim_end_matches(['\r', '\n'])))
}

#[expect(clippy::disallowed_methods, reason = "this program is where the clock is looked at")]
fn now() -> Result<i64, Box<dyn Error>> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().try_into()?)
}
