internal import CLinux
internal import Glibc

extension HostFacts {
    /// Bytes of one page of memory. Source: sysconf(3), `_SC_PAGESIZE`.
    public static var pageByteCount: Int { max(1, sysconf(CInt(_SC_PAGESIZE))) }

    /// All that uname(2) gives, in its order: `sysname`, `nodename`, `release`, `version`,
    /// `machine`, `domainname`.
    public static var unameFields: [String] {
        var names = utsname()
        _ = unsafe uname(&names)
        return unsafe withUnsafeBytes(of: names) { bytes in
            let width = bytes.count / 6
            return (0..<6).map { index in
                let field = unsafe bytes[(index * width)..<((index + 1) * width)]
                return unsafe String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
    }
}
