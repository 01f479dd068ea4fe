internal import FoundationEssentials
public import DiagModel

/// A path in the host folder that a worker named, checked.
public struct ArtifactPath: Hashable, Sendable {
    /// Why a name is refused.
    public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// The name, escaped.
        public let name: String
        /// What is wrong with it.
        public let reason: String

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
    public init(_ opening: WorkerMessage.Opening, collector: String) throws(Refusal) {
        let safe = UntrustedText.escapingControls(String(opening.path.prefix(200)))
        guard opening.path.utf8.count <= 1024 else {
            throw Refusal(name: safe, reason: "is longer than 1,024 bytes")
        }
        if let encoded = opening.pathBytes {
            guard let bytes = Data(base64Encoded: encoded) else {
                throw Refusal(name: safe, reason: "has bytes that are not base64")
            }
            guard UntrustedText.escapingInvalidUTF8(Array(bytes)) == opening.path else {
                throw Refusal(name: safe, reason: "does not say the same as its bytes")
            }
        }
        let parts = opening.path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 32 else { throw Refusal(name: safe, reason: "is too deep") }
        for part in parts {
            if part.isEmpty || part == "." || part == ".." {
                throw Refusal(name: safe, reason: "is absolute or leaves the collector's folder")
            }
            if part.utf8.count > 255 {
                throw Refusal(name: safe, reason: "has a name of more than 255 bytes")
            }
            if part.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
                throw Refusal(name: safe, reason: "has control characters")
            }
        }
        components = [collector] + parts.map(String.init)
    }

    /// The path of a document at the top of the host folder.
    init(document name: String) { components = [name] }
}
