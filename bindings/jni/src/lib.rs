//! The client for the Java virtual machine: conversion only, everything else is in `nacre-bindings`.
//!
//! Java's `io.nacre.internal.Native` declares these functions. No thread of the library ever calls into the virtual
//! machine: Java's pump asks by `poll`.

#![deny(missing_docs)]

mod native;
mod policy;

use std::ffi::c_void;

use jni::{
    Env, JavaVM,
    errors::{Error, Result},
    jni_sig, jni_str,
    objects::{JString, JValue},
    strings::JNIString,
    sys::{self, JNI_ERR, JNI_VERSION_1_8, jint},
};

/// The system property in which the Java side puts the name of its class, with slashes, while it loads the library. It
/// is another one in a jar whose packages were renamed.
const CLASS: &str = "nacre.native.class";

/// Called by the virtual machine when it loads the library: registers the functions.
///
/// # Safety
/// Only the virtual machine calls it, with a valid pointer.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn JNI_OnLoad(vm: *mut sys::JavaVM, _reserved: *mut c_void) -> jint {
    // SAFETY: the virtual machine gives a pointer to itself, which stays valid as long as the process.
    let vm = unsafe { JavaVM::from_raw(vm) };
    let registered = std::panic::catch_unwind(|| vm.attach_current_thread(register));
    match registered {
        Ok(Ok(())) => JNI_VERSION_1_8,
        _ => JNI_ERR,
    }
}

fn register(env: &mut Env<'_>) -> Result<()> {
    let name = env.new_string(CLASS)?;
    let name = env
        .call_static_method(
            jni_str!("java/lang/System"),
            jni_str!("getProperty"),
            jni_sig!("(Ljava/lang/String;)Ljava/lang/String;"),
            &[JValue::Object(&name)],
        )?
        .l()?;
    if name.is_null() {
        return Err(Error::NullPtr("the name of the class"));
    }
    let name = env.cast_local::<JString<'_>>(name)?.to_string();
    let class = env.find_class(JNIString::new(name))?;
    // SAFETY: each method is static, and the macro that made it checked its signature.
    unsafe {
        env.register_native_methods(&class, &[native::VERSION])?;
        // Classes of another version may lack one of these; they learn that from the version.
        let others = env.register_native_methods(&class, &native::METHODS);
        if others.is_err() && env.exception_check() {
            env.exception_clear();
        }
    }
    Ok(())
}
