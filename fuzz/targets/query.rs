//! Feeds `keyward_properties::query`.
#![no_main]

use keyward_properties::query::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
