//! Feeds `keyward_properties::access_token`.
#![no_main]

use keyward_properties::access_token::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
