/// What a worker sent that is not the protocol.
public struct ProtocolViolation: Error, Hashable, Sendable, CustomStringConvertible {
    /// The byte of the worker's output, from 0, at which it was noticed.
    public let offset: Int64
    /// What is wrong.
    public let reason: String
    /// The line, where the parser was told to count them.
    public var line: WorkerOutputLine?
    /// Whether a worker that is tested could not be followed any further.
    var cutsOff = false

    /// What is wrong, and where.
    public var description: String {
        let place = "\(reason), at byte \(offset) of its output"
        return (line.map { "\(place), in \($0)" } ?? place)
            + (cutsOff ? "; what comes behind it was not looked at" : "")
    }
}
