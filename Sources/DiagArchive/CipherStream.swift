internal import DiagDigest
internal import DiagSystem
internal import SystemPackage

/// Encrypts the bytes of a bundle on their way into its file: nothing else reaches the disk.
final class CipherStream: Sendable {
    /// What is known when the file is whole.
    struct Outcome: Hashable, Sendable {
        /// Bytes in the file.
        let byteCount: Int64
        /// SHA-256 of the file, in hexadecimal digits.
        let sha256: String
    }

    private let program: FilterProgram
    private let cipher: BundleCipher
    private let object: String
    private let writing: BackgroundValue<Result<Outcome, ArchiveError>>

    private init(
        _ program: FilterProgram, _ cipher: BundleCipher, _ object: String,
        _ writing: BackgroundValue<Result<Outcome, ArchiveError>>
    ) {
        self.program = program
        self.cipher = cipher
        self.object = object
        self.writing = writing
    }

    // What it wrote until then has no name that anybody takes for a bundle. Nothing is written behind
    // this: another output may begin under the same name.
    deinit {
        program.kill()
        // What the program started may have its pipes yet, and ends with the input.
        program.closeInput()
        _ = writing.wait(seconds: Self.endPatience)
    }

    /// Seconds that its output has to end when it was killed.
    private static let endPatience = 5.0

    /// Starts the program. What it makes goes into `output`, which messages call `object`, and which
    /// nobody else writes to meanwhile.
    ///
    /// The program ends with the thread that calls this.
    static func start(
        into output: VolumeOutput, object: String, _ encryption: BundleEncryption
    ) throws(ArchiveError) -> CipherStream {
        do throws(SystemCallError) {
            let program = try encryption.start()
            let writing = try BackgroundValue.start(name: "bundle-cipher") {
                () -> Result<Outcome, ArchiveError> in
                do throws(ArchiveError) {
                    return .success(try take(from: program, into: output))
                } catch {
                    program.kill()  // Otherwise it would wait for us, and who writes for it.
                    return .failure(error)
                }
            }
            return CipherStream(program, encryption.cipher, object, writing)
        } catch { throw ArchiveError(error, kind: .resource) }
    }

    /// Writes all that `program` gives.
    private static func take(
        from program: FilterProgram, into output: VolumeOutput
    ) throws(ArchiveError) -> Outcome {
        var hash = SHA256()
        var byteCount: Int64 = 0
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count: Int
            do throws(SystemCallError) { count = try program.read(into: &buffer) } catch {
                throw ArchiveError(error, object: output.object)
            }
            guard count > 0 else { break }
            try output.write(buffer, count: count)
            hash.update(buffer.span.extracting(..<count))
            byteCount += Int64(count)
        }
        return Outcome(byteCount: byteCount, sha256: hash.digest().hexadecimal)
    }

    /// Takes the next bytes of the bundle.
    func write(_ bytes: [UInt8]) throws(ArchiveError) {
        do throws(SystemCallError) { try program.write(bytes.span) } catch {
            // It ended, or what it made could not be written.
            _ = try finish()
            throw ended(program.wait())
        }
    }

    /// Ends what is encrypted, and says what it is. That it is on the disk is left to the caller.
    ///
    /// - Throws: ``ArchiveError`` when the program did not end well, or the disk took no more.
    func finish() throws(ArchiveError) -> Outcome {
        program.closeInput()
        let outcome = try writing.wait().get()
        let ending = program.wait()
        guard ending.isWell, outcome.byteCount > 0 else { throw ended(ending) }
        return outcome
    }

    private func ended(_ ending: FilterProgram.Ending) -> ArchiveError {
        let complaint = ToolComplaint(of: cipher.rawValue, program.errors)
        return ArchiveError(
            .inputOutput, operation: "encrypt", object: object,
            reason: complaint.text(or: "\(ending)") + (ending.isWell ? ", too early" : ""))
    }
}
