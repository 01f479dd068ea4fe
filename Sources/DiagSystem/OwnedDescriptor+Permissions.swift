internal import Glibc
public import SystemPackage

extension OwnedDescriptor {
    /// Gives what is open these permissions, whatever the process masks.
    public func setPermissions(_ permissions: FilePermissions) throws(SystemCallError) {
        try systemCall("set the permissions", on: "descriptor \(rawValue)") {
            fchmod(rawValue, mode_t(permissions.rawValue))
        }
    }
}
