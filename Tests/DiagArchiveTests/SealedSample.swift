import DiagCodec
import DiagModel
import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

/// Bundles to read, and what is in them.
enum SealedSample {
    /// A host folder whose bundle has few bytes.
    static func small() throws -> TestFolder {
        let folder = try TestFolder()
        try folder.add(Array("findings.json".utf8), TestFolder.document(FindingList([])))
        try folder.add(Array("summary.txt".utf8), Array("all is well\n".utf8))
        try folder.add(Array("logs/a.txt".utf8), Array("one\ntwo\n".utf8))
        try folder.add(Array("logs/b.bin".utf8), noise(700, seed: 3))
        try folder.add(Array("logs/empty".utf8), [])
        try folder.writeManifest()
        return folder
    }

    /// A host folder whose bundle has many blocks.
    static func large() throws -> TestFolder {
        try TestFolder.whole(
            extra: (0..<4).map { number in
                (Array("logs/large\(number).bin".utf8), noise(700_000, seed: UInt64(number)))
            } + [(Array("logs/huge.bin".utf8), noise(9_000_000, seed: 9))], asciiOnly: true)
    }

    static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { bytes in
            // Four bytes a step: without the optimizer each step costs.
            for place in stride(from: 0, to: count - 3, by: 4) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.storeBytes(
                    of: UInt32(truncatingIfNeeded: state >> 32), toByteOffset: place,
                    as: UInt32.self)
            }
        }
        return bytes
    }

    /// Seals `folder`; the path of the bundle.
    static func seal(_ folder: TestFolder, _ format: BlockFormat = .xz) throws -> String {
        try BundleWriter.seal(
            folder: FilePath(folder.host), topName: "host17",
            as: FilePath(folder.path + "/host17.\(format.rawValue)"),
            options: BundleOptions(format: format, threadCount: 2)
        ).path.string
    }

    /// All files below `path`, by their paths below it.
    static func files(below path: String) throws -> [String: [UInt8]] {
        var files = [String: [UInt8]]()
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isDirectory)
            if !isDirectory.boolValue { files[name] = try bytes(path + "/" + name) }
        }
        return files
    }

    /// What a bundle holds, read by its index; `nil` without one.
    static func indexed(_ path: String) throws -> [String: [UInt8]]? {
        guard let bundle = try IndexedBundle.open(InputFile(FilePath(path))) else { return nil }
        let members = try bundle.allMembers()
        guard !members.isEmpty else { return [:] }
        let sweep = try MemberSweep(bundle.stream, members)
        var files = [String: [UInt8]]()
        for member in members {
            var content = [UInt8]()
            try sweep.read(member) { part throws(ArchiveError) in content.append(copying: part) }
            if member.kind != .directory { files[member.path.text] = content }
        }
        return files
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    /// Places in a file of `count` bytes that are damaged one after the other: its head, its end,
    /// and some between; with `DIAGBUNDLE_FUZZ` in the environment all of them.
    static func places(in count: Int) -> [Int] {
        if ProcessInfo.processInfo.environment["DIAGBUNDLE_FUZZ"] != nil {
            return Array(0..<count)
        }
        let between = stride(from: 0, to: count, by: max(1, count / 25) | 1)
        return Set(between).union(0..<min(16, count)).union(max(0, count - 32)..<count).sorted()
    }
}
