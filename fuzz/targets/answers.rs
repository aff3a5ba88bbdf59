//! What a worker answers, who may have been taken over by the file it read.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|said: &[u8]| tintype_core::worker::fuzzing::answered(said));
