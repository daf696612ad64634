#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// eˣ.
func exponential(_ x: Double) -> Double { exp(x) }
