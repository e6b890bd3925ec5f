//! What becomes of errors and panics at the boundary.

use std::{any::Any, fmt::Display};

use jni::{
    Env,
    errors::{ErrorPolicy, Result},
    jni_str,
    strings::JNIString,
};

/// Throws a `java.lang.IllegalStateException`, which the Java side turns into its typed error, and returns a default.
#[derive(Debug)]
pub(crate) struct ThrowDefect;

impl<T: Default, E: Display> ErrorPolicy<T, E> for ThrowDefect {
    type Captures<'unowned_env_local: 'native_method, 'native_method> = ();

    fn on_error<'unowned_env_local: 'native_method, 'native_method>(
        env: &mut Env<'unowned_env_local>,
        _: &mut Self::Captures<'unowned_env_local, 'native_method>,
        error: E,
    ) -> Result<T> {
        throw(env, &error.to_string());
        Ok(T::default())
    }

    fn on_panic<'unowned_env_local: 'native_method, 'native_method>(
        env: &mut Env<'unowned_env_local>,
        _: &mut Self::Captures<'unowned_env_local, 'native_method>,
        panic: Box<dyn Any + Send>,
    ) -> Result<T> {
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        throw(env, text.unwrap_or("it panicked"));
        Ok(T::default())
    }
}

fn throw(env: &mut Env<'_>, reason: &str) {
    // What the virtual machine threw itself says more.
    if !env.exception_check() {
        let reason = JNIString::new(format!("a defect in the client: {reason}"));
        // It answers with the exception that it has thrown.
        let _ = env.throw_new(jni_str!("java/lang/IllegalStateException"), reason);
    }
}
