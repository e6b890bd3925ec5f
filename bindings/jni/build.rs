//! Link arguments of the shared library.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if os == "linux" {
        // Threads and thread-local destructors of the library may outlive the class loader that loaded it.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
