internal import FoundationEssentials
public import DiagModel

/// A path in the host folder that a worker named, checked.
///
/// Paths are equal when their bytes are: two spellings of one letter are two files on the host.
public struct ArtifactPath: Sendable {
    /// Why a name is refused.
    public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// The name, escaped.
        public let name: String
        /// What is wrong with it.
        public let reason: String
        /// Whether a worker that gives such a name is not to be trusted further.
        public var leavesFolder = false

        /// The name and what is wrong with it.
        public var description: String { "the artifact path \"\(name)\" \(reason)" }
    }

    /// The components, from the collector's folder on; none is empty, `.` or `..`, or has a `/`.
    public let components: [String]

    /// The path as the manifest lists it.
    public var text: String { components.joined(separator: "/") }

    /// The path of `opening` below the folder of `collector`.
    ///
    /// A path that is not UTF-8 is stored under its escaped text, and the manifest keeps its bytes.
    /// Those of `topArtifacts` stand at the top of the host folder.
    public init(
        _ opening: WorkerMessage.Opening, collector: String, topArtifacts: Set<String> = []
    ) throws(Refusal) {
        let safe = UntrustedText.escapingControls(String(opening.path.prefix(200)))
        guard opening.path.utf8.count <= 1024 else {
            throw Refusal(name: safe, reason: "is longer than 1,024 bytes")
        }
        if let encoded = opening.pathBytes {
            guard let bytes = Data(base64Encoded: encoded) else {
                throw Refusal(name: safe, reason: "has bytes that are not base64")
            }
            guard
                [
                    UntrustedText.escapingInvalidUTF8(Array(bytes)),
                    UntrustedText.escapingForPath(Array(bytes)),
                ].contains(opening.path)
            else {
                throw Refusal(name: safe, reason: "does not say the same as its bytes")
            }
        }
        // By bytes: a combining mark behind a slash would hide the slash from Character.
        let parts = opening.path.utf8.split(separator: 0x2F, omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard parts.count <= 32 else { throw Refusal(name: safe, reason: "is too deep") }
        for part in parts {
            if part.isEmpty || part == "." || part == ".." {
                throw Refusal(
                    name: safe, reason: "is absolute or leaves the collector's folder",
                    leavesFolder: true)
            }
            if part.utf8.count > 255 {
                throw Refusal(name: safe, reason: "has a name of more than 255 bytes")
            }
            if part.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
                throw Refusal(name: safe, reason: "has control characters")
            }
        }
        let isAtTop = opening.pathBytes == nil && topArtifacts.contains(opening.path)
        components = isAtTop ? parts : [collector] + parts
    }

    /// The path of a document at the top of the host folder.
    init(document name: String) { components = [name] }

    /// A path of components that were checked.
    init(checked components: [String]) { self.components = components }
}

extension ArtifactPath: Hashable {
    /// Compares the bytes.
    public static func == (left: ArtifactPath, right: ArtifactPath) -> Bool {
        left.components.elementsEqual(right.components) { $0.utf8.elementsEqual($1.utf8) }
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        for component in components {
            for byte in component.utf8 { hasher.combine(byte) }
            hasher.combine(UInt8(0x2F))
        }
    }
}
