/// Where a collector comes from, as its report tells it.
public struct CollectorOrigin: Hashable, Sendable {
    /// `built in`, or the path of the file that declares it or is it.
    public let place: String
    /// SHA-256 of what it is made of, as a plan has it; none for one of code.
    public let definition: String?
    /// Whether it took the place of one of the program's.
    public let replacesBuiltIn: Bool

    /// An origin by its place.
    public init(place: String, definition: String? = nil, replacesBuiltIn: Bool = false) {
        self.place = place
        self.definition = definition
        self.replacesBuiltIn = replacesBuiltIn
    }
}
