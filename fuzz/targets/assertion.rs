//! Feeds `keyward_properties::assertion`.
#![no_main]

use keyward_properties::assertion::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
