internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Finds the file, mount and device behind the descriptor that a blocked thread works on.
///
/// Only links and tables of procfs and sysfs are read: no file that a thread holds is ever looked
/// at, since that might wait for what the thread waits for.
struct WaitPlaces: Sendable {
    private let root: RootedTree
    private let mounts: [MountTable.Entry]

    /// Reads the mounts of process 1, or our own where that is refused.
    init(_ root: RootedTree) {
        self.root = root
        let table =
            (try? root.read("/proc/1/mountinfo", limit: 16 << 20))
            ?? (try? root.read("/proc/self/mountinfo", limit: 16 << 20)) ?? []
        mounts = MountTable(parsing: table).entries
    }

    /// The place of a thread of process `process` that is in `call`.
    func place(
        process: Int32, name: String, isKernelThread: Bool, call: KernelStacks.SystemCall?
    ) -> WaitPlace {
        var place = WaitPlace()
        if isKernelThread {
            place = WaitReason.place(ofKernelThread: name)
        } else if let call, let number = WaitReason.descriptor(of: call),
            let link = try? root.readLink(FilePath("/proc/\(process)/fd/\(number)"))
        {
            place = self.place(ofLink: link.bytes) { identifier(process, number) }
        }
        complete(&place)
        return place
    }

    private func identifier(_ process: Int32, _ number: Int32) -> Int64? {
        let bytes =
            (try? root.read(FilePath("/proc/\(process)/fdinfo/\(number)"), limit: 4096)) ?? []
        for line in bytes.split(separator: 0x0A) where line.starts(with: "mnt_id:".utf8) {
            let digits = line.dropFirst(7).filter { (0x30...0x39).contains($0) }
            return Int64(String(decoding: digits, as: UTF8.self))
        }
        return nil
    }

    /// The place of a file by the text of its link.
    private func place(ofLink link: [UInt8], mountIdentifier: () -> Int64?) -> WaitPlace {
        var place = WaitPlace()
        place.path = UntrustedText.escapingForPath(link)
        guard link.first == 0x2F else { return place }  // socket:[1], anon_inode:…
        if link.starts(with: "/dev/".utf8) {
            let device = String(decoding: link.dropFirst(5), as: UTF8.self)
            if let number = number(ofDevice: device) {
                place.device = UntrustedText.escapingControls(device)
                place.deviceNumber = number
                return place
            }
        }
        let entry =
            mountIdentifier().flatMap { wanted in mounts.first { $0.identifier == wanted } }
            ?? mount(of: link)
        guard let entry else { return place }
        place.mountPoint = UntrustedText.escapingForPath(entry.mountPoint)
        if entry.device.major != 0 {
            place.deviceNumber = entry.device.description
        } else if entry.source.starts(with: "/dev/".utf8) {
            place.device = UntrustedText.escapingForPath(entry.source.dropFirst(5))
        } else {
            place.source =
                UntrustedText.escapingForPath(entry.source)
                + " (\(UntrustedText.escapingControls(entry.fileSystemType)))"
        }
        return place
    }

    /// The mount with the longest mount point above `path`; of two at one place the later.
    private func mount(of path: [UInt8]) -> MountTable.Entry? {
        var best: MountTable.Entry?
        for entry in mounts {
            let point = entry.mountPoint
            let isAbove =
                point == [0x2F]
                || path.starts(with: point)
                    && (path.count == point.count || path[point.count] == 0x2F)
            if isAbove, point.count >= best?.mountPoint.count ?? 0 { best = entry }
        }
        return best
    }

    /// The number of the block device `name`, from sysfs.
    private func number(ofDevice name: String) -> String? {
        let link = name.split(separator: "/", omittingEmptySubsequences: false)
            .joined(separator: "!")
        guard !link.isEmpty, link != "..",
            let bytes = try? root.read(FilePath("/sys/class/block/\(link)/dev"), limit: 64)
        else { return nil }
        return DeviceNumber(parsing: bytes[...])?.description
    }

    /// The name for a number, or the number for a name.
    private func complete(_ place: inout WaitPlace) {
        if let number = place.deviceNumber, place.device == nil {
            if let link = try? root.readLink(FilePath("/sys/dev/block/\(number)")),
                let last = link.lastComponent
            {
                place.device = last.string.split(
                    separator: "!", omittingEmptySubsequences: false
                ).joined(separator: "/")
            }
        } else if let device = place.device, place.deviceNumber == nil {
            place.deviceNumber = number(ofDevice: device)
        }
    }
}
