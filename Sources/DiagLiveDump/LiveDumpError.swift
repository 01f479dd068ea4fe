public import DiagModel

/// Why there is no dump, or only a part of one.
public struct LiveDumpError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What stands in the way, and what helps.
    public var obstacle: LiveDumpReport.Obstacle

    /// What stands in the way, and what helps.
    public init(
        _ cause: LiveDumpReport.Obstacle.Cause, _ message: String, remedy: String? = nil
    ) {
        obstacle = .init(cause: cause, message: message, remedy: remedy)
    }

    /// What stands in the way, as it was told before.
    public init(_ obstacle: LiveDumpReport.Obstacle) { self.obstacle = obstacle }

    /// The operation, the object and the cause.
    public var description: String { obstacle.message }
}
