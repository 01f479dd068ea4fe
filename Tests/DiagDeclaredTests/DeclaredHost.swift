import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage

@testable import DiagDeclared

/// A root made in a temporary folder, and removed with this value.
final class DeclaredHost {
    let path: String

    /// Makes each file, with the folders on the way to it.
    init(_ files: [String: String] = [:]) throws {
        path = NSTemporaryDirectory() + "diag-declared-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try write(text, to: name) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String, modified: Double = 1_700_000_000) throws {
        let place = path + name
        try FileManager.default.createDirectory(
            atPath: (place as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: place))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: modified)], ofItemAtPath: place)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: path + name, withDestinationPath: target)
    }

    /// What a collector with these items sends of this root.
    func collect(
        _ items: String, head: String = "", since: Timestamp? = nil,
        profile: CollectionProfile = .default
    ) throws -> MemorySink {
        try declared(
            items, head: head, root: FilePath(path), since: since, profile: profile)
    }
}

/// What a collector with these items sends of a root.
func declared(
    _ items: String, head: String = "", root: FilePath = "/", since: Timestamp? = nil,
    profile: CollectionProfile = .default, seconds: Double = 60
) throws -> MemorySink {
    let sink = MemorySink()
    let collector = DeclaredCollector(
        try CollectorDeclaration(parsing: Array(yaml(items, head: head).utf8), named: "test.yaml"),
        profile: profile)
    try collector.collect(
        in: CollectionContext(
            root: try RootedTree(root), since: since,
            deadline: .now.advanced(bySeconds: seconds)), into: sink)
    return sink
}

/// A whole file around these items.
func yaml(_ items: String, head: String = "") -> String {
    """
    schema: diagbundle.collector/1
    name: test
    subject: a test
    description: for tests
    \(head)
    items:
    \(items)
    """
}

extension MemorySink {
    /// The notes.
    var notes: [String] {
        messages.compactMap { if case .note(let note) = $0 { note.text } else { nil } }
    }

    /// The paths of the artifacts.
    var paths: [String] { artifacts.map(\.opening.path) }
}
