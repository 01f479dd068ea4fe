internal import CLinux
internal import Glibc
public import SystemPackage

/// Another program in the place of this one.
public enum ProcessImage {
    /// The most bytes that may wait on the standard input of the new program: what every pipe takes
    /// before anybody reads.
    public static let longestInput = 32_768

    /// Makes this process run the program that is open as `file`: the very file, whatever its path
    /// names by now. Source: execveat(2), `AT_EMPTY_PATH`.
    ///
    /// The process, its limits, its session and its rights stay. Every signal does by default what it
    /// does, standard output and error stay, and every other descriptor is closed but that of a
    /// script, which its interpreter opens again as /dev/fd/N.
    ///
    /// - Parameters:
    ///   - file: the program, open for reading.
    ///   - path: its path, which a program that is no script gets as its name.
    ///   - isScript: whether it begins with `#!`.
    ///   - arguments: the arguments behind the name.
    ///   - environment: the whole environment.
    ///   - input: what it finds on its standard input, at most ``longestInput`` bytes; then the end.
    /// It comes back only by throwing.
    /// - Throws: what the kernel says when it is not such a program. By then standard input and
    ///   signals are changed.
    public static func replace(
        by file: borrowing OwnedDescriptor, at path: FilePath, isScript: Bool,
        arguments: [String], environment: [String: String], input: [UInt8]
    ) throws(SystemCallError) {
        guard input.count <= longestInput else {
            throw SystemCallError(
                operation: "write", object: "the standard input of \(path)", errno: .fileTooLarge)
        }
        try setInput(input)
        if isScript {
            try systemCall("fcntl", on: path.string) { diag_pass_on(file.rawValue) }
        }
        diag_reset_signals()
        try systemCall("execute", on: path.string) {
            unsafe withCStringArray([path.string] + arguments) { arguments in
                unsafe withCStringArray(environment.map { "\($0)=\($1)" }.sorted()) {
                    unsafe diag_execute(file.rawValue, arguments, $0)
                }
            }
        }
        throw SystemCallError(
            operation: "execute", object: path.string, errno: .invalidArgument)
    }

    /// Puts `bytes` and then the end in the place of standard input.
    private static func setInput(_ bytes: [UInt8]) throws(SystemCallError) {
        let pipe = try Pipe()
        try pipe.writing.write(bytes.span)
        try systemCall("dup", on: "standard input") { dup2(pipe.reading.rawValue, 0) }
    }
}
