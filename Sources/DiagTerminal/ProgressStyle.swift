/// How progress is told, as `--progress` names it.
public enum ProgressStyle: String, Hashable, Sendable, CaseIterable {
    /// Bars on a terminal, else plain lines.
    case auto
    /// A line at each change of state.
    case plain
    /// Each event as JSON on a line of its own.
    case json
    /// Nothing.
    case none

    /// Whether a summary for people belongs after the run; JSON lines hold the result already.
    public var wantsSummary: Bool { self != .json }

    /// Makes the renderer of this style.
    ///
    /// - Parameters:
    ///   - traits: What the place written to can show.
    ///   - write: Takes bytes to be written at once, in one write where that is possible.
    /// - Returns: A renderer that has shown nothing yet.
    public func renderer(
        for traits: TerminalTraits, write: @escaping @Sendable (_ bytes: [UInt8]) -> Void
    ) -> any ProgressRenderer {
        switch self {
        case .auto:
            traits.canMoveCursor
                ? BarRenderer(traits: traits, write: write)
                : PlainRenderer(usesUnicode: traits.usesUnicode, write: write)
        case .plain: PlainRenderer(usesUnicode: traits.usesUnicode, write: write)
        case .json: JSONLinesRenderer(write: write)
        case .none: SilentRenderer()
        }
    }
}
