//! Feeds `keyward_properties::body`.
#![no_main]

use keyward_properties::body::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
