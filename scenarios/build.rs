//! Tells the program how it was built: `quiesce doctor` says so.

fn main() {
    let level = std::env::var("OPT_LEVEL").unwrap_or_default();
    println!("cargo:rustc-env=QUIESCE_OPT_LEVEL={level}");
    println!("cargo:rerun-if-changed=build.rs");
}
