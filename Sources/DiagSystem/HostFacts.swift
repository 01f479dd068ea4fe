internal import CLinux
internal import Glibc
public import SystemPackage

/// What the running kernel says of itself and of this process.
public enum HostFacts {
    /// The names that uname(2) gives.
    public struct Names: Hashable, Sendable {
        /// The host's name.
        public let node: String
        /// The kernel's release.
        public let release: String
        /// The kernel's version text.
        public let version: String
        /// The processor architecture.
        public let machine: String
    }

    /// The names that uname(2) gives.
    public static var names: Names {
        var names = utsname()
        _ = unsafe uname(&names)
        return Names(
            node: text(names.nodename), release: text(names.release),
            version: text(names.version), machine: text(names.machine))
    }

    private static func text<Field>(_ field: Field) -> String {
        unsafe withUnsafeBytes(of: field) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// The user id that decides what this process may do; 0 is root.
    public static var effectiveUser: Int { Int(geteuid()) }

    /// This process's id.
    public static var processIdentifier: Int32 { getpid() }

    /// How many processors this process may run on.
    public static var processorCount: Int { max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))) }

    /// Seconds since the kernel started, suspended time included.
    public static var uptimeSeconds: Double {
        MonotonicTime.now.seconds(since: .init(nanoseconds: 0))
    }

    /// This program's own file, to be started again.
    ///
    /// Through /proc, which names the very file that runs even when another has taken its place;
    /// without /proc the path it was started by.
    public static var ownExecutable: FilePath {
        if unsafe access("/proc/self/exe", X_OK) == 0 { return "/proc/self/exe" }
        let address = getauxval(UInt(AT_EXECFN))
        guard let pointer = unsafe UnsafePointer<CChar>(bitPattern: address) else {
            return FilePath(CommandLine.arguments.first ?? "diagbundle")
        }
        return unsafe FilePath(platformString: pointer)
    }

    /// Names this process in lists and in the kernel log: one that was started through
    /// /proc/self/exe would be `exe` there.
    public static func nameProcess(_ name: String) { _ = unsafe diag_set_name(name) }

    /// A random token of 32 hexadecimal digits that nothing can guess.
    public static func randomToken() throws(SystemCallError) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = try systemCall("getrandom", on: "the kernel") {
            unsafe getrandom(&bytes, bytes.count, 0)
        }
        guard count == bytes.count else {
            throw SystemCallError(operation: "getrandom", object: "the kernel", errno: .ioError)
        }
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    /// The value of an environment variable, where it is set.
    public static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// The absolute form of `path`, by this process's working directory; links stay as they are.
    public static func absolute(_ path: FilePath) throws(SystemCallError) -> FilePath {
        if path.isAbsolute { return path.lexicallyNormalized() }
        var buffer = [CChar](repeating: 0, count: 4097)
        guard unsafe getcwd(&buffer, buffer.count) != nil else {
            throw SystemCallError(
                operation: "find", object: "the working directory", errno: .last)
        }
        return FilePath(platformString: buffer).pushing(path).lexicallyNormalized()
    }

    /// Ends this process at once, without running anything more of it.
    public static func exitNow(_ code: Int32) -> Never { _exit(code) }
}
