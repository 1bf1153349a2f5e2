//! Feeds `keyward_properties::password_hash`.
#![no_main]

use keyward_properties::password_hash::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
