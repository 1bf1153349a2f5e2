//! Feeds `keyward_properties::jwks`.
#![no_main]

use keyward_properties::jwks::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
