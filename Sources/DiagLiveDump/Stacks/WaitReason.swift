internal import DiagFormats
internal import DiagModel

/// What a thread's descriptor, name and mount say of the place that it waits for.
struct WaitPlace: Hashable, Sendable {
    /// The file that the system call is about.
    var path: String?
    /// The mount that it lies on.
    var mountPoint: String?
    /// What is mounted there, when it is no block device: `server:/export`.
    var source: String?
    /// The device, without `/dev/`: `sdb1`.
    var device: String?
    /// The device's number: `8:17`.
    var deviceNumber: String?
    /// A SCSI host, from the name of its error handler.
    var host: String?
}

/// Why a thread waits, without the place.
struct WaitCause: Hashable, Sendable {
    var kind: KernelStacks.Wait.Kind
    /// What it waits for, as the object of "waits for".
    var object: String
    /// The function that waits.
    var function: String?
}

/// Finds what a blocked thread waits for, in words.
enum WaitReason {
    /// The system calls whose first argument is a descriptor, and a few whose other is.
    private static let descriptorCalls: Set<String> = [
        "read", "write", "pread64", "pwrite64", "readv", "writev", "preadv", "pwritev", "preadv2",
        "pwritev2", "fsync", "fdatasync", "sync_file_range", "syncfs", "ioctl", "fallocate",
        "ftruncate", "getdents", "getdents64", "fstat", "lseek", "close", "flock", "fcntl",
        "fadvise64", "readahead", "sendfile", "copy_file_range", "splice", "tee", "fchmod",
        "fchown", "fchdir", "fstatfs", "fsetxattr", "fgetxattr", "flistxattr", "fremovexattr",
        "openat", "openat2", "newfstatat", "statx", "unlinkat", "mkdirat", "renameat", "renameat2",
        "linkat", "symlinkat", "faccessat", "faccessat2", "fchmodat", "fchownat", "utimensat",
        "readlinkat", "recvfrom", "sendto", "recvmsg", "sendmsg", "accept", "accept4", "connect",
        "io_uring_enter", "finit_module", "fanotify_mark", "epoll_wait", "epoll_pwait",
    ]

    /// The descriptor that a call is about; `nil` for one that has none, as `AT_FDCWD`.
    static func descriptor(of call: KernelStacks.SystemCall) -> Int32? {
        guard let name = call.name, descriptorCalls.contains(name),
            let text = call.arguments.first, text.hasPrefix("0x"),
            let value = UInt64(text.dropFirst(2), radix: 16)
        else { return nil }
        let number = Int32(truncatingIfNeeded: value)
        return number >= 0 ? number : nil
    }

    /// The device that a thread of the kernel is named after, in the words of its driver; none for
    /// other names.
    static func place(ofKernelThread name: String) -> WaitPlace {
        var place = WaitPlace()
        func rest(after prefixes: [String]) -> String? {
            prefixes.first(where: name.hasPrefix).map { String(name.dropFirst($0.utf8.count)) }
        }
        func keepDevice(_ text: some StringProtocol) {
            guard !text.isEmpty else { return }
            if DeviceNumber(parsing: Array(text.utf8)[...]) != nil {
                place.deviceNumber = String(text)
            } else {
                place.device = text.split(separator: "!", omittingEmptySubsequences: false)
                    .joined(separator: "/")
            }
        }
        if let device = rest(after: ["jbd2/"]) {
            // The journal's inode stands behind the device: jbd2/sda1-8.
            let end = device.lastIndex(of: "-")
            let hasNumber = end.map { Int(device[device.index(after: $0)...]) != nil } ?? false
            keepDevice(hasNumber ? device[..<(end ?? device.endIndex)] : device[...])
        } else if let device = rest(after: [
            "xfsaild/", "xfs-sync/", "xfs-cil/", "xfs-buf/", "xfs-conv/", "xfs-log/",
            "dmcrypt_write/", "kdmflush/", "kworker/dm-",
        ]) {
            keepDevice(device)
        } else if let device = rest(after: [
            "f2fs_ckpt-", "f2fs_gc-", "f2fs_discard-", "f2fs_flush-",
        ]) {
            keepDevice(device)
        } else if let host = rest(after: ["scsi_eh_"]), Int(host) != nil {
            place.host = "SCSI host \(host)"
        } else if let at = name.firstRange(of: "flush-") {
            // The worker that writes a device's dirty pages: kworker/u4:1+flush-8:16.
            keepDevice(name[at.upperBound...])
        } else if name.hasPrefix("md"), let end = name.firstIndex(of: "_") {
            keepDevice(name[..<end])
        } else if name.hasPrefix("loop"), Int(name.dropFirst(4)) != nil {
            keepDevice(name)
        }
        return place
    }

