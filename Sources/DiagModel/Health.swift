/// How a thing is: what `Get-StorageSubSystem` calls its HealthStatus.
public enum Health: String, Codable, Hashable, Sendable, CaseIterable, Comparable {
    /// Everything that was asked answered well.
    case healthy = "Healthy"
    /// Not everything that would tell could be asked.
    case unknown = "Unknown"
    /// It works, but something is wrong with it.
    case warning = "Warning"
    /// It has failed, or is about to.
    case unhealthy = "Unhealthy"

    /// Orders the better before the worse.
    public static func < (left: Health, right: Health) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// How the thing is that has a finding of that severity; `nil` when that says nothing.
    public init?(_ severity: Finding.Severity) {
        switch severity {
        case .critical: self = .unhealthy
        case .major, .minor: self = .warning
        case .notice: return nil
        }
    }
}
