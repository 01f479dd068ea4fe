internal import DiagModel

/// Lists the members of cpio archives that stand behind each other, as their bytes come by.
///
/// The archives end where something stands that is neither a header nor a zero byte: there a
/// compressed archive may begin. Source: Linux 6.12, init/initramfs.c `unpack_to_rootfs`.
public struct CpioWalker: Sendable {
    /// One member.
    public struct Entry: Codable, Hashable, Sendable {
        /// Its name without a `/` or `./` before it.
        public let name: String
        /// File type and permissions, as stat(2) has them.
        public let mode: UInt32
        /// Bytes of its content.
        public let byteCount: UInt32
        /// Where a symbolic link points.
        public let target: String?

        /// Whether it is a regular file.
        public var isRegular: Bool { mode & 0o170000 == 0o100000 }
        /// Whether it is a directory.
        public var isDirectory: Bool { mode & 0o170000 == 0o040000 }
        /// Whether it is a symbolic link.
        public var isSymbolicLink: Bool { mode & 0o170000 == 0o120000 }
    }

    private enum State: Sendable {
        case header
        case name(CpioHeader)
        case content(CpioHeader, name: [UInt8], remaining: Int)
        case padding(Int)
        case betweenArchives
        case ended
    }

    /// The members so far.
    public private(set) var entries = [Entry]()
    /// How many archives have ended with their trailer.
    public private(set) var archiveCount = 0
    /// Bytes taken so far.
    public private(set) var byteCount: Int64 = 0
    /// Whether something stands there that is neither a header nor a zero byte.
    public var hasEnded: Bool { if case .ended = state { true } else { false } }
    /// Whether the bytes so far end between two archives, and not within one.
    public var isBetweenArchives: Bool {
        switch state {
        case .betweenArchives, .ended: true
        default: false
        }
    }
    /// Whether there are more members than ``entries`` may hold.
    public private(set) var isTruncated = false

    private let entryLimit: Int
    private var state = State.betweenArchives
    private var pending = [UInt8]()
    /// Where the archive began, for the padding of its members.
    private var archiveStart: Int64 = 0
    private var nameByteCount = 0
    private static let nameBytesLimit = 16 << 20

    /// A walk that keeps at most `entryLimit` members.
    public init(entryLimit: Int) { self.entryLimit = entryLimit }

    /// Takes the next bytes.
    ///
    /// - Returns: how many of them belong to the archives; fewer than all once ``hasEnded``.
    /// - Throws: ``FormatError`` for a damaged header within an archive; nothing more is taken then.
    public mutating func take(_ bytes: Span<UInt8>) throws(FormatError) -> Int {
        var at = 0
        while at < bytes.count {
            switch state {
            case .ended: return at
            case .betweenArchives:
                if bytes[at] == 0 {
                    advance(1, &at)
                } else if bytes[at] == 0x30, byteCount % 4 == 0 {
                    archiveStart = byteCount
                    state = .header
                } else {
                    state = .ended
                }
            case .header:
                collect(CpioHeader.byteCount, from: bytes, &at)
                guard pending.count == CpioHeader.byteCount else { continue }
                let header: CpioHeader
                do throws(FormatError) {
                    header = try CpioHeader(parsing: pending.span)
                } catch {
                    state = .ended
                    throw error
                }
                pending = []
                state = .name(header)
            case .name(let header):
                collect(Int(header.nameByteCount), from: bytes, &at)
                guard pending.count == Int(header.nameByteCount) else { continue }
                let name = Array(pending.prefix { $0 != 0 })
                pending = []
                finishName(header, name)
            case .content(let header, let name, var remaining):
                let count = Swift.min(remaining, bytes.count - at)
                if header.mode & 0o170000 == 0o120000 {
                    for index in at..<(at + count) where pending.count < CpioHeader.nameByteLimit {
                        pending.append(bytes[index])
                    }
                }
                advance(count, &at)
                remaining -= count
                if remaining > 0 {
                    state = .content(header, name: name, remaining: remaining)
                } else {
                    finishContent(header, name)
                }
            case .padding(let count):
                let taken = Swift.min(count, bytes.count - at)
                advance(taken, &at)
                state = taken == count ? .header : .padding(count - taken)
            }
        }
        return at
    }

    private mutating func advance(_ count: Int, _ at: inout Int) {
        at += count
        byteCount += Int64(count)
    }

    private mutating func collect(_ wanted: Int, from bytes: Span<UInt8>, _ at: inout Int) {
        let count = Swift.min(wanted - pending.count, bytes.count - at)
        for index in at..<(at + count) { pending.append(bytes[index]) }
        advance(count, &at)
    }

    /// How many bytes are missing to a multiple of four since the archive began.
    private var gap: Int { Int((4 - (byteCount - archiveStart) % 4) % 4) }

    private mutating func finishName(_ header: CpioHeader, _ name: [UInt8]) {
        // The content begins after the padding, which is counted as part of it.
        let size = Int(header.fileByteCount)
        if name.elementsEqual("TRAILER!!!".utf8) {
            archiveCount += 1
            state = .betweenArchives
            return
        }
        let skipped = gap
        if size == 0 {
            keep(header, name, target: nil)
            state = skipped == 0 ? .header : .padding(skipped)
        } else {
            pending = []
            state = .content(header, name: name, remaining: size + skipped)
            contentPadding = skipped
        }
    }

    private var contentPadding = 0

    private mutating func finishContent(_ header: CpioHeader, _ name: [UInt8]) {
        var target: String?
        if header.mode & 0o170000 == 0o120000 {
            target = UntrustedText.escapingForPath(
                pending.dropFirst(contentPadding).prefix { $0 != 0 })
        }
        pending = []
        keep(header, name, target: target)
        let skipped = gap
        state = skipped == 0 ? .header : .padding(skipped)
    }

    private mutating func keep(_ header: CpioHeader, _ name: [UInt8], target: String?) {
        var name = name[...]
        if name.starts(with: [0x2E, 0x2F]) { name = name.dropFirst(2) }
        while name.first == 0x2F { name = name.dropFirst() }
        nameByteCount += name.count + (target?.utf8.count ?? 0)
        guard entries.count < entryLimit, nameByteCount <= Self.nameBytesLimit else {
            isTruncated = true
            return
        }
        entries.append(
            Entry(
                name: UntrustedText.escapingForPath(name), mode: header.mode,
                byteCount: header.fileByteCount, target: target))
    }
}