    /// The first function that does not only put the thread to sleep.
    static func waitingFunction(_ functions: [Substring]) -> Substring? {
        functions.first { !WaitRule.scheduling.matches($0) }
    }

    /// Why a thread waits, by its stack, innermost frame first, or by its wait channel where the
    /// stack may not be read.
    static func cause(frames: [String], waitChannel: String?) -> WaitCause {
        var functions = frames.map(StackText.function)
        if functions.isEmpty, let waitChannel { functions = [waitChannel[...]] }
        let waiting = waitingFunction(functions) ?? functions.first
        if let waiting, let lock = WaitRule.locks.first(where: { $0.matches(waiting) }) {
            let behind = functions.first { function in
                !WaitRule.scheduling.matches(function)
                    && !WaitRule.locks.contains { $0.matches(function) }
            }
            return WaitCause(
                kind: .lock,
                object: lock.object + " that another thread holds"
                    + (behind.map { ", wanted in \($0)" } ?? ""),
                function: String(behind ?? waiting))
        }
        if let rule = rule(for: functions, waiting) {
            return WaitCause(
                kind: rule.kind, object: rule.object, function: waiting.map { String($0) })
        }
        guard let waiting else {
            return WaitCause(
                kind: .unknown, object: "something that cannot be told without its stack")
        }
        return WaitCause(
            kind: .unknown, object: "what \(waiting) waits for", function: String(waiting))
    }

    /// What a thread waits for, with the place and the system call in words.
    static func wait(
        _ cause: WaitCause, call: KernelStacks.SystemCall?, place: WaitPlace
    ) -> KernelStacks.Wait {
        var wait = KernelStacks.Wait(kind: cause.kind, reason: cause.object)
        wait.function = cause.function
        wait.path = place.path
        wait.mountPoint = place.mountPoint
        wait.device = place.device.map { "/dev/\($0)" }
        wait.deviceNumber = place.deviceNumber
        wait.reason = sentence(wait, call: call, place: place)
        return wait
    }

    private static func rule(for functions: [Substring], _ waiting: Substring?) -> WaitRule? {
        WaitRule.rules.first { rule in
            functions.contains { rule.matches($0) }
                || waiting.map { rule.matches($0, isWaiting: true) } ?? false
        }
    }

    private static func sentence(
        _ wait: KernelStacks.Wait, call: KernelStacks.SystemCall?, place: WaitPlace
    ) -> String {
        var text = "waits for \(wait.reason)"
        var name = place.host ?? wait.device
        if let number = wait.deviceNumber { name = name.map { "\($0) (\(number))" } ?? number }
        name = name ?? place.source
        if let name {
            switch wait.kind {
            case .blockDevice, .queue, .recovery, .storageStack, .journal, .server, .fuse:
                text += ": \(name)"
            default: text += ", on \(name)"
            }
        }
        if let call {
            let name = call.name.map { "\($0)(2)" } ?? "system call \(call.number)"
            text += place.path.map { ", by \(name) of \($0)" } ?? ", in \(name)"
            if place.path != nil, let mountPoint = place.mountPoint, mountPoint != "/",
                place.path != mountPoint
            {
                text += " (mounted at \(mountPoint))"
            }
        }
        return text
    }
}
