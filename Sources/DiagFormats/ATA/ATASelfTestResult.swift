/// How a self-test ended: the upper four bits of its status byte.
///
/// Source: ACS-3, table 137 (self-test execution status values).
public enum ATASelfTestResult: String, Codable, Hashable, Sendable, CaseIterable {
    /// It ended without an error, or none was ever run.
    case completed
    /// The host ended it.
    case aborted
    /// A reset ended it.
    case interrupted
    /// The device could not finish it.
    case fatalError
    /// Something failed that the device cannot name.
    case unknownFailure
    /// The electrical part failed.
    case electricalFailure
    /// The servo or seek part failed.
    case servoFailure
    /// A sector could not be read.
    case readFailure
    /// Damage from handling is suspected.
    case handlingDamage
    /// It is running.
    case inProgress
    /// A value that the standard reserves.
    case reserved

    /// What the status byte says.
    public init(status: UInt8) {
        switch status >> 4 {
        case 0: self = .completed
        case 1: self = .aborted
        case 2: self = .interrupted
        case 3: self = .fatalError
        case 4: self = .unknownFailure
        case 5: self = .electricalFailure
        case 6: self = .servoFailure
        case 7: self = .readFailure
        case 8: self = .handlingDamage
        case 15: self = .inProgress
        default: self = .reserved
        }
    }

    /// Whether the test found the device at fault.
    public var isFailure: Bool {
        switch self {
        case .fatalError, .unknownFailure, .electricalFailure, .servoFailure, .readFailure,
            .handlingDamage:
            true
        case .completed, .aborted, .interrupted, .inProgress, .reserved: false
        }
    }
}
