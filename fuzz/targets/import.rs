//! Feeds `keyward_properties::import`.
#![no_main]

use keyward_properties::import::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
