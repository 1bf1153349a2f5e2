//! Feeds `keyward_properties::headers`.
#![no_main]

use keyward_properties::headers::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
