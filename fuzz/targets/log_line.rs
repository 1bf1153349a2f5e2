//! Feeds `keyward_properties::log_line`.
#![no_main]

use keyward_properties::log_line::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
