//! Feeds `keyward_properties::sealed_states`.
#![no_main]

use keyward_properties::sealed_states::check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(input);
});
