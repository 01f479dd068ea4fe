public import DiagModel

/// Shows the events of a run to someone. It does no I/O: bytes leave through a closure that it was
/// made with, and time comes from the events and from `tick`.
public protocol ProgressRenderer: Sendable {
    /// Takes note of `event`, and shows what it changes.
    mutating func show(_ event: ProgressEvent)
    /// Tells the time, so that clocks run and held-back changes appear: ten times a second at
    /// most, once a second at least.
    mutating func tick(at time: Timestamp)
    /// Tells that the terminal has this many columns and rows from now on; 0 for unknown.
    mutating func resize(columns: Int, rows: Int)
    /// Tells that the process was stopped and goes on, so that the cursor may be anywhere.
    mutating func resume()
    /// Removes what is not to stay. Later calls show nothing.
    mutating func finish()
}

extension ProgressRenderer {
    /// Does nothing.
    public mutating func tick(at time: Timestamp) {}
    /// Does nothing.
    public mutating func resize(columns: Int, rows: Int) {}
    /// Does nothing.
    public mutating func resume() {}
    /// Does nothing.
    public mutating func finish() {}
}

/// Shows nothing.
struct SilentRenderer: ProgressRenderer {
    mutating func show(_ event: ProgressEvent) {}
}
