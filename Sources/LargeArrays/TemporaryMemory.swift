#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Memory from the heap, or pages of a temporary file that has no name any more and goes away with the process.
final class TemporaryMemory: @unchecked Sendable {
    // Sendable: nothing here changes after init; what lies in the memory is the business of those who share it.
    let base: UnsafeMutableRawPointer
    let isFile: Bool
    private let byteCount: Int
    private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

    init(byteCount: Int, prefersFile: Bool) {
        self.byteCount = byteCount
        if prefersFile, byteCount > 0, let mapping = Self.mapFile(byteCount) {
            base = mapping
            isFile = true
        } else {
            base = .allocate(byteCount: max(byteCount, 1), alignment: 64)
            isFile = false
        }
    }

    deinit {
        if isFile { munmap(base, byteCount) } else { base.deallocate() }
    }

    /// Unmaps the pages that lie wholly in a range of bytes; what was written to them stays in the file.
    func giveBack(_ range: Range<Int>) {
        guard isFile else { return }
        let mask = Self.pageSize - 1
        let start = (range.lowerBound + mask) & ~mask
        // The last page ends behind the last byte.
        let end = range.upperBound == byteCount ? byteCount : range.upperBound & ~mask
        if start < end { madvise(base + start, end - start, Int32(MADV_DONTNEED)) }
    }

    /// Where temporary files go: $TMPDIR, or /var/tmp, which unlike /tmp is on a disk everywhere.
    private static var folders: [String] {
        [getenv("TMPDIR").map { String(cString: $0) }, "/var/tmp", "/tmp"].compactMap { $0 }.filter { !$0.isEmpty }
    }

    /// Maps a new file of so many bytes, all of them reserved on the disk: a write to a page cannot fail for want of room.
    private static func mapFile(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        for folder in folders {
            var path = Array("\(folder)/verifar-XXXXXX".utf8CString)
            let descriptor = mkstemp(&path)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            unlink(path)
            guard reserve(descriptor, byteCount) else { continue }
            let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
            if let address, address != MAP_FAILED { return address }
        }
        return nil
    }

    private static func reserve(_ descriptor: Int32, _ byteCount: Int) -> Bool {
        #if canImport(Darwin)
        // No posix_fallocate there; memory then.
        return false
        #else
        return posix_fallocate(descriptor, 0, off_t(byteCount)) == 0
        #endif
    }
}
