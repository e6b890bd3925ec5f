//! Places where a test may let the process die, as a power cut would. Absent from release builds.

/// Ends the process at once when `NACRE_FAILPOINT` is `name:step`.
#[cfg(debug_assertions)]
pub fn hit(name: &str, step: u32) {
    let wanted = std::env::var("NACRE_FAILPOINT");
    if wanted.is_ok_and(|wanted| wanted.split_once(':') == Some((name, &*step.to_string()))) {
        std::process::abort();
    }
}

/// Does nothing in release builds.
#[cfg(not(debug_assertions))]
pub fn hit(_name: &str, _step: u32) {}
