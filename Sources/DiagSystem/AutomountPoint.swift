internal import DiagModel
public import SystemPackage

/// A place where something is mounted when somebody looks into it, and that is not mounted: what
/// the last mount there is tells, autofs itself.
///
/// The kernel is asked at each mount on the way, and not the mount table: that is of one namespace,
/// need not be there, and was true when it was read. The question mounts nothing: with `O_PATH` the
/// point itself is opened, and only who opens it otherwise, or goes through it, has it mounted.
/// Source: `follow_automount`, fs/namei.c of Linux 6.12.
public enum AutomountPoint {
    /// Why nothing at it, and nothing below it, was looked at.
    public static let reason = "an automount point that is not mounted; it was left alone"

    /// What gives that after all, for a person.
    public static func remedy(for point: FilePath) -> String {
        "mount \(UntrustedText.escapingForPath(point.bytes)) and collect again"
    }

    static let operation = "leave alone the automount point"

    static func leftAlone(_ place: FilePath) -> SystemCallError {
        SystemCallError(operation: operation, object: place.string, errno: .improperLink)
    }
}

extension SystemCallError {
    /// The automount point that was left alone, where this says so.
    public var automountPoint: FilePath? {
        operation == AutomountPoint.operation ? FilePath(object) : nil
    }
}
