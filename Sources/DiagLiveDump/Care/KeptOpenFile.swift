internal import DiagSystem
internal import SystemPackage

/// A file of /proc or /sys that stays open, and is read again and again while a dump is made.
///
/// To open one the kernel takes objects of several slab caches, and gives them back a moment after
/// it was closed: lists of free objects that are being copied would be torn by that.
final class KeptOpenFile: Sendable {
    private let file: OwnedDescriptor

    /// Opens it, and reads it once, for the kernel takes its room for the text then; `nil` when
    /// there is none that can be opened.
    init?(_ path: FilePath, in tree: RootedTree) {
        guard let file = try? tree.openRegularFile(path) else { return nil }
        self.file = file
        _ = text
    }

    /// The first 8 KiB, read anew: the kernel makes the text up at each read from the start.
    var text: String? {
        var buffer = [UInt8](repeating: 0, count: 8192)
        guard let count = try? file.read(into: &buffer, at: 0), count > 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
