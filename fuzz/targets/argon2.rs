//! Feeds `keyward_properties::argon2`.
#![no_main]

use keyward_properties::argon2::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
