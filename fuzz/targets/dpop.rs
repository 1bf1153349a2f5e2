//! Feeds `keyward_properties::dpop`.
#![no_main]

use keyward_properties::dpop::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
