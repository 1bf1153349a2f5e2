//! `argon2 THREADS SECONDS`: how many passwords a second Argon2id checks with this crate's defaults, each thread with its own
//! hasher and nothing around it. `cargo xtask bench` measures logins against that.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use keyward_auth::{Argon2Params, Argon2idHasher, Password, PasswordHasher, SystemRandom};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let threads: usize = args.get(1).map_or(Ok(1), |text| text.parse())?;
    let time = Duration::from_secs_f64(args.get(2).map_or(Ok(3.0), |text| text.parse())?);
    let hasher = Argon2idHasher::new(Argon2Params::default(), Arc::new(SystemRandom))?;
    let hash = hasher.hash(&Password::new("seven wild horses"))?;
    let begun = Instant::now();
    let count = || {
        let mut count = 0_u32;
        while begun.elapsed() < time {
            if hasher.verify(&Password::new("seven wild horses"), &hash).is_ok() {
                count += 1;
            }
        }
        count
    };
    let hashes: u32 = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).sum()
    });
    println!("{}", f64::from(hashes) / begun.elapsed().as_secs_f64());
    Ok(())
}
