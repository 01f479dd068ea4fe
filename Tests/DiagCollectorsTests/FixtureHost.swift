import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

/// A root made from a text listing in a temporary folder, which goes away with it.
///
/// A listing has one file or link to a line; `\n`, `\t`, `\\` and `\xNN` are escapes:
///
///     # a comment
///     sys/block/sda -> ../devices/…/block/sda
///     sys/devices/…/block/sda/size = 2048
///     proc/1/mountinfo <<END
///     any number of lines, taken as they are
///     END
///     run/empty/
final class FixtureHost {
    struct BadListing: Error { let line: Int }

    let url: URL

    /// The host whose listing is `Fixtures/hosts/<name>/host.txt`.
    convenience init(_ name: String) throws {
        try self.init(listing: try Self.text("hosts/\(name)/host.txt"))
    }

    init(listing: String) throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("fixture-host-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try add(listing)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The text of a file below `Fixtures`.
    static func text(_ path: String) throws -> String {
        let folder = try #require(Bundle.module.resourceURL)
        return try String(
            contentsOf: folder.appendingPathComponent("Fixtures/" + path), encoding: .utf8)
    }

    func tree() throws -> RootedTree { try RootedTree(FilePath(url.path)) }

    /// Adds what `listing` says, over what is there.
    func add(_ listing: String) throws {
        var lines = listing.split(separator: "\n", omittingEmptySubsequences: false)[...]
        while let line = lines.popFirst() {
            if line.isEmpty || line.hasPrefix("#") { continue }
            if let range = line.range(of: " -> ") {
                try link(String(line[..<range.lowerBound]), to: String(line[range.upperBound...]))
            } else if let range = line.range(of: " <<") {
                let end = line[range.upperBound...]
                var content = ""
                while let next = lines.popFirst(), next != end { content += next + "\n" }
                try write(String(line[..<range.lowerBound]), Array(content.utf8))
            } else if let range = line.range(of: " = ") {
                let value = Self.unescaped(line[range.upperBound...]) + [0x0A]
                try write(String(line[..<range.lowerBound]), value)
            } else if line.hasSuffix("/") {
                try FileManager.default.createDirectory(
                    at: url.appendingPathComponent(String(line)),
                    withIntermediateDirectories: true)
            } else {
                throw BadListing(line: listing.split(separator: "\n").count - lines.count)
            }
        }
    }

    func write(_ path: String, _ bytes: [UInt8]) throws {
        let file = url.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    func link(_ path: String, to target: String) throws {
        let file = url.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try? FileManager.default.removeItem(at: file)
        try FileManager.default.createSymbolicLink(
            atPath: file.path, withDestinationPath: target)
    }

    func remove(_ path: String) throws {
        try FileManager.default.removeItem(at: url.appendingPathComponent(path))
    }

    /// What `collector` sends when it reads this host.
    func collect(_ collector: some Collector) throws -> MemorySink {
        let sink = MemorySink()
        try collector.collect(
            in: CollectionContext(
                root: try tree(), byteBudget: collector.descriptor.byteBudget), into: sink)
        return sink
    }

    private static func unescaped(_ text: Substring) -> [UInt8] {
        var bytes = [UInt8]()
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == 0x5C, let next = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch next {
            case 0x6E: bytes.append(0x0A)
            case 0x74: bytes.append(0x09)
            case 0x78:
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                rest = rest.dropFirst(2)
                bytes.append(UInt8(digits, radix: 16) ?? 0x3F)
            default: bytes.append(next)
            }
        }
        return bytes
    }
}
