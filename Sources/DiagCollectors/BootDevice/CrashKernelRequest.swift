/// How much memory `crashkernel=` asks the kernel to set aside on a machine.
///
/// Source: Linux 6.12, kernel/crash_reserve.c `parse_crashkernel`, and
/// Documentation/admin-guide/kdump/kdump.rst, "Extended crashkernel syntax". `auto` is of the
/// kernels of RHEL 7 and 8, which set nothing aside below 1 or 2 GiB.
enum CrashKernelRequest: Hashable {
    /// Nothing is to be set aside.
    case nothing
    /// Memory is to be set aside; none where the request does not tell how much.
    case bytes(UInt64?)
    /// It cannot be told whether any is.
    case unknown

    /// Reads the `values` of the command line, for a machine with so much memory as /proc/meminfo
    /// gives as `MemTotal`. That is less than the kernel counts with: a limit in between is unknown.
    init(_ values: [String], memoryByteCount: UInt64?) {
        let plain = values.last { !Self.hasSuffix($0, [",high", ",low", ",cma"]) }
        let high = values.last { Self.hasSuffix($0, [",high"]) }
        // `,low` counts beside `,high` alone.
        let first = plain.map { Self.request($0, memoryByteCount) } ?? .nothing
        if first != .nothing {
            self = first
        } else if let high {
            self = Self.request(String(high.dropLast(5)), memoryByteCount)
        } else {
            self = .nothing
        }
    }

    private static func hasSuffix(_ value: String, _ endings: [String]) -> Bool {
        endings.contains(where: value.hasSuffix)
    }

    private static func request(_ value: String, _ memory: UInt64?) -> Self {
        guard !value.isEmpty else { return .nothing }
        if value == "auto" {
            guard let memory else { return .unknown }
            return memory < 2 << 30 ? .nothing : .bytes(nil)
        }
        guard value.contains(":") else {
            guard let (byteCount, rest) = amount(value[...]), rest.isEmpty || rest.first == "@"
            else { return .bytes(nil) }
            return byteCount == 0 ? .nothing : .bytes(byteCount)
        }
        guard let memory else { return .unknown }
        // The kernel's own parts are not in MemTotal, and it rounds up to 128 MiB.
        let (sum, overflow) = memory.addingReportingOverflow(memory / 8 + 128 << 20)
        guard let least = byteCount(of: value, memory),
            let most = byteCount(of: value, overflow ? .max : sum)
        else { return .bytes(nil) }
        if least == 0, most == 0 { return .nothing }
        return least == 0 || most == 0 ? .unknown : .bytes(least)
    }

    /// What the first range that `memory` lies in gives; 0 outside all; `nil` where it is no list.
    private static func byteCount(of value: String, _ memory: UInt64) -> UInt64? {
        for part in value.prefix(while: { $0 != "@" }).split(separator: ",") {
            guard let (start, afterStart) = amount(part), afterStart.first == "-" else {
                return nil
            }
            var rest = afterStart.dropFirst()
            var end = UInt64.max
            if rest.first != ":" {
                guard let (value, after) = amount(rest) else { return nil }
                (end, rest) = (value, after)
            }
            guard rest.first == ":", end > start, let (size, _) = amount(rest.dropFirst()) else {
                return nil
            }
            if memory >= start, memory < end { return size }
        }
        return 0
    }

    /// A number with its unit at the start of `text`, and what follows it.
    private static func amount(_ text: Substring) -> (UInt64, Substring)? {
        let isHexadecimal = text.hasPrefix("0x")
        let body = isHexadecimal ? text.dropFirst(2) : text
        let digits = body.prefix { isHexadecimal ? $0.isHexDigit : ("0"..."9").contains($0) }
        guard let number = UInt64(digits, radix: isHexadecimal ? 16 : 10) else { return nil }
        let rest = body.dropFirst(digits.count)
        let units: [Character: UInt64] = ["K": 10, "M": 20, "G": 30, "T": 40, "P": 50, "E": 60]
        guard let unit = rest.first?.uppercased().first, let shift = units[unit] else {
            return (number, rest)
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        return overflow ? nil : (product, rest.dropFirst())
    }
}
