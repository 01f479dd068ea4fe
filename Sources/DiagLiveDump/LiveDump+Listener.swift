public import DiagModel

extension LiveDump {
    /// How far it is.
    public struct Progress: Hashable, Sendable {
        /// Pages that were copied.
        public var pages: Int
        /// Pages to be copied.
        public var totalPages: Int
        /// Bytes of the file so far.
        public var byteCount: Int64
        /// About how many bytes the file will have.
        public var totalByteCount: Int64
        /// Bytes of the file in a second.
        public var bytesPerSecond: Double
        /// Seconds that are left; none while that cannot be told.
        public var remainingSeconds: Double?
    }

    /// What the run hears meanwhile.
    public struct Listener {
        /// Whether the dump is to end with what it has.
        public var isStopRequested: () -> Bool
        /// Told a few times a second how far the copy is.
        public var tell: (Progress) throws -> Void
        /// Given the stacks of all threads: they were read before pages are copied, unless a
        /// thread's file in /proc does not answer, and are given before that or while it goes on.
        /// The second is to be called between the parts of what is made of them, which take long
        /// where there are many: the copy hears then that it is to end.
        public var take: (KernelStacks, () -> Void) throws -> Void

        /// A listener by its three parts.
        public init(
            isStopRequested: @escaping () -> Bool, tell: @escaping (Progress) throws -> Void,
            take: @escaping (KernelStacks, () -> Void) throws -> Void
        ) {
            self.isStopRequested = isStopRequested
            self.tell = tell
            self.take = take
        }
    }
}
