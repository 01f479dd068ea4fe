/// What the names in a condition may be: one that no such thing can have would never hold.
extension Condition {
    /// What is wrong with a name that a predicate has.
    struct NameFault {
        /// What may stand there.
        let expected: String
        /// What was probably meant.
        let meant: String?
    }

    /// What is wrong with `name`; `nil` when `predicate` may have it.
    static func fault(in name: String, of predicate: String) -> NameFault? {
        let last = name.split(separator: "/").last ?? ""
        switch predicate {
        case "commands":
            guard name.contains("/"), !name.hasPrefix("/") else { return nil }
            return NameFault(
                expected: "a program is a plain name, or a path that begins with `/`", meant: nil)
        case "running":
            guard name.contains("/") else { return nil }
            return NameFault(
                expected: "expected the name of a process, without folders",
                meant: last.isEmpty ? nil : String(last))
        case "modules":
            guard !isPlain(name, beside: "_-") else { return nil }
            // The name in that of a file: `ext4` of `kernel/fs/ext4/ext4.ko.xz`.
            let meant = String(last.prefix { $0 != "." })
            return NameFault(
                expected: "expected the name of a module, without folders and ending",
                meant: isPlain(meant, beside: "_-") ? meant : nil)
        case "filesystems":
            return faultOfCase(name, "the name of a file system as in /proc/filesystems")
        case "distribution": return faultOfCase(name, "an ID as in /etc/os-release")
        case "config":
            guard !name.hasPrefix("CONFIG_") || !isPlain(name, beside: "_") else { return nil }
            let meant = String(name.prefix { isPlain(String($0), beside: "_") })
            return NameFault(
                expected: "expected an option such as `CONFIG_BPF`, without a value",
                meant: meant.hasPrefix("CONFIG_") && meant != "CONFIG_" ? meant : nil)
        default: return nil
        }
    }

    private static func faultOfCase(_ name: String, _ what: String) -> NameFault? {
        guard !isLowerCase(name) else { return nil }
        let meant = name.lowercased()
        return NameFault(
            expected: "expected \(what), in lower case", meant: isLowerCase(meant) ? meant : nil)
    }

    /// Whether it consists of letters, digits and these characters.
    private static func isPlain(_ name: String, beside others: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: others.utf8.contains(byte)
                }
            }
    }

    /// Whether it consists of small letters, digits, `.`, `_` and `-`.
    ///
    /// Source: os-release(5), `ID`.
    private static func isLowerCase(_ name: String) -> Bool {
        isPlain(name, beside: "._-") && name.utf8.allSatisfy { !(0x41...0x5A).contains($0) }
    }
}
