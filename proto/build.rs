//! Generates the wire messages from the .proto text, without an external compiler.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const SOURCE: &str = "proto/nacos.proto";
    println!("cargo:rerun-if-changed={SOURCE}");
    let descriptors = protox::compile([SOURCE], ["proto"])?;
    prost_build::Config::new()
        .bytes(["."])
        .btree_map(["."])
        .extern_path(".google.protobuf.Any", "crate::payload::Any")
        .compile_fds(descriptors)?;
    Ok(())
}
