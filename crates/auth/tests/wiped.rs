//! No copy of a password is left in the memory of the process once it was hashed, nor what a guess could be tested against at once.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, mpsc};
use std::thread;

use keyward_auth::{Argon2Params, Argon2idHasher, Password, PasswordHasher, Random};
use zeroize::Zeroizing;

/// Added to each byte that is searched for, or the search would find itself.
const MASK: u8 = 1;

fn masked(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte.wrapping_add(MASK)).collect()
}

/// A password of that many bytes.
fn password(length: u8) -> Zeroizing<String> {
    let mut password = Zeroizing::new(String::with_capacity(length.into()));
    password.extend((0..length).map(|index| char::from(b'A' + index.wrapping_mul(7) % 50)));
    password
}

/// What Argon2id computes first of a password (RFC 9106, section 3.2, H0): with it a guess takes no memory.
#[cfg(feature = "fast-hash")]
fn first(password: &str) -> Zeroizing<[u8; 64]> {
    let Argon2Params { memory_kib, iterations, parallelism } = Argon2Params::default();
    let numbers = [parallelism, 32, memory_kib, iterations, 0x13, 2].map(u32::to_le_bytes).concat();
    // With room for all, since a vector that grows leaves copies.
    let mut input = Zeroizing::new(Vec::with_capacity(512));
    input.extend(numbers);
    for part in [password.as_bytes(), &SALT, &[], &[]] {
        input.extend(u32::try_from(part.len()).expect("it is short").to_le_bytes());
        input.extend(part);
    }
    let mut first = Zeroizing::new([0; 64]);
    argon2_rust::blake2b(&mut *first, &input).expect("it fits");
    first
}

const SALT: [u8; 16] = [7; 16];

/// Gives the same salt each time.
struct SameSalt;

impl Random for SameSalt {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(SALT[0]);
    }
}

/// The mappings of this process that hold it.
fn places(masked: &[u8]) -> Vec<String> {
    let memory = File::open("/proc/self/mem").expect("the memory of this process");
    let maps = fs::read_to_string("/proc/self/maps").expect("its mappings");
    let mut found = Vec::new();
    for map in maps.lines().filter(|map| map.contains(" rw")) {
        let (start, end) = map.split_once(' ').and_then(|(range, _)| range.split_once('-')).expect("a range");
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).expect("an address"));
        let mut bytes = Zeroizing::new(vec![0; usize::try_from(end - start).expect("it is in memory")]);
        let is_it = |window: &[u8]| {
            window.iter().zip(masked).all(|(byte, masked)| byte.wrapping_add(MASK) == *masked)
        };
        // Some are not readable.
        if memory.read_exact_at(&mut bytes, start).is_ok()
            && let Some(at) = bytes.windows(masked.len()).position(is_it)
        {
            found.push(format!("{map} at {at:#x}"));
        }
    }
    found
}

/// Hashes on a thread that then waits, as those of a server do, and looks for `traces` meanwhile.
fn leaves_nothing(typed: Password, traces: &[Vec<u8>]) {
    let hasher = Argon2idHasher::new(Argon2Params::default(), Arc::new(SameSalt)).expect("the defaults");
    let (hashed, waiting) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        hasher.hash(&typed).expect("a hash");
        drop(typed);
        hashed.send(()).ok();
        ended.recv().ok();
    });
    waiting.recv().expect("it was hashed");
    for (number, trace) in traces.iter().enumerate() {
        assert_eq!(places(trace), [""; 0], "trace {number}");
    }
    drop(end);
    thread.join().expect("its end");
}

#[test]
fn no_copy_of_a_password_is_left_once_it_was_hashed() {
    for length in [17, 96] {
        let typed = password(length);
        let traces = [masked(typed.as_bytes())];
        assert!(!places(&traces[0]).is_empty(), "the search finds it while it is there");
        #[cfg(feature = "fast-hash")]
        let traces = {
            let first = first(&typed);
            let [password] = traces;
            let traces = [password, masked(&*first)];
            assert!(!places(&traces[1]).is_empty(), "the search finds it while it is there");
            traces
        };
        let password = Password::new(&typed);
        drop(typed);
        leaves_nothing(password, &traces);
    }
}
