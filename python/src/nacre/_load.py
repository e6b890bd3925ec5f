"""Loads the native library, or says why that is not possible."""

try:
    from nacre import _native as _native
except ImportError as _error:
    import platform
    import sys
    from pathlib import Path

    _libc = " ".join(platform.libc_ver()).strip() or "no glibc"
    raise ImportError(
        f"the native library of nacre-client cannot be loaded from {Path(__file__).parent}: {_error}. This is Python"
        f" {platform.python_version()} on {sys.platform} {platform.machine()} ({_libc})."
        " Install the package for this platform: pip install --force-reinstall nacre-client"
    ) from _error
