//! Feeds `keyward_properties::refresh_token`.
#![no_main]

use keyward_properties::refresh_token::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
