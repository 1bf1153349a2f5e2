//! Files of accounts from other systems. An input is read as CSV and as JSON lines.

use keyward_domain::identity::import::ForeignUser;
use keyward_infra::identity::import::draft::Reading;
use keyward_infra::identity::import::reader::{Format, Users};
use serde_json::json;

use crate::Fate;

/// Every account means the same when it is written down again, no line is lost count of, and no reason quotes the file.
pub fn check(input: &[u8]) -> Fate {
    let mut accepted = false;
    for format in [Format::Csv, Format::JsonLines] {
        for ignore_unknown in [false, true] {
            let users = read(input, format, ignore_unknown);
            accepted |= !users.is_empty();
            let written: String = users.iter().map(line).collect();
            let again = read(written.as_bytes(), Format::JsonLines, false);
            let fits = written.lines().all(|line| line.len() < 60 * 1024);
            assert!(!fits || again.iter().map(line).eq(users.iter().map(line)), "{written}");
        }
    }
    Fate::accepted(accepted)
}

fn read(input: &[u8], format: Format, ignore_unknown: bool) -> Vec<ForeignUser> {
    let reading = Reading { ignore_unknown, ..Reading::default() };
    let mut users = match Users::open(input, format, reading).expect("memory can be read") {
        Ok(users) => users,
        Err(reason) => {
            quotes_nothing(&reason, input);
            return Vec::new();
        }
    };
    let (mut last, mut read) = (0, Vec::new());
    while let Some(entry) = users.next_entry().expect("memory can be read") {
        assert!(entry.line > last, "line {} after {last}", entry.line);
        last = entry.line;
        match entry.user {
            Ok(user) => {
                assert!(!user.email.is_empty());
                read.push(user);
            }
            Err(reason) => quotes_nothing(&reason, input),
        }
    }
    assert_eq!(usize::try_from(users.bytes()), Ok(input.len()), "all of it was read");
    assert!(last <= input.split(|byte| *byte == b'\n').count() as u64);
    read
}

fn line(user: &ForeignUser) -> String {
    let ForeignUser { email, name, hash, role, disabled, email_verified } = user;
    let members = json!({
        "email": email, "name": name, "hash": hash, "role": role,
        "disabled": disabled, "email_verified": email_verified,
    });
    format!("{members}\n")
}

/// Hashes and addresses are what a file has to hide; our own words have neither of these characters.
fn quotes_nothing(reason: &str, input: &[u8]) {
    assert!(!reason.contains(['$', '@']), "{reason:?} quotes {:?}", String::from_utf8_lossy(input));
}
