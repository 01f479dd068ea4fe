internal import DiagModel
internal import SystemPackage

/// A path inside a bundle or host folder: relative, without `..`, by its bytes.
///
/// Two paths are equal when their bytes are; `String` would take two spellings of `é` for one.
public struct MemberPath: Hashable, Sendable, Comparable {
    /// Its components, each without `/` and NUL, none empty, `.` or `..`.
    public let components: [[UInt8]]

    init(components: [[UInt8]]) { self.components = components }

    /// The path that `bytes` spell; `.` components and doubled slashes fall away.
    ///
    /// `hasTop` says that a top folder may stand before it, which then has room of its own: the
    /// longest path of a host folder is read back from its bundle.
    ///
    /// - Throws: ``ArchiveError`` of kind `refused` for an absolute or empty path, one with `..`,
    ///   NUL, a component over 255 bytes, over 64 components or 4096 bytes.
    init(validating bytes: [UInt8], of object: String, hasTop: Bool = false) throws(ArchiveError) {
        func refuse(_ why: String) -> ArchiveError {
            ArchiveError(
                .refused, operation: "read", object: object,
                reason: "member \(Self.text(bytes.prefix(200))): \(why)")
        }
        guard !bytes.isEmpty else { throw refuse("its name is empty") }
        guard bytes.count <= (hasTop ? 4096 + 256 : 4096) else {
            throw refuse("its name is longer than 4096 bytes")
        }
        guard !bytes.contains(0) else { throw refuse("its name holds a NUL byte") }
        guard bytes.first != 0x2F else { throw refuse("its name is absolute") }
        let parts = bytes.split(separator: 0x2F).map { Array($0) }.filter { $0 != [0x2E] }
        guard !parts.contains([0x2E, 0x2E]) else { throw refuse("its name holds ..") }
        guard parts.count <= (hasTop ? 65 : 64) else {
            throw refuse("its name has more than 64 components")
        }
        guard !parts.contains(where: { $0.count > 255 }) else {
            throw refuse("its name has a component longer than 255 bytes")
        }
        components = parts
    }

    /// Its bytes, components joined by `/`.
    public var bytes: [UInt8] { Array(components.joined(separator: [0x2F])) }

    /// For messages and JSON: UTF-8 with `\xNN` for what is not.
    public var text: String { UntrustedText.escapingInvalidUTF8(bytes) }

    /// Orders by the bytes of the whole path, so a directory stands before what it holds.
    public static func < (left: MemberPath, right: MemberPath) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    /// Whether this is `path` or lies below it, where a leading top folder may be left out.
    public func isSelected(by path: MemberPath) -> Bool {
        components.starts(with: path.components)
            || components.dropFirst().starts(with: path.components)
    }

    /// The bytes whose ``text`` is `text`, where that is another spelling; `nil` for none.
    static func unescaped(_ text: String) -> [UInt8]? {
        guard text.utf8.contains(0x5C) else { return nil }
        var bytes = [UInt8]()
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == 0x5C else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case 0x5C: bytes.append(0x5C)
            case 0x78:  // \x and two digits
                guard rest.count >= 2,
                    let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: return nil
            }
        }
        guard UntrustedText.escapingInvalidUTF8(bytes).utf8.elementsEqual(text.utf8) else {
            return nil
        }
        return bytes
    }

    /// For a terminal: no control character of it can move the cursor.
    static func text(_ bytes: some Collection<UInt8>) -> String {
        UntrustedText.escapingControls(UntrustedText.escapingInvalidUTF8(bytes))
    }

    /// A component for system calls; `nil` for an empty one.
    static func component(_ bytes: [UInt8]) -> FilePath.Component? {
        let platform = bytes.map { CChar(bitPattern: $0) } + [0]
        return unsafe platform.withUnsafeBufferPointer { buffer in
            unsafe buffer.baseAddress.flatMap { unsafe FilePath.Component(platformString: $0) }
        }
    }
}

extension FilePath.Component {
    /// The bytes of the name, as the file system has them.
    var bytes: [UInt8] {
        unsafe withPlatformString { start in
            var bytes = [UInt8]()
            var position = unsafe start
            while unsafe position.pointee != 0 {
                bytes.append(UInt8(bitPattern: unsafe position.pointee))
                unsafe position += 1
            }
            return bytes
        }
    }
}
