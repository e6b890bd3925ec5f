//! Link arguments of the shared library.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    napi_build::setup();
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if os == "linux" {
        // Node unloads a library with the last worker that loaded it; its threads may live on.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
