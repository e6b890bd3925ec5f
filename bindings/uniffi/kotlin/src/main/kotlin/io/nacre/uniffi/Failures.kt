/** What all failures have, whatever their class. */
package io.nacre.uniffi

/** The kind of a failure, e.g. `not_found`. */
val NacreException.kind: String
    get() = parts().kind

/** The number that Nacos uses: positive when a server gave it or would have, negative when it arose here. */
val NacreException.number: Int
    get() = parts().code

/** Whether the same call may succeed later. */
val NacreException.isRetryable: Boolean
    get() = parts().retryable

/** What happened, for people. */
val NacreException.text: String
    get() = parts().reason

private class Parts(val kind: String, val code: Int, val retryable: Boolean, val reason: String)

private fun NacreException.parts(): Parts = when (this) {
    is NacreException.InvalidParameter -> Parts("invalid_parameter", code, retryable, reason)
    is NacreException.NotFound -> Parts("not_found", code, retryable, reason)
    is NacreException.Forbidden -> Parts("forbidden", code, retryable, reason)
    is NacreException.Conflict -> Parts("conflict", code, retryable, reason)
    is NacreException.Unreachable -> Parts("unreachable", code, retryable, reason)
    is NacreException.Timeout -> Parts("timeout", code, retryable, reason)
    is NacreException.Refused -> Parts("refused", code, retryable, reason)
    is NacreException.Unsupported -> Parts("unsupported", code, retryable, reason)
    is NacreException.Closed -> Parts("closed", code, retryable, reason)
    is NacreException.OverLimit -> Parts("over_limit", code, retryable, reason)
    is NacreException.Internal -> Parts("internal", code, retryable, reason)
}
