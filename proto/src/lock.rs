//! Locks of 3.x servers.

use crate::message::{object, request, response};

/// Operation of [`LockOperationRequest`].
pub const ACQUIRE: &str = "ACQUIRE";
/// Operation of [`LockOperationRequest`].
pub const RELEASE: &str = "RELEASE";
/// The only type of lock.
pub const TYPE: &str = "NACOS_LOCK";

object! {
    /// A lock. It has no owner: any connection may release it.
    pub struct LockInstance {
        /// Its name.
        key: Option<String> = "key",
        /// Milliseconds until the server releases it; negative for the server's default. Required to acquire.
        expired_time: Option<i64> = "expiredTime",
        /// [`TYPE`].
        lock_type: Option<String> = "lockType",
    }
}

request! {
    /// Takes or releases a lock.
    pub struct LockOperationRequest("lock") -> LockOperationResponse {
        /// Which one.
        lock_instance: Option<LockInstance> = "lockInstance",
        /// [`ACQUIRE`] or [`RELEASE`].
        operation: Option<String> = "lockOperationEnum",
    }
}

response! {
    /// Whether it was done.
    pub struct LockOperationResponse {
        /// False when the lock is taken already, or was free already.
        result: bool = "result",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    #[test]
    fn a_request_is_written_as_java_writes_it() {
        let lock =
            LockInstance { key: Some("job-1".to_owned()), expired_time: Some(-1), lock_type: Some(TYPE.to_owned()) };
        let request = LockOperationRequest {
            lock_instance: Some(lock),
            operation: Some(ACQUIRE.to_owned()),
            ..LockOperationRequest::default()
        };
        let expected = r#"{"headers":{},"lockInstance":{"key":"job-1","expiredTime":-1,"lockType":"NACOS_LOCK"},"lockOperationEnum":"ACQUIRE","module":"lock"}"#;
        let written: serde_json::Value = serde_json::from_slice(&request.to_json()).expect("own text");
        let expected: serde_json::Value = serde_json::from_str(expected).expect("valid");
        assert_eq!(written, expected);
    }
}
