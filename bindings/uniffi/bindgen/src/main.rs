//! Writes the Kotlin, Swift and Ruby sources for the library of nacre-uniffi: `generate --language kotlin --out-dir DIR
//! LIBRARY`.

fn main() {
    uniffi::uniffi_bindgen_main();
}
