internal import DiagSystem

/// An encrypted file, decrypted as it is read: nothing of it reaches a disk.
///
/// What comes before the end may belong to a file that was altered or cut; only the end says that it
/// was not. ``fill()`` gives an error in the place of the end then.
final class DecryptedInput: FileInput {
    private let program: FilterProgram
    private let cipher: BundleCipher
    private let feeder: Feeder
    /// Bytes that were looked at and not yet taken.
    private var held = [UInt8]()
    private var part = [UInt8](repeating: 0, count: 256 << 10)
    private var byteCount: Int64 = 0
    private var hasEnded = false

    /// Starts to decrypt. The program ends with the calling thread.
    init(_ file: InputFile, _ keys: DecryptionKeys.Program) throws(ArchiveError) {
        do throws(SystemCallError) {
            program = try FilterProgram.start(keys.tool, keys.arguments)
            feeder = try Feeder.start(file, program)
        } catch { throw ArchiveError(error, kind: .resource) }
        cipher = keys.cipher
        super.init(file)
    }

    deinit { program.kill() }

    override func firstBytes(_ count: Int) throws(ArchiveError) -> [UInt8] {
        while held.count < count {
            let more = try read()
            guard more > 0 else { break }
            held += part[..<more]
        }
        return Array(held.prefix(count))
    }

    override func totalByteCount() throws(ArchiveError) -> Int64 {
        held = []
        while try read() > 0 {}
        return byteCount
    }

    override func fill() throws(ArchiveError) -> Int {
        guard held.isEmpty else {
            let count = unsafe min(held.count, buffer.count)
            give(held, count)
            held.removeFirst(count)
            return count
        }
        let count = try read()
        give(part, count)
        return count
    }

    override func seek(to target: Int64, fromEnd: Bool) -> Int64? { nil }

    /// Reads the next bytes into ``part``; 0 is the end of a file that is as it was made.
    private func read() throws(ArchiveError) -> Int {
        guard !hasEnded else { return 0 }
        let count: Int
        do throws(SystemCallError) { count = try program.read(into: &part) } catch {
            throw ArchiveError(error, object: file.object)
        }
        byteCount += Int64(count)
        guard count == 0 else { return count }
        let ending = program.wait()
        if let failure = feeder.failure { throw failure }
        let complaint = ToolComplaint(of: cipher.rawValue, program.errors)
        let isRight = cipher == .age || !complaint.status("DECRYPTION_OKAY").isEmpty
        guard ending.isWell, isRight else { throw error(complaint, ending) }
        hasEnded = true
        return 0
    }

    private func error(
        _ complaint: ToolComplaint, _ ending: FilterProgram.Ending
    ) -> ArchiveError {
        // Where a key was found, it is not the key that is wrong.
        let lacksKey =
            switch cipher {
            case .age:
                complaint.says("matched any of the recipients")
                    || complaint.says("match any of the recipients")
            case .gpg:
                complaint.status("DECRYPTION_KEY").isEmpty
                    && complaint.status("BADMDC").isEmpty
                    && !(complaint.status("NO_SECKEY") + complaint.status("ERROR")).isEmpty
            }
        let reason = complaint.text(or: "\(ending)")
        return ArchiveError(
            lacksKey ? .locked : .invalid, operation: "decrypt", object: file.object,
            reason: lacksKey ? "no key at hand opens it: \(reason)" : reason)
    }
}

/// What gives an encrypted file to the program that decrypts it.
private final class Feeder: Sendable {
    private let state = Monitor<ArchiveError?>(nil)

    /// Why the file could not be read to its end; asked when the program has ended.
    var failure: ArchiveError? { state.change { $0 } }

    static func start(
        _ file: InputFile, _ program: FilterProgram
    ) throws(SystemCallError) -> Feeder {
        let feeder = Feeder()
        _ = try BackgroundThread.start(name: "bundle-decrypt") {
            var buffer = [UInt8](repeating: 0, count: 256 << 10)
            var offset: Int64 = 0
            do throws(ArchiveError) {
                while true {
                    let count = try file.read(into: &buffer, at: offset)
                    // Why the program takes no more it says itself.
                    guard count > 0,
                        (try? program.write(buffer.span.extracting(..<count))) != nil
                    else { break }
                    offset += Int64(count)
                }
            } catch {
                feeder.state.change { $0 = error }
                // Otherwise the end of what was read would be taken for the file's.
                program.kill()
            }
            program.closeInput()
        }
        return feeder
    }
}
