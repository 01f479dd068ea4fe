import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage

/// A host made in a temporary folder, and removed with this value.
final class TemporaryHost {
    /// What lies at a path.
    enum Node {
        case text(String)
        case bytes([UInt8])
        case link(String)
        case folder
        case fifo
    }

    let path: String

    /// Makes every node, with the folders on the way to it.
    init(_ nodes: [String: Node]) throws {
        path = NSTemporaryDirectory() + "diag-host-" + UUID().uuidString
        let files = FileManager.default
        try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, node) in nodes {
            let place = path + name
            try files.createDirectory(
                atPath: (place as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            switch node {
            case .text(let text): try Data(text.utf8).write(to: URL(fileURLWithPath: place))
            case .bytes(let bytes): try Data(bytes).write(to: URL(fileURLWithPath: place))
            case .link(let target):
                try files.createSymbolicLink(atPath: place, withDestinationPath: target)
            case .folder:
                try files.createDirectory(atPath: place, withIntermediateDirectories: true)
            case .fifo: guard mkfifo(place, 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
            }
            if case .link = node { continue }
            try files.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)],
                ofItemAtPath: place)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// What `collector` sends of this host.
    func collect(_ collector: some Collector) throws -> MemorySink {
        let sink = MemorySink()
        try collector.collect(
            in: CollectionContext(root: try RootedTree(FilePath(path))), into: sink)
        return sink
    }
}

extension MemorySink {
    /// An artifact as JSON.
    func json(_ path: String) throws -> JSONValue? {
        try self[path].map { try JSONDocument.decode(JSONValue.self, from: $0.bytes) }
    }
}

extension JSONValue {
    /// The value that `text` stands for.
    static func parsing(_ text: String) throws -> JSONValue {
        try JSONDocument.decode(JSONValue.self, from: Array(text.utf8))
    }
}
