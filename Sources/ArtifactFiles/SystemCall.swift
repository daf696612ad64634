#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The text of the calling thread's last system error.
package func lastSystemError() -> String { String(cString: strerror(errno)) }
