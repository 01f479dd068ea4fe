internal import CLinux
internal import Glibc

/// The two ends of a pipe.
public struct Pipe: ~Copyable, Sendable {
    /// Where the bytes come out.
    public let reading: OwnedDescriptor
    /// Where they go in.
    public let writing: OwnedDescriptor

    /// A new pipe; its buffer is raised to `bufferByteCount` where the kernel lets us.
    public init(bufferByteCount: Int = 0) throws(SystemCallError) {
        var ends: [CInt] = [-1, -1]
        try systemCall("create", on: "a pipe") { unsafe pipe2(&ends, O_CLOEXEC) }
        if bufferByteCount > 0 { _ = diag_pipe_size(ends[0], CInt(bufferByteCount)) }
        reading = OwnedDescriptor(owning: ends[0])
        writing = OwnedDescriptor(owning: ends[1])
    }

    /// Gives up the pipe for the end that `body` keeps; the other is closed.
    public consuming func takeReading() -> OwnedDescriptor { reading }

    /// Gives up the pipe for the end that bytes go into; the other is closed.
    public consuming func takeWriting() -> OwnedDescriptor { writing }
}
