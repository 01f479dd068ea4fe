internal import DiagSystem

/// What `EPERM` and `EACCES` of a device mean, and what would give what was asked for.
enum DeviceRefusal {
    /// The words for a process of `user` that lacks `capability`: root is refused by others than
    /// the file's mode.
    static func words(_ capability: String, user: Int = HostFacts.effectiveUser) -> String {
        user == 0
            ? "the device rules of a container or a security module forbid it, or it lacks "
                + capability
            : "needs root (\(capability)): run as root"
    }
}
