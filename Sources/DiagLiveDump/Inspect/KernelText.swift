internal import DiagFormats

/// The text of VMCOREINFO as it lies in memory: at the start of a page of its own, with zeros
/// behind it.
///
/// Source: Linux 6.1 kernel/crash_core.c, `crash_save_vmcoreinfo_init`, which appends `OSRELEASE=`
/// first to a page of zeros. Kernels before 4.13 had it in their image, at any place.
enum KernelText {
    /// What the page begins with.
    static let beginning = Array("OSRELEASE=".utf8)
    /// Bytes that the text has at most: a page of any kernel.
    static let largestByteCount = 65_536
    private static let largestName = 64

    /// What the text at the start of `bytes` says; `nil` for any that a kernel would not write:
    /// pages of files, of logs and of other dumps lie in the same memory.
    static func parse(_ bytes: Span<UInt8>) -> VMCoreInfo? {
        guard let count = textByteCount(bytes) else { return nil }
        let info = VMCoreInfo(parsing: bytes.extracting(0..<count))
        guard info.values.keys.allSatisfy(isKey), let release = info.release,
            isRelease(release), let size = info.pageByteCount,
            [4096, 16_384, 65_536].contains(size), count <= size,
            let names = info.symbol("init_uts_ns"), names >= 1 << 63
        else { return nil }
        // What is there but malformed is no kernel's either.
        if info.values["BUILD-ID"] != nil, !(info.buildIdentifier.map(isIdentifier) ?? false) {
            return nil
        }
        if info.values["KERNELOFFSET"] != nil {
            guard let offset = info.kernelOffset, offset % 4096 == 0 else { return nil }
        }
        return info
    }

    /// Bytes of the text, up to the first zero; `nil` without one, and for what is no text.
    private static func textByteCount(_ bytes: Span<UInt8>) -> Int? {
        guard bytes.count > beginning.count else { return nil }
        for index in 0..<beginning.count where bytes[index] != beginning[index] { return nil }
        for index in 0..<min(bytes.count, largestByteCount) {
            let byte = bytes[index]
            if byte == 0 { return bytes[index - 1] == 0x0A ? index : nil }
            guard byte == 0x0A || (0x20...0x7E).contains(byte) else { return nil }
        }
        return nil
    }

    /// `PAGESIZE`, `BUILD-ID`, `CONFIG_X86_PAE`; or `SYMBOL(name)` and its like.
    private static func isKey(_ key: String) -> Bool {
        guard key.utf8.count <= 2 * largestName, let open = key.firstIndex(of: "(") else {
            return !key.isEmpty && key.utf8.count <= largestName
                && key.utf8.allSatisfy {
                    isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x5F || $0 == 0x2D
                }
        }
        return ["SYMBOL", "OFFSET", "SIZE", "LENGTH", "NUMBER"].contains(key[..<open])
            && key.hasSuffix(")")
    }

    private static func isRelease(_ text: String) -> Bool {
        (1...largestName).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                isLetter($0) || (0x30...0x39).contains($0) || "._+~-".utf8.contains($0)
            } && (0x30...0x39).contains(text.utf8.first ?? 0)
    }

    private static func isIdentifier(_ text: String) -> Bool {
        (16...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
