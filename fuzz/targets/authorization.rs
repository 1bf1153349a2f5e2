//! Feeds `keyward_properties::authorization`.
#![no_main]

use keyward_properties::authorization::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
