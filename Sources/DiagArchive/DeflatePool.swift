internal import DiagCodec
internal import DiagSystem

/// Deflates parts of files side by side; each is fetched by its number.
final class DeflatePool: Sendable {
    /// A part of a file's content.
    struct Part: Sendable {
        /// As they are, or deflated.
        let bytes: [UInt8]
        let isDeflated: Bool
        /// Of what the bytes stand for.
        let checksum: CRC32
    }

    /// What is to be done with a part.
    enum Wish: Hashable, Sendable {
        /// It is a whole file: deflated, if that is worth it.
        case whole
        /// It is a part of a file that is deflated.
        case part(isLast: Bool)
        /// It is a whole file that stays as it is.
        case stored
    }

    private struct Job: Sendable {
        let number: Int
        let bytes: [UInt8]
        let wish: Wish
    }

    private struct State: Sendable {
        var waiting = [Job]()
        var done = [Int: Result<Part, ArchiveError>]()
        var count = 0
        var isEnding = false
    }

    private let state = Monitor(State())
    private let level: Int
    private let object: String

    private init(level: Int, object: String) {
        self.level = level
        self.object = object
    }

    /// Starts `threadCount` threads; `object` names the zip in errors.
    static func start(
        level: Int, threadCount: Int, object: String
    ) throws(ArchiveError) -> DeflatePool {
        let pool = DeflatePool(level: level, object: object)
        for index in 0..<max(1, threadCount) {
            do throws(SystemCallError) {
                _ = try BackgroundThread.start(name: "bundle-pack") { pool.run() }
            } catch {
                if index > 0 { break }  // Fewer do it, too.
                throw ArchiveError(error, kind: .resource)
            }
        }
        return pool
    }

    /// Takes a part; its number. How many are under way is for the caller to bound.
    func submit(_ bytes: [UInt8], _ wish: Wish) -> Int {
        state.change { state in
            let number = state.count
            state.count += 1
            state.waiting.append(Job(number: number, bytes: bytes, wish: wish))
            return number
        }
    }

    /// Waits for part `number`, which is given once.
    func part(_ number: Int) throws(ArchiveError) -> Part {
        let result = state.wait { $0.done.removeValue(forKey: number) }
        return try result.get()
    }

    /// Lets the threads end, each when it has done what it is at.
    func stop() {
        state.change { state in
            state.isEnding = true
            state.waiting = []
        }
    }

    // MARK: - Threads

    private func run() {
        var encoder: DeflateEncoder?
        while let job = next() {
            let result: Result<Part, ArchiveError>
            do throws(BlockCodecError) {
                result = .success(try part(for: job, &encoder))
            } catch {
                result = .failure(
                    ArchiveError(translating: error, operation: "compress", object: object))
            }
            state.change { $0.done[job.number] = result }
        }
    }

    private func next() -> Job? {
        state.wait { state -> Job?? in
            if !state.waiting.isEmpty { return .some(state.waiting.removeFirst()) }
            return state.isEnding ? .some(nil) : nil
        }
    }

    private func part(
        for job: Job, _ encoder: inout DeflateEncoder?
    ) throws(BlockCodecError) -> Part {
        var checksum = CRC32()
        checksum.update(job.bytes.span)
        let stored = Part(bytes: job.bytes, isDeflated: false, checksum: checksum)
        let isLast: Bool
        switch job.wish {
        case .stored: return stored
        case .whole:
            guard !job.bytes.isEmpty, Compressibility.isWorthwhile(job.bytes.span) else {
                return stored
            }
            isLast = true
        case .part(let last): isLast = last
        }
        if encoder == nil { encoder = try DeflateEncoder(level: level) }
        guard let ready = encoder else { return stored }
        let deflated = try ready.encode(job.bytes.span, isLast: isLast)
        if job.wish == .whole, deflated.count >= job.bytes.count { return stored }
        return Part(bytes: deflated, isDeflated: true, checksum: checksum)
    }
}
