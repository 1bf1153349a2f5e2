//! What is left of a password in the memory of the process once it has been hashed: nothing.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use keyward_auth::{Argon2Params, Argon2idHasher, Password, PasswordHasher, SystemRandom};
use zeroize::Zeroizing;

/// Not the password itself, or the search would find this.
const MASK: u8 = 0x55;
const MASKED: [u8; 17] = *b"\x26\x30\x23\x30\x3b\x75\x22\x3c\x39\x31\x75\x3d\x3a\x27\x26\x30\x26";

fn password() -> Password {
    let plain = Zeroizing::new(MASKED.map(|byte| byte ^ MASK));
    Password::new(std::str::from_utf8(&*plain).expect("ASCII"))
}

/// The mappings of this process that hold it.
fn places() -> Vec<String> {
    let memory = File::open("/proc/self/mem").expect("the memory of this process");
    let maps = fs::read_to_string("/proc/self/maps").expect("its mappings");
    let mut found = Vec::new();
    for map in maps.lines().filter(|map| map.contains(" rw")) {
        let (start, end) = map.split_once(' ').and_then(|(range, _)| range.split_once('-')).expect("a range");
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).expect("an address"));
        let mut bytes = vec![0; usize::try_from(end - start).expect("it is in memory")];
        // Some are not readable.
        if memory.read_exact_at(&mut bytes, start).is_ok()
            && let Some(at) = bytes
                .windows(MASKED.len())
                .position(|window| window.iter().zip(MASKED).all(|(byte, masked)| byte ^ MASK == masked))
        {
            found.push(format!("{map} at {at:#x}"));
        }
    }
    found
}

#[test]
fn no_copy_of_a_password_is_left_once_it_was_hashed_and_checked() {
    let hasher = Argon2idHasher::new(Argon2Params::default(), Arc::new(SystemRandom)).unwrap();
    let typed = password();
    assert!(!places().is_empty(), "the search finds it while it is there");
    let hash = hasher.hash(&typed).unwrap();
    hasher.verify(&typed, &hash).unwrap();
    hasher.verify_absent(&typed);
    drop(typed);
    assert_eq!(places(), [""; 0]);
}
