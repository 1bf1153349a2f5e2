//! Feeds `keyward_properties::attestation`.
#![no_main]

use keyward_properties::attestation::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
