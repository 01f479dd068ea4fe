import DiagDigest
import DiagModel
import Foundation
import SystemPackage

/// A folder for one test, with a host folder in it, removed when it goes away.
final class TestFolder {
    let path: String
    let host: String
    private(set) var artifacts = [Artifact]()

    static let files: [(path: [UInt8], bytes: [UInt8])] = [
        (Array("summary.txt".utf8), Array("all is well\n".utf8)),
        (Array("storage/topology.json".utf8), document(Topology(nodes: [], edges: []))),
        (Array("storage-2/a.txt".utf8), Array("before storage/, by bytes\n".utf8)),
        (Array("logs/empty.txt".utf8), []),
        (Array("logs/gr\u{00FC}n.txt".utf8), Array("composed".utf8)),
        (Array("logs/gru\u{0308}n.txt".utf8), Array("decomposed".utf8)),
        (Array("logs/".utf8) + [0xFF, 0x5C, 0xFE], Array("not UTF-8".utf8)),
        (
            Array(
                ("logs/" + String(repeating: "d/", count: 20) + String(repeating: "n", count: 120))
                    .utf8), Array("deep".utf8)
        ),
        (
            Array("logs/probes.jsonl".utf8),
            Array("{}\nno json\n{\"schema\":\"diagbundle.probes/1\",\"probes\":[]}\n".utf8)
        ),
    ]

    init() throws {
        path = NSTemporaryDirectory() + "archive-\(UUID().uuidString)"
        host = path + "/host17"
        try FileManager.default.createDirectory(
            atPath: host, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A host folder with the files above and `extra`, and a manifest that fits.
    static func whole(
        extra: [(path: [UInt8], bytes: [UInt8])] = [], asciiOnly: Bool = false,
        without path: String = ""
    ) throws -> TestFolder {
        let folder = try TestFolder()
        let findings = (Array("findings.json".utf8), document(FindingList([])))
        for file in [findings] + files + extra
        where file.0 != Array(path.utf8) && (!asciiOnly || file.0.allSatisfy { $0 < 0x80 }) {
            try folder.add(file.0, file.1)
        }
        try folder.writeManifest()
        return folder
    }

    static func document(_ value: some Encodable) -> [UInt8] {
        (try? JSONDocument.encode(value, layout: .document)) ?? []
    }

    func add(_ name: [UInt8], _ bytes: [UInt8]) throws {
        try write(Array(UntrustedText.escapingInvalidUTF8(name).utf8), bytes)
        let parts = name.split(separator: 0x2F)
        let isText = String(validating: name, as: UTF8.self) != nil
        artifacts.append(
            Artifact(
                collector: parts.count == 1
                    ? "diagbundle" : String(decoding: parts[0], as: UTF8.self),
                path: UntrustedText.escapingInvalidUTF8(name),
                pathBytes: isText ? nil : Data(name).base64EncodedString(),
                byteCount: Int64(bytes.count),
                sha256: SHA256.digest(of: bytes).hexadecimal))
    }

    func write(_ name: [UInt8], _ bytes: [UInt8]) throws {
        // Component by component: a path may be longer than one system call takes.
        var folder = open(host, O_RDONLY | O_DIRECTORY)
        defer { close(folder) }
        let components = name.split(separator: 0x2F).map { part in
            part.map { CChar(bitPattern: $0) } + [0]
        }
        for component in components.dropLast() {
            _ = mkdirat(folder, component, 0o755)
            let inside = openat(folder, component, O_RDONLY | O_DIRECTORY)
            close(folder)
            folder = inside
        }
        let last = openat(folder, components.last ?? [0], O_WRONLY | O_CREAT | O_TRUNC, 0o604)
        guard last >= 0 else { throw Errno(rawValue: errno) }
        let file = FileDescriptor(rawValue: last)
        defer { try? file.close() }
        try file.writeAll(bytes)
    }

    func manifest(_ change: (inout Manifest) -> Void = { _ in }) -> Manifest {
        let time = Timestamp(microsecondsSince1970: 1_700_000_000_123_456)
        let collectors = Set(artifacts.map(\.collector)).subtracting(["diagbundle"]).sorted()
        var manifest = Manifest(
            tool: .init(name: "diagbundle", version: "1.0"),
            host: .init(name: "host17", kernelRelease: "6.1", architecture: "x86_64"),
            userIdentifier: 0, started: time, collected: time,
            options: .init(
                root: "/", collectors: collectors, deadlineSeconds: 60, sealDeadlineSeconds: 60,
                jobs: 2, maxByteCount: 1 << 30),
            reports: collectors.map { name in
                let own = artifacts.filter { $0.collector == name }
                return CollectorReport(
                    collector: name, outcome: .complete, artifactCount: own.count,
                    byteCount: own.reduce(0) { $0 + $1.byteCount })
            }, artifacts: artifacts, absent: [], missing: [])
        change(&manifest)
        return manifest
    }

    func writeManifest(_ change: (inout Manifest) -> Void = { _ in }) throws {
        try write(Array("manifest.json".utf8), Self.document(manifest(change)))
    }
}

/// Runs a tool; its output, and whether it ended well.
func run(_ arguments: String...) throws -> (output: String, isWell: Bool) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["LC_ALL=C"] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (String(decoding: data, as: UTF8.self), process.terminationStatus == 0)
}

func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}
