import DiagFormats

@testable import DiagLiveDump

/// LiME and AVML files of a memory with a kernel's VMCOREINFO and its names, made by code.
enum RangeSamples {
    /// Where the second range begins, in which all of the kernel lies.
    static let start: UInt64 = 0x300_0000
    /// Pages of it.
    static let pageCount = 64
    /// The page with VMCOREINFO, and the page with the names.
    static let (textPage, namesPage) = (37, 32)
    static let release = "6.1.0-56-cloud-amd64"
    static let identifier = "3b43fad5034874490492495d552c0af6a5fab235"

    /// The kernel was moved by 0x1a000000, and its page 0x1b020000 lies at physical 0x3020000.
    static let text = """
        OSRELEASE=\(release)
        BUILD-ID=\(identifier)
        PAGESIZE=4096
        SYMBOL(init_uts_ns)=ffffffff9b020000
        OFFSET(uts_namespace.name)=4
        NUMBER(phys_base)=-402653184
        KERNELOFFSET=1a000000

        """

    /// The second range's bytes; `others` are texts at the start of further pages.
    static func memory(
        _ text: String = text, hasNames: Bool = true, others: [Int: String] = [:]
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: pageCount * 4096)
        for (page, text) in others.merging([textPage: text], uniquingKeysWith: { $1 }) {
            bytes.replaceSubrange((page * 4096)..<(page * 4096 + text.utf8.count), with: text.utf8)
        }
        guard hasNames else { return bytes }
        let names = ["Linux", "lab", release, "#1 SMP Debian 6.1", "x86_64", "(none)"]
        for (index, name) in names.enumerated() {
            let place = namesPage * 4096 + 4 + index * 65
            bytes.replaceSubrange(place..<(place + name.utf8.count), with: name.utf8)
        }
        return bytes
    }

    /// A LiME file whose first range ends in the middle of a page, and whose second begins `skip`
    /// bytes behind a page's start.
    static func lime(_ memory: [UInt8], skip: Int = 0) -> [UInt8] {
        let content = memory.dropFirst(skip)
        let first = start + UInt64(skip)
        return DumpSamples.lime([(0x1000, 6000)])
            + LiMEHeader(start: first, last: first + UInt64(content.count) - 1).encoded + content
    }

    /// The same as an AVML file, every second chunk compressed.
    static func avml(_ memory: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0xFF, 6, 0, 0] + Array("sNaPpY".utf8)
        for (index, place) in stride(from: 0, to: memory.count, by: 65_536).enumerated() {
            let part = memory[place..<min(place + 65_536, memory.count)]
            var content: [UInt8] = [1, 2, 3, 4]
            if index % 2 == 0 {
                // The size, then one literal of two bytes of size.
                content += [UInt8(part.count & 0x7F | 0x80), UInt8(part.count >> 7 & 0x7F | 0x80)]
                content += [UInt8(part.count >> 14), 61 << 2]
                content += [UInt8((part.count - 1) & 0xFF), UInt8((part.count - 1) >> 8)]
            }
            content += part
            stream += [index % 2 == 0 ? 0 : 1, UInt8(content.count & 0xFF)]
            stream += [UInt8(content.count >> 8 & 0xFF), UInt8(content.count >> 16)] + content
            // Padding holds nothing.
            stream += [0xFE, 3, 0, 0, 9, 9, 9]
        }
        return DumpSamples.avml([(0, 4096, 10)])
            + LiMEHeader(
                isCompressed: true, start: start, last: start + UInt64(memory.count) - 1
            ).encoded + stream + DumpSamples.little(UInt64(stream.count))
    }
}
