internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads the records of the kernel ring buffer, or of a file recorded from it, one at a time.
///
/// Each record of /dev/kmsg is one read. The file is opened anew for each pass, so that nothing
/// is kept in memory. Secrets are masked where a record repeats the kernel's command line.
struct KernelLogReader {
    static let path: FilePath = "/dev/kmsg"

    /// How a pass went.
    struct Pass {
        /// How often the kernel said that records were overwritten before they were read.
        var overwrittenCount = 0
        /// Records that are not what the kernel's documentation says.
        var malformedCount = 0
        /// Whether reading ended with an error other than the end, and which.
        var failure: SystemCallError?
    }

    private let root: RootedTree

    init(root: RootedTree) { self.root = root }

    /// Gives each record to `body`, oldest first, until it says stop or none is left.
    ///
    /// - Throws: when the ring buffer cannot be opened, or what `body` throws.
    func forEachRecord(_ body: (KernelMessage, Int) throws -> Bool) throws -> Pass {
        root.isLiveHost ? try readDevice(body) : try readFile(body)
    }

    /// Marks where the ring buffer ends now; `nil` for a recorded one, and where the kernel cannot
    /// say.
    func end() -> KernelLogEnd? {
        guard root.isLiveHost, let device = try? root.openDevice(Self.path) else { return nil }
        return try? KernelLogEnd(of: device)
    }

    private func readDevice(_ body: (KernelMessage, Int) throws -> Bool) throws -> Pass {
        let device = try root.openDevice(Self.path)
        // CONSOLE_EXT_LOG_MAX is 8192; a buffer that is too small would give EINVAL.
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var pass = Pass()
        var refusedInARow = 0
        while true {
            let count: Int
            do throws(SystemCallError) { count = try device.read(into: &buffer) } catch {
                switch error.errno {
                case .brokenPipe:
                    // Records were overwritten; the next read goes on with the oldest that is left.
                    pass.overwrittenCount += 1
                    refusedInARow += 1
                    guard refusedInARow < 1000 else { return pass }
                    continue
                case .resourceTemporarilyUnavailable: return pass
                default:
                    pass.failure = error
                    return pass
                }
            }
            guard count > 0 else { return pass }
            refusedInARow = 0
            guard try give(buffer[..<count], to: body, &pass) else { return pass }
        }
    }

    private func readFile(_ body: (KernelMessage, Int) throws -> Bool) throws -> Pass {
        let file = try root.openRegularFile(Self.path)
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var pending = [UInt8]()
        var pass = Pass()
        while true {
            let count: Int
            do throws(SystemCallError) { count = try file.read(into: &buffer) } catch {
                pass.failure = error
                return pass
            }
            pending.append(contentsOf: buffer[..<count])
            let isLast = count == 0
            var start = 0
            while let end = recordEnd(in: pending, from: start, isLast: isLast) {
                guard try give(pending[start..<end], to: body, &pass) else { return pass }
                start = end + 1
                if start >= pending.count { break }
            }
            pending.removeFirst(min(start, pending.count))
            if isLast { return pass }
            // No record of the kernel is so long; what is not one must not fill the memory.
            if pending.count > 256 << 10 {
                pass.malformedCount += 1
                pending.removeAll()
            }
        }
    }

    /// The newline before the next line that does not begin with a space.
    private func recordEnd(in bytes: [UInt8], from start: Int, isLast: Bool) -> Int? {
        guard start < bytes.count else { return nil }
        var position = start
        while let newline = bytes[position...].firstIndex(of: 0x0A) {
            let next = newline + 1
            guard next < bytes.count else { return isLast ? newline : nil }
            if bytes[next] != 0x20 { return newline }
            position = next
        }
        return isLast ? bytes.count : nil
    }

    private func give(
        _ record: ArraySlice<UInt8>, to body: (KernelMessage, Int) throws -> Bool,
        _ pass: inout Pass
    ) throws -> Bool {
        guard let message = try? KernelMessage(parsing: record) else {
            pass.malformedCount += 1
            return true
        }
        return try body(message.withMaskedCommandLine, record.count)
    }
}
